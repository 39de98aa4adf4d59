"""Load a packed dataset-year into PostgreSQL."""

from isone.load.jobs import load_postgres
from isone.run.job import job

with job(snakemake) as it:
    load_postgres(it, snakemake.wildcards.dataset, snakemake.wildcards.period)
