"""File operations that fail on demand, and a model of what a power cut leaves of a folder."""

import builtins
import contextlib
import errno
import io
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

_BY_PATH = ("replace", "rename", "unlink", "mkdir", "scandir", "stat", "rmdir", "open", "listdir")
_BY_FILE = ("write", "read", "readline", "readlines", "flush", "close", "truncate", "seek")


class FailingOperations:
    """Counts the file operations below a folder and lets the n-th fail, once or from then on.

    What has no number (n = 0) does not fail; `count` tells how many operations there were.
    """

    def __init__(
        self, folder: Path, n: int = 0, *, for_ever: bool = False, error: int = errno.EIO
    ) -> None:
        self.folder, self.n, self.for_ever, self.error = str(folder), n, for_ever, error
        self.count = 0
        self.failed: list[str] = []

    def step(self, what: str, path: Any) -> None:
        """Count an operation; raises where it is to fail."""
        self.count += 1
        if self.n and (self.count == self.n or (self.for_ever and self.count > self.n)):
            self.failed.append(f"{what} {path}")
            raise OSError(self.error, os.strerror(self.error), str(path))

    def concerns(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and str(path).startswith(self.folder)

    @contextlib.contextmanager
    def active(self) -> Iterator["FailingOperations"]:
        """Fail operations for as long as the context lasts."""
        kept: list[tuple[Any, str, Any]] = [(io, "open", io.open), (builtins, "open", open)]
        kept += [(os, name, getattr(os, name)) for name in (*_BY_PATH, "fsync")]
        try:
            for name in _BY_PATH:
                setattr(os, name, self._by_path(name, getattr(os, name)))
            os.fsync = cast(Any, self._fsync(os.fsync))
            opener = self._opener(io.open)
            io.open = builtins.open = cast(Any, opener)
            yield self
        finally:
            for module, name, original in kept:
                setattr(module, name, original)

    def _by_path(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def operation(path: Any, *rest: Any, **named: Any) -> Any:
            if self.concerns(path):
                self.step(name, path)
            return original(path, *rest, **named)

        return operation

    def _fsync(self, original: Callable[[int], None]) -> Callable[[int], None]:
        def fsync(descriptor: int) -> None:
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            if self.concerns(path):
                self.step("fsync", path)
            original(descriptor)

        return fsync

    def _opener(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def opener(path: Any, *rest: Any, **named: Any) -> Any:
            if not self.concerns(path):
                return original(path, *rest, **named)
            self.step("open", path)
            return _File(original(path, *rest, **named), path, self)

        return opener


class _File:
    """A file each of whose operations may fail."""

    def __init__(self, file: Any, path: Any, operations: FailingOperations) -> None:
        self._file, self._path, self._operations = file, path, operations

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._file, name)
        if name not in _BY_FILE:
            return attribute

        def operation(*arguments: Any) -> Any:
            try:
                self._operations.step(name, self._path)
            except OSError:
                if name == "write" and arguments and len(arguments[0]) > 1:
                    self._file.write(arguments[0][: len(arguments[0]) // 2])  # as a full disk does
                if name == "close":
                    self._file.close()
                raise
            return attribute(*arguments)

        return operation

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._file)


class SyncRecord:
    """Keeps aside what was synced, so that `power_cut` can take away what was not."""

    def __init__(self, root: Path, aside: Path) -> None:
        self.root, self.aside = root, aside
        aside.mkdir(parents=True, exist_ok=True)

    def install(self) -> None:
        """Record every fsync of this process from now on."""
        original = os.fsync

        def fsync(descriptor: int) -> None:
            original(descriptor)
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            if path.is_relative_to(self.root):
                self._keep(path, os.fstat(descriptor))

        os.fsync = cast(Any, fsync)

    def keep_all(self) -> None:
        """Take all that is there now for synced."""
        for folder, _, names in os.walk(self.root):
            for path in (Path(folder), *(Path(folder) / name for name in names)):
                self._keep(path, path.stat())

    def _keep(self, path: Path, status: os.stat_result) -> None:
        if path.is_dir():
            names = "".join(f"{e.inode()} {e.name}\n" for e in os.scandir(path))
            self._write(f"dir-{status.st_ino}", names.encode())
        else:
            self._write(f"file-{status.st_ino}-{status.st_mtime_ns}", path.read_bytes())

    def _write(self, name: str, content: bytes) -> None:
        aside = self.aside / f".{name}"
        aside.write_bytes(content)
        aside.rename(self.aside / name)


def power_cut(root: Path, aside: Path, chance: random.Random) -> int:
    """Leave of a folder what a power cut may leave; returns how many things were lost.

    A name that was not synced into its folder is there or not, by chance; one that was synced and
    has changed since is the old or the new one; what was removed or replaced since may be there
    again. Content that was not synced is whole, cut off, zeros, or nothing.
    """
    lost = 0
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            lost += _forget_content(Path(folder) / name, aside, chance)
        lost += _forget_names(Path(folder), aside, chance)
    return lost


def _forget_content(path: Path, aside: Path, chance: random.Random) -> int:
    status = path.stat()
    if (aside / f"file-{status.st_ino}-{status.st_mtime_ns}").exists():
        return 0
    content = path.read_bytes()
    kind = chance.choice(("whole", "cut off", "zeros", "nothing"))
    if kind == "whole" or not content:
        return 0
    cut = chance.randrange(len(content))
    left = {"cut off": content[:cut], "zeros": content[:cut].ljust(len(content), b"\0")}
    path.write_bytes(left.get(kind, b""))
    return 1


def _forget_names(folder: Path, aside: Path, chance: random.Random) -> int:
    """Undo, by chance, what was done to a folder's names since it was synced."""
    record = aside / f"dir-{folder.stat().st_ino}"
    lines = record.read_text().splitlines() if record.exists() else []
    synced = {int(inode): name for inode, _, name in (line.partition(" ") for line in lines)}
    inodes = {name: inode for inode, name in synced.items()}
    lost = 0
    for entry in list(os.scandir(folder)):
        if synced.get(entry.inode()) == entry.name or chance.random() < 0.5:
            continue
        lost += 1
        path = Path(entry.path)
        replaced = inodes.get(entry.name)
        if entry.inode() in synced:  # renamed since: the old name comes back
            path.rename(folder / synced[entry.inode()])
        elif entry.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        if replaced is not None:
            _bring_back(aside, replaced, path)
    names = {entry.name for entry in os.scandir(folder)}
    for inode, name in synced.items():
        if name not in names and chance.random() < 0.5:
            lost += _bring_back(aside, inode, folder / name)
    return lost


def _bring_back(aside: Path, inode: int, path: Path) -> int:
    """Undo that a synced file was removed or replaced."""
    kept = max(
        aside.glob(f"file-{inode}-*"), key=lambda each: each.stat().st_mtime_ns, default=None
    )
    if kept is not None:
        shutil.copy(kept, path)
    return kept is not None
