"""What the rules of the room "load" need to know: what is packed and where it goes."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isone import receipts
from isone.database import address
from isone.datasets import DATASETS
from isone.selection import PERIOD_PATTERN, Job
from isone.settings import Settings
from isone.store import Store

NO_DATABASE = "none"


@dataclass(frozen=True)
class Loading:
    """The chosen dataset-years as files of the room "load"."""

    settings: Settings
    store: Store
    jobs: Sequence[Job]

    @property
    def outcome(self) -> list[str]:
        """All that loading leaves: nothing where there are only custom downloads."""
        return [str(path) for path in (self.duckdb_receipt, *self.postgres_receipts) if self.jobs]

    @property
    def duckdb_receipt(self) -> Path:
        """The receipt of the DuckDB file."""
        return receipts.of_duckdb(self.store)

    @property
    def postgres_receipts(self) -> list[Path]:
        """The receipts of the chosen dataset-years in PostgreSQL; none where none is configured."""
        if not self.settings.database:
            return []
        return [
            postgres_receipt(self.store, self.settings.database, job.dataset, job.period)
            for job in self.jobs
        ]

    def postgres_receipt(self) -> Path:
        """The receipt of any dataset-year, with its wildcards."""
        database = self.settings.database or NO_DATABASE
        return postgres_receipt(self.store, database, "{dataset}", "{period}")

    def duckdb_content(self, _wildcards: Any) -> str:
        """What else the DuckDB file hangs on, in a form that only changes when it must be rebuilt.

        All packed files go into it, chosen or not; of those that are not chosen, one that is newer
        than the database counts as a change.
        """
        chosen = [(job.dataset, job.period) for job in self.jobs]
        years = {(job.dataset, job.year) for job in self.jobs}
        others = [
            (dataset, period)
            for dataset, period in packed_names(self.store)
            if (dataset, int(period[:4])) not in years  # which packing sees to
        ]
        words = sorted(f"{dataset}/{period}" for dataset, period in {*chosen, *others})
        database = self.store.duckdb_path
        if self.duckdb_receipt.exists() and database.exists():
            built = database.stat().st_mtime_ns
            changes = [(name, self._changed(*name)) for name in others]
            words += [f"{name}@{changed}" for name, changed in changes if changed > built]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]

    def _changed(self, dataset: str, period: str) -> int:
        """When a table was written; 0 for one that cannot be seen."""
        try:
            return self.store.parquet_path(dataset, period).stat().st_mtime_ns
        except FileNotFoundError:
            return 0


def postgres_receipt(store: Store, database: str, dataset: str, period: str) -> Path:
    """Where the receipt of a dataset-year in a PostgreSQL database lies."""
    return store.root / "loaded" / target_digest(database) / dataset / f"{period}.json"


def receipts_of_year(store: Store, dataset: str, year: str) -> list[Path]:
    """Every receipt that speaks of a dataset-year, of any database."""
    of_postgres = sorted((store.root / "loaded").glob(f"*/{dataset}/{year}*.json"))
    return [receipts.of_duckdb(store), *of_postgres]


def target_digest(database: str) -> str:
    """A short name of a database: the same for most ways to write its address, as any user.

    Two addresses of one database may have two names, and then its years are loaded a second time,
    which changes nothing; two databases have one only where a service file was changed, or a server
    took another's place: `postgres_holdings` tells these apart, by asking.
    """
    if database == NO_DATABASE:
        return NO_DATABASE
    return hashlib.sha256(address.target(database).encode()).hexdigest()[:12]


def packed_names(store: Store) -> list[tuple[str, str]]:
    """Dataset and period of every table that is there, in order.

    So are those that have a receipt and cannot be seen: on a cluster a new file may not be at once.
    """
    noted = set(receipts.tables(store))
    return [
        (dataset, period)
        for dataset in DATASETS
        for period in sorted(
            {path.stem for path in store.parquet_path(dataset, "any").parent.glob("*.parquet")}
            | {period for name, period in noted if name == dataset}
        )
        if re.fullmatch(PERIOD_PATTERN, period)
    ]
