"""The views: gridstatus's names, hourly means of five-minute prices, the spread, monthly means.

They are the same in both databases. A dataset that is not loaded has an empty table, and so an
empty view.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from isone.load.sql import name
from isone.market.datasets import DATASETS, Dataset
from isone.market.tables import table_columns

_ACRONYMS = {"lmp", "mw", "tmsr", "tmnsr", "tmor", "fer", "eir", "rt", "spc"}
_RESERVE_NAMES = {"location_id": "Reserve Zone Id", "location": "Reserve Zone Name"}
_RENAMED = {"strike_price_timestamp": "Publish Time"}
_RESERVE_ORDER = (
    *("ten_min_spin_requirement", "tmnsr_clearing_price", "tmnsr_designated_mw"),
    *("tmor_clearing_price", "tmor_designated_mw", "tmsr_clearing_price", "tmsr_designated_mw"),
    *("total_10_min_requirement", "total_30_min_requirement"),
)
_ORDERS = {
    "reserve_5min": _RESERVE_ORDER,
    "reserve_hourly": _RESERVE_ORDER,
    "reserve_da_hourly": (
        *("eir_designation_mw", "fer_clearing_price", "forecasted_energy_req_mw"),
        *("ten_min_spin_req_mw", "tmnsr_clearing_price", "tmnsr_designation_mw"),
        *("tmor_clearing_price", "tmor_designation_mw", "tmsr_clearing_price"),
        *("tmsr_designation_mw", "total_ten_min_req_mw", "total_thirty_min_req_mw"),
    ),
    "strike_da_hourly": (
        *("strike_price_timestamp", "expected_closeout_charge"),
        *("expected_closeout_charge_override", "expected_rt_hub_lmp"),
        *(f"percentile_{percent}_rt_hub_lmp" for percent in (10, 25, 75, 90)),
        *("spc_load_forecast_mw", "strike_price"),
    ),
    "constraints_rt_5min": ("constraint_name", "marginal_value"),
}
"""Columns in the order that gridstatus 0.37 gives them, where ours is another; those that it does
not have come after them."""
_INSTANT = "____-__-__T__:__:__%"
_OFFSETS = ("-__:__", "+__:__", "Z")


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
    yield _LOCATIONS


def title_case(column: str) -> str:
    """A column's name as gridstatus writes it: `tmsr_clearing_price` → `TMSR Clearing Price`."""
    if column in _RENAMED:
        return _RENAMED[column]
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
    first = _ORDERS.get(dataset.name, ())
    others = [column.name for column in dataset.columns if column.name not in first]
    columns |= {title_case(column): column for column in (*first, *others)}
    texts = {column.name for column in dataset.columns if column.is_instant}
    listed = ", ".join(
        f"{_as_instant(column) if column in texts else name(column)} AS {name(shown)}"
        for shown, column in columns.items()
    )
    return View(
        f"{dataset.name}_gridstatus",
        f"SELECT {listed} FROM {dataset.name}",
        f"{dataset.title}, under the names that gridstatus gives its columns; timestamps show in "
        "the session's time zone",
    )


def _as_instant(column: str) -> str:
    """A text as a timestamp; NULL where it names no offset, and so could be one of many."""
    has_offset = " OR ".join(f"{column} LIKE '{_INSTANT}{offset}'" for offset in _OFFSETS)
    return f"CASE WHEN {has_offset} THEN CAST({column} AS TIMESTAMP WITH TIME ZONE) END"


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
    "Day-ahead minus real-time LMP by hour; real-time from the hourly prices, else the mean of the "
    "five-minute ones; $/MWh",
)
_LOCATIONS = View(
    "locations_gridstatus",
    """
    SELECT
        locations.location_id AS "LocationID", listed.area_type AS "AreaType",
        locations.location_type AS "LocationType", locations.location AS "LocationName"
    FROM locations
    LEFT JOIN listed_locations AS listed ON listed.location_id = locations.location_id
    WHERE locations.location_type IS DISTINCT FROM 'RESERVE ZONE'
    """,
    "The locations that have a price in these tables, under the names of gridstatus's "
    "get_locations_all, which are ISO-NE's; AreaType is known once the list was asked for",
)
