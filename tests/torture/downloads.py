"""The download: killed, ended, filled, cut off, and served badly, over whole years of days.

After each blow the store must hold nothing that is not whole and right; in the end it must hold
what an undisturbed run leaves.
"""

import contextlib
import datetime as dt
import itertools
import json
import os
import random
import resource
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from running import run_script
from torture.faults.damage import meaning
from torture.faults.operations import FailingOperations, SyncRecord, power_cut
from torture.machine import (
    Violation,
    fork,
    mount,
    require,
    strike,
    tmpfs,
    wait,
    wait_or_kill,
)
from torture.rooms import SETS, Prepared
from torture.service import Server, server

from isone.market.datasets import DATASETS
from isone.run import status
from isone.sandbox import FAULTS
from isone.store import gzipped
from isone.store.files import sha256
from isone.store.store import Store

INTERRUPTED = 130
# All but those that stop a run, and the one whose day is taken with a name less than it has.
MIXED = sorted(set(FAULTS) - {"unauthorized", "forbidden", "nameless-place"})


@dataclass
class Job:
    """A download of some days of a dataset into a folder, each attempt in a process of its own."""

    service: Server
    folder: Path
    dataset: str
    days: int
    config: dict[str, Any] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None
    """What the attempt's process does first."""

    @property
    def store(self) -> Store:
        return Store(self.folder / "sandbox")

    @property
    def period(self) -> str:
        last = dt.date(2024, 1, 1) + dt.timedelta(days=self.days - 1)
        return "2024" if self.days == 366 else f"2024.through-{last:%Y%m%d}"

    @property
    def marker(self) -> Path:
        return self.store.marker_path(self.dataset, self.period)

    def start(self) -> int:
        """Begin an attempt, as a new run does; returns its process."""
        (status.plan_path(self.store).parent / "stop.txt").unlink(missing_ok=True)
        return fork(self._attempt, self.folder.parent / "traceback.txt")

    def _attempt(self) -> int:
        self.before()
        config = {
            "years": 2024,
            "source": "sandbox",
            "base_url": self.service.url,
            "data_dir": str(self.folder),
            "log_dir": str(self.folder.parent / "logs"),
        }
        year = {"dataset": self.dataset, "period": self.period}
        return run_script("download_prices", config | self.config, **year)

    def finish(self, most: int = 1) -> int:
        """Attempts until one succeeds; at most so many."""
        for number in range(1, most + 1):
            if wait(self.start()) == 0:
                return number
        words = self.last_words()
        raise Violation(f"{self.dataset} did not succeed in {most} attempts: {words}")

    def last_words(self) -> str:
        path = status.status_path(self.store, f"isone_{self.dataset}_2024")
        with contextlib.suppress(OSError, ValueError):
            return str(json.loads(path.read_text()).get("message"))
        return "nothing"

    def contents(self) -> dict[str, str]:
        """What lies under final names: request → digest."""
        folder = self.store.raw_dir(self.dataset, 2024)
        return {p.name: sha256(p.read_bytes()) for p in folder.glob("[0-9]*.json.gz")}

    def validated(self) -> list[dict[str, Any]]:
        """What the marker says of each request, but for when it was fetched."""
        requests = json.loads(self.marker.read_text())["requests"]
        return [{k: v for k, v in request.items() if k != "fetched"} for request in requests]


@dataclass
class Downloads:
    """One series: what is done to jobs, and what must hold afterwards."""

    service: Server
    folder: Path
    days: int
    chance: random.Random
    calm: dict[str, tuple[dict[str, str], list[dict[str, Any]]]]
    """What undisturbed jobs left, by dataset."""
    tables: dict[str, Prepared]
    """What an undisturbed run packs and loads of that, by dataset."""
    number: int = 0

    def job(self, **options: Any) -> Job:
        """The next job, in an empty folder."""
        self.number += 1
        folder = self.folder / f"{self.number}" / "data"
        folder.mkdir(parents=True)
        return Job(self.service, folder, SETS[self.number % len(SETS)], self.days, **options)

    def require_sound(self, job: Job) -> None:
        """What must hold at any moment."""
        right = self.calm[job.dataset][0]
        had = job.contents()
        for name, digest in had.items():
            require(right.get(name) == digest, f"{name} of {job.dataset} is not what was served")
        require(not job.marker.exists() or had == right, f"{job.marker} is there too early")

    def require_finished(self, job: Job) -> None:
        """What must hold in the end."""
        self.require_sound(job)
        require(
            job.validated() == self.calm[job.dataset][1], f"{job.marker} is not the undisturbed"
        )
        self.tables[job.dataset].require_same_tables(job.store, job.dataset)
        shutil.rmtree(job.folder.parent)

    @cached_property
    def within(self) -> float:
        """Within how long an attempt is struck: a tenth of a job's time here and now, or more.

        That of a short job is soon over; it must be struck nevertheless.
        """
        job = self.job()
        started = time.monotonic()
        job.finish()
        seconds = time.monotonic() - started
        shutil.rmtree(job.folder.parent)
        return max(min(0.3, seconds), seconds / 10)

    def killed(self, count: int, number: signal.Signals) -> dict[str, Any]:
        """Send a signal to jobs at random moments, until it has reached so many."""
        reached = years = repeated = 0
        within = self.within
        while reached < count:
            job = self.job()
            years += 1
            asked_before = len(self.service.asked())
            signals = 0
            while True:
                # ever later, so that it comes to an end
                moment = self.chance.uniform(0, within * (1 + signals / 50))
                code, _ = strike(job.start(), moment, number)
                self.require_sound(job)
                paths = self.service.asked()[asked_before:]
                again = len(paths) - len(set(paths))
                require(again <= signals, f"{again} requests repeated after {signals} signals")
                if code == 0:
                    break
                expected = -number if number == signal.SIGKILL else INTERRUPTED
                # at the very start the handler of SIGTERM is not there yet
                require(code in {expected, -number}, f"exit code {code} after {number.name}")
                reached += 1
                signals += 1
            repeated += again
            self.require_finished(job)
        return {
            "count": reached,
            "outcome": f"{years} jobs of {self.days} days, {repeated} requests repeated; "
            "the same rows in Parquet and DuckDB",
        }

    def disk_full(self, count: int) -> dict[str, Any]:
        """Let the disk be full at some point of a job; then make room and go on."""
        job = self.job()
        job.finish()
        used = sum(p.stat().st_blocks * 512 for p in job.folder.rglob("*"))
        shutil.rmtree(job.folder.parent)
        full = 0
        while full < count:
            job = self.job()
            size = self.chance.randrange(16 << 10, used) >> 12 << 2
            with tmpfs(job.folder, size):
                code = wait(job.start())
                self.require_sound(job)
                if code != 0:
                    require(code == 1, f"exit code {code} on a full disk")
                    full += 1
                    mount("-o", "remount,size=64m", str(job.folder))
                    job.finish()
                self.require_sound(job)
                require(
                    job.validated() == self.calm[job.dataset][1], "another marker than undisturbed"
                )
            shutil.rmtree(job.folder.parent)
        return {"count": full, "outcome": f"jobs of {self.days} days; all went on from there"}

    def power_cut(self, count: int) -> dict[str, Any]:
        """Cut the power at random moments: what was not synced is lost, by chance.

        Where the ledger is lost the next run validates everything again, so it is given ever more
        time.
        """
        cuts = lost = 0
        most = 0
        within = self.within
        while cuts < count:
            job = self.job()
            aside = job.folder.parent / "synced"
            job.before = SyncRecord(job.store.root, aside).install
            job.store.root.mkdir()
            for number in itertools.count():
                before = job.contents()
                noted = set(job.store.read_ledger(job.dataset, 2024))
                moment = self.chance.uniform(0, within * (1 + number / 3))
                code, _ = strike(job.start(), moment, signal.SIGKILL)
                at_cut = job.contents()
                lost += power_cut(job.store.root, aside, self.chance)
                cuts += 1
                self.require_sound(job)
                gone = at_cut.keys() - job.contents().keys()
                require(not gone & before.keys() & noted, f"{gone} were had, and are gone")
                most = max(most, len(gone))
                if code == 0:
                    break
            job.finish()
            self.require_finished(job)
        return {
            "count": cuts,
            "outcome": f"{lost} unsynced names and contents lost, of stored days at most {most} "
            "at a time, being stored at that moment",
        }

    def little_memory(self, count: int) -> dict[str, Any]:
        """Let jobs have no more memory from a random moment on, and then as much as they want."""
        ends: Counter[str] = Counter()
        tried = 0
        within = self.within
        while sum(ends.values()) < count:
            tried += 1
            require(tried < 50 * count, "no limit was too little")
            job = self.job()
            process = job.start()
            time.sleep(self.chance.uniform(0, 5 * within))
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process, resource.RLIMIT_AS, (4096, 4096))
            code = wait_or_kill(process)
            self.require_sound(job)
            if code != 0:
                require(code in {1, -signal.SIGKILL}, f"exit code {code} for want of memory")
                require("fault of the program" not in job.last_words(), job.last_words())
                ends["in a sentence" if code == 1 else "hung"] += 1
                job.finish()
            require(job.validated() == self.calm[job.dataset][1], "another marker than undisturbed")
            shutil.rmtree(job.folder.parent)
        said = ", ".join(f"{number} {words}" for words, number in ends.items())
        return {"count": sum(ends.values()), "outcome": f"{said}; all went on from there"}

    def operations(self, every: int) -> dict[str, Any]:
        """Fail the n-th file operation of one day's job, for every n, once and for ever."""
        tried = survived = 0
        original_open = os.open
        active: list[contextlib.AbstractContextManager[FailingOperations]] = []
        for for_ever in (False, True):
            for n in itertools.count(1, every):
                job = self.job()
                job.days, job.dataset = 1, SETS[0]
                right = self.calm[SETS[0]][0]
                failing = FailingOperations(job.folder, n, for_ever=for_ever)
                report = job.folder.parent / "failed"

                def before(failing: FailingOperations = failing, report: Path = report) -> None:
                    active.append(failing.active())
                    active[-1].__enter__()
                    step = failing.step

                    def reported(what: str, path: Any) -> None:
                        try:
                            step(what, path)
                        except OSError:
                            with contextlib.suppress(FileExistsError):
                                os.close(original_open(report, os.O_CREAT | os.O_EXCL))
                            raise

                    failing.step = reported  # type: ignore[method-assign]

                job.before = before
                code = wait(job.start())
                for name, digest in job.contents().items():
                    require(right[name] == digest, f"{name} is not what was served")
                require(code in {0, 1, 2}, f"exit code {code} when operation {n} failed")
                require(code != 0 or job.marker.exists(), f"operation {n}: no marker, exit code 0")
                failed = report.exists()
                survived += failed and code == 0
                job.before = lambda: None
                job.finish()
                require(len(job.validated()) == 1, "not the one day")
                shutil.rmtree(job.folder.parent)
                if not failed:
                    break
                tried += 1
        return {
            "count": tried,
            "outcome": f"file operations failed, each once and for ever; {survived} did not matter",
        }

    def mixed_faults(self, seeds: int, rate: float = 0.2) -> dict[str, Any]:
        """Jobs against a server that fails a share of its requests."""
        most = 0.0
        attempts: Counter[int] = Counter()
        for seed in range(1, seeds + 1):
            orders = [word for fault in MIXED for word in ("--fault", fault)]
            options = [*orders, "--fault-rate", str(rate), "--seed", str(seed), "--hold", "0.8"]
            with server(self.folder, *options) as bad:
                job = self.job(
                    config={
                        "backoff_first": 0.01,
                        "backoff_longest": 0.05,
                        "read_timeout": 0.6,
                        "total_timeout": 1.5,
                    }
                )
                job.service = bad
                attempts[job.finish(most=3)] += 1
                asked, failed = len(bad.asked()), bad.failed()
            with server(self.folder, "--seed", str(seed)) as good:
                calm = Job(good, self.folder / f"calm-{seed}", job.dataset, self.days)
                calm.finish()
            require_same_meaning(job, calm)
            most = max(most, asked / self.days)
            said = f"{asked} requests for {self.days} days with seed {seed}, {failed} failed"
            require(asked <= self.days + failed, said)
            shutil.rmtree(job.folder.parent)
            shutil.rmtree(calm.folder)
        needed = ", ".join(
            f"{n} in {a} attempt{'s' * (a > 1)}" for a, n in sorted(attempts.items())
        )
        return {
            "count": seeds,
            "outcome": f"jobs of {self.days} days complete ({needed}), "
            f"at most {most:.2f} times the requests",
        }


def require_same_meaning(job: Job, calm: Job) -> None:
    """What two jobs stored may differ in form (blanks, doubled rows), not in what it says."""
    dataset = DATASETS[job.dataset]
    require(job.contents().keys() == calm.contents().keys(), "not the same days")
    for name, digest in calm.contents().items():
        if job.contents()[name] == digest:
            continue
        one, other = (
            meaning(
                dataset,
                gzipped.inflate((each.store.raw_dir(job.dataset, 2024) / name).read_bytes()),
            )
            for each in (job, calm)
        )
        require(one == other, f"{name} of {job.dataset} says something else")
