"""Energy prices: by day, month and year, as distributions, by hour and by component."""

import duckdb
import pyarrow as pa

from isone.report.periods import ALL_YEARS
from isone.report.queries.working_tables import ALL_HOURS, CENTS, ask, mean, mean_of_days, total

_PLACE = "location_id"
_BIN = 5  # $/MWh
_OUTERMOST_BIN = 100  # $/MWh; spreads beyond are counted in the outermost bins


def daily(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Mean, lowest and highest hour of each day, by location."""
    statistics = ", ".join(
        f"{mean_of_days(m)} AS {m}_mean, min({m}_low) AS {m}_low, max({m}_high) AS {m}_high"
        for m in ("da", "rt")
    )
    return ask(
        connection,
        f"SELECT location_id, operating_day AS day, {statistics} "
        "FROM report_days GROUP BY ALL ORDER BY ALL",
    )


def monthly(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Each month's means, spread, odd hours and daily top-bottom spreads, by location and peak.

    Top-bottom spreads are of whole days, so they are beside all hours alone.
    """
    statistics = _statistics("month", "month", "{}, month")
    return ask(
        connection,
        f"""
        SELECT * FROM ({statistics}) LEFT JOIN (
            SELECT location_id, peak, month,
                quantile_cont(da - rt, 0.1) AS spread_p10, quantile_cont(da - rt, 0.9) AS spread_p90
            FROM report_hours_by_peak GROUP BY ALL
        ) USING (location_id, peak, month)
        ORDER BY location_id, month, peak
        """,
    )


def yearly(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The same by year, and for all years together, with the change on the year before.

    `{market}_change` is the difference of the means of the days that have prices in both years,
    29 February never; `{market}_change_days` is their number.
    """
    statistics = _statistics(
        "year", f"coalesce(year, {ALL_YEARS})", "GROUPING SETS (({}, year), ({}))"
    )
    return ask(
        connection,
        f"SELECT * FROM ({statistics}) LEFT JOIN ({_changes()}) USING (location_id, year, peak) "
        "ORDER BY location_id, year, peak",
    )


def _statistics(period: str, key: str, groups: str) -> str:
    """Of each period, what its days add up to; `{}` in `groups` are the other keys."""
    by_peak, of_days = (groups.replace("{}", keys) for keys in (f"{_PLACE}, peak", _PLACE))
    return f"""
        WITH prices AS (
            SELECT
                location_id, peak, {key} AS {period}, {_prices_of_days()},
                {mean_of_days("spread")} AS spread
            FROM report_days_by_peak GROUP BY {by_peak}
        ), spans AS (
            SELECT location_id, '{ALL_HOURS}' AS peak, {key} AS {period}, {_top_bottom()}
            FROM report_top_bottom GROUP BY {of_days}
        )
        SELECT * FROM prices LEFT JOIN spans USING (location_id, peak, {period})
        """


def _prices_of_days() -> str:
    """What rows of `report_days` add up to; of equal highest hours the first is named."""
    return ", ".join(
        f"{mean_of_days(m)} AS {m}_mean, min({m}_low) AS {m}_low, max({m}_high) AS {m}_high, "
        f"strftime(arg_min({m}_high_at, row(-{m}_high, {m}_high_at)) "
        f"FILTER ({m}_high IS NOT NULL), '%Y-%m-%d %H:%M') AS {m}_high_at, "
        + ", ".join(
            f"CAST(sum({m}_{n}) AS BIGINT) AS {m}_{n}" for n in ("hours", "negative", "spikes")
        )
        for m in ("da", "rt")
    )


def _top_bottom() -> str:
    """The means of TB2 and TB4 over days, their sums times two and four hours, and a percentile."""
    spans = ", ".join(
        f"{mean(n)} FILTER (market = '{m}') AS {m}_{n}, "
        f"CAST({hours} * {total(n)} FILTER (market = '{m}') AS DOUBLE) AS {m}_{n}_sum"
        for m in ("da", "rt")
        for n, hours in (("tb2", 2), ("tb4", 4))
    )
    percentiles = ", ".join(
        f"quantile_cont(tb4, 0.9) FILTER (market = '{m}') AS {m}_tb4_p90" for m in ("da", "rt")
    )
    return f"{spans}, {percentiles}"


def _days_of_markets() -> str:
    """The rows of `report_days` for each market, with its `total` and `hours`."""
    return " UNION ALL ".join(
        f"SELECT *, '{m}' AS market, {m}_total AS total, {m}_hours AS hours "
        "FROM report_days_by_peak"
        for m in ("da", "rt")
    )


def _changes() -> str:
    """How a year's mean differs from that of the year before on the same days."""
    return f"""
        WITH days AS (
            SELECT
                location_id, market, year, peak, strftime(operating_day, '%m-%d') AS date,
                sum(total) AS total, sum(hours) AS hours
            FROM ({_days_of_markets()}) WHERE hours > 0 GROUP BY ALL
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
                    / (1e9 * sum(hours) FILTER (days.year = shared.year))
                - sum(total) FILTER (days.year < shared.year)
                    / (1e9 * sum(hours) FILTER (days.year < shared.year)) AS change,
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
            SELECT location_id, month, market, lmp FROM (
                SELECT location_id, month, {mean_of_days("da")} AS da, {mean_of_days("rt")} AS rt
                FROM report_days GROUP BY ALL
            ) UNPIVOT (lmp FOR market IN (da, rt))
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
