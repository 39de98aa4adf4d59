"""Files get to the disk whole or not at all: durable writes, temporary names, locks, digests."""

import contextlib
import datetime as dt
import errno
import fcntl
import hashlib
import io
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from isone.errors import DownloadError, NoFileError, UsageError
from isone.store.processes import runs_here, this_host

_UNSUPPORTED = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.ENOLCK}
"""What a file system answers that has no such operation, and so never will do it."""
_NO_FOLDER = {errno.EACCES, errno.EISDIR}
"""What opening a folder ends with where only its files can be opened."""
_HOLDER = 500  # bytes that a lock file may say of who holds it
_STALE_AFTER = 7 * 86400  # seconds; a job whose file is taken from it by mistake fails, no more


@contextlib.contextmanager
def locked(path: Path, name: str) -> Iterator[None]:
    """Hold a lock file for one downloader; the system lets go of it when the process ends.

    On a file system without locks nobody is kept out (`lasting.cannot_promise` says so). Raises
    DownloadError, naming the holder, while another process holds it.
    """
    make_folder(path.parent)
    with open_own(path, "a+b") as lock:
        try:
            try_lock(lock.fileno())
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read(_HOLDER).decode("utf-8", "replace").strip() or "another process"
            raise DownloadError(
                f"{holder} is downloading into {path.parent}; let it finish, or stop it, and run "
                "again"
            ) from error
        lock.truncate(0)
        since = f"{dt.datetime.now(dt.UTC):%H:%M:%S} UTC"
        lock.write(f"{name} (process {os.getpid()}, since {since})".encode())
        lock.flush()
        yield


def try_lock(descriptor: int) -> bool:
    """Take an open file for this process alone; False where the file system has no locks.

    Raises BlockingIOError while another process has it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return False
    return True


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, lastingly. Raises UsageError where that cannot be."""
    try:
        made = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in made:
            sync(each.parent)
    except OSError as error:
        raise UsageError(f"cannot make the folder {folder}: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"cannot write into the folder {folder}; check its owner and permissions")


def nearest_existing(folder: Path) -> Path:
    """A folder, made absolute, or the nearest above it that is there.

    Raises OSError for what cannot be a path, such as a name too long.
    """
    folder = folder.absolute()
    return next(each for each in (folder, *folder.parents) if each.exists())


def open_own(path: Path, mode: str, encoding: str | None = None) -> Any:
    """Open a file to write in place, but none that a link in its place leads to.

    Somebody else who may write into the folder could lead it to any file of this user's. Raises
    OSError where there is a link, or a pipe that nobody reads.
    """
    return open(path, mode, encoding=encoding, opener=_open_no_link)  # noqa: PTH123, SIM115


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)


def read_file(path: Path) -> bytes:
    """The content of a file. Raises OSError: a NoFileError for what is none.

    Somebody else who may write into the folder could put there what never ends, or never begins.
    """
    with open_file(path) as file:
        return file.read()


def open_file(path: Path) -> io.BufferedReader:
    """Open a file to read, as `read_file` does."""
    try:
        file = open(path, "rb", opener=_open_at_once)  # noqa: PTH123, SIM115
    except OSError as error:
        if isinstance(error, IsADirectoryError) or error.errno == errno.ENXIO:  # a socket
            raise NoFileError(f"{path} is no file") from error
        raise
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise NoFileError(f"{path} is no file")


def _open_at_once(path: str, flags: int) -> int:
    """Open what may be a pipe, which otherwise is waited for until somebody writes into it."""
    return os.open(path, flags | os.O_NONBLOCK)


def remove(path: Path) -> None:
    """Remove a file, if it is there. Raises UsageError where a folder has its name."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        if not path.is_dir():
            raise
        raise UsageError(f"{path} is a folder, and has the name of a file; remove it") from error


def write_own(path: Path, content: bytes) -> None:
    """Write a file in place, as `open_own` does."""
    with open_own(path, "wb") as file:
        file.write(content)


def write_whole(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Replace a file in one step: a reader sees the old one or the new one, never half of it.

    That holds through a power cut too, unless it is not to be `lasting`, which spares a wait for
    the disk; after a power cut such a file may then be empty, or zeros.
    """
    make_folder(path.parent)
    aside = name_aside(path)
    try:
        write_own(aside, content)
        if lasting:
            sync(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    if lasting:
        sync(path.parent)


def write_json(path: Path, content: Any) -> None:
    """Replace a file by one of JSON, in one step and lastingly."""
    write_whole(path, json.dumps(content, indent=1).encode() + b"\n")


@contextlib.contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write into at length; it gets its name, lastingly, when all has gone well.

    Raises OSError, naming the file, where it cannot be written; nothing is left behind then.
    """
    make_folder(path.parent)
    aside = name_aside(path)
    try:
        with open_own(aside, "wb") as file:
            yield file
        sync(aside)
        aside.replace(path)
        sync(path.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        aside.unlink(missing_ok=True)


def name_aside(path: Path) -> Path:
    """The name under which this process writes a file until it is whole.

    That is `.{name}.{process}-{host}`: on a cluster several machines may write beside each other.
    What killed processes left under such a name is removed first: of this machine's where none of
    that number runs, of others' what nobody has written to for a week.
    """
    prefix = f".{path.name}."
    for name in names_in(path.parent, prefix=prefix):
        leftover = path.with_name(name)
        if not (name.startswith(prefix) and _is_abandoned(leftover, name.removeprefix(prefix))):
            continue
        if leftover.is_dir():  # where DuckDB puts what does not fit into its memory
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
    return path.with_name(f"{prefix}{os.getpid()}-{_host_in_names()}")


def _is_abandoned(leftover: Path, writer: str) -> bool:
    """Whether nobody writes what `{process}-{host}`, and maybe an ending, began."""
    process, _, host = writer.partition(".")[0].partition("-")
    if not process.isdecimal():
        return False
    if host == _host_in_names():
        return not _another_runs(int(process))
    return _is_stale(leftover)


def _host_in_names() -> str:
    """This machine as names of files hold it: short, and without dots."""
    host = this_host()
    if re.fullmatch(r"[A-Za-z0-9-]{1,32}", host):
        return host
    return f"{re.sub(r'[^A-Za-z0-9-]', '-', host)[:23]}-{sha256(host.encode())[:8]}"


def _another_runs(process: int) -> bool:
    """Whether a process other than this one runs; in a container all may have the same number."""
    return process != os.getpid() and runs_here(process)


def _is_stale(leftover: Path) -> bool:
    """Whether nobody has written to it for a week, by the file system's clock, which all share."""
    with tempfile.TemporaryFile(dir=leftover.parent) as just_now:
        now = os.fstat(just_now.fileno()).st_mtime
    try:
        return now - leftover.stat().st_mtime > _STALE_AFTER
    except FileNotFoundError:
        return False


def add_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Add lines to a file; one cut off by a crash before them does no harm."""
    with open_own(path, "a+b") as file:
        new_line = b"\n" * _ends_in_mid_line(file)
        file.write(new_line + b"".join(line + b"\n" for line in lines))


def _ends_in_mid_line(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def sync(path: Path) -> bool:
    """Wait until a file's content, or a folder's names, are on the disk.

    False for a folder whose file system cannot do that, as SMB and some in user space.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        if error.errno in _NO_FOLDER and path.is_dir():
            return False
        raise
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno in _UNSUPPORTED and stat.S_ISDIR(os.fstat(descriptor).st_mode):
            return False
        raise
    finally:
        os.close(descriptor)
    return True


def sha256(content: bytes) -> str:
    """The digest that ledger and manifest hold, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """The digest of a file of any size."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def names_in(folder: Path, prefix: str = "", suffix: str = "") -> Iterable[str]:
    """The names in a folder with this beginning and end; hidden ones where `prefix` is hidden."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except FileNotFoundError:
        return []
    hidden = prefix.startswith(".")
    return [n for n in names if n.endswith(suffix) and n.startswith(".") == hidden]
