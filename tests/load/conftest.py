import shutil
from pathlib import Path

import pytest
from filled import CLOCKS_BACK, CLOCKS_FORWARD, build_duckdb, fill, load_postgres, record_nameless
from postgres_server import Server

from isone.market.datasets import DATASETS
from isone.store import location_table
from isone.store.store import Store


@pytest.fixture(scope="session")
def prices(server: Server) -> str:
    return server.new_database("prices")


@pytest.fixture
def database(server: Server, prices: str) -> str:
    """The address of a database that holds nothing."""
    server.run("prices", "DROP SCHEMA IF EXISTS isone, isone_sandbox CASCADE")
    return prices


@pytest.fixture(scope="session")
def both_changes(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Every dataset around both days when clocks change, packed, in DuckDB; not to be changed."""
    store = Store(tmp_path_factory.mktemp("both") / "sandbox")
    for first, last in (CLOCKS_BACK, CLOCKS_FORWARD):
        fill(store, DATASETS, first, last)
    build_duckdb(store)
    return store


@pytest.fixture(scope="session")
def loaded(both_changes: Store, server: Server) -> str:
    """The address of a database with all of that; not to be changed."""
    database = server.new_database("loaded")
    load_postgres(both_changes, database, synthetic=True)
    return database


@pytest.fixture
def nameless(tmp_path: Path) -> Store:
    """Two days, packed: ISO-NE names location 10002 never, the hub and 10001 on the first alone."""
    store, name = Store(tmp_path / "sandbox"), "lmp_da_hourly"
    days = {"2025-11-01": (10002,), "2025-11-02": (4000, 10001, 10002)}
    recorded = record_nameless(tmp_path / "recorded", name, days)
    fill(store, [name], "2025-11-01", "2025-11-02", locations="all", replay=recorded)
    seen = location_table.Seen(10002, None, None, None, "2025-11-01", "2025-11-01")
    location_table.write_table(store, [seen])
    return store


@pytest.fixture
def own_store(both_changes: Store, tmp_path: Path) -> Store:
    """The same to do with as a test likes."""
    return Store(Path(shutil.copytree(both_changes.root, tmp_path / "sandbox")))
