"""What was behind the Hub's price: net load, marginal fuels, the error of the load forecast.

Read from the view `hours` and the monthly means of the fuel mix. A table that has nothing to show
has no rows.
"""

import duckdb
import pyarrow as pa

from isone.report.cells import ChartData, Label
from isone.report.periods import ALL_YEARS
from isone.report.queries.working_tables import ask, mean, settled, total

NET_LOAD_BIN = 500
"""MW"""
ERROR_BIN = 250
"""MW"""
_OUTERMOST_ERROR = 1500  # MW; errors beyond are counted in the outermost bins
_PRICE = "$/MWh"
_YEAR = Label("Year")

NET_LOAD = {
    "year": _YEAR,
    "market": Label("Market"),
    "low": Label("Net load from", "MW"),
    "high": Label("Net load to", "MW"),
    "hours": Label("Hours"),
    "price": Label("Median price", _PRICE),
    "price_p10": Label("A tenth of the hours is below", _PRICE),
    "price_p90": Label("A tenth of the hours is above", _PRICE),
}
FUELS = {
    "month": Label("Month"),
    "fuel": Label("Fuel"),
    "days": Label("Days"),
    "marginal": Label("Time in which it was marginal", "%", 1),
    "share": Label("Share of generation", "%", 1),
    "generation": Label("Mean generation", "MW", 0),
}
ERRORS = {
    "year": _YEAR,
    "low": Label("Forecast error from", "MW"),
    "high": Label("Forecast error to", "MW"),
    "hours": Label("Hours"),
    "spread": Label("Day-ahead minus real-time, mean", _PRICE),
    "spread_p10": Label("Its 10th percentile", _PRICE),
    "spread_p90": Label("Its 90th percentile", _PRICE),
}


def gather(connection: duckdb.DuckDBPyConnection) -> dict[str, ChartData]:
    """The tables by name; those of hours need load, so nothing is read where none is stored."""
    tables: dict[str, tuple[pa.Table, dict[str, Label]]] = {}
    if _has_rows(connection, "load_hourly") or _has_rows(connection, "load_5min"):
        shown = {"lmp_da": "da", "lmp_rt": "rt"}
        shown |= {each: each for each in ("spread", "net_load", "forecast_error")}
        values = ", ".join(f"{settled(each)} AS {name}" for each, name in shown.items())
        connection.execute(
            "CREATE TEMP TABLE report_behind AS "
            f"SELECT CAST(year(operating_day) AS INTEGER) AS year, {values} FROM hours"
        )
        tables["net_load"] = by_net_load(connection), NET_LOAD
        tables["forecast_errors"] = by_forecast_error(connection), ERRORS
    if _has_rows(connection, "fuel_mix"):
        tables["marginal_fuels"] = fuels(connection), FUELS
    return {name: ChartData(name, rows, labels) for name, (rows, labels) in tables.items()}


def by_net_load(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The Hub's price where net load lies in a bin, by year and market."""
    return ask(
        connection,
        f"""
        WITH prices AS (
            UNPIVOT (
                SELECT
                    year, CAST(floor(net_load / {NET_LOAD_BIN}) AS INTEGER) * {NET_LOAD_BIN} AS low,
                    da, rt
                FROM report_behind WHERE net_load IS NOT NULL
            ) ON da, rt INTO NAME market VALUE price
        )
        SELECT
            coalesce(year, {ALL_YEARS}) AS year, market, low, low + {NET_LOAD_BIN} AS high,
            count(*) AS hours, median(price) AS price,
            quantile_cont(price, 0.1) AS price_p10, quantile_cont(price, 0.9) AS price_p90
        FROM prices
        GROUP BY GROUPING SETS ((year, market, low), (market, low))
        ORDER BY year, market, low
        """,
    )


def by_forecast_error(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Day-ahead minus real-time at the Hub where the forecast error lies in a bin, by year."""
    return ask(
        connection,
        f"""
        WITH errors AS (
            SELECT
                year, spread,
                CAST(floor(greatest(-{_OUTERMOST_ERROR}, least({_OUTERMOST_ERROR - 1},
                    forecast_error)) / {ERROR_BIN}) AS INTEGER) * {ERROR_BIN} AS low
            FROM report_behind WHERE forecast_error IS NOT NULL AND spread IS NOT NULL
        )
        SELECT
            coalesce(year, {ALL_YEARS}) AS year, low, low + {ERROR_BIN} AS high,
            count(*) AS hours, {mean("spread")} AS spread,
            quantile_cont(spread, 0.1) AS spread_p10, quantile_cont(spread, 0.9) AS spread_p90
        FROM errors
        GROUP BY GROUPING SETS ((year, low), (low))
        ORDER BY year, low
        """,
    )


def fuels(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Of each month and fuel the share of the time in which it was marginal, and of generation."""
    of_all = f"{total('generation')} OVER (PARTITION BY market_month)"
    return ask(
        connection,
        f"""
        SELECT
            market_month AS month, fuel, days, {settled("100 * marginal_share")} AS marginal,
            100 * generation / CAST({of_all} AS DOUBLE) AS share,
            {settled("generation")} AS generation
        FROM fuel_mix_monthly
        JOIN (
            SELECT
                CAST(date_trunc('month', operating_day) AS DATE) AS market_month,
                count(DISTINCT operating_day) AS days
            FROM fuel_mix GROUP BY ALL
        ) USING (market_month)
        ORDER BY month, fuel
        """,
    )


def _has_rows(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(ask(connection, f"SELECT 1 FROM {table} LIMIT 1").num_rows)
