"""Whether a response is the day it should be: counted from the calendar, not hoped for."""

import contextlib
import datetime as dt
import operator
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isone.errors import IncompleteError, NoDataError, ResponseError
from isone.market import completeness, flaws, market_time
from isone.market.completeness import interval_name
from isone.market.dataset import Dataset
from isone.market.flaws import Flaw
from isone.market.locations import ALL_LOCATIONS, Locations
from isone.market.requests import Request
from isone.market.sums import Sum
from isone.response import parse, reports
from isone.response.rows import Key, Place, groups_of, id_of_group, tell_apart
from isone.text import count, some

if TYPE_CHECKING:
    from isone.response.aligned import Cells

LARGE = 2**20
"""Bytes of JSON from which on a response is read a column at a time, where it can be."""
_NAMED = 5  # examples that a sentence gives before it only counts

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


def examine(
    dataset: Dataset,
    request: Request,
    body: bytes,
    *,
    locations: Locations = ALL_LOCATIONS,
    accepted: Container[str] = (),
    cells: "Cells | None" = None,
    today: dt.date | None = None,
) -> Finding:
    """Read a response and hold it against the request that was asked for.

    `body` is the JSON as served, unpacked, and `cells` its columns where the caller has read them;
    `accepted` are names of `market.flaws` that it may have, and `locations` those that are wanted
    of it. With `today`, single gaps are forgiven that are older than the dataset's days of grace.
    Raises ResponseError for anything else that is wrong in it (form, day, place, sums, rows that
    disagree) and NoDataError for an empty one; what is merely missing stands in the finding. Of a
    set whose days may be empty, an empty response is a finding of none.
    """
    if dataset.id_key and dataset.id_key.outer and len(body) >= LARGE:
        from isone.response.check_columns import (
            count_flawless,  # Arrow, only where there is much to read
        )

        if counts := count_flawless(dataset, request, body, cells):
            return Finding(*counts)
    records, has_nulls = _read(dataset, body)
    slots = dataset.intervals(request)
    rows_slots, off_grid = _slots_of(dataset, request, slots, records.rows)
    rows_places = _places_of(dataset, records.rows, named_only=reports.is_report(body))
    places = set(rows_places) if dataset.id_key else {0}
    if request.location is not None and places != {request.location}:
        raise ResponseError(
            f"the response is about location {some([*map(str, sorted(places))], _NAMED)}"
        )
    _check_texts(dataset, records.rows)
    _check_instants(dataset, records.rows)
    doubtful = _with_two_names(dataset, records.rows)
    groups = groups_of(dataset, rows_places, records.rows)
    keys = list(zip(rows_slots, groups, strict=True))
    kept, torn = tell_apart(dataset, keys, records.rows)
    unpriced = _null_prices(dataset, kept) if has_nulls or dataset.price_alternatives else {}
    gaps = {each: _gaps(each, kept, unpriced) for each in dataset.sums}
    found = [
        *_no_prices(unpriced),
        *_wrong_sums(dataset, kept, gaps),
        *_disagreements(torn, doubtful),
    ]
    for flaw, sentence in found:
        if flaws.counts(flaw, locations, accepted):
            raise ResponseError(
                f"{sentence} (to have the day all the same, name it in accepted_flaws, with "
                f"flaw: {flaw.name})"
            )
    seen = set(keys)
    missing = completeness.missing(dataset, request, slots, seen)
    return Finding(
        rows=len(kept),
        places=len(places) if dataset.id_key else 0,
        duplicates=_copies(keys, kept, torn, doubtful),
        off_grid=off_grid,
        cents_off=sum(each.is_rounded(gap) for each in gaps for gap in gaps[each].values()),
        at_odds=_at_odds(dataset, kept, places),
        unknown_fields=records.unknown_fields,
        missing=tuple(missing),
        forgiven=bool(missing and today)
        and completeness.forgives(dataset, request, slots, seen, today or request.day),
        flaws=tuple(flaw for flaw, _ in found),
        unknown_locations=tuple(sorted(place for place in places if isinstance(place, str))),
    )


def _read(dataset: Dataset, body: bytes) -> tuple[parse.Records, bool]:
    """The records of a response, strictly read; where only that hinders, with null prices."""
    try:
        return parse.read_records(dataset, body), False
    except NoDataError:
        raise
    except ResponseError as error:
        try:
            return parse.read_records(dataset, body, nulls=True), True
        except ResponseError:
            raise error from None


def _slots_of(
    dataset: Dataset, request: Request, slots: Sequence[int], rows: Sequence[Any]
) -> tuple[list[int], int]:
    """The interval of each row, and how many rows had to be moved onto the grid."""
    begins = operator.attrgetter(".".join(("begins", *dataset.begins[1:])))
    texts = list(map(begins, rows))
    expected = dataset.timestamps(request)
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
            slot, instant = _odd_slot(dataset, request, allowed, text)
            if slot != instant:
                moved.add(text)
        found[text] = slot
    return [found[text] for text in texts], sum(map(moved.__contains__, texts)) if moved else 0


def _odd_slot(
    dataset: Dataset, request: Request, slots: frozenset[int], text: str
) -> tuple[int, int]:
    """The interval and the instant of a timestamp that is not written as expected or off the grid.

    Where no interval in particular is owed it only has to be within the day.
    """
    try:
        instant = market_time.parse_timestamp(text)
    except (ValueError, OverflowError) as error:
        raise ResponseError(
            f"the response has a wrong timestamp: {parse.shown(str(error))}"
        ) from error
    slot = dataset.times.interval_of(instant)
    first, end = request.bounds
    if slot not in slots and (dataset.times.owes_rows or not first <= slot < end):
        raise ResponseError(
            f"the response has a row of {parse.shown(text)}, which is not in {request}"
        )
    return slot, instant


def _places_of(dataset: Dataset, rows: Sequence[Any], *, named_only: bool) -> list[Place]:
    """The id of each row's key that is one; 0 where there is none.

    Where a location may be `named_only`, its name stands in for an id that is not known.
    """
    if dataset.id_key and dataset.id_key.outer:
        texts = list(map(operator.attrgetter("place.id"), rows))
        ids = {text: parse.id_of(text) for text in set(texts) if text or not named_only}
        if len(ids) == len(set(texts)):
            return list(map(ids.__getitem__, texts))
        return [
            ids[text] if text else row.place.name for text, row in zip(texts, rows, strict=True)
        ]
    return list(map(operator.attrgetter("place"), rows)) if dataset.id_key else [0] * len(rows)


def _copies(
    keys: Iterable[Key], kept: Mapping[Key, Any], torn: Container[Key], doubtful: Container[Place]
) -> int:
    """How many rows are exact copies of another."""
    plain = [key for key in keys if key not in torn and id_of_group(key[1]) not in doubtful]
    return len(plain) - sum(id_of_group(group) not in doubtful for _, group in kept)


def _check_texts(dataset: Dataset, rows: Collection[Any]) -> None:
    """Refuse a text that cannot be printed, and a row that lacks one of its names."""
    texts = {
        c.field: {getattr(r, c.name) for r in rows} for c in dataset.columns if c.type == "string"
    }
    for key in dataset.text_keys:
        if key.column.required and any(not getattr(row, key.column.name) for row in rows):
            raise ResponseError("the response has a row without a name")
    if dataset.id_key and dataset.id_key.outer:
        places = set(map(operator.attrgetter("place"), rows))
        texts["a location's name"] = {place.name for place in places}
        texts["a location's type"] = {place.type for place in places}
    elif dataset.id_key:
        texts["a zone's name"] = set(map(operator.attrgetter("place_name"), rows))
    for what, found in texts.items():
        for text in found:
            if text is not None and not text.isprintable():
                raise ResponseError(f"the response has {parse.shown(text)!r} for {what}")


def _with_two_names(dataset: Dataset, rows: Collection[Any]) -> dict[Place, list[str]]:
    """The ids that come under two names or types; a well-known one under a wrong one is rejected.

    What a row leaves out of its location's name and type contradicts nothing.
    """
    found: set[tuple[int, _Called]] = set()
    if dataset.id_key and dataset.id_key.outer:
        places = set(map(operator.attrgetter("place"), rows))
        found = {(parse.id_of(p.id), (p.name, p.type)) for p in places if p.id}
    elif dataset.id_key:
        found = {(row.place, (row.place_name, None)) for row in rows}
    known = dataset.id_key.known if dataset.id_key else {}
    names: dict[Place, set[_Called]] = {}
    for place, called in found:
        right = known.get(place, called)
        if any(said and own and said != own for said, own in zip(called, right, strict=True)):
            raise ResponseError(
                f"the response calls location {place} {_as_called(called)}, not {_as_called(right)}"
            )
        names.setdefault(place, set()).add(called)
    return {
        place: sorted(map(_as_called, called))
        for place, called in sorted(names.items())
        if any(len(set(texts) - {None}) > 1 for texts in zip(*called, strict=True))
    }


def _as_called(called: _Called) -> str:
    name, kind = (parse.shown(text) if text else "" for text in called)
    return f"{name} ({kind})" if kind else name


def _check_instants(dataset: Dataset, rows: Iterable[Any]) -> None:
    """Refuse a text that should be an instant and is none."""
    for column in dataset.columns:
        if not column.is_instant:
            continue
        for text in {getattr(row, column.name) for row in rows} - {None}:
            try:
                dt.datetime.fromisoformat(text)
            except ValueError as error:
                raise ResponseError(
                    f"the response has {parse.shown(text)!r} for {column.field}, which is no time"
                ) from error


Found = tuple[Flaw, str]
"""A flaw, and the sentence that rejects the day for it."""


def _null_prices(dataset: Dataset, kept: Mapping[Key, Any]) -> dict[Key, str]:
    """Rows in which a price is null or absent that every row has to have, and which price it is."""
    required = {c.name: c.field for c in dataset.columns if c.required and c.type == "double"}
    found: dict[Key, str] = {}
    for key, row in kept.items():
        null = [field for name, field in required.items() if getattr(row, name) is None]
        if null:
            found[key] = f"{', '.join(null)} is null or absent"
        elif dataset.price_alternatives and not any(
            all(getattr(row, name) is not None for name in each)
            for each in dataset.price_alternatives
        ):
            found[key] = "every price is null or absent"
    return found


def _no_prices(unpriced: Mapping[Key, str]) -> Iterator[Found]:
    if unpriced:
        first, what = next(iter(unpriced.items()))
        flaw = Flaw(flaws.NULL_PRICE, _named(unpriced, "row"))
        yield flaw, f"{what} for {interval_name(*first)}"


def _gaps(identity: Sum, kept: Mapping[Key, Any], unpriced: Container[Key]) -> dict[Key, float]:
    """By how much the parts of each row differ from their total; none of a row with a null."""
    total = operator.attrgetter(identity.total)
    parts = [operator.attrgetter(name) for name in identity.parts]
    return {
        key: identity.gap(total(row), [part(row) for part in parts])
        for key, row in kept.items()
        if key not in unpriced
    }


def _wrong_sums(
    dataset: Dataset, kept: Mapping[Key, Any], gaps: Mapping[Sum, Mapping[Key, float]]
) -> Iterator[Found]:
    """Rows whose parts do not add up to their total, by more than rounding explains: one flaw."""
    wrong = {
        key: each for each in dataset.sums for key, gap in gaps[each].items() if each.is_wrong(gap)
    }
    if wrong:
        first, identity = next(iter(wrong.items()))
        row = kept[first]
        parts = " + ".join(str(getattr(row, name)) for name in identity.parts)
        yield (
            Flaw(flaws.SUM, _named(wrong, "row")),
            f"components do not add up for {interval_name(*first)}: {parts} "
            f"is not {getattr(row, identity.total)}",
        )


def _disagreements(
    torn: Collection[Key], doubtful: Mapping[Place, Sequence[str]]
) -> Iterator[Found]:
    """Rows of one key with other values; of a location under two names those are a flaw of it."""
    plain = [key for key in torn if id_of_group(key[1]) not in doubtful]
    if plain:
        yield (
            Flaw(flaws.DISAGREEMENT, _named(plain, "interval")),
            f"two rows for {interval_name(*plain[0])} disagree",
        )
    for place, names in doubtful.items():
        left_out = [key for key in torn if id_of_group(key[1]) == place]
        what = f"location {place} is called {' and '.join(names)}"
        apart = f", with other prices in {_named(left_out, 'interval')}" if left_out else ""
        yield Flaw(flaws.NODE, f"{what}{apart}", (place,)), f"{what} in the response"


def _named(keys: Collection[Key], noun: str) -> str:
    return f"{count(len(keys), noun)}: {some([interval_name(*key) for key in keys], _NAMED)}"


def _at_odds(dataset: Dataset, kept: Mapping[Key, Any], places: Collection[Place]) -> int:
    """Count rows that do not say what other rows, or their own timestamps, say too."""
    if dataset.occurrence:
        return sum(occurrence > 1 for _, (*_, occurrence) in kept)
    odd = 0
    for name in (column.name for column in dataset.columns if column.system_wide):
        values: dict[int, float] = {}
        odd += sum(
            values.setdefault(slot, getattr(row, name)) != getattr(row, name)
            for (slot, _), row in (kept.items() if len(places) > 1 else ())
            if getattr(row, name) is not None
        )
    for name in (column.name for column in dataset.columns if column.is_hour_end):
        hours = {slot // 3600: slot for slot, _ in kept}
        ends = {hour: f"{market_time.local_time(at).hour + 1:02d}" for hour, at in hours.items()}
        odd += sum(
            getattr(row, name) is not None and getattr(row, name)[:2] != ends[slot // 3600]
            for (slot, _), row in kept.items()
        )
    return odd
