"""Raw responses as rows in the columns of the table, apart from the way that packing takes."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from isone.market.datasets import ALL_LOCATIONS, OCCURRENCE, Locations, Request
from isone.market.tables import TableColumn, table_columns
from isone.response.rows import tell_apart
from isone.response.table import Table, Words

_ARROW = {
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "string": pa.string(),
}
_EPOCH = dt.date(1970, 1, 1)


def arrow_schema(columns: Iterable[TableColumn]) -> pa.Schema:
    """The Arrow schema of a table's columns."""
    return pa.schema([(column.name, _ARROW[column.type]) for column in columns])


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
    if table.dataset.place:
        is_wanted = [
            place.id is not None
            and place.name not in unknown
            and (chosen == ALL_LOCATIONS or place.id in chosen)
            for place in table.places.distinct
        ]
        of_wanted = np.array(is_wanted, bool)[table.places.at[kept]]
        kept, occurrences = kept[of_wanted], occurrences[of_wanted]
    columns = table_columns(table.dataset)
    return pa.table(
        [
            pa.array(occurrences, _ARROW[column.type])
            if column.name == OCCURRENCE
            else _values(table, column, request, kept)
            for column in columns
        ],
        schema=arrow_schema(columns),
    )


def _values(table: Table, column: TableColumn, request: Request, rows: Any) -> pa.Array:
    kind = _ARROW[column.type]
    starts = np.array(table.intervals.distinct, np.int64)[table.intervals.at[rows]] * 1_000_000
    places = table.places
    match column.name:
        case "interval_start_utc":
            return pa.array(starts).cast(kind)
        case "interval_end_utc":
            return pa.array(starts + table.dataset.interval_minutes * 60_000_000).cast(kind)
        case "operating_day":
            return pa.array([(request.day - _EPOCH).days] * len(rows), pa.int32()).cast(kind)
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
