"""Prices of regulation, of real-time reserves and of the day-ahead ancillary services."""

import duckdb
import pyarrow as pa

from isone.report.periods import ALL_YEARS
from isone.report.queries.working_tables import FIVES, PRODUCTS, ask, mean


def regulation_daily(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Daily mean of the regulation prices: capacity ($/MWh), service ($/MW).

    Days without five-minute prices have the hourly ones.
    """
    prices = "operating_day, reg_capacity_clearing_price, reg_service_clearing_price"
    return ask(
        connection,
        f"""
        SELECT
            operating_day AS day,
            {mean("reg_capacity_clearing_price")} AS capacity,
            {mean("reg_service_clearing_price")} AS service
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
    return ask(
        connection,
        f"""
        SELECT
            CAST(year(operating_day) AS INTEGER) AS year, 'five-minute' AS kind,
            count(*) AS intervals,
            {mean("reg_capacity_clearing_price")} AS capacity,
            {mean("reg_service_clearing_price")} AS service,
            100 * avg(CAST(reg_capacity_clearing_price > 0 AS INTEGER)) AS capacity_above_zero,
            100 * avg(CAST(reg_service_clearing_price > 0 AS INTEGER)) AS service_above_zero
        FROM regulation_5min GROUP BY ALL
        UNION ALL
        SELECT
            CAST(year(operating_day) AS INTEGER), 'hourly', count(*),
            {mean("reg_capacity_clearing_price")}, {mean("reg_service_clearing_price")},
            100 * avg(CAST(reg_capacity_clearing_price > 0 AS INTEGER)),
            100 * avg(CAST(reg_service_clearing_price > 0 AS INTEGER))
        FROM regulation_hourly GROUP BY ALL
        ORDER BY ALL
        """,
    )


def reserves_monthly(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Mean real-time reserve price of each month by zone and product."""
    return ask(
        connection,
        f"""
        SELECT
            location_id AS zone_id, CAST(date_trunc('month', operating_day) AS DATE) AS month,
            product, {mean("price")} AS price
        FROM report_reserves GROUP BY ALL ORDER BY ALL
        """,
    )


def reserves_above_zero(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Share of intervals with a reserve price above zero (percent), by zone, product and year."""
    return ask(
        connection,
        f"""
        SELECT
            location_id AS zone_id, arg_max(location, operating_day) AS zone,
            coalesce(CAST(year(operating_day) AS INTEGER), {ALL_YEARS}) AS year,
            product,
            100 * avg(CAST(price > 0 AS INTEGER)) AS share,
            coalesce(sum(fives) FILTER (price > 0), 0) / {FIVES} AS hours,
            {mean("price")} AS price, max(price) AS high
        FROM report_reserves
        GROUP BY GROUPING SETS (
            (location_id, CAST(year(operating_day) AS INTEGER), product), (location_id, product))
        ORDER BY year, zone_id, product
        """,
    )


def reserves_day_ahead(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Mean day-ahead ancillary service price of each month by product."""
    columns = ", ".join(
        f"{mean(f'{product}_clearing_price')} AS {product}" for product in (*PRODUCTS, "fer")
    )
    return ask(
        connection,
        f"""
        UNPIVOT (
            SELECT CAST(date_trunc('month', operating_day) AS DATE) AS month, {columns}
            FROM reserve_da_hourly GROUP BY ALL
        ) ON {", ".join(PRODUCTS)}, fer INTO NAME product VALUE price
        ORDER BY month, product
        """,
    )
