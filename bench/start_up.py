"""What each job costs before it works: a process, what it imports, and reading the configuration.

Against Python doing nothing but starting, and against loading the libraries that the job is for.
"""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from bench.lines import PROJECT, Line, median_seconds, take_turns
from bench.options import Options

_JOBS = {
    "read the configuration": ("isone.run.targets", "yaml"),
    "download": ("isone.download.jobs", "requests"),
    "pack": ("isone.pack.jobs, isone.pack.year", "pyarrow.parquet"),
    "load into DuckDB": ("isone.load.jobs, isone.load.duckdb_file", "duckdb"),
    "write the report": ("isone.report.jobs, isone.report.page", "altair, duckdb, jinja2, pyarrow"),
    "verify": ("isone.audit.verify.jobs, isone.audit.verify.year", "duckdb, pyarrow.parquet"),
}
_CONFIGURE = "from isone.run.settings import read_settings; read_settings({'years': 2024})"


def measure(options: Options) -> Iterator[Line]:
    """A line for each job."""
    nothing = "pass"
    jobs = {
        job: (f"import {ours}; {_CONFIGURE}", f"import {libraries}")
        for job, (ours, libraries) in _JOBS.items()
    }
    programs = {nothing} | {text for pair in jobs.values() for text in pair}
    turns = take_turns(options.rounds, {text: partial(_run, text) for text in sorted(programs)})
    took = {text: median_seconds(times) * 1e3 for text, times in turns.items()}
    yield Line("Python itself", f"{took[nothing]:.0f} ms")
    for job, (ours, theirs) in jobs.items():
        mine, its = took[ours], took[theirs]
        yield Line(job, f"{mine:.0f} ms", theirs, f"{its:.0f} ms", mine / its)


def subjects(options: Options) -> dict[str, list[str]]:
    """Nothing to look into: all of it is imports."""
    return {}


def _run(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True)
