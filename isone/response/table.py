"""A response becomes a table, once: `read_table` is the only door, for JSON and for public CSV.

A table has the rows of a response as columns, in the order in which they came. What comes again in
many rows (a timestamp, a location, a name) is there once, and each row has its number.
"""

import contextlib
import datetime as dt
import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isone.errors import ResponseError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.keys import Group
from isone.market.times import Times
from isone.response import columns, csv_reports, parse, report_sheet
from isone.response.columns import Words

LARGE = 2**18
"""Bytes of JSON from which on it is tried to read responses by position.

Measured, processor time of 28,800 rows: of a day of 1,200 locations 24 ms, 43 record by record, 74
with Arrow's own JSON reader; of a hundred responses of one location 24 ms and 51. Of four of them
(230 kB), or of a day of hub and zones twice (280 kB), either way takes the same.
"""
_DATE = len("2024-01-31")


@dataclass(frozen=True)
class Table:
    """The rows of one response, or of several of a dataset, one after another."""

    dataset: Dataset
    lengths: tuple[int, ...]
    """The rows of each response, in their order."""
    timestamps: Words
    """As they were served."""
    off_grid: Any
    """NumPy, bool: whether each row's timestamp is off its interval's beginning."""
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
    unknown_fields: tuple[str, ...]
    """The keys that nothing is known of; they are not looked for in what was validated before."""

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.timestamps.at)

    @functools.cached_property
    def responses(self) -> Any:
        """NumPy, int64: for each row, which response it is of."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @functools.cached_property
    def slots(self) -> Any:
        """NumPy, int64: a number a row, the same for rows of a response and interval."""
        slots = self.intervals.at.astype(np.int64)
        if len(self.lengths) > 1:
            slots += self.responses * len(self.intervals.distinct)
        return slots

    @functools.cached_property
    def cells(self) -> Any:
        """NumPy, int64: a number a row, the same for rows of a response, interval and key."""
        return self.slots * len(self.keys.distinct) + self.keys.at

    def count_rows(self, rows: Any) -> list[int]:
        """How many of some rows, by their numbers, each response has."""
        return list(np.bincount(self.responses[rows], minlength=len(self.lengths)).tolist())

    def distinct(self, words: Words) -> list[list[Any]]:
        """The different words of each response."""
        pairs = np.unique(self.responses * len(words.distinct) + words.at)
        edges = np.searchsorted(pairs, np.arange(1, len(self.lengths)) * len(words.distinct))
        if not words.distinct:
            return [[] for _ in self.lengths]
        return [
            [words.distinct[at] for at in (part % len(words.distinct)).tolist()]
            for part in np.split(pairs, edges)
        ]

    def parts(self) -> Iterator["Table"]:
        """Each response by itself, as it is where it is read by itself."""
        if len(self.lengths) == 1:
            yield self
            return
        for stop, length in zip(itertools.accumulate(self.lengths), self.lengths, strict=True):
            yield self._part(slice(stop - length, stop))

    def _part(self, rows: slice) -> "Table":
        return Table(
            self.dataset,
            (rows.stop - rows.start,),
            self.timestamps.part(rows),
            self.off_grid[rows],
            self.intervals.part(rows),
            self.places.part(rows),
            self.keys.part(rows),
            {name: numbers[rows] for name, numbers in self.numbers.items()},
            {name: words.part(rows) for name, words in self.texts.items()},
            self.unknown_fields,
        )


def read_table(dataset: Dataset, *bodies: bytes, validated: bool = False) -> Table:
    """The rows of a response, as served and unpacked: the web services' JSON, or public CSV.

    Several small responses in JSON are read much faster in one call. A price that every row should
    have may be null, or absent from some. Of a response that was `validated` before, nobody looks
    whether a key is unknown, or twice in one object. Raises NoDataError where the service says in
    one of its ways that it has none, and ResponseError where the form is not the dataset's, or a
    timestamp or an id is none; and where several cannot be read together.
    """
    read = _read_columns(dataset, bodies, validated)
    if read is None:
        raise ResponseError("the responses have to be read one by one")
    intervals, off_grid = _intervals(dataset, read.timestamps)
    return Table(
        dataset,
        read.lengths,
        read.timestamps,
        off_grid,
        intervals,
        read.places,
        _keys(dataset, read),
        read.numbers,
        read.texts,
        read.unknown_fields,
    )


def _read_columns(
    dataset: Dataset, bodies: Sequence[bytes], validated: bool
) -> columns.Columns | None:
    if len(bodies) == 1 and report_sheet.is_report(bodies[0]):
        return csv_reports.read_columns(dataset, bodies[0])
    bodies = [parse.plain_body(dataset, body) for body in bodies]
    if sum(map(len, bodies)) >= LARGE:
        from isone.response import aligned  # Arrow, only where there is much to read

        if read := aligned.read_columns(dataset, bodies):
            return read
    return columns.read_columns(dataset, bodies, validated=validated)


def _keys(dataset: Dataset, read: columns.Columns) -> Words:
    """The groups of rows: the id, the texts, or both."""
    places, rows = read.places, len(read.timestamps.at)
    ids = Words.of(place.name if place.id is None else place.id for place in places.distinct)
    ids = Words(ids.distinct, ids.at[places.at] if dataset.id_key else np.zeros(rows, np.int32))
    if not dataset.names:
        return ids if dataset.id_key else Words.of([0] * rows)
    parts = [read.texts[name].to_list() for name in dataset.names]
    groups: Iterable[Group] = zip(*([ids.to_list()] if dataset.id_key else []), *parts, strict=True)
    return Words.of(groups)


def _intervals(dataset: Dataset, timestamps: Words) -> tuple[Words, Any]:
    """The intervals that timestamps mean, and whether each row is off its interval's beginning."""
    intervals, moved = _read_timestamps(dataset.times, tuple(timestamps.distinct))
    return Words(intervals.distinct, intervals.at[timestamps.at]), moved[timestamps.at]


@functools.lru_cache(maxsize=4)  # a day's responses, a location each, have the same
def _read_timestamps(times: Times, texts: tuple[str, ...]) -> tuple[Words, Any]:
    """For each text, the interval that it means and, in NumPy, whether it is off its beginning.

    Most are such beginnings, written as expected of their day; any other is read for itself.
    """
    expected: dict[str, int] = {}
    for day in {text[:_DATE] for text in texts}:
        expected |= _written_on(day, times.minutes)
    found = list(map(expected.get, texts))
    moved = np.zeros(len(found), bool)
    for at in [at for at, interval in enumerate(found) if interval is None]:
        instant = _instant(texts[at])
        found[at] = times.interval_of(instant)
        moved[at] = found[at] != instant
    return Words.of(found), moved


def _written_on(day: str, minutes: int | None) -> dict[str, int]:
    """The timestamps of a day as ISO-NE writes them; none of what has no intervals, or no day."""
    if minutes:
        with contextlib.suppress(ValueError, OverflowError):
            return market_time.timestamps(dt.date.fromisoformat(day), minutes)
    return {}


def _instant(timestamp: str) -> int:
    try:
        return market_time.parse_timestamp(timestamp)
    except (ValueError, OverflowError) as error:
        raise ResponseError(
            f"the response has a wrong timestamp: {parse.shown(str(error))}"
        ) from error
