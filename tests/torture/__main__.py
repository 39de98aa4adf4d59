"""Torture the workflow and print what came of it: `python tests/torture --kills 1000`.

Kills, terminations, full disks, power cuts, want of memory and failing file operations, at random
moments or at every moment, of downloads, packing, loading and whole runs. After each nothing may
lie under a final name that is not whole and right; in the end there must be what an undisturbed
run leaves. Everything follows from --seed but the moments at which the machine gets round to
things.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent.parent
sys.path[:1] = [str(PROJECT), str(PROJECT / "tests")]

import duckdb  # noqa: E402, F401 - imported once for all the jobs
import pyarrow.compute  # noqa: E402, F401
import pyarrow.parquet  # noqa: E402, F401
from torture import behind_nginx, places, postgres, responses, servers, whole_runs  # noqa: E402
from torture.blows import Blows  # noqa: E402
from torture.downloads import Downloads, Job  # noqa: E402
from torture.faults import shim  # noqa: E402 - found only now
from torture.machine import Violation, can_mount  # noqa: E402
from torture.rooms import LOAD, PACK, SETS, Prepared  # noqa: E402
from torture.service import Server, server  # noqa: E402

from isone.run import settings  # noqa: E402

Figures = dict[str, Any]
Series = Callable[[random.Random], Figures]
KINDS = {
    "lacking": ("a file system that lacks something", places.lacking),
    "mounted": ("a real file system", places.mounted),
    "clocks": ("a wrong clock", places.clocks),
    "users": ("a user, a limit, a path", places.users_and_paths),
    "stopped": ("SIGSTOP and on", places.stopped),
}
GROUPS = (
    "download",
    "responses",
    "pack",
    "load",
    "runs",
    "wide",
    "postgres",
    "pairs",
    "nginx",
    *KINDS,
)


def main() -> int:
    options = read_options()
    if "operations" not in options.leave_out and not shim.preloaded():
        start_again_preloaded()
    violations = 0
    print(f"| what | how often | outcome | seconds |\n|{'---|' * 4}", flush=True)
    with tempfile.TemporaryDirectory(prefix="torture-") as name, server(Path(name)) as service:
        for what, run in chosen_series(options, Bench(service, Path(name), options)):
            chance = random.Random(f"{options.seed} {what}")  # noqa: S311 - repeatable
            started = time.monotonic()
            try:
                figures = run(chance)
            except Violation as violation:
                violations += 1
                figures = {"count": 0, "outcome": f"**VIOLATED**: {violation}"}
            seconds = time.monotonic() - started
            print(f"| {what} | {figures['count']:,} | {figures['outcome']} | {seconds:.0f} |")
            sys.stdout.flush()
    return 1 if violations else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__.splitlines()[0])

    def number(name: str, default: int, what: str) -> None:
        parser.add_argument(name, type=int, default=default, help=f"{what} (%(default)s)")

    number("--kills", 1000, "kill -9 of downloads, and of packing and loading each")
    number("--terms", 100, "SIGTERM of each")
    number("--disks", 100, "full disks of each")
    number("--cuts", 100, "power cuts of each")
    number("--memory", 50, "limits of memory of each that are too little")
    number("--every", 1, "fail every N-th file operation only, of each")
    number("--seeds", 10, "servers that fail a fifth of all requests")
    number("--damaged", 10_000, "damaged responses")
    number("--fuzzed", 1_000_000, "fuzzed payloads")
    number("--runs", 50, "kills of Snakemake alone, and of all its processes")
    number("--wide", 20, "kills of runs of seven years with -j8")
    number("--clients", 50, "kills of jobs that load into PostgreSQL")
    number("--servers", 20, "PostgreSQL servers killed, and stopped, in mid-load")
    number("--places", 99, "places for whole runs, of each kind")
    number("--pairs", 15, "pairs of targets at once")
    number("--days", 366, "days of a job")
    number("--seed", 1, "of all chance")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS, help="these series")
    parser.add_argument(
        "--leave-out", nargs="+", choices=["operations"], default=[], help="not these of each"
    )
    return parser.parse_args()


@dataclass
class Bench:
    """What the series work with."""

    service: Server
    folder: Path
    options: argparse.Namespace
    ready: dict[Path, Prepared] = field(default_factory=dict)
    """What is prepared, by where it is."""

    def undisturbed(self, days: int, datasets: tuple[str, ...] = SETS) -> dict[str, Job]:
        """Downloads that nothing is done to, by dataset, all in one folder."""
        folder = self.folder / f"calm-{days}-{'-'.join(datasets)}" / "data"
        jobs = {name: Job(self.service, folder, name, days) for name in datasets}
        for job in jobs.values():
            if not job.marker.exists():
                job.finish()
        return jobs

    def prepared(self, days: int, datasets: tuple[str, ...] = SETS) -> Prepared:
        """What is packed and loaded of them."""
        jobs = self.undisturbed(days, datasets)
        store = jobs[datasets[0]].store
        folder = store.root.parent.parent / "tables"
        if folder not in self.ready:
            self.ready[folder] = Prepared(store, folder, days).prepare()
        return self.ready[folder]


def chosen_series(options: argparse.Namespace, bench: Bench) -> Iterator[tuple[str, Series]]:
    """The series that were asked for, each with its name; made ready only as they come up."""
    settings.read_settings({})  # what a job imports for it, imported once for all of them
    if "download" in options.only:
        yield from download_series(options, bench)
    if "responses" in options.only:
        yield "damaged response", lambda c: responses.damaged(options.damaged, c)
        yield "fuzzed payload", lambda c: responses.fuzzed(options.fuzzed, c)
    if {PACK, LOAD} & set(options.only):
        whole = bench.prepared(options.days)
        one_day = bench.prepared(1) if "operations" not in options.leave_out else None
        for room in (PACK, LOAD):
            if room in options.only:
                yield from room_series(options, bench, room, whole, one_day)
    if "runs" in options.only:
        runs = whole_runs.WholeRuns(bench.folder / "runs")
        yield "kill -9 of Snakemake alone", lambda c: runs.killed(options.runs, c, alone=True)
        yield "kill -9 of a whole run", lambda c: runs.killed(options.runs, c, alone=False)
    if "wide" in options.only:
        wide = whole_runs.WholeRuns(
            bench.folder / "wide", whole_runs.SEVEN_YEARS, latency="0", options=("-j8",)
        )
        yield "kill -9 of -j8 over seven years", lambda c: wide.killed(options.wide, c, alone=False)
    for kind in (kind for kind in KINDS if kind in options.only):
        runs = whole_runs.WholeRuns(bench.folder / kind)
        what, found = KINDS[kind]
        possible = kind != "mounted" or can_mount()
        endured: Series = lambda c, r=runs, f=found: r.endured(f()[: options.places], c)  # type: ignore[misc] # noqa: E731
        yield f"whole runs: {what}", endured if possible else no_mount
    if "pairs" in options.only:
        pairs = whole_runs.WholeRuns(bench.folder / "pairs")
        yield "two targets at once", lambda c: pairs.side_by_side(options.pairs, c)
    if "nginx" in options.only:
        for what, lines in behind_nginx.WAYS.items() if servers.is_here("nginx") else ():
            yield (
                f"each fault behind nginx, {what}",
                lambda c, w=lines: behind_nginx.faults(w, bench.folder),
            )
    if "postgres" in options.only:
        with postgres.Loads.running(bench.prepared(options.days), bench.folder) as loads:
            if loads is None:
                yield "PostgreSQL", lambda _: {"count": 0, "outcome": "there is none here"}
                return
            yield "kill -9 of a load into PostgreSQL", lambda c: loads.killed(options.clients, c)
            for how, number in postgres.ENDS.items():
                yield (
                    f"PostgreSQL {how} in mid-load",
                    lambda c, n=number: loads.server_ended(options.servers, n, c),
                )
        with postgres.Loads.running(bench.prepared(1), bench.folder) as loads:
            assert loads is not None  # noqa: S101 - there was one before
            yield (
                "PostgreSQL restarted at every step of a load",
                lambda _: loads.restarted_at_each_step(options.every),
            )


def download_series(options: argparse.Namespace, bench: Bench) -> Iterator[tuple[str, Series]]:
    jobs = bench.undisturbed(options.days)
    calm = {name: (job.contents(), job.validated()) for name, job in jobs.items()}
    tables = {name: bench.prepared(options.days, (name,)) for name in SETS}
    downloads = Downloads(bench.service, bench.folder, options.days, random.Random(), calm, tables)  # noqa: S311

    def with_chance(run: Callable[[], Figures]) -> Series:
        def series(chance: random.Random) -> Figures:
            downloads.chance = chance
            return run()

        return series

    series: dict[str, Callable[[], Figures]] = {
        "kill -9": lambda: downloads.killed(options.kills, signal.SIGKILL),
        "SIGTERM": lambda: downloads.killed(options.terms, signal.SIGTERM),
        "disk full": lambda: downloads.disk_full(options.disks),
        "power cut": lambda: downloads.power_cut(options.cuts),
        "too little memory": lambda: downloads.little_memory(options.memory),
        "a fifth of all requests fails": lambda: downloads.mixed_faults(options.seeds),
        "n-th file operation fails": lambda: downloads.operations(options.every),
    }
    for what, run in series.items():
        possible = what != "disk full" or can_mount()
        yield f"download: {what}", with_chance(run) if possible else no_mount


def room_series(
    options: argparse.Namespace, bench: Bench, room: str, whole: Prepared, one_day: Prepared | None
) -> Iterator[tuple[str, Series]]:
    def blows(chance: random.Random, prepared: Prepared = whole) -> Blows:
        return Blows(prepared, room, bench.folder / f"{room}-{prepared.days}", chance)

    yield f"{room}: kill -9", lambda c: blows(c).killed(options.kills, signal.SIGKILL)
    yield f"{room}: SIGTERM", lambda c: blows(c).killed(options.terms, signal.SIGTERM)
    full: Series = lambda c: blows(c).disk_full(options.disks)  # noqa: E731
    yield f"{room}: disk full", full if can_mount() else no_mount
    yield f"{room}: power cut", lambda c: blows(c).power_cut(options.cuts)
    yield f"{room}: too little memory", lambda c: blows(c).little_memory(options.memory)
    if one_day is None:
        return
    if shim.preloaded():
        fails: Series = lambda c: blows(c, one_day).operations(options.every)  # noqa: E731
    else:
        fails = lambda _: {"count": 0, "outcome": "no C compiler here"}  # noqa: E731
    yield f"{room}: n-th file operation fails", fails


def no_mount(_chance: random.Random) -> Figures:
    return {"count": 0, "outcome": "no mount possible here"}


def start_again_preloaded() -> None:
    """Become the same program with the library of failing operations in it, if it can be built."""
    with tempfile.TemporaryDirectory(prefix="torture-shim-") as name:
        library = shim.build(Path(name))
        if library is None:
            return
        again = [sys.executable, str(Path(__file__).parent), *sys.argv[1:]]
        sys.exit(subprocess.run(again, env=os.environ | {"LD_PRELOAD": str(library)}).returncode)


if __name__ == "__main__":
    sys.exit(main())
