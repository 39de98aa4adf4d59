"""How prices are distributed: quantiles of many groups, taken of numbers that are sorted once."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from isone.report.periods import ALL_YEARS
from isone.report.queries.working_tables import ALL_HOURS, CENTS

PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
_SHARES = (
    *(0.0, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04),
    *(share / 20 for share in range(1, 20)),
    *(0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.9975, 0.999, 1.0),
)
Numbers = npt.NDArray[np.float64]
Group = tuple[int, int, str, str]
"""Location, year, peak and series."""


def duration(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Price reached or exceeded in a share of the hours (percent).

    By location, year, peak and market.
    """
    shares = [100 * share for share in _SHARES]
    below = [round(1 - share, 6) for share in _SHARES]
    return _table(connection, {"da": "da", "rt": "rt"}, below, ("market", "share", "price"), shares)


def spread_percentiles(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Percentiles of day-ahead minus real-time, by location, year and peak."""
    series = {"spread": f"(da_cents - rt_cents) / {CENTS}"}
    below = [each / 100 for each in PERCENTILES]
    names = ("series", "percentile", "spread")
    return _table(connection, series, below, names, PERCENTILES).drop_columns(["series"])


def _table(
    connection: duckdb.DuckDBPyConnection,
    series: dict[str, str],
    below: Sequence[float],
    names: Sequence[str],
    shown: Sequence[float],
) -> pa.Table:
    """A row for each quantile of each group; `shown` is what a quantile is called."""
    groups, found = [], []
    for group, numbers in _groups(connection, series):
        groups.append(group)
        found.append(_quantiles(numbers, below))
    columns: list[Sequence[Any]] = [*zip(*groups, strict=True)] if groups else [(), (), (), ()]
    types = (pa.int32(), pa.int32(), pa.string(), pa.string())
    made = [
        pa.array(np.repeat(np.array(column, dtype=object), len(below)), kind)
        for column, kind in zip(columns, types, strict=True)
    ]
    made.append(pa.array(list(shown) * len(groups)))
    made.append(pa.array(np.concatenate(found) if found else [], pa.float64()))
    return pa.table(made, names=["location_id", "year", "peak", *names])


def _groups(
    connection: duckdb.DuckDBPyConnection, series: dict[str, str]
) -> Iterator[tuple[Group, Numbers]]:
    """The numbers of each group, sorted; groups without any are left out."""
    locations = connection.execute("SELECT location_id FROM report_locations ORDER BY 1").fetchall()
    values = ", ".join(f"CAST({value} AS DOUBLE) AS {name}" for name, value in series.items())
    for (location,) in locations:
        rows = connection.execute(
            f"SELECT year, on_peak, {values} FROM report_hours WHERE location_id = {location:d}"
        ).fetchnumpy()
        on_peak = np.asarray(rows["on_peak"], dtype=bool)
        peaks = {ALL_HOURS: np.ones_like(on_peak), "off": ~on_peak, "on": on_peak}
        of_years = np.asarray(rows["year"])
        for year in (ALL_YEARS, *np.unique(of_years).tolist()):
            here = (of_years == year) | (year == ALL_YEARS)
            for peak, chosen in peaks.items():
                for name in series:
                    numbers = np.ma.filled(rows[name], np.nan)[here & chosen]
                    numbers = np.sort(numbers[~np.isnan(numbers)])
                    if numbers.size:
                        yield (location, year, peak, name), numbers


def _quantiles(numbers: Numbers, below: Sequence[float]) -> Numbers:
    """The numbers, ascending, below which these shares of them are, as SQL's percentile_cont."""
    at = np.array(below) * (numbers.size - 1)
    low, high = np.floor(at).astype(int), np.ceil(at).astype(int)
    between: Numbers = numbers[low] + (numbers[high] - numbers[low]) * (at - low)
    return between
