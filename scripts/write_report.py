"""Write the page of coverage, prices and quality from the DuckDB file."""

from pathlib import Path

from isone.report.jobs import write_report
from isone.run.job import job

with job(snakemake) as it:
    write_report(it, Path(snakemake.output.marker))
