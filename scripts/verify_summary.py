"""Sum the verdicts of a deep check up; run by the rule `verify`."""

import sys

from isone import journal
from isone.verify import jobs

with journal.sentences():
    sys.exit(
        jobs.verify_summary(snakemake.config, paths=snakemake.input, log_path=snakemake.log[0])
    )
