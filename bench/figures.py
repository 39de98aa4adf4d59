"""The report's figures, after its page.

From the page being in its place to the figures being in theirs: what they are drawn from is written
down, and a process of its own draws them, as the workflow has it. Then the same once more, with
nothing changed. Hub and zones, day-ahead and real-time hours, as in the part `report`.
"""

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.lines import PROJECT, Line
from bench.options import Options
from bench.report import configuration, years_at_hand

MOST = 5.0  # seconds
_JOB = """
import json, sys
from isone.report import jobs, outputs
from isone.run import job
with job.by_hand("write_figures", json.loads(sys.argv[1])) as it:
    jobs.write_figures(it, it.store.report_marker(outputs.FIGURES))
"""


def measure(options: Options) -> Iterator[Line]:
    """The figures of one year and of seven."""
    for years in (1,) if options.quick else (1, 7):
        yield from _lines(options, years)


def _lines(options: Options, years: int) -> Iterator[Line]:
    from isone.report import jobs, outputs
    from isone.run import job
    from isone.store.store import Store

    config = configuration(years_at_hand(options.folder, years), years)
    store = Store(Path(config["data_dir"]) / "sandbox")
    first, again = [], []
    for _ in range(options.rounds):
        shutil.rmtree(store.root / "reported", ignore_errors=True)
        with (
            Path(os.devnull).open("w") as nowhere,
            contextlib.redirect_stderr(nowhere),
            job.by_hand("write_report", config) as it,
        ):
            jobs.write_report(it, store.report_marker(outputs.PAGE))
            page = outputs.Outputs.of(it.settings).page
        left = time.time() - page.stat().st_mtime
        first.append(left + _drawn(config))
        again.append(_drawn(config))
    what = f"figures of {years} year{'s' * (years > 1)}, after the page, s (median)"
    yield _line(what, statistics.median(first))
    yield _line("… the same once more, nothing changed", statistics.median(again))


def _drawn(config: dict[str, str]) -> float:
    """Seconds of the figures' job, from its process's start to its end."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", _JOB, json.dumps(config)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return time.perf_counter() - begun


def _line(what: str, seconds: float) -> Line:
    return Line(what, f"{seconds:.2f}", "target", f"{MOST:g}", seconds / MOST, at_most=1)


def subjects(options: Options) -> dict[str, list[str]]:
    """What to look into: the figures of one year, where its page was written before."""
    config = configuration(years_at_hand(options.folder, 1), 1)
    return {"the figures of one year": list(config.values())}


def subject(*values: str) -> None:
    """Draw the figures of a configuration, from what its page's job left."""
    from isone.report import jobs, outputs
    from isone.run import job

    config = dict(zip(configuration(Path(), 1), values, strict=True))
    with job.by_hand("write_figures", config) as it:
        jobs.write_figures(it, it.store.report_marker(outputs.FIGURES))
