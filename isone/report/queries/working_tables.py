"""The temporary tables that the report's queries read, and how these ask.

Prices are aggregated from a temporary table of hours at the locations that the report shows, so the
large tables are read once.
"""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from isone.errors import LoadError
from isone.load import duckdb_file, sql
from isone.market import market_time, peak

FIVES = 12
"""Five-minute intervals in an hour."""
CENTS = 100
"""Cents in a dollar: what counts prices against an edge counts in whole cents."""
_MEMORY_LIMIT = "192MB"  # the drawing library takes as much again
_MOST_LOCATIONS = 9
HOURS_OF_DAY = (
    "CAST((epoch(CAST(operating_day + 1 AS TIMESTAMPTZ)) "
    "- epoch(CAST(operating_day AS TIMESTAMPTZ))) / 3600 AS INTEGER)"
)
"""Hours of an operating day in SQL: 23, 24 or 25; the session's time zone is New England's."""
_TABLES = ("lmp_da_hourly", "lmp_rt_hourly", "lmp_rt_5min")
SPIKE = 200
"""An hour is a spike from this price on, in $/MWh."""
ON_PEAK = (
    f"(hour BETWEEN {peak.FIRST_HOUR} AND {peak.LAST_HOUR} "
    f"AND isodow(operating_day) <= {peak.FRIDAY} "
    "AND operating_day NOT IN (SELECT day FROM report_holidays))"
)
"""Whether an hour (0 to 23, when it begins) of an operating day is on-peak, in SQL."""
PRODUCTS = ("tmsr", "tmnsr", "tmor")
ALL_HOURS = "all"
PEAKS = (ALL_HOURS, "on", "off")
"""What `peak` says of all hours, of on-peak and of off-peak ones."""


@contextlib.contextmanager
def open_report(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A finished database, made ready for the questions below; an empty one where there is none.

    Raises LoadError for a file that is no such database, or whose days are beyond any calendar.
    """
    try:
        connection = duckdb_file.connect(path) if path.exists() else _empty()
        with contextlib.closing(connection):
            connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
            _prepare(connection)
            yield connection
    except (duckdb.Error, OverflowError) as error:
        raise LoadError(
            f"{path} cannot be reported on ({duckdb_file.first_line(error)}); "
            "`snakemake -j1 --config … -- load` builds it again"
        ) from error


def _empty() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = {sql.text(market_time.MARKET_ZONE.key)}")
    for table, _, columns in sql.all_tables():
        connection.execute(f"CREATE TABLE {sql.name(table)} ({sql.definition(columns)})")
    connection.execute("CREATE TABLE about (key VARCHAR, value VARCHAR)")
    return connection


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    _choose_locations(connection)
    _gather_hours(connection)
    _sum_up_days(connection)
    _compute_top_bottom(connection)
    connection.execute(f"CREATE TEMP VIEW report_reserves AS {_reserves_query()}")


def _choose_locations(connection: duckdb.DuckDBPyConnection) -> None:
    """Table `report_locations`: the hub and the load zones; else the first nine."""
    connection.execute(
        f"""
        CREATE TEMP TABLE report_locations AS
        SELECT location_id, coalesce(location, 'location ' || location_id) AS location,
            location_type
        FROM locations
        WHERE location_type IS DISTINCT FROM 'RESERVE ZONE'
        QUALIFY location_type IN ('HUB', 'LOAD ZONE')
            OR count(*) FILTER (location_type IN ('HUB', 'LOAD ZONE')) OVER () = 0
        ORDER BY location_id LIMIT {_MOST_LOCATIONS}
        """
    )


def _gather_hours(connection: duckdb.DuckDBPyConnection) -> None:
    """Table `report_hours`, with both markets in a row; views of it.

    `report_prices` has a row for each market. In those that end on `_by_peak` each hour occurs
    twice: among all hours, and among on-peak or off-peak ones; column `peak` says as which.
    """
    years = "SELECT DISTINCT CAST(year(operating_day) AS INTEGER) FROM "
    connection.execute(" UNION ".join(years + table for table in _TABLES))
    found = sorted(year for (year,) in connection.fetchall())
    keep_holidays(connection, found)
    connection.execute(f"CREATE TEMP TABLE report_hours AS {_hours_query(0)}")
    for year in found:  # a year at a time takes little memory
        connection.execute(f"INSERT INTO report_hours {_hours_query(year)}")
    connection.execute(
        """
        CREATE TEMP VIEW report_prices AS
        SELECT *, 'da' AS market, da AS lmp, da_congestion AS congestion, da_loss AS loss
        FROM report_hours WHERE da IS NOT NULL
        UNION ALL
        SELECT *, 'rt' AS market, rt AS lmp, rt_congestion AS congestion, rt_loss AS loss
        FROM report_hours WHERE rt IS NOT NULL
        """
    )
    _view_by_peak(connection, "report_hours")


def _view_by_peak(connection: duckdb.DuckDBPyConnection, view: str) -> None:
    connection.execute(
        f"CREATE TEMP VIEW {view}_by_peak AS "
        f"SELECT *, '{ALL_HOURS}' AS peak FROM {view} UNION ALL "
        f"SELECT *, CASE WHEN on_peak THEN 'on' ELSE 'off' END AS peak FROM {view}"
    )


def _sum_up_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Table `report_days`: sums (in billionths of $/MWh) and counts of a day, by peak.

    It has a row of the on-peak hours, and one of the off-peak ones. What asks for days, months or
    years adds them up; its view `_by_peak` is as that of the hours.
    """
    of_market = ", ".join(
        f"{_billionths(m)} AS {m}_total, count({m}) AS {m}_hours, min({m}) AS {m}_low, "
        f"max({m}) AS {m}_high, arg_min(interval_start_utc, row(-{m}, interval_start_utc)) "
        f"FILTER ({m} IS NOT NULL) AS {m}_high_at, "
        f"count(*) FILTER ({m}_cents < 0) AS {m}_negative, "
        f"count(*) FILTER ({m}_cents >= {SPIKE * CENTS}) AS {m}_spikes"
        for m in ("da", "rt")
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE report_days AS
        SELECT
            location_id, operating_day, year, month, on_peak, {of_market},
            {_billionths("da - rt")} AS spread_total, count(da - rt) AS spread_hours,
            count(rt_of_five) AS audit_hours, bool_or(rt_short) AS rt_short
        FROM report_hours GROUP BY ALL
        """
    )
    _view_by_peak(connection, "report_days")


def keep_holidays(connection: duckdb.DuckDBPyConnection, years: Iterable[int]) -> None:
    """Table `report_holidays`, which `ON_PEAK` reads."""
    connection.execute("CREATE TEMP TABLE report_holidays (day DATE)")
    for day in peak.holidays_of(years):
        connection.execute("INSERT INTO report_holidays VALUES (?)", [day])


def _compute_top_bottom(connection: duckdb.DuckDBPyConnection) -> None:
    """Table `report_top_bottom`: TB2 and TB4 of each whole day, by location and market."""
    connection.execute(
        f"""
        CREATE TEMP TABLE report_top_bottom AS
        WITH days AS (
            SELECT location_id, operating_day, year, month, market,
                max(lmp, 4) AS highest, min(lmp, 4) AS lowest
            FROM report_prices
            GROUP BY ALL
            HAVING count(*) = {HOURS_OF_DAY}
        )
        SELECT
            * EXCLUDE (highest, lowest),
            list_avg(highest[:2]) - list_avg(lowest[:2]) AS tb2,
            list_avg(highest) - list_avg(lowest) AS tb4
        FROM days
        """
    )


def _billionths(value: str) -> str:
    """A sum that is exact, as whole numbers: divided but once, it gives the mean as `mean` does."""
    return f"CAST(sum(CAST(round(1e9 * ({value})) AS BIGINT)) AS BIGINT)"


def _hours_query(year: int) -> str:
    """The hours of a year, by location: day-ahead and real-time, the latter from either table.

    Beside the prices are their whole cents: sums and means of binary fractions miss an edge, such
    as that of a bin, by as little as it takes. `rt_apart` says whether the hourly price and the
    mean of the five-minute ones are more than a cent apart.
    """
    return f"""
        SELECT
            location_id, begins AS interval_start_utc,
            coalesce(da_day, hourly_day, five_day) AS operating_day,
            CAST(year(operating_day) AS INTEGER) AS year,
            CAST(date_trunc('month', operating_day) AS DATE) AS month,
            CAST(hour(begins) AS INTEGER) AS hour,
            {ON_PEAK} AS on_peak,
            da_lmp AS da, da_congestion, da_loss,
            coalesce(hourly_lmp, five_lmp) AS rt,
            coalesce(hourly_congestion, five_congestion) AS rt_congestion,
            coalesce(hourly_loss, five_loss) AS rt_loss,
            CASE WHEN hourly_lmp IS NOT NULL THEN five_lmp END AS rt_of_five,
            da_cents,
            coalesce(hourly_cents, CAST(round(five_cents / fives) AS BIGINT)) AS rt_cents,
            abs(five_cents - fives * hourly_cents) > fives AS rt_apart,
            hourly_lmp IS NULL AND coalesce(fives, 0) < {FIVES} AS rt_short
        FROM ({_hourly("da", "lmp_da_hourly", year)})
        FULL JOIN ({_hourly("hourly", "lmp_rt_hourly", year)}) USING (location_id, begins)
        FULL JOIN ({_of_five_minutes(year)}) USING (location_id, begins)
        """


def _hourly(market: str, table: str, year: int) -> str:
    """The prices and components of a year from a table of hours, and the price in whole cents."""
    return (
        f"SELECT location_id, interval_start_utc AS begins, operating_day AS {market}_day, "
        f"lmp AS {market}_lmp, congestion AS {market}_congestion, loss AS {market}_loss, "
        f"CAST(round({CENTS} * lmp) AS BIGINT) AS {market}_cents {_rows_of(table, year)}"
    )


def _of_five_minutes(year: int) -> str:
    """The means of a year's five-minute prices in each hour, their sum in cents, their number."""
    means = ", ".join(f"{mean(each)} AS five_{each}" for each in ("lmp", "congestion", "loss"))
    return (
        f"SELECT location_id, {sql.HOUR} AS begins, operating_day AS five_day, {means}, "
        f"CAST(sum(CAST(round({CENTS} * lmp) AS BIGINT)) AS BIGINT) AS five_cents, "
        f"count(lmp) AS fives {_rows_of('lmp_rt_5min', year)} GROUP BY ALL"
    )


def _rows_of(table: str, year: int) -> str:
    """The rows of a year, at the report's locations."""
    return (
        f"FROM {table} SEMI JOIN report_locations USING (location_id) "
        f"WHERE operating_day BETWEEN DATE '{year:04d}-01-01' AND DATE '{year:04d}-12-31'"
    )


def _reserves_query() -> str:
    """Reserve prices by product: five-minute ones, and hourly ones of days that have none."""
    columns = ", ".join(f"{product}_clearing_price AS {product}" for product in PRODUCTS)
    shared = f"location_id, location, operating_day, {columns}"
    return f"""
        UNPIVOT (
            SELECT {shared}, 1 AS fives FROM reserve_5min
            UNION ALL
            SELECT {shared}, {FIVES} FROM reserve_hourly
            ANTI JOIN (SELECT DISTINCT operating_day FROM reserve_5min) USING (operating_day)
        ) ON {", ".join(PRODUCTS)} INTO NAME product VALUE price
        """


def mean(value: str) -> str:
    """The mean of a price, as DuckDB adds decimals: exactly, and so the same in any order."""
    return f"avg(CAST({value} AS DECIMAL(18, 9)))"


def total(value: str) -> str:
    """The sum of prices or of MW, exactly too.

    Binary fractions that are added up in another order differ in the last place, and then a tie is
    rounded the other way.
    """
    return f"sum(CAST({value} AS DECIMAL(18, 9)))"


def mean_of_days(series: str) -> str:
    """The mean price of the hours of rows of `report_days`."""
    return f"CAST(sum({series}_total) AS DOUBLE) / (1e9 * nullif(sum({series}_hours), 0))"


def settled(value: str) -> str:
    """A value that a view has summed in any order, without the digits that the order decides."""
    return f"round({value}, 6)"


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    """The answer to a query, as an Arrow table."""
    return connection.sql(query).to_arrow_table()
