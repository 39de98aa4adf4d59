"""Where whole runs have to keep their word: file systems, clocks, users, paths.

A place is made ready in a folder; what cannot be made on this machine is left out.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from torture.faults import shim
from torture.machine import mount

Disturb = Callable[[int], None]
_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
_AS_NOBODY = (
    *("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"),
    *("--inh-caps=+dac_read_search,+kill", "--ambient-caps=+dac_read_search"),
)
"""A user without an entry, who may read what root may, such as this checkout, and write nothing."""


@dataclass(frozen=True)
class Where:
    """How runs are started in a place."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    """Words before the command."""


@dataclass(frozen=True)
class Place:
    """A place for whole runs."""

    name: str
    make: Callable[[Path], contextlib.AbstractContextManager[Where | None]]
    notes: str = ""
    """What a run has to say of it."""
    disturb: Disturb = lambda _: None
    """What is done to a run, given its process group."""

    @contextlib.contextmanager
    def ready(self, folder: Path) -> Iterator[Where | None]:
        """Make it; None where that is not possible here."""
        with contextlib.ExitStack() as stack:
            try:
                where = stack.enter_context(self.make(folder))
            except (OSError, subprocess.CalledProcessError):
                where = None
            yield where


def lacking() -> list[Place]:
    """File systems that lack something, by the preloaded library."""

    def place(lacks: str, notes: str = "") -> Place:
        @contextlib.contextmanager
        def make(folder: Path) -> Iterator[Where | None]:
            library = shim.build(folder)
            environ = {"SHIM_FOLDER": str(folder / "run"), "SHIM_LACKS": lacks}
            yield library and Where(folder / "run", environ | {"LD_PRELOAD": str(library)})

        return Place(f"without {lacks}" if lacks != "slow" else "slow names", make, notes)

    return [
        place("folder-sync", "cannot tell when a new name is on the disk"),
        place("soft-links hard-links"),
        place("slow"),
    ]


def mounted() -> list[Place]:
    """Real file systems, of those that the kernel and Debian have."""
    disks = {
        "ext4": (["mkfs.ext4", "-q"], ["mount"]),
        "xfs": (["mkfs.xfs", "-q"], ["mount"]),
        "btrfs": (["mkfs.btrfs", "-q"], ["mount"]),
        "exFAT (FUSE)": (["mkfs.exfat"], ["mount.exfat-fuse"]),
        "NTFS, any case (FUSE)": (
            ["mkfs.ntfs", "-Q", "-F", "-q"],
            ["lowntfs-3g", "-o", "ignore_case"],
        ),
    }

    def disk(make_it: list[str], mount_it: list[str]) -> Callable[..., Iterator[Where]]:
        def make(folder: Path) -> Iterator[Where]:
            image, there = folder / "image", folder / "there"
            there.mkdir()
            with image.open("wb") as file:
                file.truncate(500 << 20)
            attach = ["losetup", "-f", "--show", str(image)]
            device = subprocess.run(attach, check=True, capture_output=True, text=True).stdout
            try:
                _do(*make_it, device.strip())
                _do(*mount_it, device.strip(), str(there))
                with _unmounting(there):
                    yield Where(there / "run")
            finally:
                _do("losetup", "-d", device.strip())

        return make

    def overlay(folder: Path) -> Iterator[Where]:
        there, upper = folder / "there", folder / "upper"
        for each in (there, upper, folder / "lower"):
            each.mkdir()
        mount("-t", "tmpfs", "tmpfs", str(upper))
        with _unmounting(upper):
            for each in (upper / "up", upper / "work"):
                each.mkdir()
            layers = f"lowerdir={folder}/lower,upperdir={upper}/up,workdir={upper}/work"
            mount("-t", "overlay", "overlay", "-o", layers, str(there))
            with _unmounting(there):
                yield Where(there / "run")

    def bindfs(folder: Path) -> Iterator[Where]:
        for each in ("there", "source"):
            (folder / each).mkdir()
        _do("bindfs", str(folder / "source"), str(folder / "there"))
        with _unmounting(folder / "there"):
            yield Where(folder / "there" / "run")

    made = {name: disk(*words) for name, words in disks.items()}
    made |= {"overlay": overlay, "bindfs (FUSE)": bindfs}
    return [Place(name, contextlib.contextmanager(make)) for name, make in made.items()]


def clocks() -> list[Place]:
    """Clocks that are wrong, or step in mid-run, by libfaketime; files keep the right time."""

    def place(name: str, at: str, step: str = "") -> Place:
        told: list[Path] = []

        @contextlib.contextmanager
        def make(folder: Path) -> Iterator[Where | None]:
            told[:] = [folder / "clock"]
            told[0].write_text(at)
            environ = {
                "LD_PRELOAD": str(_FAKETIME),
                "FAKETIME_TIMESTAMP_FILE": str(told[0]),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "NO_FAKE_STAT": "1",
            }
            yield Where(folder / "run", environ) if _FAKETIME.exists() else None

        def disturb(_: int) -> None:
            if step:
                time.sleep(6)  # its jobs have begun
                told[0].write_text(step)

        return Place(name, make, disturb=disturb)

    return [
        place("30 s behind its files", "-30s"),
        place("30 s ahead of its files", "+30s"),
        place("a year ahead", "+1y"),
        place("a year behind", "-1y"),
        place("each process begins in the autumn hour", "@2026-11-01 05:59:50"),
        place("steps back an hour", "+0", "-3600s"),
        place("steps forth a day", "+0", "+1d"),
    ]


def users_and_paths() -> list[Place]:
    """Users of whom the system knows nothing, small limits, and odd names of folders."""

    def shell(name: str, words: str, **environ: str) -> Place:
        @contextlib.contextmanager
        def make(folder: Path) -> Iterator[Where]:
            yield Where(folder / "run", environ, ("sh", "-c", f'{words} exec "$@"', "sh"))

        return Place(name, make)

    @contextlib.contextmanager
    def nobody(folder: Path) -> Iterator[Where | None]:
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            yield None
            return
        run = folder / "run"
        run.mkdir()
        for each in (folder, *list(folder.parents)[:2]):
            each.chmod(0o755)
        os.chown(run, 12345, 12345)
        homes = {f"XDG_{what}_HOME": str(run / what) for what in ("CACHE", "CONFIG")}
        no_home = ("env", "-u", "HOME", "-u", "USER", "-u", "LOGNAME")
        yield Where(run, homes | {"LC_ALL": "C", "PYTHONUTF8": "0"}, (*_AS_NOBODY, *no_home))

    def path(name: bytes) -> Place:
        @contextlib.contextmanager
        def make(folder: Path) -> Iterator[Where]:
            yield Where(folder / os.fsdecode(name))

        return Place(f"in {name.decode()!r}", make)

    return [
        Place("nobody, no home, LANG=C", nobody),
        shell("umask 077", "umask 077;"),
        shell("30 open files", "ulimit -n 30;"),
        shell(
            "no HOME that is there",
            'export XDG_CACHE_HOME="$PWD" XDG_CONFIG_HOME="$PWD";',
            HOME="/no",
        ),
        *map(path, (b"a\nb 'c' \"d\"", "⚡{x}".encode(), b"-n %s $HOME `x`;#~", b"[a]*")),
    ]


def stopped() -> list[Place]:
    """A run whose processes are stopped for a while, again and again."""

    def disturb(group: int) -> None:
        for _ in range(8):
            time.sleep(1.0)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGSTOP)
                time.sleep(1.5)
                os.killpg(group, signal.SIGCONT)

    @contextlib.contextmanager
    def make(folder: Path) -> Iterator[Where]:
        yield Where(folder / "run")

    return [Place("SIGSTOP and SIGCONT", make, disturb=disturb)]


def _do(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


@contextlib.contextmanager
def _unmounting(there: Path) -> Iterator[None]:
    try:
        yield
    finally:
        for _ in range(50):  # what was killed may not be gone yet
            if subprocess.run(["umount", str(there)], capture_output=True).returncode == 0:
                break
            time.sleep(0.2)
