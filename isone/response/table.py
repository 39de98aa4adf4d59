"""A response becomes a table, once: `read_table` is the only door, for JSON and for public CSV.

A table has the rows of a response as columns, in the order in which they came. What comes again in
many rows (a timestamp, a location, a name) is there once, and each row has its number. Measured:
typed structs to NumPy take about as long as reading by position did where records are all written
alike, and two thirds to one half of the time that Arrow's own JSON reader takes.
"""

import contextlib
import datetime as dt
import itertools
import operator
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from msgspec import UNSET

from isone.errors import ResponseError
from isone.market import market_time
from isone.market.columns import Column
from isone.market.dataset import Dataset
from isone.market.keys import Group
from isone.response import parse, reports

_QUOTE = ord('"')


class Words(NamedTuple):
    """A column in which few values come again and again."""

    distinct: list[Any]
    """Each value once, in the order in which they come."""
    at: Any
    """NumPy, int32: for each row, where its value is among them."""

    @classmethod
    def of(cls, values: Iterable[Any]) -> "Words":
        """The words of a column of values, one a row."""
        numbers: defaultdict[Any, int] = defaultdict(itertools.count().__next__)
        at = np.fromiter(map(numbers.__getitem__, values), np.int32)
        return cls(list(numbers), at)

    def to_list(self) -> list[Any]:
        """The values, one a row."""
        return list(map(self.distinct.__getitem__, self.at.tolist()))


class Place(NamedTuple):
    """A location or reserve zone under one of its names."""

    id: int | None
    """None where a public report has the name alone and nobody knows whose it is."""
    name: str | None
    """None where the response has none and no list that was kept names it."""
    type: str | None = None


@dataclass(frozen=True)
class Table:
    """The rows of one response."""

    dataset: Dataset
    timestamps: Words
    """As they were served."""
    intervals: Words
    """The beginning of each row's interval, UTC seconds."""
    places: Words
    """`Place`s, where the dataset has a key that is an id; else no words."""
    keys: Words
    """What tells the rows of an interval apart, each a `market.keys.Group`; in place of an id that
    nobody knows it has the place's name."""
    numbers: dict[str, Any]
    """NumPy, float64, by the names of columns; NaN is what was null or left out."""
    texts: dict[str, Words]
    """By the names of columns; None is what was null or left out."""
    off_grid: int
    """Rows whose timestamp is another instant than their interval's beginning."""
    unknown_fields: tuple[str, ...]
    """The keys that nothing is known of; they are not looked for in what was validated before."""

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.timestamps.at)

    @property
    def cells(self) -> Any:
        """NumPy, int64: a number for each row, the same for rows of one interval and key."""
        return self.intervals.at.astype(np.int64) * len(self.keys.distinct) + self.keys.at


def read_table(dataset: Dataset, body: bytes, *, validated: bool = False) -> Table:
    """The rows of a response, as served and unpacked: the web services' JSON, or public CSV.

    A price that every row should have may be null, or absent from some. Of a response that was
    `validated` before, nobody looks whether a key is unknown, or twice in one object. Raises
    NoDataError where the service says in one of its ways that it has none, and ResponseError where
    the form is not the dataset's, or a timestamp or an id is none.
    """
    named_only = reports.is_report(body)
    body = reports.as_response(dataset, body) if named_only else body
    body = parse.plain_body(dataset, body)
    records = parse.read_records(dataset, body)
    reader = _Reader(dataset, records.rows)
    numbers = {c.name: reader.numbers(c) for c in dataset.columns if c.type != "string"}
    texts = {c.name: reader.texts(c) for c in dataset.columns if c.type == "string"}
    timestamps = reader.timestamps()
    places = reader.places(named_only=named_only)
    unknown: tuple[str, ...] = ()
    is_plain = records.has_known_keys and reader.knows_places and b"\\" not in body
    quotes = np.count_nonzero(np.frombuffer(body, np.uint8) == _QUOTE)
    if not validated and not (is_plain and quotes == records.quotes + reader.quotes):
        with parse.json_errors(dataset):
            unknown = parse.unknown_keys(dataset, body)
    intervals, off_grid = _intervals(dataset, timestamps)
    return Table(
        dataset,
        timestamps,
        intervals,
        places,
        _keys(dataset, places, texts, len(records.rows)),
        numbers,
        texts,
        off_grid,
        unknown,
    )


class _Reader:
    """Makes columns of records, and counts the quotation marks of all that is read of them.

    Where every key is known and nothing is escaped, a body has as many as were read, unless an
    object has a key twice: then it has more. That shows in a millisecond what takes a hundred to
    look for.
    """

    def __init__(self, dataset: Dataset, rows: Sequence[Any]) -> None:
        self._dataset, self._rows = dataset, rows
        self.knows_places = True
        paths = [dataset.begins, *(tuple(column.field.split(".")) for column in dataset.columns)]
        objects = {path[:depth] for path in paths for depth in range(1, len(path))}
        self.quotes = self._ignored(rows)
        for path in objects:
            found = [each for each in self._column(path) if each is not UNSET]
            self.quotes += 2 * len(found) + self._ignored(each for each in found if each)

    def _column(self, path: Sequence[str]) -> list[Any]:
        """The values to which keys lead; UNSET where one of them is not there."""
        first, *others = (parse.attribute((key,)) for key in path)
        values = list(map(operator.attrgetter(first), self._rows))
        for name in others:
            values = [getattr(value, name, UNSET) for value in values]
        return values

    def _ignored(self, objects: Iterable[Any]) -> int:
        """The quotation marks of keys that are of no use."""
        found = [
            getattr(each, parse.attribute((key,)))
            for each in objects
            for key in self._dataset.ignored
        ]
        found = [raw for raw in found if raw is not UNSET]
        return 2 * len(found) + b"".join(found).count(b'"')

    def timestamps(self) -> Words:
        """The timestamps as served."""
        self.quotes += 4 * len(self._rows)
        return Words.of(self._column(self._dataset.begins))

    def numbers(self, column: Column) -> Any:
        """A column's numbers, NaN where there is none."""
        values = self._column(column.field.split("."))
        self.quotes += 2 * len(values)
        try:
            return np.array(values, float)
        except TypeError:  # some are left out
            self.quotes -= 2 * sum(value is UNSET for value in values)
            return np.array([None if value is UNSET else value for value in values], float)

    def texts(self, column: Column) -> Words:
        """A column's texts; of keys those are "" that are null or left out."""
        values = self._column(column.field.split("."))
        self.quotes += 2 * sum(value is not UNSET for value in values)
        self.quotes += 2 * sum(isinstance(value, str) for value in values)
        values = [None if value is UNSET else value for value in values]
        if column.name in self._dataset.names:
            values = ["" if value is None else str(value).strip() for value in values]
        return Words.of(values)

    def places(self, *, named_only: bool) -> Words:
        """The places; where they may be `named_only`, an id may be empty."""
        key = self._dataset.id_key
        if key is None:
            return Words([], np.zeros(len(self._rows), np.int32))
        if key.outer:
            return self._objects(key.outer, named_only=named_only)
        ids, names = (self._column(each.split(".")) for each in (key.field, key.name_field))
        self.quotes += 6 * len(self._rows) + 2 * sum(isinstance(id, str) for id in ids)
        served = Words.of(zip(ids, names, strict=True))
        return Words([Place(parse.id_of(id), name) for id, name in served.distinct], served.at)

    def _objects(self, outer: str, *, named_only: bool) -> Words:
        """The places whose ids, names and types are inside an object."""
        served = Words.of(map(bytes, self._column(outer.split("."))))
        quotes = np.array([text.count(b'"') for text in served.distinct], int)
        self.quotes += 2 * len(self._rows) + int(quotes[served.at].sum())
        with parse.json_errors(self._dataset):
            read = [parse.read_place(self._dataset, text) for text in served.distinct]
        self.knows_places = all(is_known for _, is_known in read)
        places = [
            Place(None if named_only and ref.id == "" else parse.id_of(ref.id), ref.name, ref.type)
            for ref, _ in read
        ]
        return Words(places, served.at)


def _keys(dataset: Dataset, places: Words, texts: dict[str, Words], rows: int) -> Words:
    """The groups of rows: the id, the texts, or both."""
    ids = Words.of(place.name if place.id is None else place.id for place in places.distinct)
    ids = Words(ids.distinct, ids.at[places.at] if dataset.id_key else np.zeros(rows, np.int32))
    if not dataset.names:
        return ids if dataset.id_key else Words.of([0] * rows)
    parts = [texts[name].to_list() for name in dataset.names]
    groups: Iterable[Group] = zip(*([ids.to_list()] if dataset.id_key else []), *parts, strict=True)
    return Words.of(groups)


def _intervals(dataset: Dataset, timestamps: Words) -> tuple[Words, int]:
    """The intervals that timestamps mean, and how many rows are off them.

    Most are written as expected of their day; any other is read for itself.
    """
    expected: dict[str, int] = {}
    found: list[int] = []
    moved: list[bool] = []
    for text in timestamps.distinct:
        if text not in expected:
            expected = _written_on(text, dataset.times.minutes)
        instant = expected.get(text)
        if instant is None:
            instant = _instant(text)
        found.append(dataset.times.interval_of(instant))
        moved.append(found[-1] != instant)
    intervals = Words.of(found)
    off_grid = int(np.array(moved, bool)[timestamps.at].sum())
    return Words(intervals.distinct, intervals.at[timestamps.at]), off_grid


def _written_on(timestamp: str, minutes: int | None) -> dict[str, int]:
    """The timestamps of a timestamp's day as ISO-NE writes them; none of what has no intervals."""
    if minutes:
        with contextlib.suppress(ValueError, OverflowError):
            return market_time.timestamps(dt.date.fromisoformat(timestamp[:10]), minutes)
    return {}


def _instant(timestamp: str) -> int:
    try:
        return market_time.parse_timestamp(timestamp)
    except (ValueError, OverflowError) as error:
        raise ResponseError(
            f"the response has a wrong timestamp: {parse.shown(str(error))}"
        ) from error
