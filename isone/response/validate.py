"""Whether a response is the day it should be: counted from the calendar, not hoped for."""

import datetime as dt
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isone.errors import IncompleteError, ResponseError
from isone.market import completeness, flaws, market_time
from isone.market.completeness import interval_name
from isone.market.flaws import Flaw
from isone.market.keys import Group
from isone.market.locations import ALL_LOCATIONS, Locations
from isone.market.requests import Request
from isone.market.sums import Sum
from isone.response import parse
from isone.response.rows import Rows, tell_apart
from isone.response.table import Table
from isone.text import count, some

_NAMED = 5  # examples that a sentence gives before it only counts

Key = tuple[int, Group]
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
    """Rows whose parts miss their total by no more than rounding explains: of an LMP, a cent."""
    at_odds: int = 0
    """Rows that disagree with another on what a response says more than once: the energy component,
    which is one for the system, the hour's end beside the interval's beginning, and the value of
    a constraint that an interval lists again."""
    unknown_fields: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    forgiven: bool = False
    """Whether all that is missing are single gaps, older than the dataset's days of grace."""
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
    today: dt.date | None = None,
) -> Finding:
    """Compare a response with the request that was asked for.

    `accepted` are names of `market.flaws` that it may have, and `locations` those that are wanted
    of it. With `today`, single gaps are forgiven that are older than the dataset's days of grace.
    Raises ResponseError for anything else that is wrong in it (day, place, sums, rows that
    disagree); what is merely missing is in the finding.
    """
    dataset = table.dataset
    slots = dataset.intervals(request)
    _check_intervals(table, request, slots)
    places = {each.name if each.id is None else each.id for each in table.places.distinct}
    if request.location is not None and places != {request.location}:
        raise ResponseError(
            f"the response is about location {some([*map(str, sorted(places))], _NAMED)}"
        )
    _check_texts(table)
    _check_instants(table)
    doubtful = _with_two_names(table)
    rows = tell_apart(table)
    unpriced = _null_prices(table, rows)
    gaps = {each: _gaps(table, each, unpriced)[rows.kept] for each in dataset.sums}
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
    missing = _missing(table, request, slots, rows)
    return Finding(
        rows=len(rows.kept),
        places=len(places),
        duplicates=_copies(table, rows, doubtful),
        off_grid=table.off_grid,
        cents_off=sum(int(each.is_rounded(gap).sum()) for each, gap in gaps.items()),
        at_odds=_at_odds(table, rows),
        unknown_fields=table.unknown_fields,
        missing=tuple(missing),
        forgiven=bool(missing and today)
        and completeness.forgives(dataset, request, slots, _seen(table), today or request.day),
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

    Where no interval in particular is owed it only has to be within the day.
    """
    allowed = frozenset(slots)
    first, end = request.bounds
    is_odd = [
        slot not in allowed and (table.dataset.times.owes_rows or not first <= slot < end)
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
    plain = [_id_of(group) not in doubtful for group in table.keys.distinct]
    is_plain = np.array(plain, bool)[table.keys.at]
    among = is_plain & ~np.isin(cells, cells[rows.torn])
    return int(among.sum() - is_plain[rows.kept].sum())


def _check_texts(table: Table) -> None:
    """Refuse a text that cannot be printed, and a row that lacks one of its names."""
    dataset = table.dataset
    texts = {c.field: table.texts[c.name].distinct for c in dataset.columns if c.type == "string"}
    for key in dataset.text_keys:
        if key.column.required and "" in table.texts[key.column.name].distinct:
            raise ResponseError("the response has a row without a name")
    if dataset.id_key:
        what = "location" if dataset.id_key.outer else "zone"
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
    known = table.dataset.id_key.known if table.dataset.id_key else {}
    names: dict[Any, set[_Called]] = {}
    for place in table.places.distinct:
        if place.id is None:
            continue
        called = (place.name, place.type)
        right = known.get(place.id, called)
        if right != called and any(
            said and own and said != own for said, own in zip(called, right, strict=True)
        ):
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
        yield flaw, f"{what} null or absent for {interval_name(*keys[0])}"


def _gaps(table: Table, identity: Sum, unpriced: Any) -> Any:
    """By how much the parts of each row miss their total; 0 of a row with a null."""
    parts = [table.numbers[name] for name in identity.parts]
    gaps = np.nan_to_num(identity.gap(table.numbers[identity.total], parts))
    gaps[unpriced] = 0
    return gaps


def _wrong_sums(table: Table, rows: Rows, gaps: Mapping[Sum, Any]) -> Iterator[Found]:
    """Rows whose parts do not add up to their total, by more than rounding explains: one flaw."""
    wrong: dict[int, Sum] = {}
    for identity, of_rows in gaps.items():
        wrong |= dict.fromkeys(rows.kept[identity.is_wrong(of_rows)].tolist(), identity)
    if wrong:
        first, identity = next(iter(wrong.items()))
        total, *parts = (
            str(table.numbers[name][first]) for name in (identity.total, *identity.parts)
        )
        keys = _keys(table, list(wrong))
        yield (
            Flaw(flaws.SUM, _named(keys, "row")),
            f"components do not add up for {interval_name(*keys[0])}: {' + '.join(parts)} "
            f"is not {total}",
        )


def _disagreements(
    table: Table, rows: Rows, doubtful: Mapping[Any, Sequence[str]]
) -> Iterator[Found]:
    """Rows of one key with other values; of a location under two names those are a flaw of it."""
    torn = _keys(table, rows.torn)
    plain = [key for key in torn if _id_of(key[1]) not in doubtful]
    if plain:
        yield (
            Flaw(flaws.DISAGREEMENT, _named(plain, "interval")),
            f"two rows for {interval_name(*plain[0])} disagree",
        )
    for place, names in doubtful.items():
        left_out = [key for key in torn if _id_of(key[1]) == place]
        what = f"location {place} is called {' and '.join(names)}"
        apart = f", with other prices in {_named(left_out, 'interval')}" if left_out else ""
        yield Flaw(flaws.NODE, f"{what}{apart}", (place,)), f"{what} in the response"


def _named(keys: Collection[Key], noun: str) -> str:
    return f"{count(len(keys), noun)}: {some([interval_name(*key) for key in keys], _NAMED)}"


def _id_of(group: Group) -> Any:
    """The id of a group, or whatever comes first in it."""
    return group[0] if isinstance(group, tuple) else group


def _at_odds(table: Table, rows: Rows) -> int:
    """Count rows that do not say what other rows, or their own timestamps, say too."""
    if table.dataset.occurrence:
        return int((rows.occurrences > 1).sum())
    slots = table.intervals.at[rows.kept]
    odd = 0
    for column in table.dataset.columns:
        if column.system_wide:
            values = table.numbers[column.name][rows.kept]
            there = np.flatnonzero(~np.isnan(values))[::-1]
            first = np.full(len(table.intervals.distinct), np.nan)
            first[slots[there]] = values[there]  # the last to be written is the first there is
            odd += int((values[there] != first[slots[there]]).sum())
        elif column.is_hour_end:
            hours = [market_time.local_time(slot).hour for slot in table.intervals.distinct]
            ends = np.array([f"{hour + 1:02d}" for hour in hours], object)
            words = table.texts[column.name]
            said = np.array([text if text is None else text[:2] for text in words.distinct], object)
            of_row = said[words.at[rows.kept]]
            odd += int(((of_row != ends[slots]) & (of_row != None)).sum())  # noqa: E711
    return odd


def _missing(table: Table, request: Request, slots: Sequence[int], rows: Rows) -> list[str]:
    """What a whole response would have and this one has not, in words.

    Where each group has all intervals, the first of them tells as much as all.
    """
    dataset, groups = table.dataset, table.keys.distinct
    number = np.count_nonzero(rows.occurrences == 1) + len(rows.torn)
    if dataset.times.owes_rows and slots and number == len(slots) * len(groups):
        seen = {(slots[0], group) for group in groups}
        return completeness.missing(dataset, request, slots[:1], seen)
    return completeness.missing(dataset, request, slots, _seen(table))


def _seen(table: Table) -> set[Key]:
    return set(_keys(table, slice(None)))
