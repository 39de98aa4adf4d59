import datetime as dt
from pathlib import Path

import duckdb
import psycopg
import pyarrow.parquet as pq
import pytest
from filled import Row, build_duckdb, fill, in_order, load_postgres, raw_rows

from isone.market.datasets import DATASETS
from isone.market.schema import table_columns
from isone.store.store import Store

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
HOURS = {"2025-11-02": 25, "2025-11-03": 24, "2026-03-08": 23, "2026-03-09": 24}

each_dataset = pytest.mark.parametrize("dataset", DATASETS)


def parquet_rows(store: Store, dataset: str) -> list[Row]:
    return in_order(
        tuple(row.values())
        for path in (store.root / "parquet" / dataset).glob("*.parquet")
        for row in pq.read_table(path).to_pylist()
    )


def duckdb_rows(path: Path, dataset: str) -> list[Row]:
    listed = table_columns(DATASETS[dataset])
    times = sum(column.type == "timestamp" for column in listed)
    columns = ", ".join(
        f"epoch_us({column.name})" if column.type == "timestamp" else column.name
        for column in listed
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(f"SELECT {columns} FROM {dataset}").fetchall()  # noqa: S608
    return in_order(
        (*(EPOCH + dt.timedelta(microseconds=each) for each in row[:times]), *row[times:])
        for row in rows
    )


def postgres_rows(database: str, schema: str, dataset: str) -> list[Row]:
    columns = ", ".join(column.name for column in table_columns(DATASETS[dataset]))
    query = f"SELECT {columns} FROM {schema}.{dataset}"  # noqa: S608
    with psycopg.connect(database, options="-c timezone=UTC") as connection:
        return in_order(connection.execute(query.encode()).fetchall())


@each_dataset
def test_responses_parquet_duckdb_and_postgresql_hold_the_same_rows_when_clocks_change(
    both_changes: Store, loaded: str, dataset: str
) -> None:
    responses = raw_rows(both_changes, dataset)
    assert responses
    assert parquet_rows(both_changes, dataset) == responses
    assert duckdb_rows(both_changes.root / "isone.duckdb", dataset) == responses
    assert postgres_rows(loaded, "isone_sandbox", dataset) == responses


@pytest.mark.parametrize(
    "dataset",
    [name for name, row in DATASETS.items() if row.times.owes_rows and not row.text_keys],
)
def test_the_days_when_clocks_change_have_23_and_25_hours_everywhere(
    both_changes: Store, loaded: str, dataset: str
) -> None:
    row = DATASETS[dataset]
    query = f"SELECT operating_day, count(*) FROM {dataset} GROUP BY operating_day"  # noqa: S608
    with duckdb.connect(str(both_changes.root / "isone.duckdb"), read_only=True) as connection:
        in_duckdb = {str(day): count for day, count in connection.execute(query).fetchall()}
    with psycopg.connect(loaded, options="-c search_path=isone_sandbox") as postgresql:
        in_postgres = {
            str(day): count for day, count in postgresql.execute(query.encode()).fetchall()
        }
    for day, hours in HOURS.items():
        places = len(row.id_key.owed(dt.date.fromisoformat(day))) if row.id_key else 1
        expected = hours * 60 // row.interval_minutes * places
        assert (in_duckdb[day], in_postgres[day]) == (expected, expected)


def test_real_prices_are_the_same_rows_everywhere(
    replay_folder: Path, tmp_path: Path, database: str
) -> None:
    store = Store(tmp_path / "data")
    names = ["lmp_da_hourly", "lmp_rt_hourly", "regulation_hourly"]
    fill(
        store,
        names,
        *("2017-03-01", "2017-03-31"),
        source="webservices",
        replay=replay_folder,
        replay_only=True,
    )
    path = build_duckdb(store)
    load_postgres(store, database, synthetic=False)
    for name in names:
        responses = raw_rows(store, name)
        assert len(responses) == (31 * 24 - 1) * (9 if name.startswith("lmp") else 1)
        assert parquet_rows(store, name) == responses
        assert duckdb_rows(path, name) == responses
        assert postgres_rows(database, "isone", name) == responses
