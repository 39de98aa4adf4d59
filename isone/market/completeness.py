"""What is missing of a day, told from its dataset's facts and from the rows that are there."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from itertools import product
from typing import Any

from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.keys import Group, IdKey, TextKey
from isone.market.requests import Request
from isone.market.times import Grid, Snapshots

Seen = Collection[tuple[int, Group]]
"""The intervals (UTC seconds) for which there is a row, each with the row's group."""


def missing(dataset: Dataset, request: Request, slots: Sequence[int], seen: Seen) -> list[str]:
    """What a whole response would have and this one has not, in words.

    `slots` are the intervals that the request owes.
    """
    if isinstance(dataset.times, Snapshots):
        found: dict[dt.date, list[int]] = {day: [] for day in request.days}
        for slot in {slot for slot, _ in seen}:
            found[market_time.local_time(slot).date()].append(slot)
        return [words for day in found for words in dataset.times.missing(day, found[day])]
    if not dataset.times.owes_rows:
        return []
    groups = {group for _, group in seen}
    expected = _expected(dataset, request, groups)
    if expected == groups and len(seen) == len(slots) * len(expected):
        return []
    absent = [_altogether(group) for group in sorted(expected - groups, key=_rank)]
    absent += [
        interval_name(slot, group)
        for group in sorted(expected & groups, key=_rank)
        for slot in slots
        if (slot, group) not in seen
    ]
    return absent


def forgives(
    dataset: Dataset, request: Request, slots: Sequence[int], seen: Seen, today: dt.date
) -> bool:
    """Whether all that is missing are single gaps, older than the dataset's days of grace."""
    times = dataset.times
    if not isinstance(times, Grid) or times.grace is None:
        return False
    for group in _expected(dataset, request, {group for _, group in seen}):
        absent = [slot for slot in slots if (slot, group) not in seen]
        if absent and not times.forgives(absent, request.last_day, today):
            return False
    return True


def _expected(dataset: Dataset, request: Request, groups: Collection[Group]) -> set[Group]:
    """The groups that owe a row in each interval: those that are there, and those that have to be.

    Of keys whose values are not known beforehand, as of publications, those that are there count.
    """
    keys = _ordered_keys(dataset)
    texts_only = dataset.text_keys
    if not keys:
        return {0}
    tuples = [group if texts_only else (group,) for group in groups]
    owed = [set(_owed(key, request)) for key in keys]
    there = [{each[at] for each in tuples} for at in range(len(keys))]
    exempt = [set(key.values) - of_key for key, of_key in zip(keys, owed, strict=True)]
    expected = set(tuples)
    if any(exempt):
        expected -= {
            each
            for each in tuples
            if any(value in not_yet for value, not_yet in zip(each, exempt, strict=True))
        }
    if any(owed):
        has_to_be = [of_key or seen for of_key, seen in zip(owed, there, strict=True)]
        expected |= set(product(*has_to_be))
    return expected if texts_only else {each for (each,) in expected}


def _ordered_keys(dataset: Dataset) -> list[IdKey | TextKey]:
    """The keys in the order in which a group has them: the id, then the texts."""
    return [*([dataset.id_key] if dataset.id_key else []), *dataset.text_keys]


def _owed(key: IdKey | TextKey, request: Request) -> Iterable[Any]:
    if isinstance(key, IdKey) and request.location is not None:
        return (request.location,)
    return key.owed(request.day)


def _rank(group: Group) -> tuple[bool, Any]:
    return (isinstance(group, str), group) if not isinstance(group, tuple) else (False, str(group))


def _altogether(group: Group) -> str:
    if isinstance(group, tuple):
        return f"{' '.join(map(str, group))} altogether"
    return f"location {group} altogether"


def interval_name(slot: int, group: Group) -> str:
    """An interval and a group, as sentences name them."""
    at = ""
    if isinstance(group, tuple):
        at = f" of {' '.join(map(str, group))}"
    elif group:
        at = f" at location {group}"
    return f"{market_time.local_time(slot):%Y-%m-%d %H:%M %Z}{at}"
