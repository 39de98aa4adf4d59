"""A control group of the kernel's that has little memory, as a container or a cluster gives it."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MOUNTS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class MemoryGroup:
    """The group's folder; what is started in it, and all that this starts, share its memory."""

    folder: Path

    def limit(self, size: int) -> None:
        """Allow this many bytes, and no swap."""
        for name, text in (
            ("memory.max", size),
            ("memory.swap.max", 0),
            ("memory.limit_in_bytes", size),
            ("memory.swappiness", 0),
        ):
            if (self.folder / name).exists():
                (self.folder / name).write_text(str(text))

    @property
    def killed(self) -> int:
        """How many of its processes the kernel has killed for want of memory."""
        for name in ("memory.events", "memory.oom_control"):
            if (self.folder / name).exists():
                lines = (self.folder / name).read_text().splitlines()
                return int(next(line.split()[1] for line in lines if line.startswith("oom_kill ")))
        raise FileNotFoundError(self.folder)

    def run(self, command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a command in the group, in a working folder."""
        enter = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.folder / "cgroup.procs")]
        return subprocess.run([*enter, *command], cwd=folder, capture_output=True, text=True)


@contextlib.contextmanager
def memory_group() -> Iterator[MemoryGroup | None]:
    """A group below this process's own; None where the system does not let us make one."""
    group = MemoryGroup(_own() / f"isone-test-{os.getpid()}")
    try:
        group.folder.mkdir()
        group.limit(1 << 30)
        usable = (group.folder / "cgroup.procs").exists() and group.killed == 0
    except OSError:
        usable = False
    try:
        yield group if usable else None
    finally:
        _remove(group.folder)


def _own() -> Path:
    """The folder of the group whose memory this process shares, in the old and the new layout."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            return _MOUNTS / "memory" / path.lstrip("/")
    return _MOUNTS  # in the new layout only the topmost group may hold processes and groups


def _remove(folder: Path) -> None:
    """A group goes once its last process has; the kernel may take a moment to see it."""
    for _ in range(50):
        with contextlib.suppress(FileNotFoundError):
            try:
                folder.rmdir()
            except OSError:
                time.sleep(0.1)
                continue
        return
