"""Compare our prices with ISO-NE's own figures."""

from pathlib import Path

from isone.audit.reconcile.jobs import reconcile_prices
from isone.run.job import job
from isone.store.files import write_whole

with job(snakemake) as it:
    summary = reconcile_prices(it, [Path(marker) for marker in snakemake.input.packed])
    write_whole(Path(snakemake.output.summary), summary.read_bytes())
