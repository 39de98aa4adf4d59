"""Download a dataset-year: one attempt."""

from isone.download.jobs import download_prices
from isone.run.job import job

with job(snakemake) as it:
    download_prices(it, snakemake.wildcards.dataset, snakemake.wildcards.period)
