"""Whole runs of the workflow, up to DuckDB, whose processes are killed at random moments."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from running import PROJECT, command_line
from torture import contents
from torture.machine import in_child, leftovers, require
from torture.service import Server, server

_CONFIG = (
    *("years=2024", "through=2024-02-29", "source=sandbox", "data_types=lmp", "markets=da"),
    "retry_delay=0",
)
"""Sixty days: as many requests."""
_LATENCY = "0.08"  # so that a download outlasts the start of the next run
_TARGETS = ("load",)
_LONGEST = 120.0


@dataclass
class WholeRuns:
    """Runs in folders of their own, and what an undisturbed one leaves."""

    folder: Path
    _calm: Any = None
    _seconds: float = 0
    _runs: list["_Run"] = field(default_factory=list)

    def killed(self, count: int, chance: random.Random, *, alone: bool) -> dict[str, Any]:
        """Kill Snakemake alone, or all processes of its run, and let the same command go on."""
        with server(self._made(), "--latency", _LATENCY) as service:
            if self._calm is None:
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
        run = self._new(service)
        started = time.monotonic()
        require(run.start().wait(_LONGEST) == 0, f"an undisturbed run failed: {run.said()}")
        self._seconds = time.monotonic() - started
        self._calm = run.contents()

    def _made(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    def _new(self, service: Server) -> "_Run":
        run = _Run(self.folder / f"run-{len(self._runs)}", service)
        run.folder.mkdir()
        shutil.copy(PROJECT / "config.yaml", run.folder)
        self._runs.append(run)
        return run


@dataclass
class _Run:
    """A working folder, and the runs in it."""

    folder: Path
    service: Server
    groups: list[int] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "data" / "sandbox"

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the command in a process group of its own."""
        command = command_line(*_CONFIG, f"base_url={self.service.url}", targets=_TARGETS)
        with (self.folder / "said.txt").open("wb") as said:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
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
            command = command_line(*_CONFIG, options=("--unlock",))
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


def _is_there(group: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False
