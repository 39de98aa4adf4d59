"""Pack a complete dataset-year into a Parquet file."""

from pathlib import Path

from isone.pack.jobs import pack_prices
from isone.run.job import job

with job(snakemake) as it:
    dataset, period = snakemake.wildcards.dataset, snakemake.wildcards.period
    pack_prices(it, dataset, period, Path(snakemake.output.marker))
