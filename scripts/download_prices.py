"""One attempt at a dataset-year; run by the rule of the same name."""

import sys

if "snakemake" not in globals():
    sys.exit("error: this is for Snakemake to run: snakemake -j1 --config years=2024 -- download")

from isone.download import jobs  # noqa: E402 - found only then
from isone.run import journal  # noqa: E402 - found only then

with journal.sentences():
    sys.exit(
        jobs.download_prices(
            snakemake.config,
            dataset=snakemake.wildcards.dataset,
            period=snakemake.wildcards.period,
            log_path=snakemake.log[0],
            attempt=snakemake.resources.attempt,
        )
    )
