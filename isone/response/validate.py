"""Whether a response is the day it should be: counted from the calendar, not hoped for."""

import datetime as dt
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isone.errors import IncompleteError, ResponseError
from isone.market import clock, flaws
from isone.market.datasets import (
    ALL_LOCATIONS,
    CORE_LOCATIONS,
    RESERVE_ZONES,
    Locations,
    Request,
)
from isone.market.flaws import Flaw
from isone.response import parse
from isone.response.rows import HALF_CENT, Rows, tell_apart
from isone.response.table import Table
from isone.text import count, some

_CENT = 0.01
_NAMED = 5  # examples that a sentence gives before it only counts

Key = tuple[int, Any]
"""An interval (UTC seconds), and what tells its rows apart."""
_Called = tuple[str | None, str | None]
"""The name and the type of a place, as far as a row has them."""


@dataclass(frozen=True)
class Finding:
    """What was found in a response that was asked for as one part of a dataset.

    `missing` names what a whole request would have and this one has not; the other counts are of
    things that are noted and do no harm.
    """

    rows: int
    """Rows that the tables get: each once, and none that another contradicts."""
    places: int
    duplicates: int = 0
    """Rows that came twice, exactly alike."""
    off_grid: int = 0
    """Rows whose timestamp was off its interval's beginning, by less than half an interval."""
    cents_off: int = 0
    """Rows whose components add up to one cent more or less than the LMP (ISO-NE's rounding)."""
    at_odds: int = 0
    """Rows that disagree with another on what a response says more than once: the energy component,
    which is one for the system, the hour's end beside the interval's beginning, and the value of
    a constraint that an interval lists again."""
    unknown_fields: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    """Flaws of `isone.market.flaws.REJECTED` but for `missing`, none of which counts here."""
    unknown_locations: tuple[str, ...] = ()
    """Names of locations in a report that has names alone, of which nobody knows the id."""

    def require_whole(self) -> None:
        """Raise IncompleteError, naming what is missing, unless nothing is."""
        if self.missing:
            raise IncompleteError(f"the response lacks {some(self.missing, _NAMED)}")


def validate(
    table: Table,
    request: Request,
    *,
    locations: Locations = ALL_LOCATIONS,
    accepted: Container[str] = (),
) -> Finding:
    """Hold a response against the request that was asked for.

    `accepted` are names of `market.flaws` that it may have, and `locations` those that are wanted
    of it. Raises ResponseError for anything else that is wrong in it (day, place, sums, rows that
    disagree); what is merely missing is in the finding.
    """
    dataset = table.dataset
    slots = dataset.intervals(request)
    _check_intervals(table, request, slots)
    places = set(table.keys.distinct) if dataset.place else {0}
    if request.location is not None and places != {request.location}:
        raise ResponseError(
            f"the response is about location {some([*map(str, sorted(places))], _NAMED)}"
        )
    _check_texts(table)
    _check_instants(table)
    doubtful = _with_two_names(table)
    rows = tell_apart(table)
    unpriced = _null_prices(table, rows)
    gaps = _gaps(table)
    found = [
        *_no_prices(table, unpriced),
        *_wrong_sums(table, rows, gaps),
        *_disagreements(table, rows, doubtful),
    ]
    for flaw, sentence in found:
        if flaws.counts(flaw, locations, accepted):
            raise ResponseError(
                f"{sentence} (to have the day all the same, name it in accepted_flaws, with "
                f"flaw: {flaw.name})"
            )
    gaps = gaps[rows.kept]
    return Finding(
        rows=len(rows.kept),
        places=len(places) if dataset.place else 0,
        duplicates=_copies(table, rows, doubtful),
        off_grid=table.off_grid,
        cents_off=int(((gaps > HALF_CENT) & (gaps <= _CENT + HALF_CENT)).sum()),
        at_odds=_at_odds(table, rows),
        unknown_fields=table.unknown_fields,
        missing=_missing(table, request, slots, rows, places),
        flaws=tuple(flaw for flaw, _ in found),
        unknown_locations=tuple(sorted(place for place in places if isinstance(place, str))),
    )


def _keys(table: Table, rows: Any) -> list[Key]:
    """The intervals and keys of some rows."""
    intervals, keys = table.intervals, table.keys
    return [
        (intervals.distinct[slot], keys.distinct[key])
        for slot, key in zip(intervals.at[rows].tolist(), keys.at[rows].tolist(), strict=True)
    ]


def _check_intervals(table: Table, request: Request, slots: Sequence[int]) -> None:
    """Refuse a row of another day or hour.

    Where no row is owed there is no grid to hold it to: it only has to be within the day.
    """
    allowed = frozenset(slots)
    first, end = clock.day_bounds(request.day)
    is_odd = [
        slot not in allowed and (table.dataset.owes_rows or not first <= slot < end)
        for slot in table.intervals.distinct
    ]
    if any(is_odd):
        row = int(np.array(is_odd)[table.intervals.at].argmax())
        text = table.timestamps.distinct[table.timestamps.at[row]]
        raise ResponseError(
            f"the response has a row of {parse.shown(text)}, which is not in {request}"
        )


def _copies(table: Table, rows: Rows, doubtful: Container[Any]) -> int:
    """How many rows are exact copies of another."""
    if not len(rows.torn) and len(rows.kept) == len(table):
        return 0
    cells = table.cells
    is_plain = np.array([key not in doubtful for key in table.keys.distinct], bool)[table.keys.at]
    among = is_plain & ~np.isin(cells, cells[rows.torn])
    return int(among.sum() - is_plain[rows.kept].sum())


def _check_texts(table: Table) -> None:
    """Refuse a text that cannot be printed, and a row that lacks the first of its names."""
    dataset = table.dataset
    texts = {c.field: table.texts[c.name].distinct for c in dataset.columns if c.type == "string"}
    if dataset.names and "" in table.texts[dataset.names[0]].distinct:
        raise ResponseError("the response has a row without a name")
    if dataset.place:
        what = "location" if dataset.place == "location" else "zone"
        texts[f"a {what}'s name"] = [place.name for place in table.places.distinct]
        texts[f"a {what}'s type"] = [place.type for place in table.places.distinct]
    for what, found in texts.items():
        for text in found:
            if text is not None and not text.isprintable():
                raise ResponseError(f"the response has {parse.shown(text)!r} for {what}")


def _with_two_names(table: Table) -> dict[Any, list[str]]:
    """The ids that come under two names or types; a well-known one under a wrong one is rejected.

    What a row leaves out of its location's name and type contradicts nothing.
    """
    known: dict[int, _Called] = {}
    if table.dataset.place == "location":
        known = dict(CORE_LOCATIONS)
    elif table.dataset.place == "reserve_zone":
        known = {id: (name, None) for id, name in RESERVE_ZONES.items()}
    names: dict[Any, set[_Called]] = {}
    for place in table.places.distinct:
        if place.id is None:
            continue
        called = (place.name, place.type)
        right = known.get(place.id, called)
        if any(said and own and said != own for said, own in zip(called, right, strict=True)):
            raise ResponseError(
                f"the response calls location {place.id} {_as_called(called)}, "
                f"not {_as_called(right)}"
            )
        names.setdefault(place.id, set()).add(called)
    return {
        place: sorted(map(_as_called, called))
        for place, called in sorted(names.items())
        if len(called) > 1
        and any(len(set(texts) - {None}) > 1 for texts in zip(*called, strict=True))
    }


def _as_called(called: _Called) -> str:
    name, kind = (parse.shown(text) if text else "" for text in called)
    return f"{name} ({kind})" if kind else name


def _check_instants(table: Table) -> None:
    """Refuse a text that should be an instant and is none."""
    for column in table.dataset.columns:
        if not column.is_instant:
            continue
        for text in table.texts[column.name].distinct:
            if text is None:
                continue
            try:
                dt.datetime.fromisoformat(text)
            except ValueError as error:
                raise ResponseError(
                    f"the response has {parse.shown(text)!r} for {column.field}, which is no time"
                ) from error


Found = tuple[Flaw, str]
"""A flaw, and the sentence that rejects the day for it."""


def _null_prices(table: Table, rows: Rows) -> Any:
    """The kept rows in which a price is null or absent that every row has to have."""
    dataset = table.dataset
    is_null = {name: np.isnan(values[rows.kept]) for name, values in table.numbers.items()}
    lacks = np.zeros(len(rows.kept), bool)
    for column in dataset.columns:
        if column.required and column.name in is_null:
            lacks |= is_null[column.name]
    if dataset.price_alternatives:
        lacks |= np.logical_and.reduce(
            [
                np.logical_or.reduce([is_null[name] for name in each])
                for each in dataset.price_alternatives
            ]
        )
    return rows.kept[lacks]


def _no_prices(table: Table, unpriced: Any) -> Iterator[Found]:
    if len(unpriced):
        null = [
            column.field
            for column in table.dataset.columns
            if column.required
            and column.name in table.numbers
            and np.isnan(table.numbers[column.name][unpriced[0]])
        ]
        what = f"{', '.join(null)} is" if null else "every price is"
        keys = _keys(table, unpriced)
        flaw = Flaw(flaws.NULL_PRICE, _named(keys, "row"))
        yield flaw, f"{what} null or absent for {_interval_name(*keys[0])}"


def _gaps(table: Table) -> Any:
    """By how much the components of each row differ from its LMP; 0 of a row with a null."""
    if table.dataset.place != "location":
        return np.zeros(len(table))
    energy, congestion, loss, lmp = (
        table.numbers[name] for name in ("energy", "congestion", "loss", "lmp")
    )
    return np.nan_to_num(np.abs(energy + congestion + loss - lmp))


def _wrong_sums(table: Table, rows: Rows, gaps: Any) -> Iterator[Found]:
    """Rows whose components do not add up to the LMP, by more than rounding explains."""
    wrong = rows.kept[gaps[rows.kept] > _CENT + HALF_CENT]
    if len(wrong):
        energy, congestion, loss, lmp = (
            float(table.numbers[name][wrong[0]]) for name in ("energy", "congestion", "loss", "lmp")
        )
        keys = _keys(table, wrong)
        yield (
            Flaw(flaws.SUM, _named(keys, "row")),
            f"components do not add up for {_interval_name(*keys[0])}: {energy} + "
            f"{congestion} + {loss} is not {lmp}",
        )


def _disagreements(
    table: Table, rows: Rows, doubtful: Mapping[Any, Sequence[str]]
) -> Iterator[Found]:
    """Rows of one key with other values; of a location under two names those are a flaw of it."""
    torn = _keys(table, rows.torn)
    plain = [key for key in torn if key[1] not in doubtful]
    if plain:
        yield (
            Flaw(flaws.DISAGREEMENT, _named(plain, "interval")),
            f"two rows for {_interval_name(*plain[0])} disagree",
        )
    for place, names in doubtful.items():
        left_out = [key for key in torn if key[1] == place]
        what = f"location {place} is called {' and '.join(names)}"
        apart = f", with other prices in {_named(left_out, 'interval')}" if left_out else ""
        yield Flaw(flaws.NODE, f"{what}{apart}", (place,)), f"{what} in the response"


def _named(keys: Collection[Key], noun: str) -> str:
    return f"{count(len(keys), noun)}: {some([_interval_name(*key) for key in keys], _NAMED)}"


def _at_odds(table: Table, rows: Rows) -> int:
    """Count rows that do not say what other rows, or their own timestamps, say too."""
    dataset = table.dataset
    if dataset.names:
        return int((rows.occurrences > 1).sum())
    slots = table.intervals.at[rows.kept]
    if dataset.place == "location":
        energy = table.numbers["energy"][rows.kept]
        priced = np.flatnonzero(~np.isnan(energy))[::-1]
        first = np.full(len(table.intervals.distinct), np.nan)
        first[slots[priced]] = energy[priced]  # the last one to be written is the first there is
        return int((energy[priced] != first[slots[priced]]).sum())
    if "hour_end" in table.texts:
        said = np.array([text and text[:2] for text in table.texts["hour_end"].distinct], object)
        ends = [f"{clock.local_time(slot).hour + 1:02d}" for slot in table.intervals.distinct]
        of_row = said[table.texts["hour_end"].at[rows.kept]]
        is_odd = (of_row != np.array(ends, object)[slots]) & (of_row != None)  # noqa: E711
        return int(is_odd.sum())
    return 0


def _missing(
    table: Table, request: Request, slots: Sequence[int], rows: Rows, places: set[Any]
) -> tuple[str, ...]:
    dataset = table.dataset
    if not dataset.owes_rows:
        return ()
    required = set(dataset.required_places) if request.location is None else {request.location}
    expected = places | required
    if len(rows.kept) + len(rows.torn) == len(slots) * len(expected):
        return ()
    seen = {*_keys(table, rows.kept), *_keys(table, rows.torn)}
    absent = [f"location {place} altogether" for place in sorted(expected - places)]
    absent += [
        _interval_name(slot, place)
        for place in sorted(expected & places, key=lambda place: (isinstance(place, str), place))
        for slot in slots
        if (slot, place) not in seen
    ]
    return tuple(absent)


def _interval_name(slot: int, place: Any) -> str:
    at = f" at location {place}" if place else ""
    return f"{clock.local_time(slot):%Y-%m-%d %H:%M %Z}{at}"
