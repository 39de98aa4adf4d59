"""Our prices against ISO-NE's own figures; run by the rule `reconcile`."""

import sys

from isone.reconcile import jobs

sys.exit(
    jobs.reconcile_prices(
        snakemake.config, tables=snakemake.input.tables, log_path=snakemake.log[0]
    )
)
