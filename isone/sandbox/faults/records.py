"""Faults of the records in a response: wrong times, places, prices and fields."""

import json
from dataclasses import replace
from typing import Any

from isone.market import market_time
from isone.market.keys import IdKey
from isone.sandbox.faults.fault import CannotBeDoneError, Fault, Record, Records, json_bytes
from isone.sandbox.feeds import Feed
from isone.sandbox.response import Response, wrap


def spoil_records(fault: Fault, response: Response) -> Response:
    """Do a fault to the records in a response; one without records stays as it is.

    What comes beside the list of records stays. Raises CannotBeDoneError.
    """
    if fault.on_records is None or response.query is None:
        return response
    feed = response.query.feed
    *outer, inner = feed.wrapper
    response_content = level = json.loads(response.body)
    for key in outer:
        level = level[key]
    content = level[inner] if isinstance(level, dict) else ""
    records = [content] if isinstance(content, dict) else list(content)
    if not records:
        return response
    spoilt = fault.on_records(records, feed)
    if not spoilt:
        return replace(response, body=wrap(feed.wrapper, []), packed=None)
    level[inner] = spoilt[0] if len(spoilt) == 1 else spoilt
    return replace(response, body=json_bytes(response_content), packed=None)


def _timestamp_of(record: Record, feed: Feed) -> int:
    value: Any = record
    for key in feed.dataset.begins:
        value = value[key]
    return market_time.parse_timestamp(value)


def _with_timestamp(record: Record, feed: Feed, instant: int) -> Record:
    """The record with another beginning; what leads to the timestamp is copied."""
    *outer, last = feed.dataset.begins
    changed = dict(record)
    inside = changed
    for key in outer:
        inside[key] = dict(inside[key])
        inside = inside[key]
    inside[last] = market_time.timestamp(instant)
    return changed


def _with_place(record: Record, feed: Feed, place: int) -> Record:
    key = _id_key(feed)
    name, kind = key.known.get(place, ("ELSEWHERE", "NETWORK NODE"))
    of_id, of_type, of_name = key.inner
    if not key.outer:
        return record | {of_id: place, of_name: name}
    types = {of_type: kind} if of_type else {}
    return record | {key.outer: {of_id: str(place), **types, of_name: name}}


def _place_of(record: Record, feed: Feed) -> int:
    key = _id_key(feed)
    return int((record[key.outer] if key.outer else record)[key.inner[0]])


def _id_key(feed: Feed) -> IdKey:
    key = feed.dataset.id_key
    if key is None:
        raise CannotBeDoneError(f"{feed.dataset.name} has no locations")
    return key


def _values_of(record: Record, feed: Feed) -> list[str]:
    """The fields in which a record has a number, the foremost price first."""
    return [field for field in feed.value_fields if isinstance(record.get(field), int | float)]


def _middle(records: Records, feed: Feed) -> int:
    """Where the record nearest the middle is that has a number."""
    order = sorted(range(len(records)), key=lambda number: abs(number - len(records) // 2))
    for number in order:
        if _values_of(records[number], feed):
            return number
    raise CannotBeDoneError(f"no record of {feed.dataset.name} has a number to change")


def _foremost(records: Records, feed: Feed) -> str:
    """The foremost field in which any record has a number."""
    return _values_of(records[_middle(records, feed)], feed)[0]


def _middle_changed(records: Records, feed: Feed, value: object) -> Records:
    """One record with another value for its foremost number."""
    middle = _middle(records, feed)
    changed = records[middle] | {_values_of(records[middle], feed)[0]: value}
    return [*records[:middle], changed, *records[middle + 1 :]]


def wrong_day(records: Records, feed: Feed) -> Records:
    return [_with_timestamp(r, feed, _timestamp_of(r, feed) - 7 * 86400) for r in records]


def missing_interval(records: Records, feed: Feed) -> Records:
    gone = _timestamp_of(records[len(records) // 2], feed)
    return [r for r in records if _timestamp_of(r, feed) != gone]


def doubled_row(records: Records, feed: Feed) -> Records:
    middle = len(records) // 2
    return [*records[: middle + 1], *records[middle:]]


def disagreeing_row(records: Records, feed: Feed) -> Records:
    middle = _middle(records, feed)
    other = dict(records[middle])
    # with two fields of an LMP raised, its components still add up
    for field in _values_of(other, feed)[:2]:
        other[field] = round(other[field] + 1.07, 2)
    return [*records[: middle + 1], other, *records[middle + 1 :]]


def null_price(records: Records, feed: Feed) -> Records:
    return _middle_changed(records, feed, None)


def text_price(records: Records, feed: Feed) -> Records:
    return _middle_changed(records, feed, "N/A")


def thousands(records: Records, feed: Feed) -> Records:
    return _middle_changed(records, feed, "1,234.56")


def sum_off(records: Records, feed: Feed) -> Records:
    identity = feed.dataset.sums[0]
    field = {column.name: column.field for column in feed.dataset.columns}[identity.total]
    numbers = [n for n, r in enumerate(records) if isinstance(r.get(field), int | float)]
    if not numbers:
        raise CannotBeDoneError(f"no record of {feed.dataset.name} has {field}")
    middle = numbers[len(numbers) // 2]
    off = round(records[middle][field] + 37 * identity.tolerance, 6)
    return [*records[:middle], records[middle] | {field: off}, *records[middle + 1 :]]


def new_field(records: Records, feed: Feed) -> Records:
    return [r | {"SandboxExtra": 1.5} for r in records]


def missing_field(records: Records, feed: Feed) -> Records:
    gone = _foremost(records, feed)
    return [{key: value for key, value in r.items() if key != gone} for r in records]


def renamed_field(records: Records, feed: Feed) -> Records:
    field = _foremost(records, feed)
    return [
        {f"{key}Renamed" if key == field else key: value for key, value in r.items()}
        for r in records
    ]


def wrong_place(records: Records, feed: Feed) -> Records:
    """One place's rows claim another: a known one if the response has one place only."""
    found = _place_of(records[0], feed)
    known = _id_key(feed).known
    if all(_place_of(r, feed) == found for r in records):
        claimed = next(place for place in known if place != found)
    else:
        claimed = max(known) + 1990
    return [_with_place(r, feed, claimed) if _place_of(r, feed) == found else r for r in records]


def missing_place(records: Records, feed: Feed) -> Records:
    first = _place_of(records[0], feed)
    return [r for r in records if _place_of(r, feed) != first]


def nameless_place(records: Records, feed: Feed) -> Records:
    """The place with the highest id comes with that alone."""
    last = max(_place_of(r, feed) for r in records)
    key = _id_key(feed)
    alone = {key.outer: {key.inner[0]: str(last)}}
    return [r | alone if _place_of(r, feed) == last else r for r in records]


def shifted_hour(records: Records, feed: Feed) -> Records:
    return [_with_timestamp(r, feed, _timestamp_of(r, feed) + 3600) for r in records]


def timestamp_off(records: Records, feed: Feed) -> Records:
    return [
        _with_timestamp(r, feed, _timestamp_of(r, feed) + 1 + number % 2) if number % 7 == 3 else r
        for number, r in enumerate(records)
    ]
