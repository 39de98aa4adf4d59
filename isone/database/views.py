"""The views: gridstatus's names, hourly means of five-minute prices, the spread, monthly means.

They are the same in both databases. A dataset that is not loaded has an empty table, and so an
empty view.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from isone.database.sql import name
from isone.datasets import DATASETS, Dataset
from isone.tables import table_columns

_ACRONYMS = {"lmp", "mw", "tmsr", "tmnsr", "tmor", "fer", "eir"}
_RESERVE_NAMES = {"location_id": "Reserve Zone Id", "location": "Reserve Zone Name"}


@dataclass(frozen=True)
class View:
    """A view: its name, the query behind it, and its comment."""

    name: str
    query: str
    comment: str


def all_views() -> Iterator[View]:
    """Every view, each after those that it reads."""
    for dataset in DATASETS.values():
        yield _gridstatus(dataset)
        yield _monthly(dataset)
    yield _HOURLY_FROM_5MIN
    yield _SPREAD


def title_case(column: str) -> str:
    """A column's name as gridstatus writes it: `tmsr_clearing_price` → `TMSR Clearing Price`."""
    return " ".join(
        word.upper() if word in _ACRONYMS else word.capitalize() for word in column.split("_")
    )


def _gridstatus(dataset: Dataset) -> View:
    columns = {
        "Interval Start": "interval_start_utc",
        "Interval End": "interval_end_utc",
    }
    if dataset.place == "location":
        columns = {"Time": "interval_start_utc"} | columns | {"Market": "market"}
        columns |= {title_case(c): c for c in ("location", "location_id", "location_type")}
    elif dataset.place == "reserve_zone":
        columns |= {shown: column for column, shown in _RESERVE_NAMES.items()}
    columns |= {title_case(column.name): column.name for column in dataset.columns}
    listed = ", ".join(f"{name(column)} AS {name(shown)}" for shown, column in columns.items())
    return View(
        f"{dataset.name}_gridstatus",
        f"SELECT {listed} FROM {dataset.name}",
        f"{dataset.title}, under the names that gridstatus gives its columns; instants show in the "
        "session's time zone",
    )


def _monthly(dataset: Dataset) -> View:
    places = {
        "location": ["location_id", "location"],
        "reserve_zone": ["location_id", "location"],
        None: list(dataset.names),
    }[dataset.place]
    means = ", ".join(
        f"avg({name(column.name)}) AS {name(column.name)}"
        for column in table_columns(dataset)
        if column.type == "double"
    )
    month = "CAST(date_trunc('month', operating_day) AS DATE)"
    keys = ", ".join([month, *places])
    listed = ", ".join([f"{month} AS market_month", *places])
    return View(
        f"{dataset.name}_monthly",
        f"SELECT {listed}, count(*) AS intervals, {means} FROM {dataset.name} GROUP BY {keys}",
        f"{dataset.title}: means over "
        + ("the operating days" if dataset.owes_rows else "the rows")
        + " of each month, in market time",
    )


_HOURLY_FROM_5MIN = View(
    "lmp_rt_hourly_from_5min",
    """
    SELECT
        five.interval_start_utc, five.operating_day, five.location_id, five.location,
        five.lmp AS lmp_mean_of_5min, five.intervals, hourly.lmp AS lmp_hourly,
        five.lmp - hourly.lmp AS difference
    FROM (
        SELECT
            date_trunc('hour', interval_start_utc AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
                AS interval_start_utc,
            operating_day, location_id, location, avg(lmp) AS lmp, count(*) AS intervals
        FROM lmp_rt_5min
        GROUP BY date_trunc('hour', interval_start_utc AT TIME ZONE 'UTC'),
            operating_day, location_id, location
    ) AS five
    LEFT JOIN lmp_rt_hourly AS hourly
        ON hourly.location_id = five.location_id
        AND hourly.interval_start_utc = five.interval_start_utc
    """,
    "Hourly means of the five-minute real-time LMP, beside the hourly LMP where that is loaded; "
    "$/MWh",
)
_SPREAD = View(
    "lmp_spread_hourly",
    """
    SELECT
        da.interval_start_utc, da.operating_day, da.location_id, da.location,
        da.lmp AS lmp_da, coalesce(hourly.lmp, five.lmp_mean_of_5min) AS lmp_rt,
        da.lmp - coalesce(hourly.lmp, five.lmp_mean_of_5min) AS spread,
        CASE
            WHEN hourly.lmp IS NOT NULL THEN 'lmp_rt_hourly'
            WHEN five.lmp_mean_of_5min IS NOT NULL THEN 'lmp_rt_5min'
        END AS lmp_rt_from
    FROM lmp_da_hourly AS da
    LEFT JOIN lmp_rt_hourly AS hourly
        ON hourly.location_id = da.location_id
        AND hourly.interval_start_utc = da.interval_start_utc
    LEFT JOIN lmp_rt_hourly_from_5min AS five
        ON five.location_id = da.location_id
        AND five.interval_start_utc = da.interval_start_utc
    """,
    "Day-ahead less real-time LMP by hour; real-time from the hourly prices, else the mean of the "
    "five-minute ones; $/MWh",
)
