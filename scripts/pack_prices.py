"""Pack a proven dataset-year; run by the rule of the same name."""

import sys

from isone import journal
from isone.pack import jobs

with journal.sentences():
    sys.exit(
        jobs.pack_prices(
            snakemake.config,
            dataset=snakemake.wildcards.dataset,
            period=snakemake.wildcards.period,
            log_path=snakemake.log[0],
        )
    )
