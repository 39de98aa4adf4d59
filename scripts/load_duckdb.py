"""Build the DuckDB file from everything that is packed."""

from pathlib import Path

from isone.load.jobs import load_duckdb
from isone.run.job import job

with job(snakemake) as it:
    load_duckdb(it, Path(snakemake.output.marker), threads=snakemake.threads)
