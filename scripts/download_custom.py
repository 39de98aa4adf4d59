"""One attempt at a custom download; run by the rule of the same name."""

import sys

if "snakemake" not in globals():
    sys.exit("error: this is for Snakemake to run: snakemake -j1 --config downloads=FILE.json")

from isone.download import jobs  # noqa: E402 - found only then
from isone.run import journal  # noqa: E402 - found only then

with journal.sentences():
    sys.exit(
        jobs.download_custom(
            snakemake.config,
            name=snakemake.wildcards.name,
            log_path=snakemake.log[0],
            attempt=snakemake.resources.attempt,
        )
    )
