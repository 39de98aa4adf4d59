"""A dataset's newest final days, asked for again; run by the rule of the same name."""

import sys

if "snakemake" not in globals():
    sys.exit("error: this is for Snakemake to run: snakemake -j1 --config years=2024 -- recheck")

from isone.audit.recheck import jobs  # noqa: E402 - found only then
from isone.run import journal  # noqa: E402 - found only then

with journal.sentences():
    sys.exit(
        jobs.recheck_prices(
            snakemake.config,
            dataset=snakemake.wildcards.dataset,
            days=snakemake.wildcards.days,
            target=snakemake.output[0],
            log_path=snakemake.log[0],
        )
    )
