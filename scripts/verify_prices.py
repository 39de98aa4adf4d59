"""Read everything of a dataset-year again; the verdict is copied to where this run has it."""

from pathlib import Path

from isone.audit.verify.jobs import verify_prices
from isone.run.job import job
from isone.store.files import write_whole

with job(snakemake) as it:
    verdict = verify_prices(it, snakemake.wildcards.dataset, snakemake.wildcards.period)
    write_whole(Path(snakemake.output.verdict), verdict.read_bytes())
