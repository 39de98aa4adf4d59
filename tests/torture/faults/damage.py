"""Damage done to responses: by a bad disk, a bad proxy or a bad day at the source."""

import datetime as dt
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

from reading import examine, records_of

from isone.errors import ResponseError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.response.validate import Finding
from isone.sandbox.synthetic import Synthetic

Record = dict[str, Any]
Records = list[Record]

NOON = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)
ORDINARY, SPRING, AUTUMN = dt.date(2025, 4, 5), dt.date(2025, 3, 9), dt.date(2025, 11, 2)
_SERVICE = Synthetic(seed=3, nodes=2)


@dataclass(frozen=True)
class Original:
    """A whole and right response, and what it says."""

    dataset: Dataset
    request: Request
    body: bytes

    @classmethod
    def of(cls, name: str, day: dt.date, location: int | None = None) -> "Original":
        dataset = DATASETS[name]
        (request, *_) = dataset.day_requests(day, (location or 4003,))
        return cls(dataset, request, _SERVICE.answer(dataset.request.url_path(request), NOON).body)

    def records(self) -> Records:
        return [dict(record) for record in self._records]

    @cached_property
    def _records(self) -> Records:
        content = json.loads(self.body)
        for key in self.dataset.wrapper:
            content = content[key]
        return list(content)

    @cached_property
    def said(self) -> Any:
        """What it says, and what validation notes of it."""
        return meaning(self.dataset, self.body), _notes(
            examine(self.dataset, self.request, self.body)
        )

    @cached_property
    def ids(self) -> tuple[Any, ...]:
        return tuple(sorted({_id(record) for record in self._records}, key=str))

    def body_of(self, records: Records) -> bytes:
        content: Any = records
        for key in reversed(self.dataset.wrapper):
            content = {key: content}
        return json.dumps(content, separators=(",", ":")).encode()


WHICH = [(name, day) for name in DATASETS for day in (ORDINARY, SPRING, AUTUMN)]
"""Every dataset on an ordinary day and on both changes of clocks."""


@cache
def original_of(name: str, day: dt.date) -> Original:
    """The response of a dataset for a day, made where a test first needs it."""
    return Original.of(name, day, 4003 if DATASETS[name].per_location else None)


def originals() -> list[Original]:
    """One response of each of WHICH."""
    return [original_of(*each) for each in WHICH]


def meaning(dataset: Dataset, body: bytes) -> dict[tuple[int, Any], tuple[Any, ...]]:
    """What a response says: by interval and place its names and values."""
    columns = [column.name for column in dataset.columns]
    said = {}
    for row in records_of(dataset, body):
        slot = dataset.times.interval_of(market_time.parse_timestamp(row.begins))
        place, names = row.place and row.place.id, row.place and row.place[1:]
        if dataset.occurrence:  # of the same ones there may be more
            place = tuple(str(getattr(row, name)) for name in columns)
        elif dataset.names:
            place = (place, *(getattr(row, name) for name in dataset.names))
        said[slot, place] = (names, *(getattr(row, name) for name in columns))
    return said


# Damage to the records. Each takes them and a source of chance, and returns them damaged.


def _timestamp(record: Record) -> str:
    return str(record["BeginDate"] if "BeginDate" in record else record["market_hour"]["local_day"])


def _timestamped(record: Record, timestamp: str) -> Record:
    if "BeginDate" in record:
        return record | {"BeginDate": timestamp}
    return record | {"market_hour": record["market_hour"] | {"local_day": timestamp}}


def _place(record: Record) -> Record:
    names = ("Location", "ReserveZoneId", "ReserveZoneName")
    return {name: record[name] for name in names if name in record}


def _id(record: Record) -> Any:
    return record.get("ReserveZoneId", record.get("Location", {}).get("@LocId"))


def _later(record: Record, hours: float) -> Record:
    return _timestamped(
        record,
        market_time.timestamp(market_time.parse_timestamp(_timestamp(record)) + int(hours * 3600)),
    )


def drop_rows(records: Records, chance: random.Random) -> Records:
    gone = set(chance.sample(range(len(records)), chance.choice((1, 1, 2, 5))))
    return [record for number, record in enumerate(records) if number not in gone]


def drop_interval(records: Records, chance: random.Random) -> Records:
    gone = _timestamp(chance.choice(records))
    return [record for record in records if _timestamp(record) != gone]


def cut_off(records: Records, chance: random.Random) -> Records:
    return records[: chance.randrange(1, len(records))]


def double_changed(records: Records, chance: random.Random) -> Records:
    number = chance.randrange(len(records))
    return [*records, change_number([records[number]], chance)[0]]


def double_exactly(records: Records, chance: random.Random) -> Records:
    return [*records, chance.choice(records)]


def replace_by_neighbour(records: Records, chance: random.Random) -> Records:
    number = chance.randrange(1, len(records))
    return [*records[:number], records[number - 1], *records[number + 1 :]]


def change_number(records: Records, chance: random.Random) -> Records:
    """Change one number as a slip does: a digit, the sign, the decimal point."""
    number = chance.randrange(len(records))
    record = records[number]
    fields = [f for f, v in record.items() if isinstance(v, int | float) and f not in _NAMES]
    field = chance.choice(fields)
    value = record[field]
    new = chance.choice((value + 0.01, value + 1, value + 100, -value - 3, value * 10 + 7, 99999))
    return [*records[:number], record | {field: round(new, 2)}, *records[number + 1 :]]


def spoil_value(records: Records, chance: random.Random) -> Records:
    number = chance.randrange(len(records))
    field = chance.choice([field for field in records[number] if field not in _MAY_LACK])
    new: Any = chance.choice((None, "", "N/A", "1,234.56", [], {}, True))
    return [*records[:number], records[number] | {field: new}, *records[number + 1 :]]


def drop_field(records: Records, chance: random.Random) -> Records:
    number = chance.randrange(len(records))
    gone = chance.choice([field for field in records[number] if field not in _MAY_LACK])
    left = {field: value for field, value in records[number].items() if field != gone}
    return [*records[:number], left, *records[number + 1 :]]


def rename_field(records: Records, chance: random.Random) -> Records:
    old = chance.choice(list(records[0]))
    return [{f"{k}2" if k == old else k: v for k, v in record.items()} for record in records]


def shift_one(records: Records, chance: random.Random) -> Records:
    number = chance.randrange(len(records))
    moved = _later(records[number], chance.choice((-24, -1, 1, 0.25, 24)))
    return [*records[:number], moved, *records[number + 1 :]]


def shift_all(records: Records, chance: random.Random) -> Records:
    hours = chance.choice((-24, -5, -4, -1, 1, 4, 5, 24, 24 * 365))
    return [_later(record, hours) for record in records]


def shift_offset(records: Records, _chance: random.Random) -> Records:
    """Timestamps with the other season's offset, as summer time by inference makes them."""
    flip = {"-04:00": "-05:00", "-05:00": "-04:00"}
    return [_timestamped(r, _timestamp(r)[:-6] + flip[_timestamp(r)[-6:]]) for r in records]


def rename_place(records: Records, chance: random.Random) -> Records:
    """One place's rows claim another's id, not its name."""
    one, other = chance.sample(sorted({_id(record) for record in records}), 2)
    other = next(_place(record) for record in records if _id(record) == other)
    if "Location" in other:
        return [
            r | {"Location": r["Location"] | {"@LocId": other["Location"]["@LocId"]}}
            if _id(r) == one
            else r
            for r in records
        ]
    key = {"ReserveZoneId": other["ReserveZoneId"]}
    return [r | key if _id(r) == one else r for r in records]


def exchange_names(records: Records, chance: random.Random) -> Records:
    """Two places exchange their names and keep their ids, in one interval or throughout.

    One of them is well known; that two nodes have exchanged names all day nobody can see.
    """
    one = _id(records[0])  # the hub, or the system
    other = chance.choice(sorted({_id(record) for record in records} - {one}))
    places = {_id(record): _place(record) for record in records}
    timestamps = (
        {_timestamp(chance.choice(records))}
        if chance.random() < 0.5
        else set(map(_timestamp, records))
    )

    def renamed(record: Record) -> Record:
        if _id(record) not in {one, other} or _timestamp(record) not in timestamps:
            return record
        source = places[other if _id(record) == one else one]
        if "Location" in source:
            return record | {"Location": source["Location"] | {"@LocId": _id(record)}}
        return record | {"ReserveZoneName": source["ReserveZoneName"]}

    return [renamed(record) for record in records]


def exchange_hours(records: Records, chance: random.Random) -> Records:
    """Two rows of one place exchange their timestamps."""
    place = _id(chance.choice(records))
    one, other = chance.sample([n for n, record in enumerate(records) if _id(record) == place], 2)
    changed = list(records)
    changed[one] = _timestamped(records[one], _timestamp(records[other]))
    changed[other] = _timestamped(records[other], _timestamp(records[one]))
    return changed


def shuffle(records: Records, chance: random.Random) -> Records:
    return chance.sample(records, len(records))


_NAMES = {"ReserveZoneId", "ContingencyName"}
"""Fields that may be numbers and are names."""
_MAY_LACK = {
    column.field
    for dataset in DATASETS.values()
    for column in dataset.columns
    if not column.required
}

ON_RECORDS: tuple[Callable[[Records, random.Random], Records], ...] = (
    *(drop_rows, drop_interval, cut_off, double_changed, double_exactly, replace_by_neighbour),
    *(change_number, spoil_value, drop_field, rename_field, shift_one, shift_all, shift_offset),
    *(rename_place, exchange_names, exchange_hours, shuffle),
)
NEEDS_PLACES = {rename_place, exchange_names}


def flip_bits(original: Original, chance: random.Random) -> bytes:
    """Turn one to three bits of the JSON around."""
    body = bytearray(original.body)
    for _ in range(chance.randint(1, 3)):
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return bytes(body)


def cut_bytes(original: Original, chance: random.Random) -> bytes:
    """Take some bytes out of the JSON, or its end."""
    first = chance.randrange(len(original.body))
    return original.body[:first] + original.body[first + chance.choice((1, 2, 40, 10**9)) :]


def ways(original: Original) -> dict[str, Callable[[random.Random], bytes]]:
    """Every kind of damage that can be done to a response, by its name."""

    def on_records(kind: Callable[[Records, random.Random], Records], by: random.Random) -> bytes:
        return original.body_of(kind(original.records(), by))

    fitting = [do for do in ON_RECORDS if do not in NEEDS_PLACES or len(original.ids) > 1]
    return {
        **{do.__name__: partial(do, original) for do in (cut_bytes, flip_bits)},
        **{do.__name__: partial(on_records, do) for do in fitting},
    }


def damage(original: Original, chance: random.Random) -> tuple[str, bytes]:
    """One damaged form of a response: what was done, and the JSON."""
    does = ways(original)
    cut, flip, *others = does
    kind = chance.choice((cut, *[flip] * 3, *others))
    return kind, does[kind](chance)


_TOKENS = (
    *(b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"1e999", b"-", b"\xff", b"\0"),
    *(b"\\ud800", b"\xef\xbb\xbf", b"9" * 400, b"{" * 2000, b"[" * 2000, b'"HourlyLmp":', b"\x1b["),
    *(b"9999-12-31T23:59:59.000-14:00", b"0001-01-01T00:00:00+14:00", b"NaN", b"02X", b"4000"),
)


def fuzz(original: Original, chance: random.Random) -> bytes:
    """A response of a few records with bytes turned, taken out, put in and doubled."""
    records = chance.sample(original._records, chance.randint(1, 3))
    body = bytearray(original.body_of(records))
    for _ in range(chance.randint(1, 4)):
        first = chance.randrange(len(body) + 1)
        last = min(len(body), first + chance.choice((1, 1, 2, 8, 60)))
        match chance.randrange(4):
            case 0:
                body[first:last] = bytes(
                    byte ^ 1 << chance.randrange(8) for byte in body[first:last]
                )
            case 1:
                del body[first:last]
            case 2:
                body[first:first] = chance.choice(_TOKENS)
            case _:
                body[first:first] = body[first:last]
    return bytes(body)


def judge(original: Original, kind: str, body: bytes) -> str:
    """The verdict on a damaged response, with `invisible` for what nobody can see.

    That is a number, or the time that a price was set at, that stands nowhere else in the response,
    in a dataset whose rows have no sum, or two hours exchanged where no other place has the same
    hours.
    """
    found = verdict(original, body)
    if found != "silent" or not _only_values_changed(original, body):
        return found
    hours_of_one_place = original.request.location is not None and kind == "exchange_hours"
    hidden = not original.dataset.chooses_locations or hours_of_one_place
    return "invisible" if hidden else found


def verdict(original: Original, body: bytes) -> str:
    """What the validation makes of a damaged response: rejected, harmless, noted, or silent.

    `harmless` says the same as the original, `noted` says something else and the finding shows it;
    `silent` is accepted without a note although it says something else.
    """
    try:
        finding = examine(original.dataset, original.request, body)
        finding.require_whole()
    except ResponseError:
        return "rejected"
    said, notes = original.said
    if meaning(original.dataset, body) == said:
        return "harmless"
    return "silent" if _notes(finding) == notes else "noted"


def _notes(finding: Finding) -> tuple[Any, ...]:
    names = ("duplicates", "off_grid", "cents_off", "at_odds", "unknown_fields")
    return tuple(getattr(finding, name) for name in names)


def _only_values_changed(original: Original, body: bytes) -> bool:
    """Whether a response has the same intervals, places and names, and other numbers or times."""
    before, after = original.said[0], meaning(original.dataset, body)
    return before.keys() == after.keys() and all(
        _names_in(original.dataset, before[key]) == _names_in(original.dataset, after[key])
        for key in before
    )


def _names_in(dataset: Dataset, said: tuple[Any, ...]) -> list[str]:
    """The texts of a row that are no times."""
    values = said[-len(dataset.columns) :]
    times = [
        value for column, value in zip(dataset.columns, values, strict=True) if column.is_instant
    ]
    return [value for value in said if isinstance(value, str) and value not in times]
