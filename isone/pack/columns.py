"""Responses to columns: the records of validated responses as Arrow arrays, places as numbers.

Most responses with locations are read a whole column at a time (`aligned`), all others record by
record. Nothing is done once a row that can be done once a response.
"""

import functools
import operator
from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from isone.errors import ResponseError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.keys import OCCURRENCE
from isone.market.locations import Locations
from isone.market.requests import Request
from isone.market.schema import COLUMN_TYPES
from isone.response import parse
from isone.response.aligned import Cells, read_cells
from isone.response.parse import WideLocationRef
from isone.response.rows import Key, groups_of, tell_apart

_MICROSECONDS = 1_000_000


class Place(NamedTuple):
    """A location or reserve zone under one of its names."""

    id: int | None
    """None where a public report has the name alone and nobody knows whose it is; such rows are
    left out."""
    name: str | None
    """None where the response has none and no list that was kept names it."""
    type: str | None = None


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
        self._number_of_text: dict[bytes, int] = {}
        self._previous: list[Any] = []
        self._numbers = pa.array([], pa.int32())
        self._kept: list[int] | None = None
        self._previous_places: pa.Array | None = None
        self._cell_numbers = self._numbers
        self._begins = operator.attrgetter(".".join(("begins", *dataset.begins[1:])))

    def read(self, request: Request, body: bytes, rows: int) -> pa.RecordBatch:
        """The `rows` rows of the table from a validated response, narrowed to the chosen places.

        Columns: `interval_start_utc` in microseconds, `operating_day`, `place` as an index into
        `places`, or `occurrence`, and the values. `body` is the JSON as served, unpacked. Raises
        ResponseError where it cannot be read or has another number of rows.
        """
        cells = read_cells(self.dataset, body)
        if cells and len(cells.begins) == rows:
            return self._from_cells(request, cells)
        records = parse.read_records(self.dataset, body, validated=True).rows
        columns: dict[str, pa.Array] = {}
        if self.dataset.occurrence or len(records) != rows:
            kept = self._tell_apart(records)
            records = list(kept.values())
            if self.dataset.occurrence:
                numbers = [place[-1] for _, place in kept]
                columns[OCCURRENCE] = pa.array(numbers, pa.int32())
        if len(records) != rows:
            raise ResponseError(f"the response has {len(records)} rows where {rows} were validated")
        if self.dataset.id_key:
            records = self._narrow(records)
            columns["place"] = self._numbers
        columns |= self._times(request, pa.array(list(map(self._begins, records)), pa.string()))
        for column in self.dataset.columns:
            values = list(map(operator.attrgetter(column.name), records))
            columns[column.name] = pa.array(values, COLUMN_TYPES[column.type].arrow)
        return pa.RecordBatch.from_pydict(columns)

    def without(self, batch: pa.RecordBatch, names: Collection[str]) -> pa.RecordBatch:
        """A batch that was read, without the rows of locations of these names."""
        wanted = pa.array([place.name not in names for place in self.places])
        kept = batch.filter(wanted.take(batch["place"]))
        self.left_out += batch.num_rows - kept.num_rows
        return kept

    def _from_cells(self, request: Request, cells: Cells) -> pa.RecordBatch:
        """What `read` gives, from a response that was read a column at a time."""
        if self._previous_places is None or not cells.places.equals(self._previous_places):
            places = cells.places.dictionary_encode()
            numbers = [self._number_of_json(text.as_py()) for text in places.dictionary]
            self._previous_places = cells.places
            self._cell_numbers = pa.array(numbers, pa.int32()).take(places.indices)
        columns = {
            "place": self._cell_numbers,
            **self._times(request, cells.begins.cast(pa.string())),
            **cells.values,
        }
        batch = pa.RecordBatch.from_pydict(columns)
        if self._chosen is None:
            return batch
        wanted = pa.array([place.id in self._chosen for place in self.places])
        kept = batch.filter(wanted.take(self._cell_numbers))
        self.left_out += batch.num_rows - kept.num_rows
        return kept

    def _times(self, request: Request, begins: pa.Array) -> dict[str, pa.Array]:
        """The columns of time for the timestamps of a response."""
        timestamps = begins.dictionary_encode()
        slots = [self._slot(text) for text in timestamps.dictionary.to_pylist()]
        days = pa.repeat(pa.scalar(request.day, pa.date32()), len(begins))
        if request.span != "day":
            each = [market_time.local_time(slot).date() for slot in slots]
            days = pa.array(each, pa.date32()).take(timestamps.indices)
        starts = pa.array([slot * _MICROSECONDS for slot in slots], pa.int64())
        return {
            "interval_start_utc": starts.take(timestamps.indices),
            "operating_day": days,
        }

    def _narrow(self, records: list[Any]) -> list[Any]:
        """The records of the chosen places; their numbers are left in `_numbers`.

        Most responses have the places of the one before, in the same order: one comparison shows
        it.
        """
        found = list(map(operator.attrgetter("place"), records))
        if self.dataset.id_key and not self.dataset.id_key.outer:
            found = list(zip(found, map(operator.attrgetter("place_name"), records), strict=True))
        if found != self._previous:
            numbers = [self._number(place) for place in found]
            wanted = [self._is_wanted(place) for place in self.places]
            kept = [i for i, number in enumerate(numbers) if wanted[number]]
            self._kept = kept if len(kept) < len(numbers) else None
            numbers = [numbers[i] for i in kept]
            self._previous, self._numbers = found, pa.array(numbers, pa.int32())
        if self._kept is None:
            return records
        self.left_out += len(records) - len(self._kept)
        return [records[i] for i in self._kept]

    def _is_wanted(self, place: Place) -> bool:
        return place.id is not None if self._chosen is None else place.id in self._chosen

    def _number(self, place: Any) -> int:
        """The number of a place as its record has it: the bytes of its JSON, or id and name."""
        if isinstance(place, msgspec.Raw):
            return self._number_of_json(bytes(place))
        return self._number_for(Place(*place))

    def _number_of_json(self, text: bytes) -> int:
        number = self._number_of_text.get(text)
        if number is None:
            known = msgspec.json.decode(text, type=WideLocationRef)
            id = int(known.id) if known.id else None
            number = self._number_for(Place(id, known.name, known.type))
            self._number_of_text[text] = number
        return number

    def _number_for(self, place: Place) -> int:
        number = self._number_of.setdefault(place, len(self.places))
        if number == len(self.places):
            self.places.append(place)
        return number

    def _tell_apart(self, records: list[Any]) -> dict[Key, Any]:
        """The rows that the table gets, by their keys."""
        slots = [self._slot(self._begins(record)) for record in records]
        places: list[Any] = [0] * len(records)
        if self.dataset.id_key and self.dataset.id_key.outer:
            found = [self.places[self._number(record.place)] for record in records]
            places = [place.name if place.id is None else place.id for place in found]
        elif self.dataset.id_key:
            places = [record.place for record in records]
        groups = groups_of(self.dataset, places, records)
        kept, _ = tell_apart(self.dataset, list(zip(slots, groups, strict=True)), records)
        return kept

    def _slot(self, timestamp: str) -> int:
        """The interval that a timestamp belongs to, in UTC seconds."""
        return self.dataset.times.interval_of(_instant(timestamp))


@functools.lru_cache(maxsize=1024)
def _instant(timestamp: str) -> int:
    return market_time.parse_timestamp(timestamp)
