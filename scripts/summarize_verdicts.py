"""Sum the verdicts of a deep check up; it fails where anything is damaged or missing."""

from pathlib import Path

from isone.audit.verify.jobs import summarize_verdicts
from isone.run.job import job
from isone.store.files import write_whole

with job(snakemake) as it:
    summary = summarize_verdicts(it, [Path(verdict) for verdict in snakemake.input])
    write_whole(Path(snakemake.output.summary), summary.read_bytes())
