"""Raw replies as rows: read by the strict parser, apart from the way that packing takes."""

import datetime as dt
import functools
import operator
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from isone import clock, parse
from isone.datasets import ALL_LOCATIONS, DATASETS, Dataset, Locations, Part
from isone.tables import TableColumn, table_columns

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
    dataset: Dataset, part: Part, body: bytes, chosen: Locations = ALL_LOCATIONS
) -> pa.Table:
    """The rows of one proven reply at the chosen locations, each once, in the table's columns.

    `body` is the JSON as served, unpacked. Raises ReplyError where it cannot be read.
    """
    records = parse.read_records(dataset, body).rows
    if chosen != ALL_LOCATIONS:
        wanted = {str(location) for location in chosen}
        records = [record for record in records if record.place.id in wanted]
    step = dataset.interval_minutes
    begins = [_first_stamp(dataset, record) for record in records]
    slots = {text: clock.snap(clock.parse_stamp(text), step) for text in set(begins)}
    seen: dict[tuple[int, Any], Any] = {}
    for text, record in zip(begins, records, strict=True):
        seen.setdefault((slots[text], _place(dataset, record)), record)
    starts = [slot for slot, _ in seen]
    rows = list(seen.values())
    return pa.table(
        [
            pa.array(_values(dataset, column, starts, part, rows), _ARROW[column.type])
            for column in table_columns(dataset)
        ],
        schema=arrow_schema(table_columns(dataset)),
    )


def _values(
    dataset: Dataset, column: TableColumn, starts: list[int], part: Part, rows: list[Any]
) -> list[Any]:
    match column.name:
        case "interval_start_utc":
            return [start * 1_000_000 for start in starts]
        case "interval_end_utc":
            return [(start + dataset.interval_minutes * 60) * 1_000_000 for start in starts]
        case "operating_day":
            return [(part.day - _EPOCH).days] * len(rows)
        case "market":
            return [dataset.market] * len(rows)
        case "location_id":
            return [int(_place(dataset, row)) for row in rows]
        case "location":
            name = "place.name" if dataset.place == "location" else "place_name"
            return list(map(operator.attrgetter(name), rows))
        case "location_type":
            return list(map(operator.attrgetter("place.type"), rows))
        case name:
            return list(map(operator.attrgetter(name), rows))


def _place(dataset: Dataset, record: Any) -> Any:
    if dataset.place == "location":
        return record.place.id
    if dataset.names:
        return tuple(getattr(record, name) for name in dataset.names)
    return record.place if dataset.place == "reserve_zone" else 0


@functools.cache
def _steps(dataset_name: str) -> tuple[str, ...]:
    return DATASETS[dataset_name].begins[1:]


def _first_stamp(dataset: Dataset, record: Any) -> str:
    value = record.begins
    for key in _steps(dataset.name):
        value = getattr(value, key)
    return str(value)
