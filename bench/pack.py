"""JSON days to Parquet, all locations, against gridstatus's parse and the floor.

Ours is the whole job: digests, order, Parquet, fsync. gridstatus's is its parse alone of the same
bytes, already unpacked, to its data frame. The floor is the least that any program does: unpack,
parse without keeping anything (simdjson), write the finished tables.
"""

import datetime as dt
import importlib.util
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.lines import Line, median_ratio, median_seconds, memory, take_turns
from bench.options import Options
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.market.datasets import DATASETS
from isone.market.locations import Locations
from isone.pack.year import pack_year
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.gzipped import inflate
from isone.store.store import Store

DATASET = "lmp_rt_hourly"
NODES = 1184  # 1,200 locations with hub, zones and external ones


def days_at_hand(
    folder: Path,
    days: int,
    nodes: int = NODES,
    dataset: str = DATASET,
    year: int = 2024,
    locations: Locations = "all",
) -> tuple[Store, str]:
    """A store with the first days of a year, at all locations or some; made where it is lacking."""
    which = "" if locations == "all" else f"-{len(locations)}-locations"
    store = Store(folder / f"{dataset}-{year}-{nodes}-nodes{which}-{days}-days")
    first = dt.date(year, 1, 1)
    job = DatasetYear(dataset, year, first, first + dt.timedelta(days=days - 1), locations)
    if not store.marker_path(dataset, job.period).exists():
        with (
            Sandbox(nodes=nodes) as sandbox,
            Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
        ):
            download_year(Downloader(store, client, DATASETS[dataset]), job, newest_first=False)
    return store, job.period


def responses(store: Store, dataset: str = DATASET) -> list[bytes]:
    """The responses as served, packed."""
    return [path.read_bytes() for path in sorted(store.raw_dir(dataset, 2024).glob("2*.gz"))]


def gridstatus_parse(store: Store) -> Callable[[], Any] | None:
    """From a day's JSON to gridstatus's data frame; None where it is not installed."""
    if importlib.util.find_spec("gridstatus") is None:
        return None
    os.environ |= {"ISONE_API_USERNAME": "nobody", "ISONE_API_PASSWORD": "nothing"}
    from gridstatus.isone_api.isone_api import ISONEAPI

    api = ISONEAPI()
    bodies = [inflate(response) for response in responses(store)]
    api.make_api_call = lambda number, **_: json.loads(bodies[number])
    return lambda: [api._handle_lmp_real_time(number) for number in range(len(bodies))]


def floor(store: Store, period: str, dataset: str = DATASET) -> Callable[[], Any] | None:
    """Unpack, parse and write, with nothing in between; None where there is no simdjson."""
    if importlib.util.find_spec("simdjson") is None:
        return None
    import simdjson

    packed = responses(store, dataset)
    pack_year(store, dataset, period)
    path = store.parquet_path(dataset, period)
    with pq.ParquetFile(path) as file:
        groups = [file.read_row_group(number) for number in range(file.num_row_groups)]

    def run() -> None:
        parser = simdjson.Parser()
        for response in packed:
            parser.parse(inflate(response))
        with pq.ParquetWriter(io.BytesIO(), groups[0].schema, compression="zstd") as writer:
            for group in groups:
                writer.write_table(group)

    return run


def measure(options: Options) -> Iterator[Line]:
    """Ours against both, then a year's peak memory."""
    days = 3 if options.quick else 15
    store, period = days_at_hand(options.folder, days)
    peers = {"gridstatus": gridstatus_parse(store), "floor": floor(store, period)}
    runs: dict[str, Callable[[], object]] = {"ours": lambda: pack_year(store, DATASET, period)}
    turns = take_turns(
        options.rounds, runs | {name: run for name, run in peers.items() if run is not None}
    )
    each = {name: f"{median_seconds(times) / days * 1e3:.1f} ms" for name, times in turns.items()}
    what = "a day of 1,200 locations to Parquet"
    if "gridstatus" in turns:
        ratio = median_ratio(turns["gridstatus"], turns["ours"])
        yield Line(what, each["ours"], "gridstatus's parse", each["gridstatus"], ratio, at_least=7)
    if "floor" in turns:
        ratio = median_ratio(turns["ours"], turns["floor"])
        yield Line(what, each["ours"], "the floor", each["floor"], ratio, at_most=1.8)
    absent = [name for name, run in peers.items() if run is None]
    if absent:
        yield Line(what, each["ours"], f"not installed: {' '.join(absent)}")
    yield peak(options)


def peak(options: Options) -> Line:
    """The memory of packing a whole year, which does not depend on the year's size."""
    days = 30 if options.quick else 366
    days_at_hand(options.folder, days)
    what = f"peak memory, {days} days of 1,200 locations"
    return memory(what, "pack", str(options.folder), str(days))


def subjects(options: Options) -> dict[str, list[str]]:
    """What to look into."""
    return {"packing, 1,200 locations": [str(options.folder), "3" if options.quick else "30"]}


def subject(folder: str, days: str, nodes: str = str(NODES), dataset: str = DATASET) -> None:
    """Pack some days."""
    store, period = days_at_hand(Path(folder), int(days), int(nodes), dataset)
    pack_year(store, dataset, period)
