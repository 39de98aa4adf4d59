"""What the rules of the room "load" need to know: what is packed and where it goes."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isone.errors import IsoneError
from isone.load import layout, postgres_holdings
from isone.load.postgres_holdings import Holdings
from isone.market.datasets import DATASETS
from isone.pack.outputs import table_digests
from isone.run import address
from isone.run.dataset_year import PERIOD_PATTERN, DatasetYear
from isone.run.settings import Settings
from isone.store import markers
from isone.store.store import Store

NO_DATABASE = "none"


@dataclass(frozen=True)
class Loading:
    """The chosen dataset-years as files of the room "load"."""

    settings: Settings
    store: Store
    dataset_years: Sequence[DatasetYear]

    @property
    def outcome(self) -> list[str]:
        """All that loading leaves: nothing where there are only custom downloads."""
        return [
            str(path) for path in (self.duckdb_marker, *self.postgres_markers) if self.dataset_years
        ]

    @property
    def duckdb_marker(self) -> Path:
        """The marker of the DuckDB file."""
        return self.store.duckdb_marker

    @property
    def postgres_markers(self) -> list[Path]:
        """The markers of the chosen dataset-years in PostgreSQL; none where none is configured."""
        if not self.settings.database:
            return []
        return [
            postgres_marker(self.store, self.settings.database, job.dataset, job.period)
            for job in self.dataset_years
        ]

    @property
    def database(self) -> str:
        """What the folder of PostgreSQL's markers is called: it stands for the address."""
        return target_digest(self.settings.database or NO_DATABASE)

    def require_database(self) -> None:
        """Raise an IsoneError, one sentence, where PostgreSQL cannot be loaded into now."""
        if self.settings.database:
            postgres_holdings.require_reachable(self.settings.database)

    def drop_stale(self) -> None:
        """Remove the markers of what is not in the databases any more, or is of older tables."""
        made_from = made_from_of_duckdb(self.store)
        packed = made_from["tables"].keys()
        markers.keep_if(
            markers.holds(self.duckdb_marker, made_from, self.store.duckdb_path)
            and packed >= {f"{job.dataset}/{job.period}" for job in self.dataset_years},
            self.duckdb_marker,
        )
        if not (self.settings.database and self.dataset_years):
            return
        held = self._held(self.settings.database)
        for job, path in zip(self.dataset_years, self.postgres_markers, strict=True):
            made_from = made_from_of_postgres(self.store, self.settings, job.dataset, job.year)
            is_packed = f"{job.dataset}/{job.period}" in made_from["tables"]
            kept = is_packed and held.bear_out(path) and markers.holds(path, made_from)
            markers.keep_if(kept, path)

    def _held(self, database: str) -> Holdings:
        """What the server says that it holds; nothing where it cannot be asked."""
        try:
            return postgres_holdings.holdings(
                database,
                synthetic=self.settings.source == "sandbox",
                hypertables=self.settings.timescaledb,
            )
        except IsoneError:  # a run that has something to load says so before it begins
            return Holdings(None, {})


def made_from_of_postgres(
    store: Store, settings: Settings, dataset: str, year: int
) -> dict[str, Any]:
    """What a dataset-year in PostgreSQL hangs on: its tables, and the layout."""
    known = table_digests(store)
    names = [f"{dataset}/{p}" for name, p in packed_names(store) if name == dataset]
    return {
        "tables": {n: known.get(n, "") for n in names if n.startswith(f"{dataset}/{year}")},
        "layout": layout.digest(),
        "hypertables": settings.timescaledb,
    }


def made_from_of_duckdb(store: Store) -> dict[str, Any]:
    """What the DuckDB file hangs on: all that is packed, chosen or not, and the layout."""
    known = table_digests(store)
    names = [f"{dataset}/{period}" for dataset, period in packed_names(store)]
    return {"tables": {name: known.get(name, "") for name in names}, "layout": layout.digest()}


def postgres_marker(store: Store, database: str, dataset: str, period: str) -> Path:
    """Where the marker of a dataset-year in a PostgreSQL database is."""
    return store.postgres_marker(target_digest(database), dataset, period)


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

    So are those that have a marker and cannot be seen: on a cluster a new file may not be at once.
    """
    noted = set(store.packed_names())
    return [
        (dataset, period)
        for dataset in DATASETS
        for period in sorted(
            {path.stem for path in store.parquet_path(dataset, "any").parent.glob("*.parquet")}
            | {period for name, period in noted if name == dataset}
        )
        if re.fullmatch(PERIOD_PATTERN, period)
    ]
