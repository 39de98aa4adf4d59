"""Records to columns: typed structs become NumPy arrays, and what comes again is there once.

Each response is decoded by itself, which costs no more than decoding many in one go; the records of
many small ones become columns together, which costs 0.7 of doing it one by one. Arrow's own JSON
reader, on records made one a line, takes 1.5 times as long for these, and 1.7 times for large ones.
Where there is much of prices at locations, `aligned` is asked first.
"""

import functools
import itertools
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec import UNSET

from isone.market.columns import Column
from isone.market.dataset import Dataset
from isone.response import parse

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

    def map(self, change: Callable[[Any], Any]) -> "Words":
        """Other values in place of these; those that become the same are one."""
        changed = Words.of(map(change, self.distinct))
        return Words(changed.distinct, changed.at[self.at])

    def part(self, rows: slice) -> "Words":
        """The words of some rows alone."""
        at = self.at[rows]
        if not self.distinct or not len(at):
            return Words([], at)
        first = int(at[0])
        if (at == first).all():  # one location, say
            return Words([self.distinct[first]], np.zeros(len(at), np.int32))
        in_order = np.arange(len(at), dtype=np.int32)
        if (at == in_order + first).all():  # its intervals
            return Words(self.distinct[first : first + len(at)], in_order)
        met, at = _numbered(at)
        return Words([self.distinct[number] for number in self.at[rows][met].tolist()], at)


def together(*columns: Words) -> Words:
    """The words of several columns side by side, each a tuple."""
    number = np.zeros(len(columns[0].at), np.int64)
    for column in columns:
        number = number * len(column.distinct) + column.at
    met, at = _numbered(number)
    parts = [[column.distinct[n] for n in column.at[met].tolist()] for column in columns]
    return Words(list(zip(*parts, strict=True)), at)


def _numbered(values: Any) -> tuple[Any, Any]:
    """Where each of some numbers comes first, ascending, and for each its place among these."""
    _, met, at = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(met)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    return met[order], rank[at]


class Place(NamedTuple):
    """A location or reserve zone under one of its names."""

    id: int | None
    """None where a public report has the name alone and nobody knows whose it is."""
    name: str | None
    """None where the response has none and no list that was kept names it."""
    type: str | None = None


class Columns(NamedTuple):
    """The columns of responses as they were served, one value a row."""

    timestamps: Words
    places: Words
    """`Place`s, where the dataset has a key that is an id; else no words."""
    numbers: dict[str, Any]
    """NumPy, float64, by the names of columns; NaN is what was null or left out."""
    texts: dict[str, Words]
    """By the names of columns; None is what was null or left out, and "" in a key."""
    lengths: tuple[int, ...]
    """The rows of each response, in their order."""
    unknown_fields: tuple[str, ...] = ()


def read_columns(dataset: Dataset, bodies: Sequence[bytes], *, validated: bool) -> Columns | None:
    """The columns of responses in JSON, one after another, read record by record.

    Of a response that was `validated` before, nobody looks whether a key is unknown, or twice in
    one object. None where that has to be looked for, and there is more than one response. Raises
    NoDataError and ResponseError, as `parse.read_records` does.
    """
    found = [parse.read_records(dataset, body) for body in bodies]
    rows = list(itertools.chain.from_iterable(each.rows for each in found))
    reader = _Reader(dataset, rows)
    columns = Columns(
        reader.timestamps(),
        reader.places(),
        {c.name: reader.numbers(c) for c in dataset.columns if c.type != "string"},
        {c.name: reader.texts(c) for c in dataset.columns if c.type == "string"},
        tuple(len(each.rows) for each in found),
    )
    has_known_keys = reader.knows_places and all(each.has_known_keys for each in found)
    if validated or has_known_keys and not any(b"\\" in body for body in bodies):
        read = reader.quotes + sum(each.quotes for each in found)
        if validated or sum(map(quotes_in, bodies)) == read:
            return columns
    if len(bodies) > 1:
        return None
    with parse.json_errors(dataset):
        return columns._replace(unknown_fields=parse.unknown_keys(dataset, bodies[0]))


def quotes_in(body: bytes) -> int:
    """How many quotation marks a body has; NumPy counts them faster than Python."""
    return int(np.count_nonzero(np.frombuffer(body, np.uint8) == _QUOTE))


@functools.lru_cache(maxsize=8192)  # every response has the same
def read_place(name: str, text: bytes) -> tuple[Place, bool]:
    """What `parse.read_place` gives, the id as a number. Raises ResponseError for what is none."""
    found, is_known = parse.read_place(name, text)
    return Place(parse.id_of(found.id), found.name, found.type), is_known


def _count_texts(values: Iterable[Any]) -> int:
    return list(map(type, values)).count(str)


class _Reader:
    """Makes columns of records, and counts the quotation marks of all that is read of them.

    Where every key is known and nothing is escaped, a body has as many as were read, unless an
    object has a key twice: then it has more. That shows in 2 ms what takes 300 to look for.
    """

    def __init__(self, dataset: Dataset, rows: Sequence[Any]) -> None:
        self._dataset, self._rows = dataset, rows
        self.knows_places = True
        paths = [dataset.begins, *(tuple(column.field.split(".")) for column in dataset.columns)]
        objects = {path[:depth] for path in paths for depth in range(1, len(path))}
        self.quotes = self._ignored(rows)
        for path in objects:
            found = [each for each in self._column(path) if each is not UNSET]
            self.quotes += 2 * len(found) + self._ignored([each for each in found if each])

    def _column(self, path: Sequence[str]) -> list[Any]:
        """The values to which keys lead; UNSET where one of them is not there."""
        first, *others = (parse.attribute((key,)) for key in path)
        values = list(map(operator.attrgetter(first), self._rows))
        for name in others:
            values = [getattr(value, name, UNSET) for value in values]
        return values

    def _ignored(self, objects: Sequence[Any]) -> int:
        """The quotation marks of keys that are of no use."""
        getters = [operator.attrgetter(parse.attribute((key,))) for key in self._dataset.ignored]
        found = [raw for get in getters for raw in map(get, objects) if raw is not UNSET]
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
            return np.fromiter(values, float, len(values))
        except TypeError:  # some are null or left out
            self.quotes -= 2 * values.count(UNSET)
            return np.array([None if value is UNSET else value for value in values], float)

    def texts(self, column: Column) -> Words:
        """A column's texts; of keys those are "" that are null or left out."""
        values = self._column(column.field.split("."))
        self.quotes += 2 * (len(values) - values.count(UNSET)) + 2 * _count_texts(values)
        values = [None if value is UNSET else value for value in values]
        if column.name in self._dataset.names:
            values = ["" if value is None else str(value).strip() for value in values]
        return Words.of(values)

    def places(self) -> Words:
        """The places."""
        key = self._dataset.id_key
        if key is None:
            return Words([], np.zeros(len(self._rows), np.int32))
        if key.outer:
            return self._objects(key.outer)
        ids, names = (self._column(each.split(".")) for each in (key.field, key.name_field))
        self.quotes += 6 * len(self._rows) + 2 * _count_texts(ids)
        served = Words.of(zip(ids, names, strict=True))
        return Words([Place(parse.id_of(id), name) for id, name in served.distinct], served.at)

    def _objects(self, outer: str) -> Words:
        """The places whose ids, names and types are inside an object."""
        served = Words.of(map(bytes, self._column(outer.split("."))))
        quotes = np.array([text.count(b'"') for text in served.distinct], int)
        self.quotes += 2 * len(self._rows) + int(quotes[served.at].sum())
        name = self._dataset.name
        with parse.json_errors(self._dataset):
            read = [read_place(name, text) for text in served.distinct]
        self.knows_places = all(is_known for _, is_known in read)
        return Words([place for place, _ in read], served.at)
