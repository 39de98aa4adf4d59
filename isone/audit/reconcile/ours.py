"""Our hourly prices at hub and zones, and of regulation, from the packed tables."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from isone.errors import DamagedTableError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.store.periods import year_of

_HOUR = 3600
MARKETS = {"DAY_AHEAD_HOURLY": "da", "REAL_TIME_HOURLY": "rt", "REAL_TIME_5_MIN": "rt"}
"""gridstatus's names of the markets, and how ISO-NE's averages call them."""

Hours = dict[int, float]
"""The price of each hour ($/MWh), by its beginning (UTC seconds)."""


def read_hours(path: Path) -> dict[int, Hours]:
    """The hourly prices of a packed year at each of hub and zones that it has.

    Of five-minute prices it gives the mean of each hour that has all twelve.
    """
    dataset = dataset_of(path)
    of_core = pc.field("location_id").isin(HUBS)
    table = _read(path, ["interval_start_utc", "location_id", "lmp"], of_core)
    starts = pc.cast(table["interval_start_utc"], "int64").to_pylist()
    per_hour = 60 // dataset.interval_minutes
    found: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for start, location, price in zip(
        starts, table["location_id"].to_pylist(), table["lmp"].to_pylist(), strict=True
    ):
        if price is not None:
            found[location][start // 1_000_000 // _HOUR * _HOUR].append(price)
    return {
        location: {hour: fmean(prices) for hour, prices in hours.items() if len(prices) == per_hour}
        for location, hours in found.items()
    }


def read_regulation(path: Path) -> dict[str, dict[int, list[float]]]:
    """The twelve five-minute regulation prices of each whole hour of a packed year, by column."""
    prices = [column.name for column in dataset_of(path).columns if column.type == "double"]
    table = _read(path, ["interval_start_utc", *prices])
    starts = pc.cast(table["interval_start_utc"], "int64").to_pylist()
    found: dict[str, dict[int, list[float]]] = {}
    for name in prices:
        hours: dict[int, list[float]] = defaultdict(list)
        for start, price in zip(starts, table[name].to_pylist(), strict=True):
            if price is not None:
                hours[start // 1_000_000 // _HOUR * _HOUR].append(price)
        found[name] = {hour: each for hour, each in hours.items() if len(each) == 12}
    return found


def _read(path: Path, columns: list[str], rows: pc.Expression | None = None) -> pa.Table:
    """Some columns of a packed year. Raises DamagedError for a file that is not whole."""
    try:
        return pq.read_table(path, columns=columns, filters=rows)
    except (pa.ArrowException, OSError) as error:
        raise DamagedTableError(path) from error


def tables_by_market(paths: Sequence[Path]) -> dict[tuple[str, int], Path]:
    """The tables of energy by market (`da`, `rt`) and year; of two for real time the hourly one."""
    chosen: dict[tuple[str, int], Path] = {}
    energy = [path for path in paths if dataset_of(path).data_type == "lmp"]
    for path in sorted(energy, key=lambda path: -dataset_of(path).interval_minutes):
        key = MARKETS[dataset_of(path).market or ""], year_of(path.stem)
        chosen.setdefault(key, path)
    return dict(sorted(chosen.items()))


def dataset_of(path: Path) -> Dataset:
    """The dataset that a table is of; its folder has its name."""
    return DATASETS[path.parent.name]


def month_hours(year: int, month: int) -> list[int]:
    """The beginnings of a month's hours (UTC seconds)."""
    first = dt.date(year, month, 1)
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    return list(
        range(market_time.day_bounds(first)[0], market_time.day_bounds(following)[0], _HOUR)
    )
