"""The views: gridstatus's names, hourly means of five-minute prices, the spread, monthly means.

One of them is the load forecast that the day-ahead market knew.

They are the same in both databases. A dataset that is not loaded has an empty table, and so an
empty view.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from isone.load import hours
from isone.load.sql import HOUR, MARKET_ZONE, name
from isone.market.dataset import Dataset, title_case
from isone.market.datasets import DATASETS
from isone.market.hours import COLUMNS
from isone.market.schema import TableColumn, table_columns

_INSTANT = "____-__-__T__:__:__%"
_OFFSETS = ("-__:__", "+__:__", "Z")


@dataclass(frozen=True)
class View:
    """A view: its name, the query behind it, and its comment."""

    name: str
    query: str
    comment: str
    columns: tuple[TableColumn, ...] = ()
    """Where they are described one by one."""


def all_views() -> Iterator[View]:
    """Every view, each after those that it reads."""
    for dataset in DATASETS.values():
        yield _gridstatus(dataset)
        yield _monthly(dataset)
        if dataset.times.minutes is None:
            yield _hourly_of_snapshots(dataset)
    yield _HOURLY_FROM_5MIN
    yield _SPREAD
    yield _FORECAST_DAY_AHEAD
    yield _LOCATIONS
    yield View("hours", hours.query(), hours.COMMENT, COLUMNS)


def _gridstatus(dataset: Dataset) -> View:
    columns = dict(dataset.aliases) or _default_aliases(dataset)
    others = [column.name for column in dataset.columns if column.name not in columns.values()]
    columns |= {title_case(column): column for column in others}
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


def _default_aliases(dataset: Dataset) -> dict[str, str]:
    """Gridstatus's names of times and ids, where a row declares none."""
    if dataset.times.minutes is None:
        times = {"Time": "interval_start_utc"}
    else:
        times = {"Interval Start": "interval_start_utc", "Interval End": "interval_end_utc"}
    ids = dataset.id_key.names if dataset.id_key else ()
    return times | {title_case(column): column for column in ids}


def _monthly(dataset: Dataset) -> View:
    ids = ("location_id", "location") if dataset.id_key else ()
    groups = [*ids, *(k.column.name for k in dataset.text_keys if not k.column.is_instant)]
    means = [column.name for column in table_columns(dataset) if column.type == "double"]
    if dataset.times.minutes is None:
        return _monthly_of_snapshots(dataset, groups, means)
    month = "CAST(date_trunc('month', operating_day) AS DATE)"
    listed = ", ".join(
        [
            *(f"{month} AS market_month", *groups, "count(*) AS intervals"),
            *(f"avg({name(column)}) AS {name(column)}" for column in means),
        ]
    )
    return View(
        f"{dataset.name}_monthly",
        f"SELECT {listed} FROM {dataset.name} GROUP BY {', '.join([month, *groups])}",
        f"{dataset.title}: means over "
        + ("the operating days" if dataset.times.owes_rows else "the rows")
        + " of each month, in market time",
    )


_DAY_OF_SNAPSHOT = "OVER (PARTITION BY operating_day ORDER BY interval_start_utc)"
_MIDNIGHT = f"extract(epoch FROM timezone({MARKET_ZONE}, CAST({{}} AS TIMESTAMP)))"
_HOLDS = (
    "a snapshot holds until the next one, a day's first from its beginning, and what is absent "
    "from a snapshot is 0 there"
)


def _lasting(dataset: Dataset) -> str:
    """Each snapshot with when it begins to hold and when it ends to, in seconds since 1970."""
    return f"""
        SELECT
            operating_day, interval_start_utc,
            CAST(
                CASE
                    WHEN lag(moment) {_DAY_OF_SNAPSHOT} IS NULL
                    THEN {_MIDNIGHT.format("operating_day")}
                    ELSE moment
                END AS DOUBLE PRECISION
            ) AS holds_from,
            CAST(
                coalesce(
                    lead(moment) {_DAY_OF_SNAPSHOT}, {_MIDNIGHT.format("operating_day + 1")}
                ) AS DOUBLE PRECISION
            ) AS holds_until
        FROM (
            SELECT DISTINCT
                operating_day, interval_start_utc,
                extract(epoch FROM interval_start_utc) AS moment
            FROM {dataset.name}
        ) AS snapshots
    """


def _means_over_time(dataset: Dataset, means: list[str]) -> list[str]:
    """Means of numbers, and of flags the share of the time in which they are Y."""
    shares = {
        f"CASE WHEN {name(c.name)} = 'Y' THEN 1.0 ELSE 0.0 END": f"{c.name}_share"
        for c in dataset.values
        if c.is_flag
    }
    values = {name(each): each for each in means} | shares
    return [
        f"CAST(sum({value} * seconds) / max(whole) AS DOUBLE PRECISION) AS {name(shown)}"
        for value, shown in values.items()
    ]


def _monthly_of_snapshots(dataset: Dataset, groups: list[str], means: list[str]) -> View:
    month = "CAST(date_trunc('month', operating_day) AS DATE)"
    listed = [*groups, "count(*) AS intervals", *_means_over_time(dataset, means)]
    query = f"""
    WITH lasting AS (
        SELECT operating_day, interval_start_utc, holds_until - holds_from AS seconds
        FROM ({_lasting(dataset)}) AS held
    ),
    months AS (
        SELECT {month} AS market_month, sum(seconds) AS whole FROM lasting GROUP BY {month}
    )
    SELECT market_month, {", ".join(listed)}
    FROM {dataset.name}
    JOIN lasting USING (operating_day, interval_start_utc)
    JOIN months ON market_month = {month}
    GROUP BY {", ".join(["market_month", *groups])}
    """
    return View(
        f"{dataset.name}_monthly",
        query,
        f"{dataset.title}: means over time of each month, in market time; {_HOLDS}",
    )


def _hourly_of_snapshots(dataset: Dataset) -> View:
    """Hours that are not covered from end to end, as where a gap was accepted, have no rows."""
    means = [column.name for column in table_columns(dataset) if column.type == "double"]
    listed = ["count(*) AS intervals", *_means_over_time(dataset, means)]
    groups = ["begins", "operating_day", *dataset.names]
    query = f"""
    WITH pieces AS (
        SELECT
            operating_day, interval_start_utc, begins,
            least(holds_until, begins + 3600) - greatest(holds_from, begins) AS seconds
        FROM (
            SELECT *, 3600 * (floor(holds_from / 3600) + later) AS begins
            FROM ({_lasting(dataset)}) AS held
            CROSS JOIN (VALUES (0), (1), (2)) AS hours (later)
        ) AS spread
        WHERE begins < holds_until
    ),
    covered AS (SELECT begins, sum(seconds) AS whole FROM pieces GROUP BY begins)
    SELECT to_timestamp(begins) AS interval_start_utc, {", ".join([*groups[1:], *listed])}
    FROM {dataset.name}
    JOIN pieces USING (operating_day, interval_start_utc)
    JOIN covered USING (begins)
    WHERE whole > 3599
    GROUP BY {", ".join(groups)}
    """
    return View(
        f"{dataset.name}_hourly",
        query,
        f"{dataset.title}: means over time of each hour; {_HOLDS}",
    )


_HOURLY_FROM_5MIN = View(
    "lmp_rt_hourly_from_5min",
    f"""
    SELECT
        five.interval_start_utc, five.operating_day, five.location_id, five.location,
        five.lmp AS lmp_mean_of_5min, five.intervals, hourly.lmp AS lmp_hourly,
        five.lmp - hourly.lmp AS difference
    FROM (
        SELECT
            {HOUR} AS interval_start_utc,
            operating_day, location_id, location, avg(lmp) AS lmp, count(*) AS intervals
        FROM lmp_rt_5min
        GROUP BY {HOUR}, operating_day, location_id, location
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
_FORECAST_DAY_AHEAD = View(
    "forecast_day_ahead",
    f"""
    SELECT
        interval_start_utc, interval_end_utc, operating_day, publish_time,
        load_forecast, net_load_forecast, load_adjustment
    FROM (
        SELECT *, max(published) OVER (PARTITION BY operating_day) AS last_published
        FROM (
            SELECT *, {_as_instant("publish_time")} AS published FROM forecast_hourly
        ) AS publications
        WHERE published <= timezone(
            {MARKET_ZONE}, CAST(operating_day - 1 AS TIMESTAMP) + INTERVAL '630 minutes'
        )
    ) AS known_in_time
    WHERE published = last_published
    """,
    "The load forecast that the day-ahead market knew: of each operating day the last publication "
    "by 10:30 in market time of the day before, when bids close, and never a later one; a day "
    "without one has no rows; MW",
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
