"""The series that can be asked for, one after another, and what they share."""

import argparse
import gc
import importlib
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torture import behind_nginx, places, postgres, responses, servers, whole_runs
from torture.blows import Blows
from torture.downloads import Downloads, Job
from torture.faults import shim
from torture.machine import Violation, can_mount
from torture.options import KINDS
from torture.rooms import LOAD, NEW, PACK, SETS, Prepared
from torture.service import Server, server

from isone.run import settings

Figures = dict[str, Any]
Series = Callable[[random.Random], Figures]
_PLACES = {
    "lacking": places.lacking,
    "mounted": places.mounted,
    "clocks": places.clocks,
    "users": places.users_and_paths,
    "stopped": places.stopped,
}
_IMPORTED = (
    *("duckdb", "pyarrow.compute", "pyarrow.parquet", "numpy.ma", "_strptime"),
    *("isone.download.jobs", "isone.response.across_responses", "isone.response.revisions"),
    *("isone.pack.jobs", "isone.pack.year", "isone.load.jobs", "isone.load.duckdb_file"),
    *("isone.load.postgres", "isone.run.config_file"),
)
"""What jobs import, some of it late."""


def torture(options: argparse.Namespace) -> int:
    """Run the series, and print a table of them; returns how many were violated."""
    violations = 0
    print(f"| what | how often | outcome | seconds |\n|{'---|' * 4}", flush=True)
    with tempfile.TemporaryDirectory(prefix="torture-") as name, server(Path(name)) as service:
        import_for_jobs()
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
    gc.unfreeze()  # DuckDB would miss it at the end
    return violations


def import_for_jobs() -> None:
    """Import once for all jobs, each of which is forked, what they would import."""
    for name in _IMPORTED:
        importlib.import_module(name)
    settings.read_settings({})
    gc.freeze()  # what is here already is looked at by no child


@dataclass
class Bench:
    """What the series work with."""

    service: Server
    folder: Path
    options: argparse.Namespace
    ready: dict[Path, Prepared] = field(default_factory=dict)
    """What is prepared, by where it is."""

    def undisturbed(self, days: int) -> dict[str, Job]:
        """Downloads that nothing is done to, by dataset, all in one folder."""
        folder = self.folder / f"calm-{days}" / "data"
        jobs = {name: Job(self.service, folder, name, days) for name in SETS}
        for job in jobs.values():
            if not job.marker.exists():
                job.finish()
        return jobs

    def prepared(self, days: int) -> Prepared:
        """What is packed and loaded of them, the old and the new."""
        folder = self.folder / f"tables-{days}"
        if folder not in self.ready:
            store = self.undisturbed(days)[SETS[0]].store
            self.ready[folder] = Prepared(store, folder, days).prepare()
        return self.ready[folder]

    def alone(self, dataset: str, days: int) -> Prepared:
        """What is packed and loaded of one dataset alone, which is only to be compared with."""
        store = self.undisturbed(days)[dataset].store
        folder = self.folder / f"tables-{days}-{dataset}"
        return Prepared(store, folder, days, (dataset,)).prepare(NEW)


def chosen_series(options: argparse.Namespace, bench: Bench) -> Iterator[tuple[str, Series]]:
    """The series that were asked for, each with its name; made ready only as they come up."""
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
        possible = kind != "mounted" or can_mount()
        endured: Series = lambda c, r=runs, f=_PLACES[kind]: r.endured(f()[: options.places], c)  # type: ignore[misc] # noqa: E731
        yield f"whole runs: {KINDS[kind]}", endured if possible else no_mount
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
        yield from postgres_series(options, bench)


def postgres_series(options: argparse.Namespace, bench: Bench) -> Iterator[tuple[str, Series]]:
    with postgres.server() as found:
        if found is None:
            yield "PostgreSQL", lambda _: {"count": 0, "outcome": "there is none here"}
            return
        loads = postgres.Loads.begun(bench.prepared(options.days), bench.folder, found)
        yield "kill -9 of a load into PostgreSQL", lambda c: loads.killed(options.clients, c)
        for how, number in postgres.ENDS.items():
            yield (
                f"PostgreSQL {how} in mid-load",
                lambda c, n=number: loads.server_ended(options.servers, n, c),
            )
        one_day = postgres.Loads.begun(bench.prepared(1), bench.folder, found)
        yield (
            "PostgreSQL restarted at every step of a load",
            lambda _: one_day.restarted_at_each_step(options.steps),
        )


def download_series(options: argparse.Namespace, bench: Bench) -> Iterator[tuple[str, Series]]:
    jobs = bench.undisturbed(options.days)
    calm = {name: (job.contents(), job.validated()) for name, job in jobs.items()}
    tables = {name: bench.alone(name, options.days) for name in SETS}
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
    struck = Blows(whole, room, bench.folder / room)

    def blows(chance: random.Random) -> Blows:
        struck.chance = chance
        return struck

    yield f"{room}: kill -9", lambda c: blows(c).killed(options.kills, signal.SIGKILL)
    yield f"{room}: SIGTERM", lambda c: blows(c).killed(options.terms, signal.SIGTERM)
    full: Series = lambda c: blows(c).disk_full(options.disks)  # noqa: E731
    yield f"{room}: disk full", full if can_mount() else no_mount
    yield f"{room}: power cut", lambda c: blows(c).power_cut(options.cuts)
    yield f"{room}: too little memory", lambda c: blows(c).little_memory(options.memory)
    if one_day is None:
        return
    if shim.preloaded():
        fails: Series = lambda c: Blows(  # noqa: E731
            one_day, room, bench.folder / f"{room}-one-day", c
        ).operations(options.every)
    else:
        fails = lambda _: {"count": 0, "outcome": "no C compiler here"}  # noqa: E731
    yield f"{room}: n-th file operation fails", fails


def no_mount(_chance: random.Random) -> Figures:
    return {"count": 0, "outcome": "no mount possible here"}
