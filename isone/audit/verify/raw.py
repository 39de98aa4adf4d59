"""Raw responses as rows in the columns of the table, apart from the way that packing takes."""

import datetime as dt
import functools
from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa

from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.keys import OCCURRENCE
from isone.market.locations import ALL_LOCATIONS, Locations
from isone.market.requests import Request
from isone.market.schema import TableColumn, arrow_schema, table_columns
from isone.response.columns import Words
from isone.response.rows import tell_apart
from isone.response.table import Table

_EPOCH = dt.date(1970, 1, 1)
_SECONDS_OFF = 2  # by which an event may be off its interval's beginning and mean it


def rows_of(
    table: Table,
    request: Request,
    chosen: Locations = ALL_LOCATIONS,
    unknown: Collection[str] = (),
) -> pa.Table:
    """The rows of a validated response at the chosen locations, each once, in the table's columns.

    Rows that contradict each other are left out, and prices may be null: both were accepted.
    `unknown` are names of locations whose ids nobody knew when it was stored, and which are in no
    table.
    """
    rows = tell_apart(table)
    kept, occurrences = rows.kept, rows.occurrences
    if table.dataset.id_key:
        is_wanted = [
            place.id is not None
            and place.name not in unknown
            and (chosen == ALL_LOCATIONS or place.id in chosen)
            for place in table.places.distinct
        ]
        of_wanted = np.array(is_wanted, bool)[table.places.at[kept]]
        kept, occurrences = kept[of_wanted], occurrences[of_wanted]
    found = [_start(table.dataset, text) for text in table.timestamps.distinct]
    starts = np.array(found, np.int64)[table.timestamps.at[kept]]
    columns = table_columns(table.dataset)
    return pa.table(
        [
            pa.array(occurrences, column.arrow)
            if column.name == OCCURRENCE
            else _values(table, column, request, kept, starts)
            for column in columns
        ],
        schema=arrow_schema(columns),
    )


def _values(
    table: Table, column: TableColumn, request: Request, rows: Any, starts: Any
) -> pa.Array:
    kind = column.arrow
    places = table.places
    match column.name:
        case "interval_start_utc":
            return pa.array(starts * 1_000_000).cast(kind)
        case "interval_end_utc":
            return pa.array((starts + table.dataset.interval_minutes * 60) * 1_000_000).cast(kind)
        case "operating_day":
            days = [request.day] * len(rows)
            if request.span != "day":
                days = [market_time.local_time(int(start)).date() for start in starts]
            return pa.array([(day - _EPOCH).days for day in days], pa.int32()).cast(kind)
        case "market":
            return pa.array([table.dataset.market] * len(rows), kind)
        case "location_id":
            return _taken(Words([place.id for place in places.distinct], places.at), rows, kind)
        case "location":
            return _taken(Words([place.name for place in places.distinct], places.at), rows, kind)
        case "location_type":
            return _taken(Words([place.type for place in places.distinct], places.at), rows, kind)
        case name if name in table.texts:
            return _taken(table.texts[name], rows, kind)
        case name:
            numbers = table.numbers[name][rows]
            return pa.array(numbers, mask=np.isnan(numbers)).cast(kind)


def _taken(words: Words, rows: Any, kind: pa.DataType) -> pa.Array:
    return pa.array(words.distinct, kind).take(pa.array(words.at[rows]))


def _start(dataset: Dataset, timestamp: str) -> int:
    """The interval of a timestamp, UTC seconds.

    Worked out here: what a download took for an interval's beginning is what is looked at.
    """
    instant, times = _instant(timestamp), dataset.times
    if times.minutes is None:
        return instant
    step = times.minutes * 60
    start, late = divmod(instant, step)
    off = min(late, step - late)
    near = 2 * off < step if times.owes_rows else off <= _SECONDS_OFF
    return (start + (2 * late > step)) * step if near else instant


@functools.lru_cache(maxsize=1024)  # the timestamps of a day come again at every location
def _instant(timestamp: str) -> int:
    return market_time.parse_timestamp(timestamp)
