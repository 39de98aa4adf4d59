"""The deep check of a default year, and of a year of 1,200 locations.

Everything is read again: responses are validated and compared with the packed table. Against the
targets, and against only reading the same files and hashing them.
"""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.lines import Line, median_seconds, memory, take_turns
from bench.options import Options
from bench.pack import DATASET, days_at_hand
from isone.audit.verify.verdict import OK
from isone.audit.verify.year import verify_year
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS, Locations
from isone.pack.year import pack_year
from isone.run.settings import read_settings
from isone.store.store import Store

_CONFIG = {"years": 2024, "source": "sandbox"}
_Year = tuple[Store, str, str]


def measure(options: Options) -> Iterator[Line]:
    """A line for the time, and one for the memory, of each."""
    days = 3 if options.quick else 366
    default = [_packed(options.folder, days, 0, name) for name in read_settings(_CONFIG).datasets]
    for what, years, seconds, rounds in (
        ("the deep check of a default year", default, 15, options.rounds),
        ("of a year of 1,200 locations", [_packed(options.folder, days)], 60, 1),
    ):
        runs: dict[str, Callable[[], object]] = {
            "ours": partial(_check, years),
            "hashing": partial(_hash, years),
        }
        turns = take_turns(rounds, runs)
        took = {name: median_seconds(times) for name, times in turns.items()}
        ours, its = (f"{took[name]:.1f} s" for name in runs)
        yield Line(what, ours, "target", f"{seconds} s", took["ours"] / seconds, at_most=1)
        yield Line(what, ours, "reading and hashing", its, took["ours"] / took["hashing"])
    yield memory("peak memory, 1,200 locations", "deep_check", str(options.folder), str(days))


def _packed(folder: Path, days: int, nodes: int = 1184, dataset: str = DATASET) -> _Year:
    locations: Locations = HUBS if DATASETS[dataset].per_location else "all"
    store, period = days_at_hand(folder, days, nodes, dataset, locations=locations)
    if not store.parquet_path(dataset, period).exists():
        pack_year(store, dataset, period)
    return store, dataset, period


def _check(years: list[_Year]) -> None:
    for store, dataset, period in years:
        verdict = verify_year(store, read_settings(_CONFIG), dataset, period)
        if verdict.verdict != OK:
            raise SystemExit(f"{verdict.name}: {verdict.damage[0]}")


def _hash(years: list[_Year]) -> None:
    for store, dataset, period in years:
        folder = store.raw_dir(dataset, 2024)
        for path in (*folder.glob("2*.gz"), store.parquet_path(dataset, period)):
            hashlib.sha256(path.read_bytes()).hexdigest()


def subjects(options: Options) -> dict[str, list[str]]:
    """What to look into."""
    return {"checking 1,200 locations": [str(options.folder), "3" if options.quick else "366"]}


def subject(folder: str, days: str) -> None:
    """Check some days."""
    _check([_packed(Path(folder), int(days))])
