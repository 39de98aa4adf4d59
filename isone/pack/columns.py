"""Responses to columns: the rows of validated responses as Arrow arrays, places as numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from isone.errors import ResponseError
from isone.market import market_time
from isone.market.columns import Column
from isone.market.dataset import Dataset
from isone.market.keys import OCCURRENCE
from isone.market.locations import Locations
from isone.market.requests import Request
from isone.market.schema import COLUMN_TYPES
from isone.response.batches import Stored
from isone.response.columns import Place
from isone.response.rows import tell_apart
from isone.response.table import Table, read_table

_MICROSECONDS = 1_000_000


class ColumnReader:
    """Reads the responses of one dataset into columns, in any order.

    `places` are numbered in the order in which they are met; only rows of the `chosen` ones are
    kept.
    """

    def __init__(self, dataset: Dataset, chosen: Locations = "all"):
        self.dataset = dataset
        self.places: list[Place] = []
        self.left_out = 0
        """Rows so far that are of no chosen location, or of one whose id nobody knows."""
        self._chosen = None if isinstance(chosen, str) else dict.fromkeys(chosen)
        self._number_of: dict[Place, int] = {}

    @property
    def absent(self) -> tuple[int, ...]:
        """The chosen locations of which no row was read."""
        known = {place.id for place in self.places}
        return tuple(id for id in self._chosen or () if id not in known)

    def read(self, responses: Sequence[Stored], bodies: Sequence[bytes]) -> pa.RecordBatch:
        """The rows of validated responses, narrowed to the chosen places.

        Columns: `interval_start_utc` in microseconds, `operating_day`, `place` as an index into
        `places`, or `occurrence`, and the values. `bodies` are the responses as served, unpacked.
        Raises ResponseError where one cannot be read or has another number of rows than were
        validated; and where several cannot be read together.
        """
        table = read_table(self.dataset, *bodies, validated=True)
        validated = [each.entry.rows for each in responses]
        kept, occurrences = np.arange(len(table)), np.ones(len(table), np.int64)
        if self.dataset.occurrence or list(table.lengths) != validated:
            kept, occurrences, _ = tell_apart(table)
        counts = table.count_rows(kept)
        if counts != validated:
            raise ResponseError(
                f"the response has {counts[0]} rows where {validated[0]} were validated"
            )
        columns: dict[str, pa.Array] = {}
        if self.dataset.id_key:
            wanted = self._wanted(table, kept, responses)
            kept, occurrences = kept[wanted], occurrences[wanted]
            columns["place"] = self._numbers(table, kept)
        if self.dataset.occurrence:
            columns[OCCURRENCE] = pa.array(occurrences, pa.int32())
        columns |= _times(table, [each.request for each in responses], kept)
        for column in self.dataset.columns:
            columns[column.name] = column_of(table, column, kept)
        return pa.RecordBatch.from_pydict(columns)

    def _wanted(self, table: Table, kept: Any, responses: Sequence[Stored]) -> Any:
        """Whether each of the kept rows is of a wanted place; none of whose id was not known."""
        places = table.places.distinct
        of_kept = table.places.at[kept]
        wanted = np.array([self._is_wanted(place) for place in places], bool)[of_kept]
        for number, (_, entry) in enumerate(responses):
            if entry.unknown_locations:
                is_unknown = [place.name in entry.unknown_locations for place in places]
                of_response = table.responses[kept] == number
                wanted &= ~(of_response & np.array(is_unknown, bool)[of_kept])
        self.left_out += len(kept) - int(wanted.sum())
        return wanted

    def _numbers(self, table: Table, rows: Any) -> pa.Array:
        """The numbers of the places of some rows."""
        numbers = np.array([self._number(place) for place in table.places.distinct], np.int32)
        return pa.array(numbers[table.places.at[rows]])

    def _number(self, place: Place) -> int:
        number = self._number_of.setdefault(place, len(self.places))
        if number == len(self.places):
            self.places.append(place)
        return number

    def _is_wanted(self, place: Place) -> bool:
        return place.id is not None if self._chosen is None else place.id in self._chosen


def _times(table: Table, requests: Sequence[Request], rows: Any) -> dict[str, pa.Array]:
    """The columns of time of some rows."""
    slots = table.intervals.at[rows]
    starts = np.array(table.intervals.distinct, np.int64) * _MICROSECONDS
    if all(request.span == "day" for request in requests):
        days, of_row = [request.day for request in requests], table.responses[rows]
    else:
        days = [market_time.local_time(slot).date() for slot in table.intervals.distinct]
        of_row = slots
    return {
        "interval_start_utc": pa.array(starts[slots]),
        "operating_day": pa.array(days, pa.date32()).take(pa.array(of_row)),
    }


def column_of(table: Table, column: Column, rows: Any) -> pa.Array:
    """Some rows of a column, by their numbers, in the type of the dataset's table."""
    kind = COLUMN_TYPES[column.type].arrow
    if column.name in table.texts:
        words = table.texts[column.name]
        return pa.array(words.distinct, kind).take(pa.array(words.at[rows]))
    values = table.numbers[column.name][rows]
    return pa.array(values, mask=np.isnan(values)).cast(kind)
