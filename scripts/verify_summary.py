"""Sum the verdicts of a deep check up; run by the rule `verify`."""

import sys

if "snakemake" not in globals():
    sys.exit("error: this is for Snakemake to run: snakemake -j1 --config years=2024 -- verify")

from isone.audit.verify import jobs  # noqa: E402 - found only then
from isone.run import journal  # noqa: E402 - found only then

with journal.sentences():
    sys.exit(
        jobs.verify_summary(snakemake.config, paths=snakemake.input, log_path=snakemake.log[0])
    )
