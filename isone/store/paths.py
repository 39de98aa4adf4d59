"""Where each thing is in the data folder: the name of every folder and file below it."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isone.market.requests import Request
from isone.store import periods
from isone.store.ledger import REPORT, RESPONSE, Entry

UNVALIDATED = ".unvalidated"


@dataclass(frozen=True)
class Paths:
    """The paths below the folder that holds one source's data."""

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
        return self.raw_dir(request.dataset, request.day.year) / f".{request.name}{UNVALIDATED}"

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


@functools.cache
def _raw_dir(root: Path, dataset: str, year: int) -> Path:
    return root / "raw" / dataset / str(year)
