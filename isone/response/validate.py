"""Whether a response is the day it should be: counted from the calendar, not hoped for."""

import datetime as dt
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isone.errors import IncompleteError, ResponseError
from isone.market import completeness, flaws
from isone.market.dataset import Dataset
from isone.market.flaws import Flaw
from isone.market.keys import Group
from isone.market.locations import ALL_LOCATIONS, Locations
from isone.market.requests import Request
from isone.response import checks
from isone.response.rows import Rows, tell_apart
from isone.response.table import Table
from isone.text import some

_NAMED = 5  # examples that a sentence gives before it only counts


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
    Raises ResponseError for anything else that is wrong; what is missing is in the finding.
    """
    dataset, slots = table.dataset, table.dataset.intervals(request)
    places = {each.name if each.id is None else each.id for each in table.places.distinct}
    checks.check_intervals(table, request, slots)
    checks.check_location(places, request)
    checks.check_texts(table)
    doubtful = checks.with_two_names(table)
    rows = tell_apart(table)
    unpriced = checks.null_prices(table, rows)
    gaps = checks.gaps_of(table, rows, unpriced)
    found = checks.flaws_of(table, rows, unpriced, gaps, doubtful)
    _refuse(found, locations, accepted)
    missing = _missing(table, request, slots, rows)
    return Finding(
        rows=len(rows.kept),
        places=len(places),
        duplicates=_copies(table, rows, doubtful),
        off_grid=int(table.off_grid.sum()),
        cents_off=sum(int(each.is_rounded(gap).sum()) for each, gap in gaps.items()),
        at_odds=len(checks.at_odds(table, rows)),
        unknown_fields=table.unknown_fields,
        missing=tuple(missing),
        forgiven=bool(missing and today)
        and completeness.forgives(dataset, request, slots, _seen(table), today or request.day),
        flaws=tuple(flaw for flaw, _ in found),
        unknown_locations=tuple(sorted(place for place in places if isinstance(place, str))),
    )


def _refuse(found: Iterable[checks.Found], locations: Locations, accepted: Container[str]) -> None:
    for flaw, sentence in found:
        if flaws.counts(flaw, locations, accepted):
            raise ResponseError(
                f"{sentence} (to have the day all the same, name it in accepted_flaws, with "
                f"flaw: {flaw.name})"
            )


def validate_each(
    table: Table,
    requests: Sequence[Request],
    accepted: Sequence[Container[str]],
    *,
    locations: Locations = ALL_LOCATIONS,
    today: dt.date | None = None,
) -> list[Finding]:
    """What `validate` finds in each response of a table, looking at those one by one that need it.

    Raises ResponseError where it would for one of them.
    """
    plain = _plain_findings(table, requests)
    if None not in plain:
        return [finding for finding in plain if finding]
    return [
        finding or validate(part, request, locations=locations, accepted=names, today=today)
        for finding, part, request, names in zip(
            plain, table.parts(), requests, accepted, strict=True
        )
    ]


def _plain_findings(table: Table, requests: Sequence[Request]) -> list[Finding | None]:
    """What is found in each response in which nothing is missing, twice or wrong; None for others.

    The rows of all are looked at together, and where something is odd about texts and names, which
    all of them have in common, none is plain. For one alone `validate` takes half the time.
    """
    dataset = table.dataset
    if len(requests) == 1 or not dataset.times.owes_rows or table.unknown_fields:
        return [None] * len(requests)
    if not _has_plain_names(table):
        return [None] * len(requests)
    rows = tell_apart(table)
    unpriced = checks.null_prices(table, rows)
    gaps = checks.gaps_of(table, rows, unpriced)
    wrong = [rows.kept[each.is_wrong(gap)] for each, gap in gaps.items()]
    flawed = table.count_rows(np.concatenate([unpriced, rows.torn, *wrong]))
    kept = table.count_rows(rows.kept)
    rounded = [rows.kept[each.is_rounded(gap)] for each, gap in gaps.items()]
    cents_off = table.count_rows(np.concatenate([rows.torn[:0], *rounded]))
    off_grid = table.count_rows(np.flatnonzero(table.off_grid))
    at_odds = table.count_rows(checks.at_odds(table, rows))
    return [
        None
        if flawed[n] or kept[n] != length or not _is_whole(request, dataset, length, *said)
        else Finding(length, len(said[-1]), 0, off_grid[n], cents_off[n], at_odds[n])
        for n, (request, length, said) in enumerate(
            zip(requests, table.lengths, _distinct(table), strict=True)
        )
    ]


def _has_plain_names(table: Table) -> bool:
    try:
        checks.check_texts(table)
        return not checks.with_two_names(table) and all(
            place.id is not None for place in table.places.distinct
        )
    except ResponseError:
        return False


def _distinct(table: Table) -> Iterator[tuple[list[int], list[Group], set[Any]]]:
    """The intervals, keys and ids of places of each response."""
    intervals, keys, places = map(table.distinct, (table.intervals, table.keys, table.places))
    for of_intervals, of_keys, of_places in zip(intervals, keys, places, strict=True):
        yield of_intervals, of_keys, {place.id for place in of_places}


def _is_whole(
    request: Request,
    dataset: Dataset,
    rows: int,
    intervals: Sequence[int],
    groups: Sequence[Group],
    places: Collection[Any],
) -> bool:
    """Whether a response without rows that are there twice has all that are owed, and no others."""
    slots = dataset.intervals(request)
    if rows != len(slots) * len(groups) or not rows or not frozenset(slots).issuperset(intervals):
        return False
    if request.location is not None and places != {request.location}:
        return False
    return not completeness.missing(
        dataset, request, slots[:1], {(slots[0], group) for group in groups}
    )


def _copies(table: Table, rows: Rows, doubtful: Container[Any]) -> int:
    """How many rows are exact copies of another."""
    if not len(rows.torn) and len(rows.kept) == len(table):
        return 0
    cells = table.cells
    plain = [checks.id_of(group) not in doubtful for group in table.keys.distinct]
    is_plain = np.array(plain, bool)[table.keys.at]
    among = is_plain & ~np.isin(cells, cells[rows.torn])
    return int(among.sum() - is_plain[rows.kept].sum())


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


def _seen(table: Table) -> set[checks.Key]:
    return set(checks.keys_of(table, slice(None)))
