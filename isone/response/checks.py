"""What may be wrong with the rows of responses: places, texts, prices, sums, rows that disagree.

`check_…` refuse what nobody may accept; what may be accepted by name is a flaw.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from isone.errors import ResponseError
from isone.market import flaws, market_time
from isone.market.completeness import interval_name
from isone.market.flaws import Flaw
from isone.market.keys import Group
from isone.market.requests import Request
from isone.market.sums import Sum
from isone.response import parse
from isone.response.rows import Rows
from isone.response.table import Table
from isone.text import count, some

_NAMED = 5  # examples that a sentence gives before it only counts

Key = tuple[int, Group]
"""An interval (UTC seconds), and what tells its rows apart."""
_Called = tuple[str | None, str | None]
"""The name and the type of a place, as far as a row has them."""


def keys_of(table: Table, rows: Any) -> list[Key]:
    """The intervals and keys of some rows."""
    intervals, keys = table.intervals, table.keys
    return [
        (intervals.distinct[slot], keys.distinct[key])
        for slot, key in zip(intervals.at[rows].tolist(), keys.at[rows].tolist(), strict=True)
    ]


def check_intervals(table: Table, request: Request, slots: Sequence[int]) -> None:
    """Refuse a row of another day or hour.

    Where no interval in particular is owed it only has to be within the day.
    """
    allowed = frozenset(slots)
    if allowed.issuperset(table.intervals.distinct):
        return
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


def check_location(places: Collection[Any], request: Request) -> None:
    """Refuse rows of another location than the one that was asked for."""
    if request.location is not None and set(places) != {request.location}:
        raise ResponseError(
            f"the response is about location {some([*map(str, sorted(places))], _NAMED)}"
        )


def check_texts(table: Table) -> None:
    """Refuse a text that cannot be printed or is no time, and a row without one of its names."""
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
        said = [text for text in found if text is not None]
        if not "".join(said).isprintable():
            text = next(text for text in said if not text.isprintable())
            raise ResponseError(f"the response has {parse.shown(text)!r} for {what}")
    _check_instants(table)


def with_two_names(table: Table) -> dict[Any, list[str]]:
    """The ids that come under two names or types; a well-known one under a wrong one is rejected.

    What a row leaves out of its location's name and type contradicts nothing.
    """
    known = table.dataset.id_key.known if table.dataset.id_key else {}
    places = [place for place in table.places.distinct if place.id is not None]
    for place in places:
        if place.id in known:
            _require_own(place.id, (place.name, place.type), known[place.id])
    names: dict[Any, set[_Called]] = {place.id: set() for place in places}
    if len(names) == len(places):
        return {}
    for place in places:
        names[place.id].add((place.name, place.type))
    return {
        place: sorted(map(_as_called, called))
        for place, called in sorted(names.items())
        if any(len(set(texts) - {None}) > 1 for texts in zip(*called, strict=True))
    }


def _require_own(place: Any, called: _Called, own: _Called) -> None:
    """Refuse a name or type of a well-known location that is not its own."""
    if any(said and right and said != right for said, right in zip(called, own, strict=True)):
        raise ResponseError(
            f"the response calls location {place} {_as_called(called)}, not {_as_called(own)}"
        )


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


def null_prices(table: Table, rows: Rows) -> Any:
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


def flaws_of(
    table: Table, rows: Rows, unpriced: Any, gaps: Mapping[Sum, Any], doubtful: Mapping[Any, Any]
) -> list[Found]:
    """What is wrong and may be accepted by name."""
    return [
        *_no_prices(table, unpriced),
        *_wrong_sums(table, rows, gaps),
        *_disagreements(table, rows, doubtful),
    ]


def _no_prices(table: Table, unpriced: Any) -> Iterator[Found]:
    """Rows without a price that they have to have: one flaw."""
    if len(unpriced):
        null = [
            column.field
            for column in table.dataset.columns
            if column.required
            and column.name in table.numbers
            and np.isnan(table.numbers[column.name][unpriced[0]])
        ]
        what = f"{', '.join(null)} is" if null else "every price is"
        keys = keys_of(table, unpriced)
        flaw = Flaw(flaws.NULL_PRICE, _named(keys, "row"))
        yield flaw, f"{what} null or absent for {interval_name(*keys[0])}"


def gaps_of(table: Table, rows: Rows, unpriced: Any) -> dict[Sum, Any]:
    """By how much the parts of each kept row miss their total; 0 of a row with a null."""
    return {each: _gaps(table, each, unpriced)[rows.kept] for each in table.dataset.sums}


def _gaps(table: Table, identity: Sum, unpriced: Any) -> Any:
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
        keys = keys_of(table, list(wrong))
        yield (
            Flaw(flaws.SUM, _named(keys, "row")),
            f"components do not add up for {interval_name(*keys[0])}: {' + '.join(parts)} "
            f"is not {total}",
        )


def _disagreements(
    table: Table, rows: Rows, doubtful: Mapping[Any, Sequence[str]]
) -> Iterator[Found]:
    """Rows of one key with other values; of a location under two names those are a flaw of it."""
    torn = keys_of(table, rows.torn)
    plain = [key for key in torn if id_of(key[1]) not in doubtful]
    if plain:
        yield (
            Flaw(flaws.DISAGREEMENT, _named(plain, "interval")),
            f"two rows for {interval_name(*plain[0])} disagree",
        )
    for place, names in doubtful.items():
        left_out = [key for key in torn if id_of(key[1]) == place]
        what = f"location {place} is called {' and '.join(names)}"
        apart = f", with other prices in {_named(left_out, 'interval')}" if left_out else ""
        yield Flaw(flaws.NODE, f"{what}{apart}", (place,)), f"{what} in the response"


def _named(keys: Collection[Key], noun: str) -> str:
    return f"{count(len(keys), noun)}: {some([interval_name(*key) for key in keys], _NAMED)}"


def id_of(group: Group) -> Any:
    """The id of a group, or whatever comes first in it."""
    return group[0] if isinstance(group, tuple) else group


def at_odds(table: Table, rows: Rows) -> Any:
    """The rows that do not say what other rows, or their own timestamps, say too; some twice."""
    if table.dataset.occurrence:
        return rows.kept[rows.occurrences > 1]
    odd = [np.array([], np.int64)]
    for column in table.dataset.columns:
        if column.system_wide:
            slots = table.slots[rows.kept]
            values = table.numbers[column.name][rows.kept]
            there = np.flatnonzero(~np.isnan(values))[::-1]
            first = np.full(len(table.lengths) * len(table.intervals.distinct), np.nan)
            first[slots[there]] = values[there]  # the last to be written is the first there is
            odd.append(rows.kept[there[values[there] != first[slots[there]]]])
        elif column.is_hour_end:
            hours = [market_time.local_time(slot).hour for slot in table.intervals.distinct]
            ends = np.array([f"{hour + 1:02d}" for hour in hours], object)
            words = table.texts[column.name]
            said = np.array([text if text is None else text[:2] for text in words.distinct], object)
            of_row = said[words.at[rows.kept]]
            is_odd = (of_row != ends[table.intervals.at[rows.kept]]) & (of_row != None)  # noqa: E711
            odd.append(rows.kept[is_odd])
    return np.concatenate(odd)
