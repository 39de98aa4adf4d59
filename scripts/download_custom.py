"""One attempt at a custom download; run by the rule of the same name."""

import sys

from isone import journal
from isone.download import jobs

with journal.sentences():
    sys.exit(
        jobs.download_custom(
            snakemake.config,
            name=snakemake.wildcards.name,
            log_path=snakemake.log[0],
            attempt=snakemake.resources.attempt,
        )
    )
