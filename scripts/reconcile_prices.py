"""Our prices against ISO-NE's own figures; run by the rule `reconcile`."""

import sys

if "snakemake" not in globals():
    sys.exit("error: this is for Snakemake to run: snakemake -j1 --config years=2024 -- reconcile")

from isone.audit.reconcile import jobs  # noqa: E402 - found only then
from isone.run import journal  # noqa: E402 - found only then

with journal.sentences():
    sys.exit(
        jobs.reconcile_prices(
            snakemake.config, tables=snakemake.params.tables, log_path=snakemake.log[0]
        )
    )
