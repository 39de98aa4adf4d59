"""Records of any dataset, made from what its row declares: plain numbers in its own shape."""

import datetime as dt
from collections.abc import Iterator
from itertools import product
from typing import Any

from isone.market import market_time
from isone.market.columns import Column
from isone.market.dataset import Dataset
from isone.market.keys import IdKey, Kind, TextKey
from isone.market.times import Grid, Snapshots
from isone.sandbox import noise
from isone.sandbox.feeds import Query

_TEXTS: dict[Kind, tuple[str, ...]] = {
    "fuel": ("Natural Gas", "Nuclear", "Hydro", "Coal"),
    "region": (".Z.MAINE", ".Z.NEWHAMPSHIRE", ".Z.VERMONT", ".Z.CONNECTICUT"),
    "constraint": ("NORTH-SOUTH", "BOSTON IMPORT"),
    "contingency": ("Interface", ""),
}
"""The texts of keys whose row declares no values."""
_PUBLISHED_AT = (dt.time(9, 5), dt.time(16, 21))
"""When a forecast is published, on the day before."""
_SNAPSHOT_MINUTES = (7, 11)
_RARE = 0.3  # of the snapshots and events that the last of some texts is in
_OFTEN = 0.15  # of the intervals that have an event


def records(seed: int, query: Query) -> list[dict[str, Any]]:
    """The records of a query, in the order of time, then of keys; they hang on the seed alone."""
    dataset = query.feed.dataset
    found = []
    for day in query.days:
        groups = list(_groups(dataset, day, query.place))
        for instant in instants(seed, dataset, day):
            if query.hour not in (None, market_time.local_time(instant).hour):
                continue
            for number, group in enumerate(groups):
                share = noise.unit(seed, f"{dataset.name} {number} there", instant)
                is_rare = not dataset.times.owes_rows and 0 < number == len(groups) - 1
                if not is_rare or share < _RARE:
                    found.append(_record(seed, query, instant, number, group))
    return found


def instants(seed: int, dataset: Dataset, day: dt.date) -> Iterator[int]:
    """The intervals of a day that have records, or its snapshots."""
    times = dataset.times
    if isinstance(times, Grid):
        yield from times.owed(day)
        return
    if isinstance(times, Snapshots):
        first, end = market_time.day_bounds(day)
        instant = first + 119
        while instant < end:
            yield instant
            fewest, most = _SNAPSHOT_MINUTES
            more = noise.unit(seed, f"{dataset.name} wait", instant)
            instant += int(60 * (fewest + (most - fewest) * more))
        return
    for instant in market_time.interval_starts(day, times.minutes):
        if noise.unit(seed, f"{dataset.name} event", instant) < _OFTEN:
            yield instant


def _groups(dataset: Dataset, day: dt.date, place: int | None) -> Iterator[dict[str, Any]]:
    """What the keys of a record say, by field, in every way that they go together."""
    ways = [list(_values_of(key, day, place)) for key in dataset.key]
    for way in product(*ways):
        yield {field: value for each in way for field, value in each.items()}


def _values_of(key: IdKey | TextKey, day: dt.date, place: int | None) -> Iterator[dict[str, Any]]:
    if isinstance(key, IdKey):
        for id in key.owed(day):
            if place in (None, id):
                name, kind = key.known.get(id, (f"LOCATION {id}", None))
                types = {key.type_field: kind} if key.type_field else {}
                yield {key.field: str(id) if key.outer else id, **types, key.name_field: name}
    elif key.kind == "publication":
        for time in _PUBLISHED_AT:
            before = market_time.instants(day - dt.timedelta(days=1), time.hour, time.minute)
            yield {key.column.field: market_time.timestamp(before[-1])}
    elif key.column.is_instant:
        yield {key.column.field: market_time.timestamp(market_time.day_bounds(day)[0])}
    else:
        for text in key.owed(day) or _TEXTS.get(key.kind, ("ONE", "OTHER")):
            if text or not key.column.required:
                yield {key.column.field: text}


def _record(
    seed: int, query: Query, instant: int, number: int, group: dict[str, Any]
) -> dict[str, Any]:
    dataset = query.feed.dataset
    numbers = {
        column.name: _number(seed, dataset, column, instant, number)
        for column in dataset.values
        if column.type != "string"
    }
    if query.feed.prelim:
        numbers = {name: round(value + 0.01, 3) for name, value in numbers.items()}
    for identity in dataset.sums:
        numbers[identity.total] = round(sum(numbers[part] for part in identity.parts), 3)
    record: dict[str, Any] = {}
    _set(record, ".".join(dataset.begins), market_time.timestamp(instant))
    for field, value in group.items():
        _set(record, field, value)
    for column in dataset.values:
        value = numbers.get(column.name, _text(column, instant))
        _set(record, column.field, int(value) if column.type == "integer" else value)
    return record


def _number(seed: int, dataset: Dataset, column: Column, instant: int, number: int) -> float:
    """A number that changes slowly, below zero now and then unless it never is."""
    series = f"{dataset.name} {column.name} {number}"
    if column.system_wide:
        series = f"{dataset.name} {column.name}"
    level = 100 * (1 + number) * (noise.smooth(seed, series, instant / 21600) - 0.1)
    value = level + noise.unit(seed, series, instant)
    return round(abs(value) if column.never_negative else value, 2 if column.is_price else 3)


def _text(column: Column, instant: int) -> str:
    if column.is_hour_end:
        return f"{market_time.local_time(instant).hour + 1:02d}"
    return market_time.timestamp(instant) if column.is_instant else "Y"


def _set(record: dict[str, Any], field: str, value: object) -> None:
    """Put a value where a dotted field says; only ISO-NE's own keys have no dots."""
    *outer, last = field.split(".")
    for key in outer:
        record = record.setdefault(key, {})
    record[last] = value
