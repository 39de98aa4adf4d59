"""What the rules of the room "load" need to know: what is packed and where it goes."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from isone import markers
from isone.database import layout
from isone.datasets import DATASETS
from isone.pack.outputs import table_digests
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
        return [str(path) for path in (self.duckdb_marker, *self.postgres_markers) if self.jobs]

    @property
    def duckdb_marker(self) -> Path:
        """The marker of the DuckDB file."""
        return markers.of_duckdb(self.store)

    @property
    def postgres_markers(self) -> list[Path]:
        """The markers of the chosen dataset-years in PostgreSQL; none where none is configured."""
        if not self.settings.database:
            return []
        return [
            postgres_marker(self.store, self.settings.database, job.dataset, job.period)
            for job in self.jobs
        ]

    def postgres_marker(self) -> Path:
        """The marker of any dataset-year, with its wildcards."""
        database = self.settings.database or NO_DATABASE
        return postgres_marker(self.store, database, "{dataset}", "{period}")

    def drop_stale(self) -> None:
        """Remove the marker of a DuckDB file that is gone, or does not hold what is packed now."""
        made_from = made_from_of_duckdb(self.store)
        packed = made_from["tables"].keys()
        markers.keep_if(
            markers.holds(self.duckdb_marker, made_from, self.store.duckdb_path)
            and packed >= {f"{job.dataset}/{job.period}" for job in self.jobs},
            self.duckdb_marker,
        )


def made_from_of_duckdb(store: Store) -> dict[str, Any]:
    """What the DuckDB file hangs on: all that is packed, chosen or not, and the layout."""
    known = table_digests(store)
    names = [f"{dataset}/{period}" for dataset, period in packed_names(store)]
    return {"tables": {name: known.get(name, "") for name in names}, "layout": layout.digest()}


def postgres_marker(store: Store, database: str, dataset: str, period: str) -> Path:
    """Where the marker of a dataset-year in a PostgreSQL database is."""
    return store.root / "loaded" / target_digest(database) / dataset / f"{period}.json"


def markers_of_year(store: Store, dataset: str, year: str) -> list[Path]:
    """Every marker of something loaded that speaks of a dataset-year, in any database."""
    of_postgres = sorted((store.root / "loaded").glob(f"*/{dataset}/{year}*.json"))
    return [markers.of_duckdb(store), *of_postgres]


def target_digest(database: str) -> str:
    """A short name of a database: the same for every way to write its address, as any user."""
    return hashlib.sha256(target(database).encode()).hexdigest()[:12]


def target(database: str) -> str:
    """Where a database is, without who asks: `host:port/name`, or the service's name."""
    if "://" in database:
        address = urlsplit(database)
        given = {key: values[-1] for key, values in parse_qs(address.query).items()}
        given.setdefault("host", address.hostname or "")
        given.setdefault("port", str(address.port or ""))
        given.setdefault("dbname", address.path.removeprefix("/"))
        given.setdefault("user", address.username or "")
    else:
        given = dict(re.findall(r"(\w+)\s*=\s*'?([^'\s]*)", database))
    if "service" in given:
        return f"service={given['service']}"
    name = given.get("dbname") or given.get("user") or ""
    return f"{given.get('host') or 'localhost'}:{given.get('port') or '5432'}/{name}"


def packed_names(store: Store) -> list[tuple[str, str]]:
    """Dataset and period of every table that is there, in order.

    So are those that have a marker and cannot be seen: on a cluster a new file may not be at once.
    """
    noted = set(markers.tables(store))
    return [
        (dataset, period)
        for dataset in DATASETS
        for period in sorted(
            {path.stem for path in store.parquet_path(dataset, "any").parent.glob("*.parquet")}
            | {period for name, period in noted if name == dataset}
        )
        if re.fullmatch(PERIOD_PATTERN, period)
    ]
