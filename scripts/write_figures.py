"""Write each figure of the report as SVG, PNG and CSV."""

from pathlib import Path

from isone.report.jobs import write_figures
from isone.run.job import job

with job(snakemake) as it:
    write_figures(it, Path(snakemake.output.marker))
