"""Validation of a large response by columns, for one in which nothing is remarkable.

A day of all locations has 28,800 rows, nearly always without a flaw. Such a day is validated here
by the rules of `check` in less than half the time; whatever has anything to refuse, to note or to
name is left to `check`, and so are its sentences.
"""

import functools
from collections.abc import Collection
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from isone.market import clock
from isone.market.datasets import CORE_LOCATIONS, Dataset, Request
from isone.response.aligned import Cells, read_cells
from isone.response.parse import ID_DIGITS, LocationRef
from isone.response.rows import HALF_CENT

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
    places, place_of = _places(cells.places)
    required = dataset.required_places if request.location is None else {request.location}
    if not (set(dataset.intervals(request)) == slots and places.issuperset(required)):
        return None
    if request.location is not None and len(places) > 1:
        return None
    # One row for each interval and place: so the rows fill a table of the two.
    cell_of = slot_of * len(places) + place_of
    if len(cell_of) != len(slots) * len(places) or not (np.bincount(cell_of) == 1).all():
        return None
    if not _adds_up(cells) or not _one_energy(cells, cell_of, len(slots)):
        return None
    return len(cell_of), len(places)


def _slots(dataset: Dataset, request: Request, begins: pa.Array) -> tuple[set[int], Any]:
    """The intervals that occur, and each row's number among them; none where one is in doubt."""
    written = begins.dictionary_encode()
    expected = clock.timestamps(request.day, dataset.interval_minutes)
    found = [expected.get(text.decode("latin-1")) for text in written.dictionary.to_pylist()]
    slots = {slot for slot in found if slot is not None}
    return slots if len(slots) == len(found) else set(), written.indices.to_numpy()


def _places(texts: pa.Array) -> tuple[set[int], Any]:
    """The locations that occur, and each row's number among them; none where one is in doubt."""
    written = texts.dictionary_encode()
    found = [_known_id(text) for text in written.dictionary.to_pylist()]
    places = {place for place in found if place is not None}
    return places if len(places) == len(found) else set(), written.indices.to_numpy()


@functools.lru_cache(maxsize=8192)  # every response has the same
def _known_id(text: bytes) -> int | None:
    """A location's id where all is written plainly, beside its own name if it is well known."""
    try:
        place = _location.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    id, called = str(place.id), (place.name, place.type)
    plain = id.isascii() and id.isdigit() and len(id) <= ID_DIGITS and not id.startswith("0")
    if not plain or not all(name is None or name.isprintable() for name in called):
        return None
    # any key twice, and any way to write one, makes another text than this
    if msgspec.json.encode(place) != text:
        return None
    return int(id) if CORE_LOCATIONS.get(int(id), called) == called else None


def _adds_up(cells: Cells) -> bool:
    """Whether the components of each row make its LMP to the cent."""
    energy, congestion, loss, lmp = _columns(cells, ("energy", "congestion", "loss", "lmp"))
    return bool((np.abs(energy + congestion + loss - lmp) <= HALF_CENT).all())


def _one_energy(cells: Cells, cell_of: Any, slots: int) -> bool:
    """Whether all places have the same energy component at any time."""
    (energy,) = _columns(cells, ("energy",))
    table = np.empty((slots, len(cell_of) // slots))
    table.ravel()[cell_of] = energy
    return bool((table == table[:, :1]).all())


def _columns(cells: Cells, names: Collection[str]) -> list[Any]:
    return [cells.values[name].to_numpy() for name in names]
