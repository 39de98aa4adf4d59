"""PostgreSQL that goes away in mid-load, and loads into it that are killed."""

import contextlib
import itertools
import json
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import postgres_server
import psycopg
import pytest
from running import run_script
from torture import contents
from torture.machine import Nothing, fork, in_child, require, strike, wait
from torture.rooms import NEW, OLD, Prepared

from isone.run import status
from isone.store.store import Store

# What a server does with SIGQUIT is an immediate shutdown; with SIGKILL nothing.
ENDS = {"stopped": signal.SIGQUIT, "killed": signal.SIGKILL}
_SCHEMA = "isone_sandbox"


@contextlib.contextmanager
def server() -> Iterator[postgres_server.Server | None]:
    """Start a server; nothing where there is none to start."""
    with contextlib.ExitStack() as stack:
        try:
            found = stack.enter_context(postgres_server.running_server())
        except pytest.skip.Exception:
            found = None
        yield found


@dataclass
class Loads:
    """A server with the old rows of a year in it, and loads of the new ones, and the old again."""

    prepared: Prepared
    folder: Path
    server: postgres_server.Server
    address: str
    _rows: dict[str, Any] = field(default_factory=dict)
    _there: str = NEW
    """The version that the last load has left."""

    @classmethod
    def begun(cls, prepared: Prepared, folder: Path, server: postgres_server.Server) -> "Loads":
        """Loads into a database of their own, in which they have been undisturbed once."""
        address = server.new_database(f"tortured_{prepared.days}")
        loads = cls(prepared, folder, server, address)
        for version in (OLD, NEW):
            require(wait(loads._start(version)) == 0, f"an undisturbed load failed: {version}")
            loads._rows[version] = loads._held()
        require(loads._rows[OLD] != loads._rows[NEW], "old and new are the same")
        return loads

    def killed(self, count: int, chance: random.Random) -> dict[str, Any]:
        """Kill the job that loads, at random moments."""
        tally: Counter[str] = Counter()
        seconds = self._seconds()
        while tally["kills"] < count:
            version = self._other()
            process = self._start(version)
            code, ran = strike(process, chance.uniform(0, seconds * 1.1), signal.SIGKILL)
            tally["kills"] += code != 0
            if code == 0:
                seconds = min(seconds, ran)
            held = self._require_whole(version, code)
            tally["new"] += code != 0 and held == self._rows[version]
        return {
            "count": tally["kills"],
            "outcome": f"the old or the new rows each time ({tally['new']} new)",
        }

    def server_ended(
        self, count: int, number: signal.Signals, chance: random.Random
    ) -> dict[str, Any]:
        """End the server while a job loads, at random moments; then start it again."""
        tally: Counter[str] = Counter()
        seconds = self._seconds()
        while tally["failed"] < count:
            version = self._other()
            process = self._start(version)
            self._wait_for_client(seconds)
            time.sleep(chance.uniform(0, seconds / 2))
            self.server.end(number)
            code = wait(process)
            self.server.start()
            self._require_failed_in_a_sentence(code, tally)
            self._require_whole(version, code)
        return {
            "count": tally["failed"],
            "outcome": f"{tally['amid']} connections broke, {tally['before']} did not come about; "
            "the old or the new rows each time",
        }

    def restarted_at_each_step(self, every: int) -> dict[str, Any]:
        """End the server at the n-th exchange with it, for every n, and start it again there."""
        tally: Counter[str] = Counter()
        for n in itertools.count(1, every):
            version = self._other()
            ours, theirs = socket.socketpair()
            process = self._start(version, lambda: _pause_at(n, theirs))  # noqa: B023
            theirs.close()
            reached = bool(ours.recv(1))  # or the end of the load
            if reached:
                self.server.end(signal.SIGQUIT)
                self.server.start()
                ours.send(b".")
            ours.close()
            code = wait(process)
            self._require_failed_in_a_sentence(code, tally)
            self._require_whole(version, code)
            if not reached:
                break
            tally["steps"] += 1
        return {
            "count": tally["steps"],
            "outcome": f"every step; {tally['failed']} ended in a sentence; "
            "the old or the new rows each time",
        }

    def _require_failed_in_a_sentence(self, code: int, tally: Counter[str]) -> None:
        if code == 0:
            return
        require(code == 1, f"exit code {code} when the server ended")
        words = self._words()
        require("fault of the program" not in words, words)
        tally["cannot be reached" in words and "before" or "amid"] += 1
        tally["failed"] += 1

    def _wait_for_client(self, seconds: float) -> None:
        """Wait until a load has connected, but not for ever."""
        until = time.monotonic() + seconds
        connected = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'isone-prices'"
        while time.monotonic() < until and not self.server.run("postgres", connected):
            time.sleep(0.005)

    def _require_whole(self, version: str, code: int) -> Any:
        """The old or the new rows are there; the same load again makes it the new ones.

        Returns those that were there before it.
        """
        found = self._held()
        require(found in self._rows.values(), f"neither the old nor the new rows: {found}")
        require(code != 0 or found == self._rows[version], "exit code 0, and the old rows")
        code = wait(self._start(version))
        require(code == 0, f"the next load ended with {code}: {self._words()}")
        require(self._held() == self._rows[version], "the next load has left other rows")
        self._there = version
        return found

    def _start(self, version: str, before: Nothing = lambda: None) -> int:
        """Begin to load all years of a version; returns the process, which does `before` first."""
        return fork(lambda: self._load(version, before), self._home / "traceback.txt")

    def _load(self, version: str, before: Nothing) -> int:
        before()
        made = self.prepared.folder / version / "data"
        config = {
            "years": 2024,
            "source": "sandbox",
            "data_dir": str(made),
            "log_dir": str(self._home / "logs"),
            "database": self.address,
        }
        code = 0
        for dataset in self.prepared.sets:
            period = self.prepared.period
            code = code or run_script("load_postgres", config, dataset=dataset, period=period)
        return code

    @property
    def _home(self) -> Path:
        home = self.folder / "postgres"
        home.mkdir(exist_ok=True)
        return home

    def _held(self) -> Any:
        def rows() -> Any:
            with psycopg.connect(self.address) as connection:
                return contents.postgres(connection, _SCHEMA)

        return in_child(rows)

    def _other(self) -> str:
        """The version that is not there now."""
        return OLD if self._there == NEW else NEW

    def _seconds(self) -> float:
        version = self._other()
        started = time.monotonic()
        require(wait(self._start(version)) == 0, "an undisturbed load failed")
        self._there = version
        return time.monotonic() - started

    def _words(self) -> str:
        said = []
        for version in (OLD, NEW):
            store = Store(self.prepared.folder / version / "data" / "sandbox")
            jobs = status.status_path(store, "any").parent
            for path in jobs.glob("load_postgres_*.json"):
                with contextlib.suppress(ValueError, KeyError):
                    said.append((path.stat().st_mtime_ns, json.loads(path.read_text())["message"]))
        require(bool(said), "no load has said how it ended")
        return max(said)[1]


def _pause_at(n: int, other: socket.socket) -> None:
    """Let this process, before its n-th exchange with a server, say so and wait for leave."""
    steps = itertools.count(1)
    exchange = psycopg.Connection.wait

    def counted(connection: Any, *words: Any, **options: Any) -> Any:
        if next(steps) == n:
            other.send(b".")
            other.recv(1)
        return exchange(connection, *words, **options)

    psycopg.Connection.wait = counted  # type: ignore[method-assign]
