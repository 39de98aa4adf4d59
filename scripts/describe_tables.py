"""Describe everything that is packed in a data package."""

from pathlib import Path

from isone.pack.jobs import describe_tables
from isone.run.job import job

with job(snakemake) as it:
    describe_tables(it, Path(snakemake.output.marker))
