"""Responses to columns: the rows of validated responses as Arrow arrays, places as numbers."""

from collections.abc import Container
from typing import Any

import numpy as np
import pyarrow as pa

from isone.errors import ResponseError
from isone.market.datasets import OCCURRENCE, Column, Dataset, Locations, Request
from isone.response.rows import tell_apart
from isone.response.table import Place, Table, read_table

_MICROSECONDS = 1_000_000
_TYPES = {"double": pa.float64(), "integer": pa.int32()}


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
        self._chosen = None if isinstance(chosen, str) else frozenset(chosen)
        self._number_of: dict[Place, int] = {}

    def read(
        self, request: Request, body: bytes, rows: int, unknown: Container[str | None] = ()
    ) -> pa.RecordBatch:
        """The `rows` rows of the table from a validated response, narrowed to the chosen places.

        Columns: `interval_start_utc` in microseconds, `operating_day`, `place` as an index into
        `places`, or `occurrence`, and the values. `body` is the response as served, unpacked;
        `unknown` are names of locations whose rows are left out. Raises ResponseError where it
        cannot be read or has another number of rows.
        """
        table = read_table(self.dataset, body, validated=True)
        kept, occurrences = np.arange(len(table)), None
        if self.dataset.names or len(table) != rows:
            kept, occurrences, _ = tell_apart(table)
        if len(kept) != rows:
            raise ResponseError(f"the response has {len(kept)} rows where {rows} were validated")
        columns: dict[str, pa.Array] = {}
        if self.dataset.place:
            kept, columns["place"] = self._narrow(table, kept, unknown)
        elif self.dataset.names:
            columns[OCCURRENCE] = pa.array(occurrences, pa.int32())
        starts = np.array(table.intervals.distinct, np.int64) * _MICROSECONDS
        columns["interval_start_utc"] = pa.array(starts[table.intervals.at[kept]])
        columns["operating_day"] = pa.repeat(pa.scalar(request.day, pa.date32()), len(kept))
        for column in self.dataset.columns:
            columns[column.name] = column_of(table, column, kept)
        return pa.RecordBatch.from_pydict(columns)

    def _narrow(
        self, table: Table, kept: Any, unknown: Container[str | None]
    ) -> tuple[Any, pa.Array]:
        """Those of the kept rows that are of wanted places, and the numbers of these."""
        numbers = np.array([self._number(place) for place in table.places.distinct], np.int32)
        is_wanted = np.array(
            [
                self._is_wanted(place) and place.name not in unknown
                for place in table.places.distinct
            ],
            bool,
        )
        wanted = kept[is_wanted[table.places.at[kept]]]
        self.left_out += len(kept) - len(wanted)
        return wanted, pa.array(numbers[table.places.at[wanted]])

    def _number(self, place: Place) -> int:
        number = self._number_of.setdefault(place, len(self.places))
        if number == len(self.places):
            self.places.append(place)
        return number

    def _is_wanted(self, place: Place) -> bool:
        return place.id is not None if self._chosen is None else place.id in self._chosen


def column_of(table: Table, column: Column, rows: Any) -> pa.Array:
    """Some rows of a column, by their numbers, in the type of the dataset's table."""
    if column.name in table.texts:
        words = table.texts[column.name]
        return pa.array(words.distinct, pa.string()).take(pa.array(words.at[rows]))
    values = table.numbers[column.name][rows]
    return pa.array(values, mask=np.isnan(values)).cast(_TYPES[column.type])
