"""How it grows: with years, with locations, hourly and by five minutes.

A finished run's time by years; packing and loading by locations; the report by years. The ratio is
the cost of a run, or of a row, as a multiple of the smallest case's.
"""

import functools
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.finished_run import again, finished
from bench.lines import Line, median_seconds, take_turns
from bench.load import make_rows
from bench.options import Options
from bench.pack import days_at_hand
from bench.report import line as report_line
from isone.load import duckdb_file
from isone.pack.year import pack_year
from isone.store.store import Store
from isone.store.year_marker import read_manifest

_YEARS = ("2024", "2018-2024", "2005-2024")
_NODES = {9: 0, 100: 84, 1200: 1184}


def measure(options: Options) -> Iterator[Line]:
    """A line for each size of each thing."""
    yield from _finished(options)
    yield from _packing(options)
    yield from _loading(options)
    if not options.quick:
        for years in (1, 7, 20):
            yield report_line(options, years)


def subjects(options: Options) -> dict[str, list[str]]:
    """Nothing to look into that the other parts do not show."""
    return {}


def _finished(options: Options) -> Iterator[Line]:
    seconds = []
    for years in _YEARS:
        with tempfile.TemporaryDirectory() as name:
            command, count = finished(Path(name), years)
            run = functools.partial(again, command, Path(name))
            seconds.append(median_seconds(take_turns(options.rounds, {"ours": run})["ours"]))
        what = f"a finished run once more, {years}, {count} files"
        its, ratio = f"{seconds[0]:.2f} s", seconds[-1] / seconds[0]
        yield Line(what, f"{seconds[-1]:.2f} s", "one year's", its, ratio)


def _packing(options: Options) -> Iterator[Line]:
    for dataset, days in (("lmp_rt_hourly", 10), ("lmp_rt_5min", 1)):
        each: list[float] = []
        for locations, nodes in _NODES.items():
            store, period = days_at_hand(options.folder, days, nodes, dataset)
            rows = read_manifest(store.marker_path(dataset, period)).rows
            run = functools.partial(pack_year, store, dataset, period)
            each.append(_each(rows, options.rounds, run))
            what = f"packing {dataset}, {locations:,} locations, {rows:,} rows"
            yield _by_row(what, each)


def _loading(options: Options) -> Iterator[Line]:
    each: list[float] = []
    sizes = (50_000, 500_000) if options.quick else (50_000, 500_000, 5_000_000, 20_000_000)
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="isone-bench-") as name:
            store = Store(Path(name) / "sandbox")
            file = make_rows(store, rows)
            threads = os.cpu_count() or 1
            run = functools.partial(duckdb_file.build, store, [file], threads=threads)
            each.append(_each(file.rows, min(options.rounds, 3), run))
            yield _by_row(f"loading {file.rows:,} rows into DuckDB", each)


def _each(rows: int, rounds: int, run: Callable[[], object]) -> float:
    """Nanoseconds that a row takes."""
    return median_seconds(take_turns(rounds, {"ours": run})["ours"]) / rows * 1e9


def _by_row(what: str, each: Sequence[float]) -> Line:
    ratio = each[-1] / each[0]
    return Line(what, f"{each[-1]:,.0f} ns a row", "the smallest", f"{each[0]:,.0f} ns", ratio)
