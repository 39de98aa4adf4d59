"""Raw replies as rows: read by the strict parser, apart from the way that packing takes."""

import datetime as dt
import functools
from collections.abc import Collection, Iterable
from typing import Any

import pyarrow as pa

from isone import clock, parse
from isone.datasets import ALL_LOCATIONS, DATASETS, OCCURRENCE, Dataset, Locations, Part
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
    dataset: Dataset,
    part: Part,
    body: bytes,
    chosen: Locations = ALL_LOCATIONS,
    unknown: Collection[str] = (),
) -> pa.Table:
    """The rows of one proven reply at the chosen locations, each once, in the table's columns.

    Rows that contradict each other are left out, and prices may be null: both were accepted.
    `body` is the JSON as served, unpacked; `unknown` are names of locations whose ids nobody knew
    when it was stored, and which are in no table. Raises ReplyError where it cannot be read.
    """
    records = parse.read_records(dataset, body, nulls=True).rows
    if dataset.place == "location":  # the id is empty where nobody knows whose name it is
        records = [r for r in records if r.place.id and r.place.name not in unknown]
    if chosen != ALL_LOCATIONS:
        records = [record for record in records if int(record.place.id) in chosen]
    begins = [_first_stamp(dataset, record) for record in records]
    slots = {text: dataset.interval_of(clock.parse_stamp(text)) for text in set(begins)}
    alike: dict[tuple[int, Any], dict[tuple[Any, ...], Any]] = {}
    for text, record in zip(begins, records, strict=True):
        values = tuple(getattr(record, column.name) for column in dataset.columns)
        alike.setdefault((slots[text], _place(dataset, record)), {}).setdefault(values, record)
    starts: list[int] = []
    rows: list[Any] = []
    occurrences: list[int] = []
    for (slot, _), found in alike.items():
        if len(found) > 1 and not dataset.names:
            continue  # they contradict each other, which was accepted: the table has neither
        for number, values in enumerate(sorted(found, key=_nulls_first), 1):
            starts.append(slot)
            rows.append(found[values])
            occurrences.append(number)
    return pa.table(
        [
            pa.array(
                occurrences
                if column.name == OCCURRENCE
                else _values(dataset, column, starts, part, rows),
                _ARROW[column.type],
            )
            for column in table_columns(dataset)
        ],
        schema=arrow_schema(table_columns(dataset)),
    )


def _nulls_first(values: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    return [(value is not None, value) for value in values]


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
            return [_place(dataset, row) for row in rows]
        case "location":
            return [
                row.place.name if dataset.place == "location" else row.place_name for row in rows
            ]
        case "location_type":
            return [row.place.type for row in rows]
        case name:
            return [getattr(row, name) for row in rows]


def _place(dataset: Dataset, record: Any) -> Any:
    if dataset.place == "location":
        return int(record.place.id)
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
