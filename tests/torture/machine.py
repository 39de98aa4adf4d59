"""What every series needs: a process for each job, a tiny file system, a word for a breach."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Nothing = Callable[[], None]
LONGEST = 6.0
_IDLE = 1.5
"""Seconds after which a job with too little memory is taken to hang, and those without any work
done: a thread of Python's that could not begin leaves the one that started it waiting for ever."""


class Violation(Exception):  # noqa: N818 - what it is called in the table
    """Something happened that must not."""


def require(holds: bool, sentence: str) -> None:
    """Raise Violation with this sentence where something does not hold."""
    if not holds:
        raise Violation(sentence)


def fork(work: Callable[[], int], tell: Path) -> int:
    """Do work in a process of its own, silently; returns the process, which ends with its answer.

    A traceback that nobody has caught goes into the file `tell`.
    """
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        code = work()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        tell.write_text(traceback.format_exc())
    finally:
        os._exit(code)


def wait(process: int) -> int:
    """The exit code of a process; negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def wait_or_kill(process: int) -> int:
    """The exit code of a process, which is killed where it does not end in time, or hangs."""
    started = worked = time.monotonic()
    work = 0
    while (now := time.monotonic()) < min(started + LONGEST, worked + _IDLE):
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if (done := _work_of(process)) != work:
            work, worked = done, now
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    return wait(process)


def _work_of(process: int) -> int:
    """The time, in the kernel's ticks, in which a process has run so far; more while it waits.

    For its turn or for the disk, that is.
    """
    state, *numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, numbers[10:12])) + (state in "RD") * time.monotonic_ns()


def strike(process: int, moment: float, number: signal.Signals) -> tuple[int, float]:
    """Send a signal after so many seconds, unless the process has ended before.

    Its exit code, and the seconds that it ran.
    """
    started = time.monotonic()
    while (ran := time.monotonic() - started) < moment:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), ran
        time.sleep(min(0.005, moment - ran))
    os.kill(process, number)
    return wait(process), ran


def in_child(ask: Callable[[], Any]) -> Any:
    """The answer of a function that a process of its own computes, so that no thread stays here."""
    with tempfile.TemporaryDirectory() as folder:
        answer, trouble = Path(folder) / "answer", Path(folder) / "trouble"
        code = wait(fork(lambda: answer.write_text(json.dumps(ask())) * 0, trouble))
        if code:
            raise Violation(trouble.read_text() if trouble.exists() else f"exit code {code}")
        return json.loads(answer.read_text())


def leftovers(folder: Path) -> list[str]:
    """The hidden files below a folder: what is being written, or was when a process was killed."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob(".*")
        if path.name != ".downloading" and path.suffix != ".unvalidated"
    )


def limit_memory(spare: int) -> Nothing:
    """What leaves a process so many bytes of address space more than it has when it begins."""

    def limit() -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + spare
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    return limit


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
    """Whether this process may mount file systems."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tmpfs(Path(folder), 64):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False
