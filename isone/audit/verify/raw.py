"""Raw responses as rows in the columns of the table, apart from the way that packing takes."""

import datetime as dt
from collections.abc import Collection, Sequence
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
    requests: Sequence[Request],
    chosen: Locations = ALL_LOCATIONS,
    unknown: Sequence[Collection[str]] = (),
) -> pa.Table:
    """The rows of validated responses at the chosen locations, each once, in the table's columns.

    Rows that contradict each other are left out, and prices may be null: both were accepted.
    `unknown` are, for each response, names of locations whose ids nobody knew when it was stored,
    and which are in no table.
    """
    rows = tell_apart(table)
    kept, occurrences = rows.kept, rows.occurrences
    if table.dataset.id_key:
        wanted = _is_wanted(table, chosen, unknown)[kept]
        kept, occurrences = kept[wanted], occurrences[wanted]
    columns = table_columns(table.dataset)
    times = _times(table, requests, kept)
    return pa.table(
        [
            pa.array(occurrences, column.arrow)
            if column.name == OCCURRENCE
            else times[column.name].cast(column.arrow)
            if column.name in times
            else _values(table, column, kept)
            for column in columns
        ],
        schema=arrow_schema(columns),
    )


def _is_wanted(table: Table, chosen: Locations, unknown: Sequence[Collection[str]]) -> Any:
    """Whether each row is of a location that the table has to hold."""
    places, at = table.places
    is_chosen = [
        place.id is not None and (chosen == ALL_LOCATIONS or place.id in chosen) for place in places
    ]
    wanted = np.array(is_chosen, bool)[at]
    for response, names in enumerate(unknown):
        if names:
            is_unknown = np.array([place.name in names for place in places], bool)[at]
            wanted &= ~(is_unknown & (table.responses == response))
    return wanted


def _times(table: Table, requests: Sequence[Request], rows: Any) -> dict[str, pa.Array]:
    """The columns of time of some rows, as numbers since the epoch."""
    found = [_start(table.dataset, text) for text in table.timestamps.distinct]
    at = table.timestamps.at[rows]
    starts = np.array(found, np.int64)[at]
    if requests[0].span == "day":
        of_response = [(request.day - _EPOCH).days for request in requests]
        days = np.array(of_response, np.int32)[table.responses[rows]]
    else:
        each = [(market_time.local_time(start).date() - _EPOCH).days for start in found]
        days = np.array(each, np.int32)[at]
    minutes = table.dataset.times.minutes or 0
    return {
        "interval_start_utc": pa.array(starts * 1_000_000),
        "interval_end_utc": pa.array((starts + minutes * 60) * 1_000_000),
        "operating_day": pa.array(days),
    }


def _values(table: Table, column: TableColumn, rows: Any) -> pa.Array:
    kind = column.arrow
    places = table.places
    match column.name:
        case "market":
            return pa.repeat(pa.scalar(table.dataset.market, kind), len(rows))
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
    instant, times = market_time.parse_timestamp(timestamp), dataset.times
    if times.minutes is None:
        return instant
    step = times.minutes * 60
    start, late = divmod(instant, step)
    off = min(late, step - late)
    near = 2 * off < step if times.owes_rows else off <= _SECONDS_OFF
    return (start + (2 * late > step)) * step if near else instant
