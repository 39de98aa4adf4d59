"""The page is the same in whatever order the database hands out its rows."""

import contextlib
import shutil
from pathlib import Path

import duckdb
import pytest
from filled import build_duckdb, fill, settings_for

from isone.load import sql
from isone.report import data
from isone.report.queries import prices
from isone.report.queries.working_tables import ALL_HOURS, open_report
from isone.store.store import Store

DATASETS = (
    *("lmp_da_hourly", "lmp_rt_5min", "reserve_5min", "regulation_5min"),
    *("load_hourly", "forecast_hourly", "fuel_mix"),
)


def shuffled(path: Path, number: int) -> Path:
    """A copy of a database with the rows of each table in another order."""
    other = path.with_name(f"shuffled-{number}.duckdb")
    shutil.copy(path, other)
    with contextlib.closing(duckdb.connect(str(other))) as connection:
        for table, _, _ in sql.all_tables():
            connection.execute(f"CREATE TEMP TABLE held AS FROM {sql.name(table)}")
            connection.execute(f"TRUNCATE {sql.name(table)}")
            order = f"hash(rowid + {number})"
            connection.execute(f"INSERT INTO {sql.name(table)} FROM held ORDER BY {order}")
            connection.execute("DROP TABLE held")
    return other


@pytest.fixture(scope="module")
def filled_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("any-order") / "sandbox")
    fill(store, DATASETS, "2025-11-01", "2025-11-03")
    build_duckdb(store)
    return store


def tables(store: Store, database: Path) -> dict[str, object]:
    found = data.gather(settings_for(store, years="2025"), store, database)
    each = {name: chart.rows.to_pylist() for name, chart in found.data.items()}
    return each | {name: rows.to_pylist() for name, rows in found.tables.items()}


def test_the_tables_of_the_page_are_the_same_in_any_order(filled_store: Store) -> None:
    usual = tables(filled_store, filled_store.duckdb_path)
    assert {"net_load", "forecast_errors", "marginal_fuels"} <= usual.keys()
    for number in range(3):
        other = tables(filled_store, shuffled(filled_store.duckdb_path, number))
        assert [name for name in usual if usual[name] != other[name]] == []


def test_of_hours_with_the_same_highest_price_the_first_is_named(filled_store: Store) -> None:
    path = filled_store.duckdb_path.with_name("level.duckdb")
    shutil.copy(filled_store.duckdb_path, path)
    with contextlib.closing(duckdb.connect(str(path))) as connection:
        connection.execute("UPDATE lmp_da_hourly SET lmp = 40")
    for number in range(3):
        with open_report(shuffled(path, number)) as connection:
            yearly = prices.yearly(connection).to_pylist()
        found = {row["da_high_at"] for row in yearly if row["peak"] == ALL_HOURS}
        assert found == {"2025-11-01 00:00"}
