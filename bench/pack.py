"""JSON days to Parquet, all locations: ours, gridstatus's parse of the same bytes, and the floor.

Ours is the whole job: digests, order, Parquet, fsync. gridstatus's is its parse alone, from bytes
already unpacked to its data frame. The floor is the least that any program does: unpack, parse
without keeping anything (simdjson), write the finished tables. The days come from the sandbox,
once, and are kept in --folder. `--year` packs a full year and shows its peak memory; `--layouts`
shows why chunks and row groups have the size they have.
"""

import argparse
import datetime as dt
import importlib.util
import io
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pyarrow.parquet as pq  # noqa: E402 - found only now

import isone  # noqa: E402
from isone.datasets import DATASETS  # noqa: E402
from isone.download.client import Client  # noqa: E402
from isone.download.year import Downloader, download_year  # noqa: E402
from isone.pack.year import CHUNK_ROWS, GROUP_ROWS, pack_year, unpack  # noqa: E402
from isone.reading import open_packed  # noqa: E402
from isone.sandbox import Sandbox  # noqa: E402
from isone.selection import Job  # noqa: E402
from isone.settings import read_settings  # noqa: E402
from isone.sources import Source  # noqa: E402
from isone.store import Store  # noqa: E402

DATASET = "lmp_rt_hourly"
PROJECT = Path(__file__).resolve().parent.parent


def days_at_hand(folder: Path, nodes: int, days: int) -> tuple[Store, str]:
    """A store with the first days of 2024 at 16 locations and so many nodes; made where lacking."""
    store = Store(folder / f"{nodes}-nodes-{days}-days")
    first = dt.date(2024, 1, 1)
    job = Job(DATASET, 2024, first, first + dt.timedelta(days=days - 1), "all")
    if not store.marker_path(DATASET, job.period).exists():
        with (
            Sandbox(nodes=nodes) as sandbox,
            Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
        ):
            download_year(Downloader(store, client, DATASETS[DATASET]), job, newest_first=False)
    return store, job.period


def replies(store: Store) -> list[bytes]:
    """The replies as served, packed."""
    return [path.read_bytes() for path in sorted(store.raw_dir(DATASET, 2024).glob("2*.gz"))]


def gridstatus_parse(store: Store) -> Callable[[], Any] | None:
    """From a day's JSON to gridstatus's data frame; None where it is not installed."""
    if importlib.util.find_spec("gridstatus") is None:
        return None
    os.environ |= {"ISONE_API_USERNAME": "nobody", "ISONE_API_PASSWORD": "nothing"}
    from gridstatus.isone_api.isone_api import ISONEAPI

    api = ISONEAPI()
    bodies = [unpack(reply) for reply in replies(store)]
    api.make_api_call = lambda number, **_: json.loads(bodies[number])
    return lambda: [api._handle_lmp_real_time(number) for number in range(len(bodies))]


def floor(store: Store, period: str) -> Callable[[], Any] | None:
    """Unpack, parse and write, with nothing in between; None where there is no simdjson."""
    if importlib.util.find_spec("simdjson") is None:
        return None
    import simdjson

    packed = replies(store)
    pack_year(store, DATASET, period)
    path = store.parquet_path(DATASET, period)
    with pq.ParquetFile(path) as file:
        groups = [file.read_row_group(number) for number in range(file.num_row_groups)]

    def run() -> None:
        parser = simdjson.Parser()
        for reply in packed:
            parser.parse(unpack(reply))
        with pq.ParquetWriter(io.BytesIO(), groups[0].schema, compression="zstd") as writer:
            for group in groups:
                writer.write_table(group)

    return run


def compare(store: Store, period: str, days: int, rounds: int) -> None:
    """Take turns, and print medians and ratios, in elapsed and in processor time."""
    runs: dict[str, Callable[[], Any] | None] = {
        "ours": lambda: pack_year(store, DATASET, period),
        "floor": floor(store, period),
        "gridstatus's parse": gridstatus_parse(store),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for number, (name, run) in itertools.product(range(rounds + 1), runs.items()):
        if run is None:
            continue
        started, used = time.perf_counter(), time.process_time()
        run()
        if number:  # the first round only warms up
            times[name].append((time.perf_counter() - started, time.process_time() - used))
    print(f"{'':20} {'ms a day':>9} {'CPU ms':>9} {'to ours':>9} {'CPU':>9}")
    for name, pairs in times.items():
        if not pairs:
            print(f"{name:20} skipped: not installed")
            continue
        elapsed, used = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = [
            statistics.median(
                its[i] / mine[i] for its, mine in zip(pairs, times["ours"], strict=True)
            )
            for i in (0, 1)
        ]
        per_day = f"{elapsed / days * 1e3:9.1f} {used / days * 1e3:9.1f}"
        print(f"{name:20} {per_day} {ratios[0]:9.2f} {ratios[1]:9.2f}", flush=True)


def year(folder: Path, nodes: int) -> None:
    """Pack a full year in a process of its own and print its time and peak memory."""
    store, period = days_at_hand(folder, nodes, 366)
    program = (
        "import sys; from pathlib import Path\n"
        "from isone.pack.year import pack_year; from isone.store import Store\n"
        "print(pack_year(Store(Path(sys.argv[1])), *sys.argv[2:]))"
    )
    started = time.perf_counter()
    command = [sys.executable, "-c", program, str(store.root), DATASET, period]
    done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"a year: {time.perf_counter() - started:.1f} s, peak {peak:.0f} MB, {done.stdout.strip()}"
    )


def layouts(folder: Path, nodes: int) -> None:
    """Pack a full year in other layouts and print size and times of the two ways of reading it."""
    store, period = days_at_hand(folder, nodes, 366)
    print(f"{'rows a chunk':>13} {'a group':>9} {'MB':>7} {'place, ms':>10} {'day, ms':>9}")
    chunk, group = CHUNK_ROWS, GROUP_ROWS
    others = [(chunk, group // 2), (chunk, group * 2), (chunk // 2, group), (chunk * 2, group)]
    for chunk_rows, group_rows in [(chunk, group), *others]:
        packed = pack_year(store, DATASET, period, chunk_rows=chunk_rows, group_rows=group_rows)
        place = fastest(lambda: isone.read(DATASET, 2024, 4004, data_dir=store.root))
        opened = open_packed(DATASET, 2024, None, store.root)
        day = fastest(opened.between(dt.date(2024, 7, 1), dt.date(2024, 7, 1)).table)
        sizes = f"{chunk_rows:13,} {group_rows:9,} {packed.size / 1e6:7.1f}"
        print(f"{sizes} {place * 1e3:10.0f} {day * 1e3:9.0f}", flush=True)


def fastest(run: Callable[[], Any]) -> float:
    """The best of five runs, in seconds."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Run what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=15)
    parser.add_argument("--nodes", type=int, default=1184, help="besides hub, zones and external")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--year", action="store_true", help="peak memory of a full year")
    parser.add_argument("--layouts", action="store_true", help="other chunks and row groups")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "isone-bench-pack"
    )
    options = parser.parse_args()
    if options.layouts:
        layouts(options.folder, options.nodes)
    elif options.year:
        year(options.folder, options.nodes)
    else:
        store, period = days_at_hand(options.folder, options.nodes, options.days)
        compare(store, period, options.days, options.rounds)


if __name__ == "__main__":
    main()
