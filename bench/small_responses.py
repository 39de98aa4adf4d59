"""A year of small responses: five-minute prices of the hub and the zones, a response a day each.

They are read and packed together, a few days at a time. Against the floor (unpack, parse, write),
and reading alone against the same reading one by one.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from bench.lines import Line, median_ratio, median_seconds, memory, take_turns
from bench.options import Options
from bench.pack import days_at_hand, floor, responses
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.pack.year import pack_year
from isone.response.table import read_table
from isone.store.gzipped import inflate
from isone.store.store import Store

DATASET = "lmp_rt_5min"
_TOGETHER = 72  # responses of 288 rows, as packing reads them


def at_hand(folder: Path, days: int) -> tuple[Store, str]:
    """A store with five-minute prices of some days, a response for each location and day."""
    return days_at_hand(folder, days, 0, DATASET, locations=HUBS)


def measure(options: Options) -> Iterator[Line]:
    """Packing against the floor, reading together against one by one, and the peak memory."""
    days = 8 if options.quick else 366
    store, period = at_hand(options.folder, days)
    bodies = [inflate(each) for each in responses(store, DATASET)]
    runs: dict[str, Callable[[], object]] = {
        "packed": lambda: pack_year(store, DATASET, period),
        "together": lambda: _read(bodies, _TOGETHER),
        "one by one": lambda: _read(bodies, 1),
    }
    if least := floor(store, period, DATASET):
        runs["floor"] = least
    turns = take_turns(options.rounds, runs)
    took = {name: f"{median_seconds(times):.2f} s" for name, times in turns.items()}
    what = f"{len(bodies):,} responses of 288 rows to Parquet"
    if least:
        ratio = median_ratio(turns["packed"], turns["floor"])
        yield Line(what, took["packed"], "the floor", took["floor"], ratio, at_most=2.5)
    yield Line(
        what, took["packed"], "target", "4 s", median_seconds(turns["packed"]) / 4, at_most=1
    )
    ratio = median_ratio(turns["one by one"], turns["together"])
    yield Line("reading them", took["together"], "one by one", took["one by one"], ratio)
    yield memory("peak memory, packing them", "small_responses", str(options.folder), str(days))


def _read(bodies: list[bytes], together: int) -> None:
    for first in range(0, len(bodies), together):
        read_table(DATASETS[DATASET], *bodies[first : first + together], validated=True)


def subjects(options: Options) -> dict[str, list[str]]:
    """What to look into."""
    return {"packing small responses": [str(options.folder), "8" if options.quick else "366"]}


def subject(folder: str, days: str) -> None:
    """Pack some days."""
    store, period = at_hand(Path(folder), int(days))
    pack_year(store, DATASET, period)
