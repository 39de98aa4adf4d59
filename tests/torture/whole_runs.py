"""Whole runs of the workflow, up to DuckDB, whose processes are killed at random moments."""

import contextlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from running import PROJECT, command_line
from torture import contents
from torture.machine import in_child, leftovers, require
from torture.places import Place, Where
from torture.service import Server, server

_CONFIG = (
    *("years=2024", "through=2024-02-29", "source=sandbox", "data_types=lmp", "markets=da"),
    "retry_delay=0",
)
"""Sixty days: as many requests."""
SEVEN_YEARS = ("years=2018-2024", *_CONFIG[2:])
_LATENCY = "0.08"  # so that a download outlasts the start of the next run
_TARGETS = ("load",)
TARGETS = ("download", "pack", "load", "report", "verify")
"""Which are started beside each other."""
_LONGEST = 300.0


@dataclass
class WholeRuns:
    """Runs in folders of their own, and what an undisturbed one leaves."""

    folder: Path
    config: tuple[str, ...] = _CONFIG
    latency: str = _LATENCY
    options: tuple[str, ...] = ()
    """Further ones of Snakemake's, such as `-j8`."""
    _calm: Any = None
    _seconds: float = 0
    _runs: list["_Run"] = field(default_factory=list)

    def killed(self, count: int, chance: random.Random, *, alone: bool) -> dict[str, Any]:
        """Kill Snakemake alone, or all processes of its run, and let the same command go on."""
        with server(self._made(), "--latency", self.latency) as service:
            self._go_undisturbed(service)
            tally: Counter[str] = Counter()
            while tally["kills"] < count:
                self._until_done(service, chance, alone, tally)
        what = "of Snakemake alone" if alone else "of all processes"
        return {
            "count": tally["kills"],
            "outcome": f"{tally['done']} runs {what} came to their end, {tally['rejected']} times "
            f"a second downloader was kept out, {tally['repeated']} requests repeated",
        }

    def endured(self, places: Iterable[Place], chance: random.Random) -> dict[str, Any]:
        """In each place let a run be killed once, and finished; then the deep check.

        Each has to leave what an undisturbed run leaves.
        """
        done: list[str] = []
        with server(self._made(), "--latency", self.latency) as service:
            self._go_undisturbed(service)
            for place in places:
                with place.ready(Path(tempfile.mkdtemp(dir=self.folder))) as there:
                    if there is None:
                        continue
                    self._endure(self._new(service, there), place, chance)
                done.append(place.name)
        return {
            "count": len(done),
            "outcome": f"the same rows each time, and OK: {_listed(done)}",
        }

    def _endure(self, run: "_Run", place: Place, chance: random.Random) -> None:
        first = run.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            first.wait(chance.uniform(1, self._seconds))
        if first.poll() is None:
            run.kill(first, alone=False)
            run.unlock()
        process = run.start((*_TARGETS, "verify"))
        place.disturb(process.pid)
        code = process.wait(_LONGEST)
        said = run.said()
        require(code == 0, f"{place.name}: a run ended with {code}: {said}")
        require("Traceback" not in said, f"{place.name}: {said}")
        made = (run.root / "isone.duckdb").exists()
        require(made, f"{place.name}: there is no database: {said}")
        require(place.notes in said, f"{place.name}: nothing was said of it: {said}")
        require(run.contents() == self._calm, f"{place.name}: not what an undisturbed run leaves")
        left = leftovers(run.folder / "data")
        require(not left, f"{place.name}: left behind: {left}")

    def side_by_side(self, count: int, chance: random.Random) -> dict[str, Any]:
        """Two targets at once on one data folder, from two working folders; then a whole run."""
        pairs = list(itertools.combinations_with_replacement(TARGETS, 2))
        chosen = chance.sample(pairs, min(count, len(pairs)))
        tally: Counter[str] = Counter()
        with server(self._made(), "--latency", self.latency) as service:
            self._go_undisturbed(service)
            for pair in chosen:
                one = self._new(service)
                other = self._new(service, Where(one.folder / "other"))
                shared = (f"data_dir={one.folder / 'data'}",)
                runs = [
                    (each, each.start((target,), shared))
                    for each, target in zip((one, other), pair, strict=True)
                ]
                for run, process in runs:
                    code = process.wait(_LONGEST)
                    said = run.said()
                    require("Traceback" not in said, f"{pair}: {said}")
                    kept_out = "is downloading into" in said
                    # what the deep check looked at before it was there
                    early = "is not downloaded whole" in said
                    require(code == 0 or kept_out or early, f"{pair} ended with {code}: {said}")
                    tally["kept out"] += kept_out
                require(
                    one.start((*_TARGETS, "verify"), shared).wait(_LONGEST) == 0,
                    f"{pair}: {one.said()}",
                )
                require(one.contents() == self._calm, f"{pair}: not what an undisturbed run leaves")
                shutil.rmtree(one.folder)
        return {
            "count": len(chosen),
            "outcome": f"pairs of targets; {tally['kept out']} times a second downloader was kept "
            "out; the same rows in the end",
        }

    def _until_done(
        self, service: Server, chance: random.Random, alone: bool, tally: Counter[str]
    ) -> None:
        """Kill a run and start it again until it comes to its end."""
        run = self._new(service)
        asked_before = len(service.asked())
        kills = 0
        while True:
            process = run.start()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.3, self._seconds * (1 + kills / 10)))
            if process.poll() is None:
                run.kill(process, alone=alone)
                kills += 1
            elif process.returncode == 0:
                break
            else:
                rejected = "is downloading into" in run.said()
                require(alone and rejected, f"a run ended with {process.returncode}: {run.said()}")
                tally["rejected"] += 1
            run.unlock()
            require(kills < 60, "it never came to its end")
        run.end_orphans()
        paths = service.asked()[asked_before:]
        again = len(paths) - len(set(paths))
        most = 0 if alone else kills  # an orphan goes on with what was under way
        require(again <= most, f"{again} requests repeated after {kills} kills")
        require(run.contents() == self._calm, "not what an undisturbed run leaves")
        left = leftovers(run.folder / "data")
        require(not left, f"left behind: {left}")
        shutil.rmtree(run.folder)
        tally.update(kills=kills, done=1, repeated=again)

    def _go_undisturbed(self, service: Server) -> None:
        if self._calm is not None:
            return
        run = self._new(service)
        started = time.monotonic()
        require(run.start().wait(_LONGEST) == 0, f"an undisturbed run failed: {run.said()}")
        self._seconds = time.monotonic() - started
        self._calm = run.contents()

    def _made(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    def _new(self, service: Server, where: Where | None = None) -> "_Run":
        where = where or Where(self.folder / f"run-{len(self._runs)}")
        run = _Run(where.folder, service, where, self.config, self.options)
        run.folder.mkdir(exist_ok=True)
        shutil.copy(PROJECT / "config.yaml", run.folder)
        self._runs.append(run)
        return run


@dataclass
class _Run:
    """A working folder, and the runs in it."""

    folder: Path
    service: Server
    where: Where
    config: tuple[str, ...]
    options: tuple[str, ...]
    groups: list[int] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "data" / "sandbox"

    def start(
        self, targets: tuple[str, ...] = _TARGETS, config: tuple[str, ...] = ()
    ) -> "subprocess.Popen[bytes]":
        """Start the command in a process group of its own."""
        config = (*self.config, f"base_url={self.service.url}", *config)
        words = command_line(*config, options=self.options, targets=targets)
        with (self.folder / "said.txt").open("wb") as said:
            process = subprocess.Popen(
                [*self.where.before, *words],
                cwd=self.folder,
                env=os.environ | self.where.environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.groups.append(process.pid)
        return process

    def kill(self, process: "subprocess.Popen[bytes]", *, alone: bool) -> None:
        if alone:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def unlock(self) -> None:
        """Take the lock away that a Snakemake which was killed has left."""
        locks = self.folder / ".snakemake" / "locks"
        if locks.exists() and any(locks.iterdir()):
            command = command_line(*self.config, options=("--unlock",))
            subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def end_orphans(self) -> None:
        """Wait for jobs whose Snakemake was killed."""
        until = time.monotonic() + _LONGEST
        for group in self.groups:
            while _is_there(group):
                require(time.monotonic() < until, "an orphan never came to its end")
                time.sleep(0.05)

    def said(self) -> str:
        return (self.folder / "said.txt").read_text(errors="replace")

    def contents(self) -> Any:
        """Responses byte for byte; the rows of the tables, wherever they lie."""
        raw = sorted(self._responses())
        return [raw, in_child(self._tables)]

    def _responses(self) -> Iterator[tuple[str, int]]:
        for path in (self.root / "raw").rglob("[0-9]*.json.gz"):
            yield str(path.relative_to(self.root)), hash(path.read_bytes())

    def _tables(self) -> Any:
        packed = sorted((self.root / "parquet").rglob("*.parquet"))
        rows = {str(path.relative_to(self.root)): contents.parquet(path) for path in packed}
        return [rows, contents.database(self.root / "isone.duckdb")]


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none could be made here"


def _is_there(group: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False
