"""The data folder: where each thing is in it, and the ledger of what is stored.

A response waits for its validation as `.{request}.unvalidated` and gets its final name only when it
is shown to be whole. What is known of each stored request (size, SHA-256, rows, when fetched)
is in the ledger beside it; a request without a line there, or with another size, is validated
again before it counts.
"""

import contextlib
import functools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from isone.errors import UNREADABLE
from isone.market.requests import Request
from isone.store import periods
from isone.store.entry import REPORT, RESPONSE
from isone.store.entry import Entry as Entry
from isone.store.files import add_line, locked, names_in, sync, write_json, write_own

_UNVALIDATED = ".unvalidated"


_entry_decoder = msgspec.json.Decoder(Entry)
_entry_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Store:
    """The folder that holds one source's data."""

    root: Path

    def raw_dir(self, dataset: str, year: int) -> Path:
        """Where the responses of a dataset-year are, as served."""
        return _raw_dir(self.root, dataset, year)

    def raw_path(self, request: Request) -> Path:
        """The final name of a request's response; that of a public report where one is there."""
        folder = self.raw_dir(request.dataset, request.day.year)
        report = folder / f"{request.name}{REPORT}"
        return report if report.exists() else folder / f"{request.name}{RESPONSE}"

    def unvalidated_path(self, request: Request) -> Path:
        """Where a response that was received whole waits for its validation."""
        return self.raw_dir(request.dataset, request.day.year) / f".{request.name}{_UNVALIDATED}"

    def rejected_path(self, request: Request) -> Path:
        """Where the last rejected response for a request is kept for the reader."""
        return self.root / "rejected" / request.dataset / f"{request.name}{RESPONSE}"

    def superseded_path(self, request: Request, entry: Entry) -> Path:
        """Where a final response that ISO-NE corrected later is kept."""
        received = "".join(c for c in entry.fetched if c.isalnum())
        name = f"{entry.request}.{received}{entry.file.removeprefix(entry.request)}"
        return self.root / "superseded" / request.dataset / name

    def rejections(self, dataset: str, year: int) -> list[Path]:
        """The reasons why responses of a dataset-year were rejected, a text file each."""
        return sorted((self.root / "rejected" / dataset).glob(f"{year}*.txt"))

    @property
    def location_list_dir(self) -> Path:
        """Where ISO-NE's lists of locations are kept as served, one a day."""
        return self.root / "raw" / "locations"

    @property
    def location_table_path(self) -> Path:
        """The table of all locations that were ever listed, with when they were seen (JSON)."""
        return self.root / "locations.json"

    def monthly_average_path(self, market: str, year: int, location: int) -> Path:
        """Where ISO-NE's monthly averages of a year at a location are kept as served."""
        return self.root / "raw" / "lmp_index" / market / str(year) / f"{location}.json.gz"

    def marker_path(self, dataset: str, period: str) -> Path:
        """The manifest of a complete year: it is there only if every day is."""
        return self.root / "complete" / dataset / f"{period}.json"

    def complete_markers(self, dataset: str, year: int | None = None) -> list[Path]:
        """The markers of a dataset's complete periods, in order; those of a year if given."""
        return periods.files_of(self.root / "complete" / dataset, year)

    @property
    def parquet_dir(self) -> Path:
        """The folder of all tables, which is a data package."""
        return self.root / "parquet"

    def parquet_path(self, dataset: str, period: str) -> Path:
        """The table of a complete year."""
        return self.parquet_dir / dataset / f"{period}.parquet"

    def tables(self, dataset: str) -> list[Path]:
        """The tables of a dataset that are there, in order."""
        return periods.files_of(self.parquet_dir / dataset, ending=".parquet")

    @property
    def datapackage_path(self) -> Path:
        """The description of all tables."""
        return self.parquet_dir / "datapackage.json"

    @property
    def duckdb_path(self) -> Path:
        """The database of everything that is packed."""
        return self.root / "isone.duckdb"

    def packed_marker(self, dataset: str, period: str) -> Path:
        """The marker of a packed dataset-year."""
        return self.root / "packed" / dataset / f"{period}.json"

    def packed_names(self) -> Iterator[tuple[str, str]]:
        """Dataset and period of every packed dataset-year that has a marker."""
        for path in sorted((self.root / "packed").glob("*/*.json")):
            if periods.is_period(path.stem):
                yield path.parent.name, path.stem

    @property
    def datapackage_marker(self) -> Path:
        """The marker of the description of all tables."""
        return self.root / "packed" / "datapackage.json"

    @property
    def duckdb_marker(self) -> Path:
        """The marker of the DuckDB file."""
        return self.root / "loaded" / "isone.duckdb.json"

    def postgres_marker(self, database: str, dataset: str, period: str) -> Path:
        """The marker of a dataset-year in a PostgreSQL database, which is given by a short name."""
        return self.root / "loaded" / database / dataset / f"{period}.json"

    def report_marker(self, what: str) -> Path:
        """The marker of the page, or of the figures."""
        return self.root / "reported" / f"{what}.json"

    def report_copy_path(self, name: str) -> Path:
        """Where a copy is for Snakemake's own report, which shows outputs of rules only."""
        return self.root / "reported" / name

    def verdict_path(self, dataset: str, period: str) -> Path:
        """The verdict of the deep check on a dataset-year."""
        return self.root / "verified" / dataset / f"{period}.json"

    def verdicts(self, dataset: str, year: int) -> list[Path]:
        """The verdicts of the deep check on a year's periods."""
        return periods.files_of(self.root / "verified" / dataset, year)

    @property
    def verify_summary_path(self) -> Path:
        """The table of all verdicts of the newest deep check."""
        return self.root / "verified" / "summary.txt"

    @property
    def monthly_comparison_path(self) -> Path:
        """The comparison with ISO-NE's monthly averages (JSON)."""
        return self.root / "reconciled" / "monthly_averages.json"

    @property
    def workbook_comparison_path(self) -> Path:
        """The comparison with ISO-NE's yearly workbook (JSON)."""
        return self.root / "reconciled" / "workbook.json"

    @property
    def reconcile_summary_path(self) -> Path:
        """The verdict of the newest reconciliation, in a few lines of text."""
        return self.root / "reconciled" / "summary.txt"

    def check_results(self) -> list[Path]:
        """All that reconciliations and deep checks found."""
        return [
            path
            for folder in ("reconciled", "verified")
            for path in sorted((self.root / folder).rglob("*.json"))
        ]

    def recheck_path(self, dataset: str, name: str) -> Path:
        """Where the note of a re-check is kept."""
        return self.root / "rechecked" / dataset / name

    def run_dir(self, run: str) -> Path:
        """What a run was going to do, and what its jobs say of themselves."""
        return self.root / "runs" / run

    def downloaded_years(self) -> list[tuple[str, int]]:
        """Dataset and year of whatever has responses, in order."""
        folders = (self.root / "raw").glob("*/[0-9][0-9][0-9][0-9]")
        found = (path for path in folders if periods.is_period(path.name))
        return sorted((path.parent.name, int(path.name)) for path in found)

    def has_responses(self) -> bool:
        """Whether any response of any dataset was ever stored."""
        return any((self.root / "raw").glob("*/*/ledger.jsonl"))

    def has_downloads(self) -> bool:
        """Whether any response is stored."""
        return any((self.root / "raw").glob("*/*/*.gz"))

    def ledger_path(self, dataset: str, year: int) -> Path:
        """The list of stored requests of a dataset-year, a JSON object a line."""
        return self.raw_dir(dataset, year) / "ledger.jsonl"

    def stored_requests(self, dataset: str, year: int) -> set[str]:
        """The names of the requests whose responses have their final names."""
        folder = self.raw_dir(dataset, year)
        names = {n.removesuffix(RESPONSE) for n in names_in(folder, suffix=RESPONSE)}
        return (names | {n.removesuffix(REPORT) for n in names_in(folder, suffix=REPORT)}) - {""}

    def unvalidated_requests(self, dataset: str, year: int) -> set[str]:
        """The names of the requests whose responses wait for validation."""
        names = names_in(self.raw_dir(dataset, year), prefix=".", suffix=_UNVALIDATED)
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
        for name in {f"{entry.request}{RESPONSE}", f"{entry.request}{REPORT}"} - {entry.file}:
            (folder / name).unlink(missing_ok=True)  # the same request from another source
        sync(folder)
        add_line(self.ledger_path(request.dataset, request.day.year), _entry_encoder.encode(entry))

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


@functools.cache
def _raw_dir(root: Path, dataset: str, year: int) -> Path:
    return root / "raw" / dataset / str(year)
