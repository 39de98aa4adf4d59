"""One attempt at a dataset-year; run by the rule of the same name."""

import sys

from isone import journal
from isone.download import jobs

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
