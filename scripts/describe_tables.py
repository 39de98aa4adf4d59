"""Describe everything that is packed; run by the rule of the same name."""

import sys

from isone import journal
from isone.pack import jobs

with journal.sentences():
    sys.exit(
        jobs.describe_tables(
            snakemake.config, target=snakemake.output[0], log_path=snakemake.log[0]
        )
    )
