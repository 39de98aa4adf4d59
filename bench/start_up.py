"""What each job costs before it works: a process, and what it imports.

Against Python doing nothing but starting, and against loading the one library that the job is for.
"""

import subprocess
import sys
from collections.abc import Iterator

from bench.lines import PROJECT, Line, median_seconds, take_turns
from bench.options import Options

_JOBS = {
    "read the configuration": ("isone.run", "yaml"),
    "download": ("isone.download.jobs", "requests"),
    "pack": ("isone.pack.year", "pyarrow.parquet"),
    "load into DuckDB": ("isone.database.duckdb_file", "duckdb"),
    "write the report": ("isone.report.page", "altair"),
    "verify": ("isone.verify.jobs", "msgspec"),
}


def measure(options: Options) -> Iterator[Line]:
    """A line for each job."""
    nothing = "pass"
    programs = {nothing} | {f"import {name}" for pair in _JOBS.values() for name in pair}
    turns = take_turns(
        options.rounds, {text: lambda text=text: _run(text) for text in sorted(programs)}
    )
    took = {text: median_seconds(times) * 1e3 for text, times in turns.items()}
    yield Line("Python itself", f"{took[nothing]:.0f} ms")
    for job, (ours, library) in _JOBS.items():
        mine, its = took[f"import {ours}"], took[f"import {library}"]
        yield Line(job, f"{mine:.0f} ms", f"import {library}", f"{its:.0f} ms", mine / its)


def subjects(options: Options) -> dict[str, list[str]]:
    """Nothing to look into: all of it is imports."""
    return {}


def _run(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True)
