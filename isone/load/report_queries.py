"""What the report asks of the DuckDB file: aggregates only, never the rows themselves.

Prices are aggregated from a temporary table of hours at the places that the report shows, so the
large tables are read once. Every function returns an Arrow table of at most some ten thousand
rows, empty where nothing is loaded. Days and hours are New England's; prices $/MWh unless a column
says otherwise. `year` 0 stands for all years together.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from isone.errors import LoadError
from isone.load import duckdb_file, sql
from isone.market import market_time
from isone.market.datasets import DATASETS

SPIKE = 200
"""An hour is a spike from this price on, in $/MWh."""
ALL_YEARS = 0
_BIN = 5  # $/MWh
_OUTERMOST_BIN = 100  # $/MWh; spreads beyond are counted in the outermost bins
_FIVES = 12  # five-minute intervals in an hour
_CENTS = 100  # in a dollar; what counts prices against an edge counts in whole cents
_MEMORY_LIMIT = "192MB"  # the drawing library takes as much again
_MOST_PLACES = 9
_SHARES = (
    *(0.0, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04),
    *(share / 20 for share in range(1, 20)),
    *(0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.9975, 0.999, 1.0),
)
_HOUR = "date_trunc('hour', interval_start_utc AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"  # not local
_HOURS_OF_DAY = (  # 23, 24 or 25; the session's time zone is New England's
    "CAST((epoch(CAST(operating_day + 1 AS TIMESTAMPTZ)) "
    "- epoch(CAST(operating_day AS TIMESTAMPTZ))) / 3600 AS INTEGER)"
)
_PRODUCTS = ("tmsr", "tmnsr", "tmor")


@contextlib.contextmanager
def open_report(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A finished database, made ready for the questions below; an empty one where there is none.

    Raises LoadError for a file that is no such database.
    """
    try:
        connection = duckdb_file.connect(path) if path.exists() else _empty()
        with contextlib.closing(connection):
            connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
            _prepare(connection)
            yield connection
    except duckdb.Error as error:
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
    """Choose the places and gather their hours, day-ahead beside real-time."""
    connection.execute(
        f"""
        CREATE TEMP TABLE report_places AS
        SELECT location_id, coalesce(location, 'location ' || location_id) AS location,
            location_type
        FROM locations
        WHERE location_type IS DISTINCT FROM 'RESERVE ZONE'
        QUALIFY location_type IN ('HUB', 'LOAD ZONE')
            OR count(*) FILTER (location_type IN ('HUB', 'LOAD ZONE')) OVER () = 0
        ORDER BY location_id LIMIT {_MOST_PLACES}
        """
    )
    years = "SELECT DISTINCT CAST(year(operating_day) AS INTEGER) FROM "
    tables = ("lmp_da_hourly", "lmp_rt_hourly", "lmp_rt_5min")
    connection.execute(" UNION ".join(years + table for table in tables))
    found = sorted(year for (year,) in connection.fetchall())
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
    connection.execute(
        f"""
        CREATE TEMP TABLE report_spans AS
        WITH days AS (
            SELECT location_id, operating_day, year, month, market, list_sort(list(lmp)) AS prices
            FROM report_prices
            GROUP BY ALL
            HAVING count(*) = {_HOURS_OF_DAY}
        )
        SELECT
            * EXCLUDE (prices),
            list_avg(prices[-2:]) - list_avg(prices[:2]) AS tb2,
            list_avg(prices[-4:]) - list_avg(prices[:4]) AS tb4
        FROM days
        """
    )
    connection.execute(f"CREATE TEMP VIEW report_reserves AS {_reserves_query()}")


def _hours_query(year: int) -> str:
    """The hours of a year, by place: day-ahead and real-time, the latter from either table.

    Beside the prices stand their whole cents: sums and means of binary fractions miss an edge, such
    as that of a bin, by as little as it takes. `rt_apart` says whether the hourly price and the
    mean of the five-minute ones are more than a cent apart.
    """
    markets = {"da": "lmp_da_hourly", "hourly": "lmp_rt_hourly", "five": "lmp_rt_5min"}
    rows = " UNION ALL ".join(
        f"SELECT location_id, {_HOUR if market == 'five' else 'interval_start_utc'} AS begins, "
        f"operating_day, '{market}' AS market, lmp, congestion, loss "
        f"FROM {table} SEMI JOIN report_places USING (location_id) "
        f"WHERE operating_day BETWEEN DATE '{year:04d}-01-01' AND DATE '{year:04d}-12-31'"
        for market, table in markets.items()
    )
    means = ", ".join(
        f"{_mean(value)} FILTER (market = '{market}') AS {market}_{value}"
        for market in markets
        for value in ("lmp", "congestion", "loss")
    )
    means += ", " + ", ".join(
        f"CAST(sum(CAST(round({_CENTS} * lmp) AS BIGINT)) FILTER (market = '{market}') AS BIGINT) "
        f"AS {market}_cents"
        for market in markets
    )
    return f"""
        SELECT
            location_id, begins AS interval_start_utc, operating_day,
            CAST(year(operating_day) AS INTEGER) AS year,
            CAST(date_trunc('month', operating_day) AS DATE) AS month,
            CAST(hour(begins) AS INTEGER) AS hour,
            da_lmp AS da, da_congestion, da_loss,
            coalesce(hourly_lmp, five_lmp) AS rt,
            coalesce(hourly_congestion, five_congestion) AS rt_congestion,
            coalesce(hourly_loss, five_loss) AS rt_loss,
            CASE WHEN hourly_lmp IS NOT NULL THEN five_lmp END AS rt_of_five,
            da_cents,
            coalesce(hourly_cents, CAST(round(five_cents / fives) AS BIGINT)) AS rt_cents,
            abs(five_cents - fives * hourly_cents) > fives AS rt_apart,
            hourly_lmp IS NULL AND fives < {_FIVES} AS rt_short
        FROM (
            SELECT
                location_id, begins, operating_day, {means},
                count(lmp) FILTER (market = 'five') AS fives
            FROM ({rows})
            GROUP BY location_id, begins, operating_day
        )
        """


def _mean(value: str) -> str:
    """The mean of a price, as DuckDB adds decimals: exactly, and so the same in any order."""
    return f"avg(CAST({value} AS DECIMAL(18, 9)))"


def _reserves_query() -> str:
    """Reserve prices by product: five-minute ones, and hourly ones of days that have none."""
    columns = ", ".join(f"{product}_clearing_price AS {product}" for product in _PRODUCTS)
    shared = f"location_id, location, operating_day, {columns}"
    return f"""
        UNPIVOT (
            SELECT {shared} FROM reserve_5min
            UNION ALL
            SELECT {shared} FROM reserve_hourly
            ANTI JOIN (SELECT DISTINCT operating_day FROM reserve_5min) USING (operating_day)
        ) ON {", ".join(_PRODUCTS)} INTO NAME product VALUE price
        """


def _ask(connection: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    return connection.sql(query).to_arrow_table()


def about(connection: duckdb.DuckDBPyConnection) -> Mapping[str, str]:
    """What the database says of itself."""
    rows = _ask(connection, "SELECT key, value FROM about").to_pylist()
    return {row["key"]: row["value"] for row in rows}


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The rows of each dataset's table."""
    counts = " UNION ALL ".join(
        f"SELECT {sql.text(name)} AS name, count(*) AS rows FROM {sql.name(name)}"
        for name in DATASETS
    )
    return {row["name"]: row["rows"] for row in _ask(connection, counts).to_pylist()}


def places(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The places that the report shows: hub and load zones; else the first nine."""
    return _ask(connection, "SELECT * FROM report_places ORDER BY location_id")


def reserve_zones(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The reserve zones with a price."""
    return _ask(
        connection,
        "SELECT location_id, location FROM locations WHERE location_type = 'RESERVE ZONE' "
        "ORDER BY location_id",
    )


def operating_days(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Every day that the database knows of, with its verdict."""
    return _ask(
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
    hours = {
        "da": ("da IS NOT NULL", "true"),
        "rt": ("rt IS NOT NULL", "coalesce(NOT bool_or(rt_short), true)"),
        "spread": ("da IS NOT NULL AND rt IS NOT NULL", "coalesce(NOT bool_or(rt_short), true)"),
        "audit": ("rt_of_five IS NOT NULL", "true"),
    }
    queries = [
        f"SELECT '{series}' AS series, location_id AS place, operating_day AS day, "
        f"count(*) FILTER ({has}) = {_HOURS_OF_DAY} AND {besides} AS whole "
        "FROM report_hours GROUP BY location_id, operating_day "
        f"HAVING count(*) FILTER ({has}) > 0"
        for series, (has, besides) in hours.items()
    ]
    queries.append("SELECT market || '_tb', location_id, operating_day, true FROM report_spans")
    regulation = ("reg_capacity_clearing_price", "reg_service_clearing_price")
    reserves = [f"{product}_clearing_price" for product in _PRODUCTS]
    five_minute = _days_of("regulation_5min", "0", regulation, _FIVES)
    hourly = _days_of("regulation_hourly", "0", regulation, 1)
    queries += [
        f"SELECT 'regulation_5min', * FROM ({five_minute})",
        f"SELECT 'regulation_hourly', * FROM ({hourly})",
        f"SELECT 'regulation', * FROM ({_first_of(five_minute, hourly)})",
    ]
    five_minute = _days_of("reserve_5min", "location_id", reserves, _FIVES)
    hourly = _days_of("reserve_hourly", "location_id", reserves, 1)
    queries += [
        f"SELECT 'reserves', * FROM ({_first_of(five_minute, hourly)})",
        f"SELECT 'reserves_da', * FROM ({_days_of('reserve_da_hourly', '0', reserves, 1)})",
    ]
    return _ask(connection, f"{' UNION ALL '.join(queries)} ORDER BY ALL")


def _days_of(table: str, place: str, columns: Sequence[str], intervals: int) -> str:
    """The days of a table with a price; whole with one in each of so many intervals an hour."""
    counts = ", ".join(f"count({column})" for column in columns)
    return (
        f"SELECT {place} AS place, operating_day AS day, "
        f"least({counts}) = {intervals} * {_HOURS_OF_DAY} AS whole "
        f"FROM {table} GROUP BY place, operating_day HAVING greatest({counts}) > 0"
    )


def _first_of(first: str, second: str) -> str:
    """The days of a query, and of another those that the first has nowhere."""
    return f"{first} UNION ALL SELECT * FROM ({second}) ANTI JOIN ({first}) AS first USING (day)"


def daily(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Mean, lowest and highest hour of each day, by place."""
    statistics = ", ".join(
        f"{_mean(m)} AS {m}_mean, min({m}) AS {m}_low, max({m}) AS {m}_high" for m in ("da", "rt")
    )
    return _ask(
        connection,
        f"SELECT location_id, operating_day AS day, {statistics} "
        "FROM report_hours GROUP BY ALL ORDER BY ALL",
    )


def monthly(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Each month's means, spread, odd hours and daily top-bottom spreads, by place."""
    return _statistics(connection, "month", "location_id, month")


def yearly(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The same by year, and for all years together."""
    return _statistics(connection, "year", "GROUPING SETS ((location_id, year), (location_id))")


def _statistics(connection: duckdb.DuckDBPyConnection, period: str, groups: str) -> pa.Table:
    key = f"coalesce(CAST({period} AS INTEGER), {ALL_YEARS})" if period == "year" else period
    of_market = ", ".join(
        f"{_mean(m)} AS {m}_mean, min({m}) AS {m}_low, max({m}) AS {m}_high, "
        f"count({m}) AS {m}_hours, "
        f"count(*) FILTER ({m}_cents < 0) AS {m}_negative, "
        f"count(*) FILTER ({m}_cents >= {SPIKE * _CENTS}) AS {m}_spikes, "
        f"{_mean(f'{m}_congestion')} AS {m}_congestion, {_mean(f'{m}_loss')} AS {m}_loss"
        for m in ("da", "rt")
    )
    spans = ", ".join(
        f"{_mean(n)} FILTER (market = '{m}') AS {m}_{n}"
        for m in ("da", "rt")
        for n in ("tb2", "tb4")
    )
    spans += ", " + ", ".join(
        f"quantile_cont(tb4, 0.9) FILTER (market = '{m}') AS {m}_tb4_p90" for m in ("da", "rt")
    )
    return _ask(
        connection,
        f"""
        WITH prices AS (
            SELECT
                location_id, {key} AS {period}, {of_market},
                {_mean("da - rt")} AS spread,
                quantile_cont(da - rt, 0.1) AS spread_p10,
                quantile_cont(da - rt, 0.9) AS spread_p90
            FROM report_hours GROUP BY {groups}
        ), spans AS (
            SELECT location_id, {key} AS {period}, {spans} FROM report_spans GROUP BY {groups}
        )
        SELECT * FROM prices LEFT JOIN spans USING (location_id, {period})
        ORDER BY location_id, {period}
        """,
    )


def duration(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Price reached or exceeded in a share of the hours (percent), by place, year and market."""
    shares = f"[{', '.join(f'{share:g}' for share in _SHARES)}]"
    below = f"[{', '.join(f'{1 - share:.6g}' for share in _SHARES)}]"
    return _ask(
        connection,
        f"""
        WITH found AS (
            SELECT
                location_id, coalesce(year, {ALL_YEARS}) AS year, market,
                quantile_cont(lmp, {below}) AS prices
            FROM report_prices
            GROUP BY GROUPING SETS ((location_id, year, market), (location_id, market))
        )
        SELECT
            location_id, year, market,
            CAST(100 * unnest({shares}) AS DOUBLE) AS share, unnest(prices) AS price
        FROM found ORDER BY ALL
        """,
    )


def hours_of_month(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Mean price of each hour of the day (0 to 23, as clocks show it) in each month, by place."""
    return _ask(
        connection,
        f"SELECT location_id, month, hour, {_mean('da')} AS da, {_mean('rt')} AS rt "
        "FROM report_hours GROUP BY ALL ORDER BY ALL",
    )


def spreads(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """How day-ahead less real-time is distributed: percent of hours in each bin, by place, year.

    `low` is the lower edge of a bin of 5 $/MWh; the outermost bins hold all that is beyond.
    """
    outermost = _OUTERMOST_BIN * _CENTS
    return _ask(
        connection,
        f"""
        WITH spreads AS (
            SELECT
                location_id, year,
                greatest(-{outermost}, least({outermost - 1}, da_cents - rt_cents)) AS cents
            FROM report_hours WHERE da IS NOT NULL AND rt IS NOT NULL
        ), bins AS (
            SELECT
                location_id, year,
                CAST((cents + {outermost}) // {_BIN * _CENTS} AS INTEGER) * {_BIN}
                    - {_OUTERMOST_BIN} AS low
            FROM spreads
        ), counted AS (
            SELECT location_id, coalesce(year, {ALL_YEARS}) AS year, low, count(*) AS hours
            FROM bins GROUP BY GROUPING SETS ((location_id, year, low), (location_id, low))
        )
        SELECT
            location_id, year, low, low + {_BIN} AS high, hours,
            CAST(100 AS DOUBLE) * hours / sum(hours) OVER (PARTITION BY location_id, year) AS share
        FROM counted ORDER BY ALL
        """,
    )


def components(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Mean congestion and loss component by place, year and market."""
    return _ask(
        connection,
        f"""
        UNPIVOT (
            SELECT
                location_id, location, coalesce(year, {ALL_YEARS}) AS year, market,
                {_mean("congestion")} AS congestion, {_mean("loss")} AS loss
            FROM report_prices JOIN report_places USING (location_id)
            GROUP BY GROUPING SETS (
                (location_id, location, year, market), (location_id, location, market))
        ) ON congestion, loss INTO NAME component VALUE price
        ORDER BY year, location_id, market, component
        """,
    )


def zones(connection: duckdb.DuckDBPyConnection, reference: int) -> pa.Table:
    """How far each place's monthly mean lies from that of a reference place, by market."""
    return _ask(
        connection,
        f"""
        WITH means AS (
            SELECT location_id, month, market, {_mean("lmp")} AS lmp FROM report_prices GROUP BY ALL
        )
        SELECT
            means.location_id, location, means.month, means.market, means.lmp,
            means.lmp - hub.lmp AS difference
        FROM means
        JOIN report_places USING (location_id)
        JOIN means AS hub
            ON hub.location_id = {reference:d}
            AND hub.month = means.month AND hub.market = means.market
        ORDER BY means.location_id, means.month, means.market
        """,
    )


def regulation_daily(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Daily mean of the regulation prices: capacity ($/MWh), service ($/MW).

    Days without five-minute prices have the hourly ones.
    """
    prices = "operating_day, reg_capacity_clearing_price, reg_service_clearing_price"
    return _ask(
        connection,
        f"""
        SELECT
            operating_day AS day,
            {_mean("reg_capacity_clearing_price")} AS capacity,
            {_mean("reg_service_clearing_price")} AS service
        FROM (
            SELECT {prices} FROM regulation_5min
            UNION ALL
            SELECT {prices} FROM regulation_hourly
            ANTI JOIN (SELECT DISTINCT operating_day FROM regulation_5min) USING (operating_day)
        )
        GROUP BY ALL HAVING capacity IS NOT NULL OR service IS NOT NULL ORDER BY ALL
        """,
    )


def regulation_yearly(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Mean regulation prices of each year, and the share of intervals above zero, in percent."""
    return _ask(
        connection,
        f"""
        SELECT
            CAST(year(operating_day) AS INTEGER) AS year, 'five-minute' AS kind,
            count(*) AS intervals,
            {_mean("reg_capacity_clearing_price")} AS capacity,
            {_mean("reg_service_clearing_price")} AS service,
            100 * avg(CAST(reg_capacity_clearing_price > 0 AS INTEGER)) AS capacity_above_zero,
            100 * avg(CAST(reg_service_clearing_price > 0 AS INTEGER)) AS service_above_zero
        FROM regulation_5min GROUP BY ALL
        UNION ALL
        SELECT
            CAST(year(operating_day) AS INTEGER), 'hourly', count(*),
            {_mean("reg_capacity_clearing_price")}, {_mean("reg_service_clearing_price")},
            100 * avg(CAST(reg_capacity_clearing_price > 0 AS INTEGER)),
            100 * avg(CAST(reg_service_clearing_price > 0 AS INTEGER))
        FROM regulation_hourly GROUP BY ALL
        ORDER BY ALL
        """,
    )


def reserves_monthly(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Mean real-time reserve price of each month by zone and product."""
    return _ask(
        connection,
        f"""
        SELECT
            location_id AS zone_id, CAST(date_trunc('month', operating_day) AS DATE) AS month,
            product, {_mean("price")} AS price
        FROM report_reserves GROUP BY ALL ORDER BY ALL
        """,
    )


def reserves_above_zero(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Share of intervals with a reserve price above zero (percent), by zone, product and year."""
    return _ask(
        connection,
        f"""
        SELECT
            location_id AS zone_id, arg_max(location, operating_day) AS zone,
            coalesce(CAST(year(operating_day) AS INTEGER), {ALL_YEARS}) AS year,
            product,
            100 * avg(CAST(price > 0 AS INTEGER)) AS share,
            {_mean("price")} AS price, max(price) AS high
        FROM report_reserves
        GROUP BY GROUPING SETS (
            (location_id, CAST(year(operating_day) AS INTEGER), product), (location_id, product))
        ORDER BY year, zone_id, product
        """,
    )


def reserves_day_ahead(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Mean day-ahead ancillary service price of each month by product."""
    columns = ", ".join(
        f"{_mean(f'{product}_clearing_price')} AS {product}" for product in (*_PRODUCTS, "fer")
    )
    return _ask(
        connection,
        f"""
        UNPIVOT (
            SELECT CAST(date_trunc('month', operating_day) AS DATE) AS month, {columns}
            FROM reserve_da_hourly GROUP BY ALL
        ) ON {", ".join(_PRODUCTS)}, fer INTO NAME product VALUE price
        ORDER BY month, product
        """,
    )


def five_minute_audit(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """How far hourly prices lie from the means of the five-minute ones, by place and month."""
    return _ask(
        connection,
        f"""
        SELECT
            location_id, month, count(*) AS hours,
            {_mean("abs(rt_of_five - rt)")} AS mean_difference,
            max(abs(rt_of_five - rt)) AS largest_difference,
            count(*) FILTER (rt_apart) AS hours_apart
        FROM report_hours
        WHERE rt_of_five IS NOT NULL
        GROUP BY ALL ORDER BY ALL
        """,
    )
