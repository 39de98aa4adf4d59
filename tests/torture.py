"""Torture the downloader and print what came of it: `python tests/torture.py --kills 1000`.

Kills, terminations, full disks and power cuts at random moments, a server that fails a fifth of
all requests, and every file operation failing in turn. After each the store must hold nothing that
is not whole and right; in the end it must hold what an undisturbed run leaves. Everything follows
from --seed but the moments at which the machine gets round to things.
"""

import argparse
import contextlib
import datetime as dt
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

from faults.damage import AUTUMN, damage, fuzz, judge, meaning, originals  # noqa: E402 - found only now
from faults.operations import FailingOperations, SyncRecord, power_cut  # noqa: E402

from isone import check, journal, parse, settings  # noqa: E402
from isone.datasets import DATASETS  # noqa: E402
from isone.download import jobs  # noqa: E402
from isone.errors import ReplyError  # noqa: E402
from isone.sandbox import FAULTS  # noqa: E402
from isone.store import Store, sha256  # noqa: E402

SETS = ("lmp_da_hourly", "reserve_hourly", "regulation_hourly")
INTERRUPTED = 130
# All but those that stop a run, and those of which the day is taken as it comes.
MIXED = sorted(set(FAULTS) - {"unauthorized", "forbidden"})


@dataclass
class Server:
    """A sandbox in a process of its own, and the log of what it was asked."""

    url: str
    log: Path

    def asked(self) -> list[str]:
        """The paths of all requests so far."""
        return [json.loads(line)["path"] for line in self.log.read_text().splitlines()]


@contextlib.contextmanager
def server(folder: Path, *options: str) -> Iterator[Server]:
    """Start a sandbox."""
    log = folder / f"requests-{time.monotonic_ns()}.jsonl"
    command = [sys.executable, "-m", "isone.sandbox", "--port", "0", "--nodes", "0"]
    command += ["--today", "2026-06-15", "--request-log", str(log), *options]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process.stdout.readline().strip() if process.stdout else "", log)
        finally:
            process.terminate()


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
        (self.store.jobs_dir / "stop.txt").unlink(missing_ok=True)
        process = os.fork()
        if process:
            return process
        code = 70
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            self.before()
            config = {
                "years": 2024,
                "source": "sandbox",
                "base_url": self.service.url,
                "data_dir": str(self.folder),
                "log_dir": str(self.folder.parent / "logs"),
            }
            log = self.folder.parent / "stable.log"
            with journal.sentences():
                code = jobs.download_prices(
                    config | self.config, self.dataset, self.period, str(log), attempt=1
                )
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            (self.folder.parent / "traceback.txt").write_text(traceback.format_exc())
        finally:
            os._exit(code)

    def finish(self, most: int = 1) -> int:
        """Attempts until one succeeds; at most so many."""
        for number in range(1, most + 1):
            if wait(self.start()) == 0:
                return number
        words = self.last_words()
        raise Violation(f"{self.dataset} did not succeed in {most} attempts: {words}")

    def last_words(self) -> str:
        status = self.store.jobs_dir / f"isone_{self.dataset}_2024.json"
        with contextlib.suppress(OSError, ValueError):
            return str(json.loads(status.read_text()).get("message"))
        return "nothing"

    def contents(self) -> dict[str, str]:
        """What lies under final names: part → digest."""
        folder = self.store.raw_dir(self.dataset, 2024)
        return {p.name: sha256(p.read_bytes()) for p in folder.glob("[0-9]*.json.gz")}

    def proven(self) -> list[dict[str, Any]]:
        """What the marker says of each part, but for when it was fetched."""
        parts = json.loads(self.marker.read_text())["parts"]
        return [{k: v for k, v in part.items() if k != "fetched"} for part in parts]


class Violation(Exception):  # noqa: N818 - what it is called in the table
    """Something happened that must not."""


def wait(process: int) -> int:
    """The exit code of a process; negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def require(holds: bool, sentence: str) -> None:
    if not holds:
        raise Violation(sentence)


@dataclass
class Torture:
    """One series: what is done to jobs, and what must hold afterwards."""

    service: Server
    folder: Path
    days: int
    chance: random.Random
    calm: dict[str, tuple[dict[str, str], list[dict[str, Any]]]]
    """What undisturbed jobs left, by dataset."""
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
        require(job.proven() == self.calm[job.dataset][1], f"{job.marker} is not the undisturbed")
        shutil.rmtree(job.folder.parent)

    def killed(self, count: int, number: signal.Signals) -> dict[str, Any]:
        """Send a signal to jobs at random moments, until it has reached so many."""
        reached = years = repeated = 0
        while reached < count:
            job = self.job()
            years += 1
            asked_before = len(self.service.asked())
            signals = 0
            while True:
                process = job.start()
                time.sleep(self.chance.uniform(0, 0.3))
                os.kill(process, number)
                code = wait(process)
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
            "outcome": f"{years} jobs of {self.days} days, {repeated} requests repeated",
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
                    job.proven() == self.calm[job.dataset][1], "another marker than undisturbed"
                )
            shutil.rmtree(job.folder.parent)
        return {"count": full, "outcome": f"jobs of {self.days} days; all went on from there"}

    def power_cut(self, count: int) -> dict[str, Any]:
        """Cut the power at random moments: what was not synced is lost, by chance.

        Where the ledger is lost the next run proves everything anew, so it is given ever more time.
        """
        cuts = lost = 0
        most = 0
        while cuts < count:
            job = self.job()
            aside = job.folder.parent / "synced"
            job.before = SyncRecord(job.store.root, aside).install
            job.store.root.mkdir()
            for number in itertools.count():
                before = job.contents()
                noted = set(job.store.read_ledger(job.dataset, 2024))
                process = job.start()
                time.sleep(self.chance.uniform(0, 0.3 + 0.1 * number))
                os.kill(process, signal.SIGKILL)
                code = wait(process)
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
            "outcome": f"{lost} unsynced names and contents lost, of filed days at most {most} "
            "at a time, being filed at that moment",
        }

    def operations(self, every: int) -> dict[str, Any]:
        """Fail the n-th file operation of one day's job, for every n, once and for ever."""
        tried = survived = 0
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
                                os.close(_open(report, os.O_CREAT | os.O_EXCL))
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
                require(len(job.proven()) == 1, "not the one day")
                shutil.rmtree(job.folder.parent)
                if not failed:
                    break
                tried += 1
        return {
            "count": tried,
            "outcome": f"file operations failed, each once and for ever; {survived} did not matter",
        }

    def damaged(self, count: int) -> dict[str, Any]:
        """Damage replies in every way and see what the proof makes of them."""
        verdicts: Counter[str] = Counter()
        replies = [each for each in originals() if each.dataset.owes_rows]
        for _ in range(count):
            original = self.chance.choice(replies)
            kind, body = damage(original, self.chance)
            found = judge(original, kind, body)
            require(found != "silent", f"{original.part}: {kind} was accepted silently")
            verdicts[found] += 1
        counts = ", ".join(f"{number} {word}" for word, number in verdicts.most_common())
        return {"count": count, "outcome": f"none accepted silently: {counts}"}

    def fuzzed(self, count: int) -> dict[str, Any]:
        """Give the proof bytes that are nearly a reply."""
        replies = [each for each in originals() if each.part.day == AUTUMN]
        refused = 0
        for _ in range(count):
            original = self.chance.choice(replies)
            try:
                check.examine(original.dataset, original.part, fuzz(original, self.chance))
            except ReplyError:
                refused += 1
        return {"count": count, "outcome": f"{refused} refused, no error but the typed ones"}

    def mixed_faults(self, seeds: int, rate: float = 0.2) -> dict[str, Any]:
        """Jobs against a server that fails a share of its requests."""
        most = 0.0
        attempts: Counter[int] = Counter()
        for seed in range(1, seeds + 1):
            orders = [word for fault in MIXED for word in ("--fault", fault)]
            options = [*orders, "--fault-rate", str(rate), "--seed", str(seed), "--hold", "0.3"]
            with server(self.folder, *options) as bad:
                job = self.job(
                    config={
                        "backoff_first": 0.01,
                        "backoff_longest": 0.05,
                        "read_timeout": 0.2,
                        "total_timeout": 1.5,
                    }
                )
                job.service = bad
                attempts[job.finish(most=3)] += 1
                ratio = len(bad.asked()) / self.days
            with server(self.folder, "--seed", str(seed)) as good:
                calm = Job(good, self.folder / f"calm-{seed}", job.dataset, self.days)
                calm.finish()
            require_same_meaning(job, calm)
            most = max(most, ratio)
            most_allowed = 1.3 if self.days > 300 else 1.5  # chance weighs more on few
            require(ratio <= most_allowed, f"{ratio:.2f} times the requests with seed {seed}")
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
                parse.inflate((each.store.raw_dir(job.dataset, 2024) / name).read_bytes()),
            )
            for each in (job, calm)
        )
        require(one == other, f"{name} of {job.dataset} says something else")


_open = os.open


@contextlib.contextmanager
def tmpfs(folder: Path, kilobytes: int) -> Iterator[None]:
    """A small file system of its own on a folder."""
    mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


def can_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tmpfs(Path(folder), 64):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000, help="kill -9 (%(default)s)")
    parser.add_argument("--terms", type=int, default=100, help="SIGTERM (%(default)s)")
    parser.add_argument("--disks", type=int, default=100, help="full disks (%(default)s)")
    parser.add_argument("--cuts", type=int, default=100, help="power cuts (%(default)s)")
    parser.add_argument("--seeds", type=int, default=10, help="faulty servers (%(default)s)")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="fail every N-th file operation only"
    )
    parser.add_argument("--damaged", type=int, default=10_000, help="replies (%(default)s)")
    parser.add_argument("--fuzzed", type=int, default=1_000_000, help="payloads (%(default)s)")
    parser.add_argument("--days", type=int, default=366, help="days of a job (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (%(default)s)")
    options = parser.parse_args()
    violations = 0
    print(f"| what | how often | outcome | seconds |\n|{'---|' * 4}", flush=True)
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as service:
        folder = Path(name)
        calm = {}
        settings.read_settings({})  # what a job imports for it, imported once for all of them
        for dataset in SETS:
            job = Job(service, folder / "calm" / dataset / "data", dataset, options.days)
            job.finish()
            calm[dataset] = (job.contents(), job.proven())
        torture = Torture(service, folder, options.days, random.Random(), calm)  # noqa: S311
        series: dict[str, Callable[[], dict[str, Any]] | None] = {
            "kill -9": lambda: torture.killed(options.kills, signal.SIGKILL),
            "SIGTERM": lambda: torture.killed(options.terms, signal.SIGTERM),
            "disk full": (lambda: torture.disk_full(options.disks)) if can_mount() else None,
            "power cut": lambda: torture.power_cut(options.cuts),
            "a fifth of all requests fails": lambda: torture.mixed_faults(options.seeds),
            "damaged reply": lambda: torture.damaged(options.damaged),
            "fuzzed payload": lambda: torture.fuzzed(options.fuzzed),
            "n-th file operation fails": lambda: torture.operations(options.every),
        }
        for what, run in series.items():
            torture.chance = random.Random(f"{options.seed} {what}")  # noqa: S311 - repeatable
            started = time.monotonic()
            try:
                figures = run() if run else {"count": 0, "outcome": "no mount possible here"}
            except Violation as violation:
                violations += 1
                figures = {"count": "", "outcome": f"**VIOLATED**: {violation}"}
            seconds = time.monotonic() - started
            print(f"| {what} | {figures['count']} | {figures['outcome']} | {seconds:.0f} |")
            sys.stdout.flush()
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
