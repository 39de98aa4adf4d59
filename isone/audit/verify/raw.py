"""Raw responses as rows: read by the strict parser, apart from the way that packing takes."""

import datetime as dt
import functools
import operator
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pyarrow as pa

from isone.market import clock
from isone.market.datasets import ALL_LOCATIONS, DATASETS, OCCURRENCE, Dataset, Locations, Request
from isone.market.tables import TableColumn, table_columns
from isone.response import parse

_ARROW = {
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "string": pa.string(),
}
_Key = tuple[int, Any]
"""Interval and place of a row."""
_EPOCH = dt.date(1970, 1, 1)


def arrow_schema(columns: Iterable[TableColumn]) -> pa.Schema:
    """The Arrow schema of a table's columns."""
    return pa.schema([(column.name, _ARROW[column.type]) for column in columns])


def rows_of(
    dataset: Dataset,
    request: Request,
    body: bytes,
    chosen: Locations = ALL_LOCATIONS,
    unknown: Collection[str] = (),
) -> pa.Table:
    """The rows of a validated response at the chosen locations, each once, in the table's columns.

    Rows that contradict each other are left out, and prices may be null: both were accepted.
    `body` is the JSON as served, unpacked; `unknown` are names of locations whose ids nobody knew
    when it was stored, and which are in no table. Raises ResponseError where it cannot be read.
    """
    records = parse.read_records(dataset, body, nulls=True).rows
    if dataset.place == "location":  # the id is empty where nobody knows whose name it is
        records = [r for r in records if r.place.id and r.place.name not in unknown]
    places = _places(dataset, records)
    if chosen != ALL_LOCATIONS:
        kept = [each for each in zip(records, places, strict=True) if each[1] in chosen]
        records, places = [record for record, _ in kept], [place for _, place in kept]
    begins = list(map(operator.attrgetter(".".join(("begins", *dataset.begins[1:]))), records))
    slots = {text: _slot(dataset.name, text) for text in set(begins)}
    keys = list(zip(map(slots.__getitem__, begins), places, strict=True))
    occurrences = [1] * len(keys)
    if len(set(keys)) < len(keys):
        keys, records, occurrences = _told_apart(dataset, keys, records)
    return pa.table(
        [
            pa.array(
                occurrences
                if column.name == OCCURRENCE
                else _values(dataset, column, keys, request, records),
                _ARROW[column.type],
            )
            for column in table_columns(dataset)
        ],
        schema=arrow_schema(table_columns(dataset)),
    )


def _told_apart(
    dataset: Dataset, keys: Sequence[_Key], records: Sequence[Any]
) -> tuple[list[_Key], list[Any], list[int]]:
    """Keys, records and occurrences without copies, and without rows that contradict each other."""
    alike: dict[_Key, dict[tuple[Any, ...], Any]] = {}
    for key, record in zip(keys, records, strict=True):
        values = tuple(getattr(record, column.name) for column in dataset.columns)
        alike.setdefault(key, {}).setdefault(values, record)
    rows = [
        (key, found[values], number)
        for key, found in alike.items()
        if len(found) == 1 or dataset.names  # else they contradict each other: neither is kept
        for number, values in enumerate(sorted(found, key=_nulls_first), 1)
    ]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _nulls_first(values: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    return [(value is not None, value) for value in values]


def _values(
    dataset: Dataset, column: TableColumn, keys: list[_Key], request: Request, rows: list[Any]
) -> list[Any]:
    match column.name:
        case "interval_start_utc":
            return [start * 1_000_000 for start, _ in keys]
        case "interval_end_utc":
            return [(start + dataset.interval_minutes * 60) * 1_000_000 for start, _ in keys]
        case "operating_day":
            return [(request.day - _EPOCH).days] * len(rows)
        case "market":
            return [dataset.market] * len(rows)
        case "location_id":
            return [place for _, place in keys]
        case "location":
            name = "place.name" if dataset.place == "location" else "place_name"
            return list(map(operator.attrgetter(name), rows))
        case "location_type":
            return list(map(operator.attrgetter("place.type"), rows))
        case name:
            return list(map(operator.attrgetter(name), rows))


def _places(dataset: Dataset, records: Sequence[Any]) -> list[Any]:
    """What tells the records of an interval apart: a location's id, names, or nothing."""
    if dataset.place == "location":
        texts = list(map(operator.attrgetter("place.id"), records))
        ids = {text: int(text) for text in set(texts)}
        return list(map(ids.__getitem__, texts))
    if dataset.names:
        return list(map(operator.attrgetter(*dataset.names), records))
    return list(map(operator.attrgetter("place"), records)) if dataset.place else [0] * len(records)


@functools.lru_cache(maxsize=1024)  # the timestamps of a day come again at every location
def _slot(dataset_name: str, timestamp: str) -> int:
    return DATASETS[dataset_name].interval_of(clock.parse_timestamp(timestamp))
