"""What the checks found, what the downloads cost, and with what versions all of it was made."""

import datetime as dt
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from isone import __version__
from isone.errors import DamagedError
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.run import status
from isone.store.ledger import Entry
from isone.store.store import Store
from isone.store.year_marker import Manifest, read_manifest

_PACKAGES = ("duckdb", "pyarrow", "altair", "vl-convert-python", "snakemake")


@dataclass
class Findings:
    """What the checks found in the validated responses of a dataset."""

    responses: int = 0
    rows: int = 0
    duplicates: int = 0
    off_grid: int = 0
    cents_off: int = 0
    missing: int = 0
    """Intervals that lack and are accepted to."""
    unknown_fields: set[str] = field(default_factory=set)
    preliminary: int = 0
    """Responses with preliminary prices."""
    first_fetched: str = ""
    last_fetched: str = ""
    revised: list[Entry] = field(default_factory=list)
    """Final responses that took the place of a preliminary one, or are beside it."""
    corrected: list[Entry] = field(default_factory=list)
    """Final responses that took the place of a final one."""

    def add(self, entry: Entry) -> None:
        """Count a response in."""
        self.responses += 1
        self.rows += entry.rows
        self.duplicates += entry.duplicates
        self.off_grid += entry.off_grid
        self.cents_off += entry.cents_off
        self.missing += len(entry.missing)
        self.unknown_fields |= set(entry.unknown_fields)
        self.preliminary += entry.revision.startswith("prelim")
        self.first_fetched = min(self.first_fetched or entry.fetched, entry.fetched)
        self.last_fetched = max(self.last_fetched, entry.fetched)
        if entry.corrects:
            self.corrected.append(entry)
        elif entry.first_seen:
            self.revised.append(entry)


@dataclass(frozen=True)
class Quality:
    """What is known of the data's making."""

    findings: dict[str, Findings]
    jobs: tuple[status.JobStatus, ...]
    """What each download last said of itself."""
    remarks: tuple[str, ...]
    """Markers that cannot be read."""
    synthetic: bool


def examine(store: Store) -> Quality:
    """Read the manifests of all complete years and the status of all downloads."""
    findings: dict[str, Findings] = {}
    remarks: list[str] = []
    synthetic = False
    for dataset in DATASETS:
        entries: dict[str, Entry] = {}
        for path in store.complete_markers(dataset):
            manifest = _read(path, remarks)
            if manifest:
                synthetic |= manifest.synthetic_prices
                entries |= {entry.request: entry for entry in manifest.requests}
        if entries:
            findings[dataset] = Findings()
            for entry in entries.values():
                findings[dataset].add(entry)
    return Quality(findings, tuple(_jobs(store)), tuple(remarks), synthetic)


def _read(path: Any, remarks: list[str]) -> Manifest | None:
    try:
        return read_manifest(path)
    except DamagedError as error:
        remarks.append(str(error))
        return None


def _jobs(store: Store) -> Iterable[status.JobStatus]:
    for name, last in sorted(status.last_statuses(store).items()):
        if name.startswith("isone_") and last.requests_sent is not None:
            yield last


def versions() -> list[tuple[str, str]]:
    """Programs and their versions."""
    found = [("isone-prices", __version__), ("Python", platform.python_version())]
    for package in _PACKAGES:
        try:
            found.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            found.append((package, "not installed"))
    return found


def in_market_time(text: str) -> dt.datetime | None:
    """A time of a manifest, in market time."""
    if not text:
        return None
    return dt.datetime.fromisoformat(text).astimezone(market_time.MARKET_ZONE)
