"""Energy prices: by day, month and year, as distributions, by hour and by component."""

import duckdb
import pyarrow as pa

from isone.report.periods import ALL_YEARS
from isone.report.queries.working_tables import CENTS, ask, mean

SPIKE = 200
"""An hour is a spike from this price on, in $/MWh."""
_BIN = 5  # $/MWh
_OUTERMOST_BIN = 100  # $/MWh; spreads beyond are counted in the outermost bins
_SHARES = (
    *(0.0, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04),
    *(share / 20 for share in range(1, 20)),
    *(0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.9975, 0.999, 1.0),
)


def daily(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Mean, lowest and highest hour of each day, by location."""
    statistics = ", ".join(
        f"{mean(m)} AS {m}_mean, min({m}) AS {m}_low, max({m}) AS {m}_high" for m in ("da", "rt")
    )
    return ask(
        connection,
        f"SELECT location_id, operating_day AS day, {statistics} "
        "FROM report_hours GROUP BY ALL ORDER BY ALL",
    )


def monthly(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Each month's means, spread, odd hours and daily top-bottom spreads, by location."""
    return _statistics(connection, "month", "location_id, month")


def yearly(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The same by year, and for all years together."""
    return _statistics(connection, "year", "GROUPING SETS ((location_id, year), (location_id))")


def _statistics(connection: duckdb.DuckDBPyConnection, period: str, groups: str) -> pa.Table:
    key = f"coalesce(CAST({period} AS INTEGER), {ALL_YEARS})" if period == "year" else period
    of_market = ", ".join(
        f"{mean(m)} AS {m}_mean, min({m}) AS {m}_low, max({m}) AS {m}_high, "
        f"count({m}) AS {m}_hours, "
        f"count(*) FILTER ({m}_cents < 0) AS {m}_negative, "
        f"count(*) FILTER ({m}_cents >= {SPIKE * CENTS}) AS {m}_spikes, "
        f"{mean(f'{m}_congestion')} AS {m}_congestion, {mean(f'{m}_loss')} AS {m}_loss"
        for m in ("da", "rt")
    )
    spans = ", ".join(
        f"{mean(n)} FILTER (market = '{m}') AS {m}_{n}"
        for m in ("da", "rt")
        for n in ("tb2", "tb4")
    )
    spans += ", " + ", ".join(
        f"quantile_cont(tb4, 0.9) FILTER (market = '{m}') AS {m}_tb4_p90" for m in ("da", "rt")
    )
    return ask(
        connection,
        f"""
        WITH prices AS (
            SELECT
                location_id, {key} AS {period}, {of_market},
                {mean("da - rt")} AS spread,
                quantile_cont(da - rt, 0.1) AS spread_p10,
                quantile_cont(da - rt, 0.9) AS spread_p90
            FROM report_hours GROUP BY {groups}
        ), spans AS (
            SELECT location_id, {key} AS {period}, {spans} FROM report_top_bottom GROUP BY {groups}
        )
        SELECT * FROM prices LEFT JOIN spans USING (location_id, {period})
        ORDER BY location_id, {period}
        """,
    )


def duration(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Price reached or exceeded in a share of the hours (percent), by location, year and market."""
    shares = f"[{', '.join(f'{share:g}' for share in _SHARES)}]"
    below = f"[{', '.join(f'{1 - share:.6g}' for share in _SHARES)}]"
    return ask(
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
    """Mean price of each hour (0 to 23, as clocks show it) in each month, by location."""
    return ask(
        connection,
        f"SELECT location_id, month, hour, {mean('da')} AS da, {mean('rt')} AS rt "
        "FROM report_hours GROUP BY ALL ORDER BY ALL",
    )


def spreads(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """How day-ahead minus real-time is distributed: percent of hours by bin, location and year.

    `low` is the lower edge of a bin of 5 $/MWh; the outermost bins hold all that is beyond.
    """
    outermost = _OUTERMOST_BIN * CENTS
    return ask(
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
                CAST((cents + {outermost}) // {_BIN * CENTS} AS INTEGER) * {_BIN}
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
    """Mean congestion and loss component by location, year and market."""
    return ask(
        connection,
        f"""
        UNPIVOT (
            SELECT
                location_id, location, coalesce(year, {ALL_YEARS}) AS year, market,
                {mean("congestion")} AS congestion, {mean("loss")} AS loss
            FROM report_prices JOIN report_locations USING (location_id)
            GROUP BY GROUPING SETS (
                (location_id, location, year, market), (location_id, location, market))
        ) ON congestion, loss INTO NAME component VALUE price
        ORDER BY year, location_id, market, component
        """,
    )


def zones(connection: duckdb.DuckDBPyConnection, reference: int) -> pa.Table:
    """How far each location's monthly mean is from that of a reference location, by market."""
    return ask(
        connection,
        f"""
        WITH means AS (
            SELECT location_id, month, market, {mean("lmp")} AS lmp FROM report_prices GROUP BY ALL
        )
        SELECT
            means.location_id, location, means.month, means.market, means.lmp,
            means.lmp - hub.lmp AS difference
        FROM means
        JOIN report_locations USING (location_id)
        JOIN means AS hub
            ON hub.location_id = {reference:d}
            AND hub.month = means.month AND hub.market = means.market
        ORDER BY means.location_id, means.month, means.market
        """,
    )


def five_minute_audit(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """How far hourly prices are from the means of the five-minute ones, by location and month."""
    return ask(
        connection,
        f"""
        SELECT
            location_id, month, count(*) AS hours,
            {mean("abs(rt_of_five - rt)")} AS mean_difference,
            max(abs(rt_of_five - rt)) AS largest_difference,
            count(*) FILTER (rt_apart) AS hours_apart
        FROM report_hours
        WHERE rt_of_five IS NOT NULL
        GROUP BY ALL ORDER BY ALL
        """,
    )
