"""Hours one by one: for the page's main chart, and those with the extremes of price."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from isone.load import sql
from isone.report.periods import ALL_YEARS
from isone.report.queries.working_tables import ALL_HOURS, CENTS, FIVES, ask

RANKS = 10
"""How many of the most expensive hours are named, and how many of the cheapest."""
_HOURS = 10_000_000  # more hours than there are since 1970
CONSTRAINTS = {
    "da": ("constraints_da_hourly",),
    "rt": ("constraints_rt_5min", "constraints_rt_15min"),
}
"""The tables of what bound, by market."""
_BOUND = 4  # constraints that an hour names


def hours(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The hours that have a price anywhere: `hour`, in hours since 1970 (UTC), and `on_peak`."""
    return ask(
        connection,
        "SELECT CAST(epoch(interval_start_utc) // 3600 AS INTEGER) AS hour, "
        "bool_and(on_peak) AS on_peak FROM report_hours GROUP BY 1 ORDER BY 1",
    )


def of_location(connection: duckdb.DuckDBPyConnection, location: int) -> pa.Table:
    """A location's hours in whole cents: price, congestion and loss component of both markets."""
    components = ", ".join(
        f"CAST(round({CENTS} * {market}_{part}) AS INTEGER) AS {market}_{part}"
        for market in ("da", "rt")
        for part in ("congestion", "loss")
    )
    return ask(
        connection,
        f"SELECT CAST(epoch(interval_start_utc) // 3600 AS INTEGER) AS hour, "
        f"da_cents, rt_cents, {components} FROM report_hours "
        f"WHERE location_id = {location:d} ORDER BY hour",
    )


def five_minute_months(connection: duckdb.DuckDBPyConnection) -> Iterator[pa.Table]:
    """Five-minute real-time prices, month by month, the newest first.

    Columns: `location_id`; `slot`, the five minutes since 1970 (UTC); `cents`.
    """
    months = ask(
        connection,
        "SELECT DISTINCT CAST(date_trunc('month', operating_day) AS DATE) AS month "
        "FROM lmp_rt_5min ORDER BY month DESC",
    )
    for month in months["month"].to_pylist():
        yield ask(
            connection,
            f"""
            SELECT location_id,
                CAST(epoch(interval_start_utc) // {3600 // FIVES} AS INTEGER) AS slot,
                CAST(round({CENTS} * lmp) AS INTEGER) AS cents
            FROM lmp_rt_5min SEMI JOIN report_locations USING (location_id)
            WHERE operating_day >= DATE '{month}'
                AND operating_day < DATE '{month}' + INTERVAL 1 MONTH AND lmp IS NOT NULL
            ORDER BY location_id, slot
            """,
        )


def extremes(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The most expensive and the cheapest hours of each location, year, peak and market.

    `hour` is the operating day and the hour ending, as ISO-NE writes it: `2017-01-09 HE 18`, and
    `02X` for the second hour that clocks call so. `bound` names the constraints of that market
    that bound in the hour, with the highest marginal values first; NULL where none is stored.
    """
    return ask(
        connection,
        f"""
        SELECT
            location_id, ranked.year, peak, ranked.market, kind, CAST(rank AS INTEGER) AS rank,
            strftime(operating_day, '%Y-%m-%d') || ' HE ' || lpad(CAST(hour + 1 AS VARCHAR), 2, '0')
                || CASE WHEN hour(interval_start_utc - INTERVAL 1 HOUR) = hour THEN 'X' ELSE '' END
                AS hour,
            da, rt, da - rt AS spread, lmp - congestion - loss AS energy, congestion, loss, bound
        FROM ({_ranked()}) AS ranked
        JOIN report_prices AS prices USING (location_id, market, interval_start_utc)
        LEFT JOIN ({_bound()}) AS constraints
            ON constraints.bound_in = market AND constraints.bound_at = interval_start_utc
        ORDER BY location_id, ranked.year, peak, kind, market, rank
        """,
    )


def _ranked() -> str:
    """Which hours these are, with their ranks.

    Price and hour are ranked as one whole number, of equal prices the earlier hour first. Those of
    a year's on-peak and off-peak hours are found, and of them those of all hours and all years.
    """
    groups = "location_id, peak, market, kind"
    return f"""
        WITH edges AS (
            SELECT location_id, year, on_peak, market,
                min(hours - cents * {_HOURS}, {RANKS}) AS highest,
                min(hours + cents * {_HOURS}, {RANKS}) AS lowest
            FROM (
                SELECT location_id, year, on_peak, market,
                    CASE market WHEN 'da' THEN da_cents ELSE rt_cents END AS cents,
                    CAST(epoch(interval_start_utc) AS BIGINT) // 3600 AS hours
                FROM report_prices
            )
            GROUP BY ALL
        ), found AS (
            SELECT * EXCLUDE (highest, lowest), 'highest' AS kind, unnest(highest) AS edge
            FROM edges
            UNION ALL
            SELECT * EXCLUDE (highest, lowest), 'lowest', unnest(lowest) FROM edges
        ), by_peak AS (
            SELECT *, '{ALL_HOURS}' AS peak FROM found
            UNION ALL SELECT *, CASE WHEN on_peak THEN 'on' ELSE 'off' END FROM found
        ), best AS (
            SELECT {groups}, coalesce(year, {ALL_YEARS}) AS year, min(edge, {RANKS}) AS edges
            FROM by_peak GROUP BY GROUPING SETS (({groups}, year), ({groups}))
        ), ranked AS (
            SELECT * EXCLUDE (edges), unnest(edges) AS edge,
                unnest(range(1, len(edges) + 1)) AS rank
            FROM best
        )
        SELECT *, to_timestamp(3600 * ((edge % {_HOURS} + {_HOURS}) % {_HOURS}))
            AS interval_start_utc
        FROM ranked
        """


def _bound() -> str:
    """The constraints that bound in each hour, by market."""
    every = " UNION ALL ".join(
        f"SELECT '{market}' AS bound_in, "
        f"{sql.HOUR} AS bound_at, "
        f"constraint_name AS name, marginal_value FROM {table}"
        for market, tables in CONSTRAINTS.items()
        for table in tables
    )
    return f"""
        SELECT bound_in, bound_at,
            array_to_string(list(name ORDER BY value DESC, name)[:{_BOUND}], ', ')
                || CASE WHEN count(*) > {_BOUND} THEN ' and ' || (count(*) - {_BOUND}) || ' more'
                    ELSE '' END AS bound
        FROM (
            SELECT bound_in, bound_at, name, max(abs(marginal_value)) AS value
            FROM ({every}) GROUP BY ALL
        ) GROUP BY ALL
        """


def basis(connection: duckdb.DuckDBPyConnection, reference: int) -> pa.Table:
    """How far a location's price is from a reference's, in the mean of the hours that both have.

    By location, year, peak and market.
    """
    return ask(
        connection,
        f"""
        WITH pairs AS (
            SELECT zone.location_id, zone.year, zone.on_peak, unnest([
                {{'market': 'da', 'cents': zone.da_cents - hub.da_cents}},
                {{'market': 'rt', 'cents': zone.rt_cents - hub.rt_cents}}], recursive := true)
            FROM report_hours AS zone JOIN report_hours AS hub USING (interval_start_utc)
            WHERE hub.location_id = {reference:d} AND zone.location_id != {reference:d}
        ), sums AS (
            SELECT location_id, year, market, on_peak, sum(cents) AS cents, count(cents) AS hours
            FROM pairs GROUP BY ALL HAVING count(cents) > 0
        ), by_peak AS (
            SELECT *, '{ALL_HOURS}' AS peak FROM sums
            UNION ALL SELECT *, CASE WHEN on_peak THEN 'on' ELSE 'off' END FROM sums
        )
        SELECT location_id, location, coalesce(year, {ALL_YEARS}) AS year, peak, market,
            sum(cents) / CAST({CENTS} AS DOUBLE) / sum(hours) AS difference,
            CAST(sum(hours) AS BIGINT) AS hours
        FROM by_peak JOIN report_locations USING (location_id)
        GROUP BY GROUPING SETS (
            (location_id, location, year, peak, market), (location_id, location, peak, market))
        ORDER BY ALL
        """,
    )
