"""What is done to jobs that pack and load, in numbers, and what must hold after each blow."""

import contextlib
import itertools
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torture.faults import shim
from torture.faults.operations import SyncRecord, power_cut
from torture.machine import limit_memory, mount, require, strike, tmpfs, wait, wait_or_kill
from torture.rooms import NEW, Prepared, RoomJob

INTERRUPTED = 130
# DuckDB's and Arrow's own threads, and the dynamic loader, end a process that has no memory.
_ABORTED = {-signal.SIGABRT, -signal.SIGSEGV, 127}
_HOWS = {"once": shim.ONCE, "for ever": shim.FOR_EVER, "kill": shim.KILL}


@dataclass
class Blows:
    """The series of one room."""

    prepared: Prepared
    room: str
    folder: Path
    chance: random.Random = field(default_factory=random.Random)
    number: int = 0
    usual: "Usual" = field(init=False)

    def __post_init__(self) -> None:
        self.usual = Usual(self)

    @contextlib.contextmanager
    def job(self, dataset: str = "", *, copied: bool = False) -> Iterator[RoomJob]:
        """The next job, in a folder of its own that is removed at the end."""
        self.number += 1
        home = self.folder / f"{self.room}-{self.number}"
        sets = self.prepared.sets
        try:
            dataset = dataset or sets[self.number % len(sets)]
            yield self.prepared.job(self.room, home, dataset, copied=copied)
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def killed(self, count: int, number: signal.Signals) -> dict[str, Any]:
        """Send a signal at random moments, until it has reached so many attempts."""
        reached = done = begun_again = 0
        while reached < count:
            with self.job() as job:
                for attempt in itertools.count(1):
                    # ever later, so that it comes to an end
                    moment = self.chance.uniform(0, self.usual[job.dataset] * (1 + attempt / 20))
                    code, ran = strike(job.start(), moment, number)
                    version = self.prepared.require_whole(job)
                    if code == 0:
                        self.usual.learn(job.dataset, ran)
                        break
                    expected = {-number} if number == signal.SIGKILL else {INTERRUPTED, -number}
                    require(
                        code in expected,
                        f"exit code {code} after {number.name}: {job.words} {job.traceback}",
                    )
                    reached += 1
                    begun_again += version == NEW
                self.prepared.require_done(job)
                done += 1
        return {
            "count": reached,
            "outcome": f"the old or the new one each time; {done} jobs came to their end",
        }

    def disk_full(self, count: int) -> dict[str, Any]:
        """Let the disk be full at some point; then make room and go on."""
        largest = self.prepared.sets[0]
        with self.job(largest) as job, _disk_of(job, 2**18) as data:
            began = _kilobytes_used(data)
            job.finish()
            needed = began + _kilobytes(job.target)
        full = 0
        while full < count:
            size = self.chance.randrange(began + 8, needed) >> 2 << 2
            with self.job() as job, _disk_of(job, size) as data:
                code = wait(job.start())
                self.prepared.require_whole(job)
                if code != 0:
                    job.require_sentence(code)
                    full += 1
                    mount("-o", "remount,size=256m", str(data))
                    job.finish()
                self.prepared.require_done(job)
        return {"count": full, "outcome": "the old one stayed, whole; all went on from there"}

    def power_cut(self, count: int) -> dict[str, Any]:
        """Cut the power at random moments: what was not synced is lost, by chance."""
        cuts = lost = 0
        while cuts < count:
            with self.job() as job:
                for attempt in itertools.count(1):
                    aside = job.home / f"synced-{attempt}"
                    record = SyncRecord(job.store.root, aside)
                    record.keep_all()  # what a cut has left is on the disk
                    job.before = record.install
                    moment = self.chance.uniform(0, self.usual[job.dataset] * (1 + attempt / 10))
                    code, ran = strike(job.start(), moment, signal.SIGKILL)
                    lost += power_cut(job.store.root, aside, self.chance)
                    cuts += 1
                    shutil.rmtree(aside)
                    version = self.prepared.require_whole(job)
                    if code == 0:
                        self.usual.learn(job.dataset, ran)
                        break
                require(version == NEW, "what a job had done was lost in a power cut after it")
                job.finish()
                self.prepared.require_done(job)
        return {"count": cuts, "outcome": f"{lost} unsynced names and contents lost, none final"}

    def little_memory(self, count: int) -> dict[str, Any]:
        """Give jobs ever another limit of address space."""
        ends: Counter[str] = Counter()
        tried = 0
        while sum(ends.values()) < count:
            tried += 1
            require(tried < 50 * count, "no limit was too little")
            with self.job() as job:
                job.before = limit_memory(int(2 ** self.chance.uniform(18, 28)))
                code = wait_or_kill(job.start())
                version = self.prepared.require_whole(job)
                if code == 0:
                    require(version == NEW, "exit code 0, and the old one lies there")
                    continue
                if code == -signal.SIGKILL:
                    ends["hung"] += 1
                elif code in _ABORTED:
                    ends["by a library that gave up"] += 1
                else:
                    job.require_sentence(code)
                    ends["in a sentence"] += 1
                job.finish()
                self.prepared.require_done(job)
        return {"count": sum(ends.values()), "outcome": _listed(ends)}

    def operations(self, every: int, hows: tuple[str, ...] = tuple(_HOWS)) -> dict[str, Any]:
        """Fail the n-th file operation, for every n, once and for ever; and kill there."""
        tried: Counter[str] = Counter()
        survived = 0
        for how in hows:
            for n in itertools.count(1, every):
                with self.job(copied=True) as job:
                    counted = shim.Counted()
                    job.before = counted.arm(job.store.root, n, _HOWS[how])
                    code = wait(job.start())
                    version = self.prepared.require_whole(job)
                    if how == "kill" and counted.failed:
                        require(code == -signal.SIGKILL, f"{counted.last}: exit code {code}")
                    elif code != 0:
                        job.require_sentence(code)
                    else:
                        require(version == NEW, f"{counted.last}: exit code 0, and the old one")
                        survived += counted.failed > 0
                    if not counted.failed:
                        self.prepared.require_done(job)
                        break
                    job.finish()
                    self.prepared.require_done(job)
                    tried[how] += 1
        return {
            "count": sum(tried.values()),
            "outcome": f"{_listed(tried)}; {survived} did not matter",
        }


class Usual(dict[str, float]):
    """How long an undisturbed job takes here, by dataset, found when it is first asked for."""

    def __init__(self, blows: Blows) -> None:
        super().__init__()
        self._blows = blows

    def __missing__(self, dataset: str) -> float:
        with self._blows.job(dataset) as job:
            started = time.monotonic()
            job.finish()
            self[dataset] = time.monotonic() - started
        return self[dataset]

    def learn(self, dataset: str, seconds: float) -> None:
        """Take in how long another one ran; the first may have been a slow one."""
        self[dataset] = min(self[dataset], seconds)


@contextlib.contextmanager
def _disk_of(job: RoomJob, kilobytes: int) -> Iterator[Path]:
    """A job's data folder on a file system of its own, of this size."""
    data, aside = job.home / "data", job.home / "aside"
    data.rename(aside)
    data.mkdir()
    with tmpfs(data, kilobytes):
        shutil.copytree(aside, data, symlinks=True, dirs_exist_ok=True)
        yield data


def _kilobytes_used(disk: Path) -> int:
    figures = os.statvfs(disk)
    return (figures.f_blocks - figures.f_bfree) * figures.f_frsize // 1024


def _kilobytes(path: Path) -> int:
    every = [path, *path.rglob("*")]
    return sum(each.lstat().st_blocks for each in every) // 2


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {words}" for words, number in counts.most_common())
