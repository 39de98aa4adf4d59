"""What the database holds: which locations, which days, and of which series a day has prices."""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from isone.load import sql
from isone.market.datasets import DATASETS
from isone.report.queries.working_tables import FIVES, HOURS_OF_DAY, PRODUCTS, ask


def about(connection: duckdb.DuckDBPyConnection) -> Mapping[str, str]:
    """What the database says of itself."""
    rows = ask(connection, "SELECT key, value FROM about").to_pylist()
    return {row["key"]: row["value"] for row in rows}


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The rows of each dataset's table."""
    counts = " UNION ALL ".join(
        f"SELECT {sql.text(name)} AS name, count(*) AS rows FROM {sql.name(name)}"
        for name in DATASETS
    )
    return {row["name"]: row["rows"] for row in ask(connection, counts).to_pylist()}


def locations(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The locations that the report shows: hub and load zones; else the first nine."""
    return ask(connection, "SELECT * FROM report_locations ORDER BY location_id")


def reserve_zones(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The reserve zones with a price."""
    return ask(
        connection,
        "SELECT location_id, location FROM locations WHERE location_type = 'RESERVE ZONE' "
        "ORDER BY location_id",
    )


def operating_days(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Every day that the database knows of, with its verdict."""
    return ask(
        connection,
        "SELECT dataset, operating_day, verdict, revision, rows, files, digest, "
        "CAST(fetched AS TIMESTAMP) AS fetched, gap_reason, accepted_flaws, suspects "
        "FROM operating_days ORDER BY dataset, operating_day",
    )


def priced_days(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The days that have a price: `series`, `place`, `day`, and whether they are `whole`.

    Series: `da` and `rt` by location, `spread` where both are there; `da_tb` and `rt_tb` the days
    with top-bottom spreads; `audit` those with hourly and five-minute prices; `regulation_5min`,
    `regulation_hourly`, and `regulation` for either; `reserves` by zone; `reserves_da`. What has no
    location is at place 0.
    """
    whole = "coalesce(NOT bool_or(rt_short), true)"
    hours = {"da": "true", "rt": whole, "spread": whole, "audit": "true"}
    queries = [
        f"SELECT '{series}' AS series, location_id AS place, operating_day AS day, "
        f"sum({series}_hours) = {HOURS_OF_DAY} AND {besides} AS whole "
        f"FROM report_days GROUP BY location_id, operating_day HAVING sum({series}_hours) > 0"
        for series, besides in hours.items()
    ]
    queries.append(
        "SELECT market || '_tb', location_id, operating_day, true FROM report_top_bottom"
    )
    regulation = ("reg_capacity_clearing_price", "reg_service_clearing_price")
    reserves = [f"{product}_clearing_price" for product in PRODUCTS]
    five_minute = _days_of("regulation_5min", "0", regulation, FIVES)
    hourly = _days_of("regulation_hourly", "0", regulation, 1)
    queries += [
        f"SELECT 'regulation_5min', * FROM ({five_minute})",
        f"SELECT 'regulation_hourly', * FROM ({hourly})",
        f"SELECT 'regulation', * FROM ({_first_of(five_minute, hourly)})",
    ]
    five_minute = _days_of("reserve_5min", "location_id", reserves, FIVES)
    hourly = _days_of("reserve_hourly", "location_id", reserves, 1)
    queries += [
        f"SELECT 'reserves', * FROM ({_first_of(five_minute, hourly)})",
        f"SELECT 'reserves_da', * FROM ({_days_of('reserve_da_hourly', '0', reserves, 1)})",
    ]
    return ask(connection, f"{' UNION ALL '.join(queries)} ORDER BY ALL")


def _days_of(table: str, place: str, columns: Sequence[str], intervals: int) -> str:
    """The days of a table with a price; whole with one in each of so many intervals an hour."""
    counts = ", ".join(f"count({column})" for column in columns)
    return (
        f"SELECT {place} AS place, operating_day AS day, "
        f"least({counts}) = {intervals} * {HOURS_OF_DAY} AS whole "
        f"FROM {table} GROUP BY place, operating_day HAVING greatest({counts}) > 0"
    )


def _first_of(first: str, second: str) -> str:
    """The days of a query, and of another those that the first has nowhere."""
    return f"{first} UNION ALL SELECT * FROM ({second}) ANTI JOIN ({first}) AS first USING (day)"
