"""Whether a reply is the day it should be: counted from the calendar, not hoped for."""

import contextlib
import datetime as dt
import operator
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isone import clock, parse
from isone.datasets import CORE_LOCATIONS, RESERVE_ZONES, Dataset, Part
from isone.errors import IncompleteError, ReplyError

if TYPE_CHECKING:
    from isone.aligned import Cells

_CENT = 0.01
HALF_CENT = 0.005
ID_DIGITS = 9
LARGE = 2**20
"""Bytes of JSON from which on a response is read a column at a time, where it can be."""
_NAMED = 5  # examples that a sentence gives before it only counts

Place = Any
"""What tells rows of one interval apart: the id of a place, names, or 0 where there is one row."""


@dataclass(frozen=True)
class Finding:
    """What was found in a reply that was asked for as one part of a dataset.

    `missing` names what a whole part would have and this one has not; the other counts are of
    things that are noted and do no harm.
    """

    rows: int
    places: int
    duplicates: int = 0
    """Rows that came twice, exactly alike."""
    off_grid: int = 0
    """Rows whose stamp was a second or two off its interval's beginning."""
    cents_off: int = 0
    """Rows whose components add up to one cent more or less than the LMP (ISO-NE's rounding)."""
    at_odds: int = 0
    """Rows that disagree with another on what a reply says more than once: the energy component,
    which is one for the system, and the hour's end beside the interval's beginning."""
    unknown_fields: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def require_whole(self) -> None:
        """Raise IncompleteError, naming what is missing, unless nothing is."""
        if self.missing:
            raise IncompleteError(f"the reply lacks {_some(self.missing)}")


def examine(dataset: Dataset, part: Part, body: bytes, cells: "Cells | None" = None) -> Finding:
    """Read a reply and hold it against the part that was asked for.

    `body` is the JSON as served, unpacked, and `cells` its columns where the caller has read them.
    Raises ReplyError for anything that is wrong in it (form, day, place, sums, rows that disagree)
    and NoDataError for an empty one; what is merely missing stands in the finding. Of a set that
    owes no row, an empty reply is a finding of none.
    """
    if dataset.place == "location" and len(body) >= LARGE:
        from isone.check_columns import count_flawless  # Arrow, only where there is much to read

        if counts := count_flawless(dataset, part, body, cells):
            return Finding(*counts)
    records = parse.read_records(dataset, body)
    slots = dataset.intervals(part)
    rows_slots, off_grid = _slots_of(dataset, part, slots, records.rows)
    rows_places = _places_of(dataset, records.rows)
    keys = list(zip(rows_slots, rows_places, strict=True))
    seen = dict(zip(keys, records.rows, strict=True))
    if len(seen) < len(keys):
        _refuse_disagreement(keys, records.rows, seen)
    places = set(rows_places) if dataset.place else set()
    if part.location is not None and places != {part.location}:
        raise ReplyError(f"the reply is about location {_some(map(str, sorted(places)))}")
    _check_names(dataset, seen.values())
    _check_instants(dataset, records.rows)
    return Finding(
        rows=len(seen),
        places=len(places),
        duplicates=len(keys) - len(seen),
        off_grid=off_grid,
        cents_off=_check_sums(dataset, seen),
        at_odds=_at_odds(dataset, seen, places),
        unknown_fields=records.unknown_fields,
        missing=_missing(dataset, part, slots, seen, places),
    )


def _slots_of(
    dataset: Dataset, part: Part, slots: Sequence[int], rows: Sequence[Any]
) -> tuple[list[int], int]:
    """The interval of each row, and how many rows had to be moved onto the grid."""
    begins = operator.attrgetter(".".join(("begins", *dataset.begins[1:])))
    texts = list(map(begins, rows))
    expected = clock.stamps(part.day, dataset.interval_minutes)
    allowed = frozenset(slots)
    with contextlib.suppress(KeyError):
        as_expected = list(map(expected.__getitem__, texts))
        if allowed.issuperset(as_expected):
            return as_expected, 0
    found: dict[str, int] = {}
    moved: set[str] = set()
    for text in set(texts):
        slot = expected.get(text)
        if slot not in allowed:
            slot, instant = _odd_slot(dataset, part, allowed, text)
            if slot != instant:
                moved.add(text)
        found[text] = slot
    return [found[text] for text in texts], sum(map(moved.__contains__, texts)) if moved else 0


def _odd_slot(dataset: Dataset, part: Part, slots: frozenset[int], text: str) -> tuple[int, int]:
    """The interval, and the instant, of a stamp that is not written as expected or off the grid.

    Where no row is owed there is no grid to hold it to: it only has to lie within the day.
    """
    try:
        instant = clock.parse_stamp(text)
    except (ValueError, OverflowError) as error:
        raise ReplyError(f"the reply has a wrong stamp: {parse.shown(str(error))}") from error
    slot = clock.snap(instant, dataset.interval_minutes)
    first, end = clock.day_bounds(part.day)
    if slot not in slots and (dataset.owes_rows or not first <= slot < end):
        raise ReplyError(f"the reply has a row of {parse.shown(text)}, which is not in {part}")
    return slot, instant


def _places_of(dataset: Dataset, rows: Sequence[Any]) -> list[Place]:
    """The place of each row, or its names; 0 where there are neither."""
    if dataset.names:
        return list(map(operator.attrgetter(*dataset.names), rows))
    if dataset.place == "location":
        texts = list(map(operator.attrgetter("place.id"), rows))
        ids = {text: _location_id(text) for text in set(texts)}
        return list(map(ids.__getitem__, texts))
    return list(map(operator.attrgetter("place"), rows)) if dataset.place else [0] * len(rows)


def _location_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS):
        raise ReplyError(f"the reply has {parse.shown(text)!r} for a location id")
    return int(text)


def _refuse_disagreement(
    keys: Sequence[tuple[int, Place]], rows: Sequence[Any], seen: dict[tuple[int, Place], Any]
) -> None:
    """Let rows come twice only where they are exactly alike."""
    for key, row in zip(keys, rows, strict=True):
        if row is not seen[key] and not _same(row, seen[key]):
            raise ReplyError(f"two rows for {_interval_name(*key)} disagree")


def _same(one: Any, other: Any) -> bool:
    """Alike but for seconds in the stamp, which two copies of a row may differ by."""
    return all(
        getattr(one, name) == getattr(other, name)
        for name in one.__struct_fields__
        if name != "begins"
    )


def _check_names(dataset: Dataset, rows: Collection[Any]) -> None:
    """Refuse an id that comes under two names or types, or a well-known id under a wrong one.

    Where names are the key, the first of them has to be there, and all have to be plain text.
    """
    if dataset.names:
        _require_plain(map(operator.attrgetter(*dataset.names), rows))
    names: dict[Any, str] = {}
    found: set[tuple[Any, str]] = set()
    if dataset.place == "location":
        names = {str(id): f"{name} ({type})" for id, (name, type) in CORE_LOCATIONS.items()}
        places = set(map(operator.attrgetter("place"), rows))
        found = {(place.id, f"{place.name} ({place.type})") for place in places}
    elif dataset.place == "reserve_zone":
        names = dict(RESERVE_ZONES)
        found = set(map(operator.attrgetter("place", "place_name"), rows))
    for place, name in found:
        if names.setdefault(place, name) != name:
            raise ReplyError(
                f"the reply calls location {place} {parse.shown(name)}, not "
                f"{parse.shown(names[place])}"
            )


def _require_plain(keys: Iterable[tuple[str, ...]]) -> None:
    for key in set(keys):
        if not key[0]:
            raise ReplyError("the reply has a row without a name")
        for name in key:
            if not name.isprintable():
                raise ReplyError(f"the reply has {parse.shown(name)!r} for a name")


def _check_instants(dataset: Dataset, rows: Iterable[Any]) -> None:
    """Refuse a text that should be an instant and is none."""
    for column in dataset.columns:
        if not column.is_instant:
            continue
        for text in {getattr(row, column.name) for row in rows} - {None}:
            try:
                dt.datetime.fromisoformat(text)
            except ValueError as error:
                raise ReplyError(
                    f"the reply has {parse.shown(text)!r} for {column.field}, which is no time"
                ) from error


def _check_sums(dataset: Dataset, seen: dict[tuple[int, Place], Any]) -> int:
    """Refuse components that do not add up, or a row without any price; count odd cents."""
    alternatives = dataset.price_alternatives
    if alternatives:
        for key, row in seen.items():
            if not any(all(getattr(row, c) is not None for c in each) for each in alternatives):
                raise ReplyError(f"the row for {_interval_name(*key)} has no price")
    if dataset.place != "location":
        return 0
    cents_off = 0
    for key, row in seen.items():
        gap = abs(row.energy + row.congestion + row.loss - row.lmp)
        if gap > HALF_CENT:
            if gap > _CENT + HALF_CENT:
                raise ReplyError(
                    f"components do not add up for {_interval_name(*key)}: {row.energy} + "
                    f"{row.congestion} + {row.loss} is not {row.lmp}"
                )
            cents_off += 1
    return cents_off


def _at_odds(
    dataset: Dataset, seen: dict[tuple[int, Place], Any], places: Collection[Place]
) -> int:
    """Count rows that do not say what other rows, or their own stamps, say too."""
    if dataset.place == "location":
        if len(places) == 1:
            return 0
        energies: dict[int, float] = {}
        return sum(
            energies.setdefault(slot, row.energy) != row.energy for (slot, _), row in seen.items()
        )
    if any(column.name == "hour_end" for column in dataset.columns):
        hours = {slot // 3600: slot for slot, _ in seen}
        ends = {hour: f"{clock.local_time(at).hour + 1:02d}" for hour, at in hours.items()}
        return sum(
            row.hour_end is not None and row.hour_end[:2] != ends[slot // 3600]
            for (slot, _), row in seen.items()
        )
    return 0


def _missing(
    dataset: Dataset,
    part: Part,
    slots: Collection[int],
    seen: dict[tuple[int, Place], Any],
    places: set[Place],
) -> tuple[str, ...]:
    if not dataset.owes_rows:
        return ()
    required = set(dataset.required_places) if part.location is None else {part.location}
    expected = (places | required) if dataset.place else {0}
    if len(seen) == len(slots) * len(expected):
        return ()
    absent = [f"location {place} altogether" for place in sorted(expected - places)]
    absent += [
        _interval_name(slot, place)
        for place in sorted(expected & places)
        for slot in slots
        if (slot, place) not in seen
    ]
    return tuple(absent)


def _interval_name(slot: int, place: Place) -> str:
    at = f" at location {place}" if place else ""
    if isinstance(place, tuple):
        at = f" of {' / '.join(parse.shown(name) for name in place if name)}"
    return f"{clock.local_time(slot):%Y-%m-%d %H:%M %Z}{at}"


def _some(names: Any) -> str:
    names = list(names)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
