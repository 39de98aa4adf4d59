"""Raw responses as rows: read by the strict parser, apart from the way that packing takes."""

import datetime as dt
import functools
import operator
from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa

from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.keys import OCCURRENCE
from isone.market.locations import ALL_LOCATIONS, Locations
from isone.market.requests import Request
from isone.market.schema import TableColumn, arrow_schema, table_columns
from isone.response import parse

_Key = tuple[int, int, tuple[str, ...]]
"""Interval, id and texts of a row."""
_EPOCH = dt.date(1970, 1, 1)
_SECONDS_OFF = 2  # by which an event may be off its interval's beginning and mean it


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
    key = dataset.id_key
    if key and key.outer:  # the id is empty where nobody knows whose name it is
        records = [r for r in records if r.place.id and r.place.name not in unknown]
    ids = _ids(dataset, records)
    if chosen != ALL_LOCATIONS:
        kept = [each for each in zip(records, ids, strict=True) if each[1] in chosen]
        records, ids = [record for record, _ in kept], [id for _, id in kept]
    begins = list(map(operator.attrgetter(".".join(("begins", *dataset.begins[1:]))), records))
    slots = {text: _slot(dataset.name, text) for text in set(begins)}
    texts = [tuple(getattr(record, name) for name in dataset.names) for record in records]
    keys = list(zip(map(slots.__getitem__, begins), ids, texts, strict=True))
    occurrences = [1] * len(keys)
    if len(set(keys)) < len(keys):
        keys, records, occurrences = _told_apart(dataset, keys, records)
    return pa.table(
        [
            pa.array(
                occurrences
                if column.name == OCCURRENCE
                else _values(dataset, column, keys, request, records),
                column.arrow,
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
        if len(found) == 1 or dataset.occurrence  # else they contradict each other: neither is kept
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
            return [start * 1_000_000 for start, _, _ in keys]
        case "interval_end_utc":
            minutes = dataset.interval_minutes
            return [(start + minutes * 60) * 1_000_000 for start, _, _ in keys]
        case "operating_day":
            if request.span == "day":
                return [(request.day - _EPOCH).days] * len(rows)
            days = {start: market_time.local_time(start).date() for start, _, _ in keys}
            return [(days[start] - _EPOCH).days for start, _, _ in keys]
        case "market":
            return [dataset.market] * len(rows)
        case "location_id":
            return [id for _, id, _ in keys]
        case "location":
            has_object = dataset.id_key and dataset.id_key.outer
            name = "place.name" if has_object else "place_name"
            return list(map(operator.attrgetter(name), rows))
        case "location_type":
            return list(map(operator.attrgetter("place.type"), rows))
        case name:
            return list(map(operator.attrgetter(name), rows))


def _ids(dataset: Dataset, records: Sequence[Any]) -> list[int]:
    """The id of each record; 0 where there is none."""
    if dataset.id_key and dataset.id_key.outer:
        texts = list(map(operator.attrgetter("place.id"), records))
        ids = {text: int(text) for text in set(texts)}
        return list(map(ids.__getitem__, texts))
    return (
        list(map(operator.attrgetter("place"), records)) if dataset.id_key else [0] * len(records)
    )


@functools.lru_cache(maxsize=1024)  # the timestamps of a day come again at every location
def _slot(dataset_name: str, timestamp: str) -> int:
    instant, times = market_time.parse_timestamp(timestamp), DATASETS[dataset_name].times
    # worked out here: what a download took for an interval's beginning is what is looked at
    if times.minutes is None:
        return instant
    step = times.minutes * 60
    start, late = divmod(instant, step)
    off = min(late, step - late)
    near = 2 * off < step if times.owes_rows else off <= _SECONDS_OFF
    return (start + (2 * late > step)) * step if near else instant
