"""What loading leaves: what each database is made from, and which markers still hold."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isone.errors import IsoneError
from isone.load import layout, postgres_holdings
from isone.load.postgres_holdings import Holdings
from isone.market.datasets import DATASETS
from isone.pack.outputs import table_digests
from isone.run import address
from isone.run.dataset_year import DatasetYear
from isone.run.settings import Settings
from isone.store import markers
from isone.store.store import Store

NO_DATABASE = "none"


def folder_of(settings: Settings) -> str:
    """What the folder of PostgreSQL's markers is called: it stands for the address."""
    return target_digest(settings.database or NO_DATABASE)


def require_database(settings: Settings) -> None:
    """Raise an IsoneError, one sentence, where PostgreSQL cannot be loaded into now."""
    if settings.database:
        postgres_holdings.require_loadable(
            settings.database,
            synthetic=settings.source == "sandbox",
            hypertables=settings.timescaledb,
        )


def drop_stale(settings: Settings, store: Store, dataset_years: Sequence[DatasetYear]) -> None:
    """Remove the markers of what is not in the databases any more, or is of older tables."""
    made_from = made_from_of_duckdb(store)
    packed = made_from["tables"].keys()
    marker = store.duckdb_marker
    markers.keep_if(
        markers.holds(marker, made_from, store.duckdb_path)
        and packed >= {f"{job.dataset}/{job.period}" for job in dataset_years},
        marker,
    )
    if not (settings.database and dataset_years):
        return
    held = _held(settings, settings.database)
    for job in dataset_years:
        path = postgres_marker(store, settings.database, job.dataset, job.period)
        made_from = made_from_of_postgres(store, settings, job.dataset, job.year)
        is_packed = f"{job.dataset}/{job.period}" in made_from["tables"]
        kept = is_packed and held.bear_out(path) and markers.holds(path, made_from)
        markers.keep_if(kept, path)


def _held(settings: Settings, database: str) -> Holdings:
    """What the server says that it holds; nothing where it cannot be asked."""
    try:
        return postgres_holdings.holdings(
            database,
            synthetic=settings.source == "sandbox",
            hypertables=settings.timescaledb,
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
            {path.stem for path in store.tables(dataset)}
            | {period for name, period in noted if name == dataset}
        )
    ]
