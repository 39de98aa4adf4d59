"""Validation of a large response by columns, for one in which nothing is remarkable.

A day of all locations has 28,800 rows, nearly always without a flaw. Such a day is validated here
by the rules of `check` in less than half the time; whatever has anything to refuse, to note or to
name is left to `check`, and so are its sentences.
"""

import functools
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from isone.market.dataset import Dataset
from isone.market.requests import Request
from isone.market.sums import Sum
from isone.response.aligned import Cells, read_cells
from isone.response.parse import ID_DIGITS, LocationRef

_location = msgspec.json.Decoder(LocationRef)


def count_flawless(
    dataset: Dataset, request: Request, body: bytes, cells: Cells | None = None
) -> tuple[int, int] | None:
    """The rows and the locations of a response that is exactly what was asked for.

    None for any other, and for one that is not written in a way that can be read like this.
    """
    cells = cells or read_cells(dataset, body)
    if cells is None or dataset.price_alternatives:
        return None
    slots, slot_of = _slots(dataset, request, cells.begins)
    places, place_of = _places(dataset, cells.places)
    key = dataset.id_key
    if key is None:
        return None
    owed = key.owed(request.day) if request.location is None else {request.location}
    exempt = places.difference(owed).intersection(key.values)
    if not (set(dataset.intervals(request)) == slots and places.issuperset(owed)) or exempt:
        return None
    if request.location is not None and len(places) > 1:
        return None
    # One row for each interval and place: so the rows fill a table of the two.
    cell_of = slot_of * len(places) + place_of
    if len(cell_of) != len(slots) * len(places) or not (np.bincount(cell_of) == 1).all():
        return None
    if not all(_adds_up(each, cells) for each in dataset.sums):
        return None
    wide = [column.name for column in dataset.columns if column.system_wide]
    if not all(_is_one(cells.values[name], cell_of, len(slots)) for name in wide):
        return None
    return len(cell_of), len(places)


def _slots(dataset: Dataset, request: Request, begins: pa.Array) -> tuple[set[int], Any]:
    """The intervals that occur, and each row's number among them; none where one is in doubt."""
    written = begins.dictionary_encode()
    expected = dataset.timestamps(request)
    found = [expected.get(text.decode("latin-1")) for text in written.dictionary.to_pylist()]
    slots = {slot for slot in found if slot is not None}
    return slots if len(slots) == len(found) else set(), written.indices.to_numpy()


def _places(dataset: Dataset, texts: pa.Array) -> tuple[set[int], Any]:
    """The locations that occur, and each row's number among them; none where one is in doubt."""
    written = texts.dictionary_encode()
    well_known = dataset.id_key.known if dataset.id_key else {}
    found = [
        read[0] if read and well_known.get(read[0], read[1]) == read[1] else None
        for read in map(_plain_id, written.dictionary.to_pylist())
    ]
    places = {place for place in found if place is not None}
    return places if len(places) == len(found) else set(), written.indices.to_numpy()


@functools.lru_cache(maxsize=8192)  # every response has the same
def _plain_id(text: bytes) -> tuple[int, tuple[str | None, str | None]] | None:
    """A location's id, name and type where all is written plainly."""
    try:
        place = _location.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    id, called = str(place.id), (place.name, place.type)
    plain = id.isascii() and id.isdigit() and len(id) <= ID_DIGITS and not id.startswith("0")
    if not plain or not all(name is None or name.isprintable() for name in called):
        return None
    # any key twice, and any way to write one, makes another text than this
    return (int(id), called) if msgspec.json.encode(place) == text else None


def _adds_up(identity: Sum, cells: Cells) -> bool:
    """Whether the parts of each row make its total, without any rounding to explain."""
    total, *parts = (cells.values[name].to_numpy() for name in (identity.total, *identity.parts))
    return bool((np.abs(sum(parts) - total) <= identity.tolerance / 2).all())


def _is_one(values: pa.Array, cell_of: Any, slots: int) -> bool:
    """Whether all places have the same value at any time."""
    table = np.empty((slots, len(cell_of) // slots))
    table.ravel()[cell_of] = values.to_numpy()
    return bool((table == table[:, :1]).all())
