"""Public reports read as the web services' responses are: the same columns from other text.

What a report leaves out is filled in from what is known (`report_places`): the names of locations
where it has ids alone, ids where it has names alone. A row whose location's id nobody knows stays a
row, without an id: so a report has the same number of rows whatever is known when it is read.
Source: real heads of reports, and what working public clients expect where none was seen.
"""

import math
import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from isone.errors import ResponseError
from isone.market import market_time
from isone.market.columns import Column
from isone.market.dataset import Dataset
from isone.market.keys import IdKey
from isone.response import parse, report_places, report_times
from isone.response.columns import Columns, Place, Words, together
from isone.response.report_sheet import (
    DATE,
    HOUR_ENDING,
    ID,
    NAME,
    TIME,
    TYPE,
    Sheet,
    plain,
    read_sheet,
)

_NUMBER = re.compile(r"-?[0-9]+|-?(0|[1-9][0-9]*)\.[0-9]+")
_DIGITS = 40  # more are no price
_KNOWN = {*DATE, *TIME, *HOUR_ENDING, *ID, *NAME, *TYPE}


def read_columns(dataset: Dataset, body: bytes) -> Columns:
    """The columns of a report.

    Raises NoDataError where the report says that there is none, and ResponseError where it is not a
    whole report of this dataset.
    """
    sheet = read_sheet(body)
    if dataset.public_csv is None:
        raise ResponseError(f"{dataset.name} has no public report")
    fields = _fields(dataset, sheet)
    return Columns(
        report_times.instants(dataset, sheet).map(market_time.timestamp),
        _places(dataset, sheet),
        {
            c.name: _numbers(dataset, c, sheet, fields)
            for c in dataset.columns
            if c.type != "string"
        },
        {c.name: _texts(dataset, c, sheet, fields) for c in dataset.columns if c.type == "string"},
        (len(sheet),),
        _unknown(dataset, sheet, fields.values()),
    )


def _fields(dataset: Dataset, sheet: Sheet) -> dict[str, int]:
    """Under which heading each of the record's fields has its data."""
    report = dataset.public_csv
    assert report is not None  # noqa: S101 - for the type checker; read_columns has seen to it
    found: dict[str, int] = {}
    for field, headings in report.headings.items():
        column = sheet.find(map(plain, headings))
        if column is not None:
            found[field] = column
    required = {column.field for column in dataset.columns if column.required}
    lacking = sorted(report.headings[field][0] for field in required - set(found))
    if lacking:
        raise ResponseError(f"the report lacks {', '.join(lacking)}; it has {sheet.named}")
    return found


def _unknown(dataset: Dataset, sheet: Sheet, taken: Collection[int]) -> tuple[str, ...]:
    """The headings that nothing is known of."""
    return parse.named_fields(
        heading
        for number, heading in enumerate(sheet.headings)
        if number not in taken and plain(heading) not in _KNOWN and heading not in dataset.ignored
    )


def _numbers(dataset: Dataset, column: Column, sheet: Sheet, fields: Mapping[str, int]) -> Any:
    """A column's numbers, NaN where one is empty or the report has none of them."""
    if column.field not in fields:
        return np.full(len(sheet), np.nan)
    words = sheet.columns[fields[column.field]]
    return np.array([_number(dataset, column, text) for text in words.distinct])[words.at]


def _number(dataset: Dataset, column: Column, served: str) -> float:
    text = served.strip()
    if not text:
        return math.nan
    is_number = _NUMBER.fullmatch(text) and len(text) <= _DIGITS
    if not is_number or (column.type == "integer" and "." in text):
        raise ResponseError(
            f"the response is not what {dataset.name} looks like: it has {parse.shown(text)!r} "
            f"for {column.field}"
        )
    return float(text) if "." in text else float(int(text))


def _texts(dataset: Dataset, column: Column, sheet: Sheet, fields: Mapping[str, int]) -> Words:
    """A column's texts; of keys those are "" that the report leaves out, of others None."""
    absent = "" if column.name in dataset.names else None
    if column.field not in fields:
        return Words([absent], np.zeros(len(sheet), np.int32))
    return sheet.columns[fields[column.field]].map(lambda text: text.strip() or absent)


def _places(dataset: Dataset, sheet: Sheet) -> Words:
    """Each row's place; no words where prices have no place."""
    if dataset.id_key is None:
        return Words([], np.zeros(len(sheet), np.int32))
    columns = [sheet.column(names) for names in (ID, NAME, TYPE)]
    present = [column for column in columns if column is not None]
    if not present:
        raise ResponseError("the report does not say which location its prices are of")

    def place(served: tuple[str, ...]) -> Place:
        texts = iter(served)
        id, name, kind = (None if column is None else next(texts) for column in columns)
        return (_location if key.outer else _zone)(key, id, name, kind)

    key = dataset.id_key
    return together(*present).map(place)


def _zone(key: IdKey, id: str | None, name: str | None, _: str | None) -> Place:
    number = report_places.id_of(id) if id is not None else _known_id(key, name) or 0
    called = name if name is not None else key.known.get(number, (None, None))[0]
    if called is None:
        raise ResponseError(f"the report does not name its {key.kind} {number}")
    return Place(number, called)


def _location(key: IdKey, id: str | None, name: str | None, kind: str | None) -> Place:
    if id is not None:
        number: int | None = report_places.id_of(id)
    elif name:
        number = _known_id(key, name) or report_places.id_named(name)
    else:
        raise ResponseError("the report has a row without the name of its location")
    known = report_places.called(number)
    return Place(number, name or known[0], (kind or known[1]) if key.type_field else None)


def _known_id(key: IdKey, name: str | None) -> int | None:
    """The id that always has a name; None where no id has it always."""
    return next((number for number, (known, _) in key.known.items() if known == name), None)
