"""Ask again for a dataset's newest final days, and take in what ISO-NE has corrected."""

from pathlib import Path

from isone.audit.recheck.jobs import recheck_prices
from isone.run.job import job

with job(snakemake) as it:
    dataset, days = snakemake.wildcards.dataset, snakemake.wildcards.days
    recheck_prices(it, dataset, days, Path(snakemake.output.note))
