"""A database of one day at the hub, with prices that a test makes up."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from isone.load import sql

HUB, DAY = 4000, dt.date(2025, 6, 2)
MIDNIGHT = dt.datetime(2025, 6, 2, 4, tzinfo=dt.UTC)


def database(path: Path, tables: Mapping[str, Sequence[float]]) -> Path:
    """A database of one day at the hub: the prices of each table from midnight on."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        for name, _, columns in sql.all_tables():
            connection.execute(f"CREATE TABLE {sql.name(name)} ({sql.definition(columns)})")
        connection.execute("CREATE TABLE about (key VARCHAR, value VARCHAR)")
        connection.execute(
            "INSERT INTO locations VALUES (?, '.H.INTERNAL_HUB', 'HUB', ?, ?)", [HUB, DAY, DAY]
        )
        for table, prices in tables.items():
            minutes = 5 if table == "lmp_rt_5min" else 60
            for number, price in enumerate(prices):
                begins = MIDNIGHT + dt.timedelta(minutes=minutes * number)
                connection.execute(
                    f"INSERT INTO {table} BY NAME SELECT ? AS interval_start_utc, "
                    "? AS interval_end_utc, ? AS operating_day, '' AS market, ? AS location_id, "
                    "'.H.INTERNAL_HUB' AS location, 'HUB' AS location_type, ? AS lmp, "
                    "? AS energy, 0 AS congestion, 0 AS loss",
                    [begins, begins + dt.timedelta(minutes=minutes), DAY, HUB, price, price],
                )
    return path
