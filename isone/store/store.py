"""Files on disk: where each thing lies, and how it gets there whole or not at all.

A response waits for its validation as `.{request}.unvalidated` and gets its final name only when it
is shown to be whole. What is known of each stored request (size, SHA-256, rows, when fetched)
stands in the ledger beside it; a request without a line there, or with another size, is validated
again before it counts.
"""

import contextlib
import datetime as dt
import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

import msgspec

from isone.errors import UNREADABLE, DownloadError, UsageError
from isone.market.datasets import Request
from isone.market.flaws import Flaw
from isone.store.processes import runs_here, this_host

_RESPONSE, _REPORT = ".json.gz", ".csv.gz"
_UNVALIDATED = ".unvalidated"
_STALE_AFTER = 7 * 86400  # seconds; a job whose file is taken from it by mistake fails, no more


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stored request, as ledger and manifest describe it."""

    request: str
    size: int
    """Bytes on disk, as served."""
    sha256: str
    rows: int
    fetched: str
    """When it was received: ISO 8601, UTC."""
    source: str
    revision: str
    places: int = 0
    duplicates: int = 0
    off_grid: int = 0
    cents_off: int = 0
    at_odds: int = 0
    unknown_fields: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Intervals that are missing and accepted as missing, by name."""
    unknown_locations: tuple[str, ...] = ()
    """Names of locations, in a report that has names alone, whose ids nobody knew when it was
    stored; their rows are counted in `rows` and are in no table, whatever is known later."""
    flaws: tuple[Flaw, ...] = ()
    """Flaws that it has (`market.flaws`): accepted ones but for `missing`, and suspect ones."""
    prices: str = ""
    """A digest of its numbers alone, to find them again under another day or dataset."""
    first_seen: str = ""
    """When the day was first had, where that was in another version than this."""
    corrects: str = ""
    """The SHA-256 of the final response that this one corrects, which lies in `superseded/`."""
    changed_rows: int = 0
    """Rows in which this version differs from the one before it, preliminary or corrected."""
    largest_change: float = 0.0
    """The largest difference of a price between the two ($/MWh)."""
    mean_change: float = 0.0
    """The mean of the changed rows' differences, of each its largest ($/MWh)."""

    @property
    def day(self) -> dt.date:
        """The operating day that it is of."""
        return dt.date(int(self.request[:4]), int(self.request[4:6]), int(self.request[6:8]))

    @property
    def file(self) -> str:
        """The name of its file: JSON of the web services, or a public report."""
        return f"{self.request}{_REPORT if self.source == 'reports' else _RESPONSE}"


_entry_decoder = msgspec.json.Decoder(Entry)
_entry_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Store:
    """The folder that holds one source's data."""

    root: Path

    def raw_dir(self, dataset: str, year: int) -> Path:
        """Where the responses of a dataset-year lie, as served."""
        return _raw_dir(self.root, dataset, year)

    def raw_path(self, request: Request) -> Path:
        """The final name of a request's response; that of a public report where one lies there."""
        folder = self.raw_dir(request.dataset, request.day.year)
        report = folder / f"{request.name}{_REPORT}"
        return report if report.exists() else folder / f"{request.name}{_RESPONSE}"

    def unvalidated_path(self, request: Request) -> Path:
        """Where a response that was received whole waits for its validation."""
        return self.raw_dir(request.dataset, request.day.year) / f".{request.name}{_UNVALIDATED}"

    def rejected_path(self, request: Request) -> Path:
        """Where the last rejected response for a request is kept for the reader."""
        return self.root / "rejected" / request.dataset / f"{request.name}{_RESPONSE}"

    def superseded_path(self, request: Request, entry: Entry) -> Path:
        """Where a final response that ISO-NE corrected later is kept."""
        received = "".join(c for c in entry.fetched if c.isalnum())
        name = f"{entry.request}.{received}{entry.file.removeprefix(entry.request)}"
        return self.root / "superseded" / request.dataset / name

    def marker_path(self, dataset: str, period: str) -> Path:
        """The manifest of a complete year: it is there only if every day is."""
        return self.root / "complete" / dataset / f"{period}.json"

    def parquet_path(self, dataset: str, period: str) -> Path:
        """The table of a complete year."""
        return self.root / "parquet" / dataset / f"{period}.parquet"

    @property
    def duckdb_path(self) -> Path:
        """The database of everything that is packed."""
        return self.root / "isone.duckdb"

    def run_dir(self, run: str) -> Path:
        """What a run was going to do, and what its jobs say of themselves."""
        return self.root / "runs" / run

    def ledger_path(self, dataset: str, year: int) -> Path:
        """The list of stored requests of a dataset-year, a JSON object a line."""
        return self.raw_dir(dataset, year) / "ledger.jsonl"

    def stored_requests(self, dataset: str, year: int) -> set[str]:
        """The names of the requests that lie under their final names."""
        folder = self.raw_dir(dataset, year)
        names = {n.removesuffix(_RESPONSE) for n in _listing(folder)}
        return (names | {n.removesuffix(_REPORT) for n in _listing(folder, suffix=_REPORT)}) - {""}

    def unvalidated_requests(self, dataset: str, year: int) -> set[str]:
        """The names of the requests whose responses wait for validation."""
        names = _listing(self.raw_dir(dataset, year), prefix=".", suffix=_UNVALIDATED)
        return {name.removeprefix(".").removesuffix(_UNVALIDATED) for name in names}

    def read_ledger(self, dataset: str, year: int) -> dict[str, Entry]:
        """What is known of a dataset-year's stored responses; the newest line of each counts.

        Entries whose file is not there, or has another size, are left out: the file has to be
        validated again. So are lines that a crash cut off.
        """
        try:
            lines = self.ledger_path(dataset, year).read_bytes().splitlines()
        except FileNotFoundError:
            return {}
        entries: dict[str, Entry] = {}
        for line in lines:
            with contextlib.suppress(*UNREADABLE):
                entry = _entry_decoder.decode(line)
                entries[entry.request] = entry
        sizes = self.sizes(dataset, year)
        return {name: e for name, e in entries.items() if sizes.get(e.file) == e.size}

    def sizes(self, dataset: str, year: int) -> dict[str, int]:
        """The files beside the ledger of a dataset-year, with their sizes in bytes."""
        found: dict[str, int] = {}
        with (
            contextlib.suppress(FileNotFoundError),
            os.scandir(self.raw_dir(dataset, year)) as entries,
        ):
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # removed just now
                    found[entry.name] = entry.stat().st_size
        return found

    def save_response(self, request: Request, found_at: Path, entry: Entry) -> None:
        """Give a validated response its final name, lastingly, and note it in the ledger."""
        sync(found_at)
        folder = self.raw_dir(request.dataset, request.day.year)
        found_at.replace(folder / entry.file)
        for name in {f"{entry.request}{_RESPONSE}", f"{entry.request}{_REPORT}"} - {entry.file}:
            (folder / name).unlink(missing_ok=True)  # the same request from another source
        sync(folder)
        _add_line(self.ledger_path(request.dataset, request.day.year), entry)

    def reject_response(self, request: Request, found_at: Path, reason: str) -> Path:
        """Keep a rejected response aside for the reader, with the reason beside it."""
        target = self.rejected_path(request)
        target.parent.mkdir(parents=True, exist_ok=True)
        found_at.replace(target)
        target.with_suffix(".txt").write_text(f"{request.dataset} {request}: {reason}\n", "utf-8")
        return target

    def write_marker(self, dataset: str, period: str, manifest: dict[str, Any]) -> Path:
        """Write a year's manifest in one step, lastingly."""
        path = self.marker_path(dataset, period)
        write_json(path, manifest)
        return path

    def marker_periods(self, dataset: str) -> list[str]:
        """The periods of a dataset that have their markers."""
        folder = self.marker_path(dataset, "any").parent
        return [name.removesuffix(".json") for name in _listing(folder, suffix=".json")]

    def remove_markers(self, dataset: str, periods: Iterable[str]) -> None:
        """Remove markers that say nothing which another does not say too."""
        for period in periods:
            self.marker_path(dataset, period).unlink(missing_ok=True)

    @contextlib.contextmanager
    def sole_downloader(self, name: str) -> Iterator[None]:
        """Hold the folder for one downloader; the system lets go of it when the process ends.

        Raises DownloadError, naming the holder, while another process downloads into it.
        """
        make_folder(self.root)
        with (self.root / ".downloading").open("a+") as lock:
            _take_lock(lock, self.root)
            lock.truncate(0)
            lock.write(
                f"{name} (process {os.getpid()}, since {dt.datetime.now(dt.UTC):%H:%M:%S} UTC)"
            )
            lock.flush()
            yield


@functools.cache
def _raw_dir(root: Path, dataset: str, year: int) -> Path:
    return root / "raw" / dataset / str(year)


def _add_line(ledger: Path, entry: Entry) -> None:
    """Add a line to a ledger; one cut off by a crash before it does no harm."""
    with ledger.open("a+b") as file:
        new_line = b"\n" * _ends_in_mid_line(file)
        file.write(new_line + _entry_encoder.encode(entry) + b"\n")


def _take_lock(lock: IO[str], root: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        raise DownloadError(
            f"{holder} is downloading into {root}; let it finish, or stop it, and run again"
        ) from error


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


def write_whole(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Replace a file in one step: a reader sees the old one or the new one, never half of it.

    That holds through a power cut too, unless it is not to be `lasting`, which spares a wait for
    the disk; after a power cut such a file may then be empty, or zeros.
    """
    make_folder(path.parent)
    aside = name_aside(path)
    try:
        aside.write_bytes(content)
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
        with aside.open("wb") as file:
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
    for name in _listing(path.parent, prefix=prefix, suffix=""):
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


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(content: bytes) -> str:
    """The digest that ledger and manifest hold, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """The digest of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listing(folder: Path, prefix: str = "", suffix: str = _RESPONSE) -> Iterable[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except FileNotFoundError:
        return []
    hidden = prefix.startswith(".")
    return [n for n in names if n.endswith(suffix) and n.startswith(".") == hidden]


def _ends_in_mid_line(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"
