"""The data folder: what is stored in it, and how something new is.

A response waits for its validation as `.{request}.unvalidated` and gets its final name only when it
is shown to be whole. What is known of each stored request (size, SHA-256, rows, when fetched)
is in the ledger beside it; a request without a line there, or with another size, is validated
again before it counts.
"""

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isone.errors import UNREADABLE, DamagedError, NoFileError
from isone.market.requests import Request
from isone.store import ledger
from isone.store.files import (
    add_lines,
    locked,
    names_in,
    read_file,
    remove,
    sync,
    write_json,
    write_own,
)
from isone.store.ledger import REPORT, RESPONSE, Entry
from isone.store.paths import UNVALIDATED, Paths


@dataclass(frozen=True)
class Store(Paths):
    """The folder that holds one source's data."""

    def stored_requests(self, dataset: str, year: int) -> set[str]:
        """The names of the requests whose responses have their final names."""
        folder = self.raw_dir(dataset, year)
        names = {n.removesuffix(RESPONSE) for n in names_in(folder, suffix=RESPONSE)}
        return (names | {n.removesuffix(REPORT) for n in names_in(folder, suffix=REPORT)}) - {""}

    def unvalidated_requests(self, dataset: str, year: int) -> set[str]:
        """The names of the requests whose responses wait for validation."""
        names = names_in(self.raw_dir(dataset, year), prefix=".", suffix=UNVALIDATED)
        return {name.removeprefix(".").removesuffix(UNVALIDATED) for name in names}

    def read_ledger(self, dataset: str, year: int) -> dict[str, Entry]:
        """What is known of a dataset-year's stored responses; the newest line of each counts.

        Entries whose file is not there, or has another size, are left out: the file has to be
        validated again. So are lines that a crash cut off.
        """
        try:
            lines = read_file(self.ledger_path(dataset, year)).splitlines()
        except FileNotFoundError:
            return {}
        except NoFileError as error:
            raise DamagedError(f"{error}, and has the name of a ledger; remove it") from error
        entries: dict[str, Entry] = {}
        for line in lines:
            with contextlib.suppress(*UNREADABLE):
                entry = ledger.read_line(line)
                entries[entry.request] = entry
        sizes = self.sizes(dataset, year)
        return {name: e for name, e in entries.items() if sizes.get(e.file) == e.size}

    def sizes(self, dataset: str, year: int) -> dict[str, int]:
        """The files beside the ledger of a dataset-year, with their sizes in bytes."""
        found: dict[str, int] = {}
        try:
            folder = os.open(self.raw_dir(dataset, year), os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return found
        try:
            with os.scandir(folder) as entries:  # the system looks no path up for each of them
                for entry in entries:
                    try:
                        found[entry.name] = entry.stat().st_size
                    except FileNotFoundError:
                        continue  # removed just now
        finally:
            os.close(folder)
        return found

    def save_responses(self, found: Sequence[tuple[Request, Path, Entry]]) -> None:
        """Give validated responses their final names, lastingly, and note them in the ledger.

        `found` says where each is. What has a final name and no line is validated again.
        """
        for _, path, _ in found:
            sync(path)
        lines: defaultdict[Path, list[bytes]] = defaultdict(list)
        for request, path, entry in found:
            folder = self.raw_dir(request.dataset, request.day.year)
            path.replace(folder / entry.file)
            for name in {f"{entry.request}{RESPONSE}", f"{entry.request}{REPORT}"} - {entry.file}:
                remove(folder / name)  # the same request from another source
            ledger_path = self.ledger_path(request.dataset, request.day.year)
            lines[ledger_path].append(ledger.line_of(entry))
        for path, new in lines.items():
            sync(path.parent)
            add_lines(path, new)

    def reject_response(self, request: Request, found_at: Path, reason: str) -> Path:
        """Keep a rejected response aside for the reader, with the reason beside it."""
        target = self.rejected_path(request)
        target.parent.mkdir(parents=True, exist_ok=True)
        found_at.replace(target)
        write_own(target.with_suffix(".txt"), f"{request.dataset} {request}: {reason}\n".encode())
        return target

    def write_marker(self, dataset: str, period: str, manifest: dict[str, Any]) -> Path:
        """Write a year's manifest in one step, lastingly."""
        path = self.marker_path(dataset, period)
        write_json(path, manifest)
        return path

    def marker_periods(self, dataset: str, year: int | None = None) -> list[str]:
        """The periods of a dataset that have their markers, in order; those of a year if given."""
        return [path.stem for path in self.complete_markers(dataset, year)]

    def remove_markers(self, dataset: str, periods: Iterable[str]) -> None:
        """Remove markers that say nothing which another does not say too."""
        for period in periods:
            self.marker_path(dataset, period).unlink(missing_ok=True)

    @contextlib.contextmanager
    def sole_downloader(self, name: str) -> Iterator[None]:
        """Hold the folder for one downloader; the system lets go of it when the process ends.

        Raises DownloadError, naming the holder, while another process downloads into it.
        """
        with locked(self.root / ".downloading", name):
            yield
