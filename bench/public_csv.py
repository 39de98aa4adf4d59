"""Public CSV to columns, 1,200 locations: an hourly day, and four hours of five minutes.

Against Python's csv module with a float of each price, and nothing looked at; the hourly day
also against the web services' JSON of the same rows.
"""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from functools import partial

from bench.lines import Line, median_ratio, median_seconds, take_turns
from bench.options import Options
from bench.pack import NODES
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.response.table import read_table
from isone.sandbox.report_files import ReportFiles
from isone.sandbox.synthetic import Synthetic

_DAY = dt.date(2025, 4, 5)
_AT = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)


def measure(options: Options) -> Iterator[Line]:
    """A line for each and what it is compared with."""
    service = Synthetic(0, 84 if options.quick else NODES)
    for name in ("lmp_da_hourly", "lmp_rt_5min"):
        dataset = DATASETS[name]
        report = _report(service, dataset)
        runs: dict[str, Callable[[], object]] = {
            "ours": partial(read_table, dataset, report),
            "the csv module": partial(_plainly, report),
        }
        if not dataset.per_location:
            body = service.answer(dataset.request.url_path(Request(name, _DAY)), _AT).body
            runs["the same in JSON"] = partial(read_table, dataset, body)
        turns = take_turns(options.rounds, runs)
        took = {run: f"{median_seconds(times) * 1e3:.0f} ms" for run, times in turns.items()}
        what = f"{len(read_table(dataset, report)):,} rows of {name}"
        for run in sorted(runs.keys() - {"ours"}):
            yield Line(what, took["ours"], run, took[run], median_ratio(turns[run], turns["ours"]))


def _report(service: Synthetic, dataset: Dataset) -> bytes:
    path = f"/{dataset.csv_path(dataset.csv_requests(_DAY)[0])}"
    found = ReportFiles(service).answer(path, "isox_token=x", _AT)
    assert found is not None  # noqa: S101 - for the type checker; the sandbox has every report
    return found.body


def _plainly(report: bytes) -> list[list[float]]:
    lines = csv.reader(io.StringIO(report.decode()))
    return [[float(text) for text in line[-4:]] for line in lines if line[0] == "D"]


def subjects(options: Options) -> dict[str, list[str]]:
    """Nothing to look into: most of it is Arrow's reader."""
    return {}
