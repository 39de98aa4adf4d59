"""Compare our prices with ISO-NE's own figures."""

from pathlib import Path

from isone.audit.reconcile.jobs import reconcile_prices
from isone.run.job import job

with job(snakemake) as it:
    reconcile_prices(it, [Path(marker) for marker in snakemake.input.packed])
