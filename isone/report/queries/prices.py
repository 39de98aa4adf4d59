"""Energy prices: by day, month and year, as distributions, by hour and by component."""

import duckdb
import pyarrow as pa

from isone.report.periods import ALL_YEARS
from isone.report.queries.working_tables import ALL_HOURS, CENTS, ask, mean, total

SPIKE = 200
"""An hour is a spike from this price on, in $/MWh."""
_PLACE = "location_id"
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
    """Each month's means, spread, odd hours and daily top-bottom spreads, by location and peak.

    Top-bottom spreads are of whole days, so they are beside all hours alone.
    """
    statistics = _statistics("month", "{}, month")
    return ask(connection, f"{statistics} ORDER BY location_id, month, peak")


def yearly(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The same by year, and for all years together, with the change on the year before.

    `{market}_change` is the difference of the means of the days that have prices in both years,
    29 February never; `{market}_change_days` is their number.
    """
    statistics = _statistics("year", "GROUPING SETS (({}, year), ({}))")
    return ask(
        connection,
        f"SELECT * FROM ({statistics}) LEFT JOIN ({_changes()}) USING (location_id, year, peak) "
        "ORDER BY location_id, year, peak",
    )


def _statistics(period: str, groups: str) -> str:
    key = f"coalesce(CAST({period} AS INTEGER), {ALL_YEARS})" if period == "year" else period
    percentiles = (
        ", quantile_cont(da - rt, 0.1) AS spread_p10, quantile_cont(da - rt, 0.9) AS spread_p90"
        if period == "month"  # of years there are more, in a table of their own
        else ""
    )
    of_market = ", ".join(
        f"{mean(m)} AS {m}_mean, min({m}) AS {m}_low, max({m}) AS {m}_high, "
        f"strftime({_first_highest(m)}, '%Y-%m-%d %H:%M') AS {m}_high_at, "
        f"count({m}) AS {m}_hours, "
        f"count(*) FILTER ({m}_cents < 0) AS {m}_negative, "
        f"count(*) FILTER ({m}_cents >= {SPIKE * CENTS}) AS {m}_spikes, "
        f"{mean(f'{m}_congestion')} AS {m}_congestion, {mean(f'{m}_loss')} AS {m}_loss"
        for m in ("da", "rt")
    )
    spans = ", ".join(
        f"{mean(n)} FILTER (market = '{m}') AS {m}_{n}, "
        f"CAST({hours} * {total(n)} FILTER (market = '{m}') AS DOUBLE) AS {m}_{n}_sum"
        for m in ("da", "rt")
        for n, hours in (("tb2", 2), ("tb4", 4))
    )
    spans += ", " + ", ".join(
        f"quantile_cont(tb4, 0.9) FILTER (market = '{m}') AS {m}_tb4_p90" for m in ("da", "rt")
    )
    by_peak, of_days = (groups.replace("{}", keys) for keys in (f"{_PLACE}, peak", _PLACE))
    return f"""
        WITH prices AS (
            SELECT
                location_id, peak, {key} AS {period}, {of_market},
                {mean("da - rt")} AS spread{percentiles}
            FROM report_hours_by_peak GROUP BY {by_peak}
        ), spans AS (
            SELECT location_id, '{ALL_HOURS}' AS peak, {key} AS {period}, {spans}
            FROM report_top_bottom GROUP BY {of_days}
        )
        SELECT * FROM prices LEFT JOIN spans USING (location_id, peak, {period})
        """


def _first_highest(market: str) -> str:
    """The hour of the highest price; of equal ones the first."""
    return (
        f"arg_min(interval_start_utc, row(-{market}, interval_start_utc)) "
        f"FILTER ({market} IS NOT NULL)"
    )


def _changes() -> str:
    """How a year's mean differs from that of the year before on the same days."""
    return f"""
        WITH days AS (
            SELECT
                location_id, market, year, peak, strftime(operating_day, '%m-%d') AS date,
                {total("lmp")} AS total, count(*) AS hours
            FROM report_prices_by_peak GROUP BY ALL
        ), whole AS (
            SELECT location_id, market, year, date FROM days WHERE peak = '{ALL_HOURS}'
        ), shared AS (
            SELECT now.*
            FROM whole AS now JOIN whole AS before
                ON now.location_id = before.location_id AND now.market = before.market
                AND now.date = before.date AND now.year = before.year + 1
        ), means AS (
            SELECT shared.location_id, shared.market, shared.year, days.peak,
                sum(total) FILTER (days.year = shared.year)
                    / sum(hours) FILTER (days.year = shared.year)
                - sum(total) FILTER (days.year < shared.year)
                    / sum(hours) FILTER (days.year < shared.year) AS change,
                count(DISTINCT shared.date) AS days
            FROM shared JOIN days
                ON days.location_id = shared.location_id AND days.market = shared.market
                AND days.date = shared.date
                AND days.year BETWEEN shared.year - 1 AND shared.year
            GROUP BY ALL
        )
        SELECT
            location_id, year, peak,
            any_value(CAST(change AS DOUBLE)) FILTER (market = 'da') AS da_change,
            any_value(days) FILTER (market = 'da') AS da_change_days,
            any_value(CAST(change AS DOUBLE)) FILTER (market = 'rt') AS rt_change,
            any_value(days) FILTER (market = 'rt') AS rt_change_days
        FROM means GROUP BY location_id, year, peak
        """


def duration(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Price reached or exceeded in a share of the hours (percent).

    By location, year, peak and market.
    """
    shares = f"[{', '.join(f'{share:g}' for share in _SHARES)}]"
    below = f"[{', '.join(f'{1 - share:.6g}' for share in _SHARES)}]"
    return ask(
        connection,
        f"""
        WITH found AS (
            SELECT
                location_id, coalesce(year, {ALL_YEARS}) AS year, peak, market,
                quantile_cont(lmp, {below}) AS prices
            FROM report_prices_by_peak
            GROUP BY GROUPING SETS ((location_id, year, peak, market), (location_id, peak, market))
        )
        SELECT
            location_id, year, peak, market,
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
    """How day-ahead minus real-time is distributed: percent of hours by bin, location, year, peak.

    `low` is the lower edge of a bin of 5 $/MWh; the outermost bins hold all that is beyond.
    """
    outermost = _OUTERMOST_BIN * CENTS
    return ask(
        connection,
        f"""
        WITH spreads AS (
            SELECT
                location_id, year, peak,
                greatest(-{outermost}, least({outermost - 1}, da_cents - rt_cents)) AS cents
            FROM report_hours_by_peak WHERE da IS NOT NULL AND rt IS NOT NULL
        ), bins AS (
            SELECT
                location_id, year, peak,
                CAST((cents + {outermost}) // {_BIN * CENTS} AS INTEGER) * {_BIN}
                    - {_OUTERMOST_BIN} AS low
            FROM spreads
        ), counted AS (
            SELECT location_id, coalesce(year, {ALL_YEARS}) AS year, peak, low, count(*) AS hours
            FROM bins
            GROUP BY GROUPING SETS ((location_id, year, peak, low), (location_id, peak, low))
        )
        SELECT
            location_id, year, peak, low, low + {_BIN} AS high, hours,
            CAST(100 AS DOUBLE) * hours
                / sum(hours) OVER (PARTITION BY location_id, year, peak) AS share
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
