"""Run a custom download's program: one attempt."""

from pathlib import Path

from isone.download.jobs import download_custom
from isone.run.job import job

with job(snakemake) as it:
    download_custom(it, snakemake.wildcards.name, Path(snakemake.output.marker))
