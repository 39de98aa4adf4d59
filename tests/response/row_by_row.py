"""A response validated the plain way: `json`, then row by row, to compare the columns with.

It knows one form of response, that of the web services with records in one list, and finds what
`validate` finds in one that is of this form: counts, what is missing and the names of flaws.
"""

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from isone.market import flaws, market_time
from isone.market.dataset import Dataset
from isone.market.requests import Request

Row = dict[str, Any]


class WrongError(Exception):
    """The response is rejected whatever is accepted."""


@dataclass(frozen=True)
class Counts:
    """What `Finding` counts, under the same names; of flaws the names alone."""

    rows: int
    places: int
    duplicates: int
    off_grid: int
    cents_off: int
    at_odds: int
    missing: int
    flaws: tuple[str, ...]


def count(dataset: Dataset, request: Request, body: bytes) -> Counts:
    """What a response has. Raises WrongError where nothing may be accepted of it."""
    served = records(dataset, body)
    rows = [read(dataset, record) for record in served]
    for column in dataset.columns:
        if column.required and served and not any(column.field in record for record in served):
            raise WrongError("a price that is nowhere")
    slots = dataset.intervals(request)
    instants = [market_time.parse_timestamp(row["begins"]) for row in rows]
    starts = [dataset.times.interval_of(instant) for instant in instants]
    first, end = request.bounds
    for start in starts:
        if start not in slots and (dataset.times.owes_rows or not first <= start < end):
            raise WrongError("another day")
    for row in rows:
        if not all(text.isprintable() for text in row.values() if isinstance(text, str)):
            raise WrongError("an unprintable text")
        if dataset.names and not row[dataset.names[0]]:
            raise WrongError("no name")
    if request.location is not None and {row["id"] for row in rows} != {request.location}:
        raise WrongError("another location")
    doubtful = two_names(dataset, rows)
    by_key: dict[tuple[int, Any], list[tuple[Any, ...]]] = {}
    for start, row in zip(starts, rows, strict=True):
        values = tuple(row[column.name] for column in dataset.columns)
        by_key.setdefault((start, key_of(dataset, row)), []).append(values)
    different = {key: len(set(values)) for key, values in by_key.items()}
    torn = {key for key, number in different.items() if number > 1 and not dataset.occurrence}
    kept = {key: list(dict.fromkeys(v)) for key, v in by_key.items() if key not in torn}
    first_rows = {
        key: dict(zip((column.name for column in dataset.columns), values[0], strict=True))
        for key, values in kept.items()
    }
    unpriced = {key for key, row in first_rows.items() if lacks_price(dataset, row)}
    gaps = [
        (identity.tolerance, abs(sum(row[part] for part in identity.parts) - row[identity.total]))
        for identity in dataset.sums
        for key, row in first_rows.items()
        if key not in unpriced and None not in map(row.get, (identity.total, *identity.parts))
    ]
    found = {
        flaws.NULL_PRICE: bool(unpriced),
        flaws.SUM: any(each > 1.5 * tolerance for tolerance, each in gaps),
        flaws.DISAGREEMENT: any(place not in doubtful for _, place in torn),
        flaws.NODE: bool(doubtful),
    }
    return Counts(
        rows=sum(map(len, kept.values())),
        places=len({place for _, place in by_key}) if dataset.id_key else 0,
        duplicates=sum(
            len(by_key[key]) - len(values) for key, values in kept.items() if key[1] not in doubtful
        ),
        off_grid=sum(one != other for one, other in zip(instants, starts, strict=True)),
        cents_off=sum(1.5 * tolerance >= each > tolerance / 2 for tolerance, each in gaps),
        at_odds=at_odds(dataset, kept, first_rows),
        missing=missing(dataset, request, by_key),
        flaws=tuple(name for name, there in found.items() if there),
    )


def records(dataset: Dataset, body: bytes) -> list[Any]:
    """The records of a response. Raises WrongError for any other form, and a key there twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise WrongError("a key twice")
        return dict(pairs)

    def number(text: str) -> Any:
        raise WrongError(text)

    try:
        content = json.loads(body, object_pairs_hook=once, parse_constant=number)
    except ValueError as error:
        raise WrongError("no JSON") from error
    for key in dataset.wrapper:
        if not isinstance(content, dict) or key not in content:
            raise WrongError("another form")
        content = content[key]
    if not isinstance(content, list) or not all(isinstance(each, dict) for each in content):
        raise WrongError("another form")
    if not content and not dataset.times.may_be_empty:
        raise WrongError("empty")
    return content


def read(dataset: Dataset, record: Row) -> Row:
    """A record's timestamp, place and values, each of its type."""
    begins: Any = record
    for key in dataset.begins:
        begins = begins.get(key) if isinstance(begins, dict) else None
    row: Row = {"begins": typed(begins, str), "id": 0, "name": None, "type": None}
    key = dataset.id_key
    if key and key.outer:
        place = typed(record.get(key.outer), dict)
        of_id, of_type, of_name = key.inner
        row["id"] = whole(place.get(of_id))
        row["type"] = typed(place.get(of_type) if of_type else None, str, type(None))
        row["name"] = typed(place.get(of_name), str, type(None))
    elif key:
        row["id"] = whole(record.get(key.field))
        row["name"] = typed(record.get(key.name_field), str)
    for column in dataset.columns:
        value = record.get(column.field)
        if column.name in dataset.names:
            typed(value, str, int, float, *([] if column.required else [type(None)]))
            row[column.name] = "" if value is None else str(value).strip()
        elif column.type == "string":
            row[column.name] = typed(value, str, type(None))
        else:
            row[column.name] = None if value is None else float(typed(value, int, float))
    try:
        market_time.parse_timestamp(row["begins"])
        for column in dataset.columns:
            if column.is_instant and row[column.name] is not None:
                dt.datetime.fromisoformat(row[column.name])
    except (ValueError, OverflowError) as error:
        raise WrongError("no time") from error
    return row


def typed(value: Any, *types: type) -> Any:
    if isinstance(value, bool) or not isinstance(value, types):
        raise WrongError(f"{value!r} is another type")
    return value


def whole(value: Any) -> int:
    text = str(typed(value, str, int))
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise WrongError(f"{text!r} is no id")
    return int(text)


def key_of(dataset: Dataset, row: Row) -> Any:
    return tuple(row[name] for name in dataset.names) if dataset.names else row["id"]


def two_names(dataset: Dataset, rows: list[Row]) -> set[int]:
    """The ids under two names. Raises WrongError for a well-known one under a wrong one."""
    known = dataset.id_key.known if dataset.id_key else {}
    said: dict[int, list[set[str]]] = {}
    for row in rows:
        for right, own, texts in zip(
            known.get(row["id"], (None, None)),
            (row["name"], row["type"]),
            said.setdefault(row["id"], [set(), set()]),
            strict=True,
        ):
            if own and right and own != right:
                raise WrongError("a well-known id under another name")
            if own is not None:
                texts.add(own)
    return {id for id, texts in said.items() if any(len(each) > 1 for each in texts)}


def lacks_price(dataset: Dataset, row: Row) -> bool:
    if any(row[c.name] is None for c in dataset.columns if c.required and c.type == "double"):
        return True
    return bool(dataset.price_alternatives) and not any(
        all(row[name] is not None for name in names) for names in dataset.price_alternatives
    )


def at_odds(dataset: Dataset, kept: dict[Any, list[Any]], rows: dict[Any, Row]) -> int:
    if dataset.occurrence:
        return sum(len(values) - 1 for values in kept.values())
    wide = [column.name for column in dataset.columns if column.system_wide]
    if wide:
        firsts: dict[tuple[str, int], float] = {}
        return sum(
            firsts.setdefault((name, start), row[name]) != row[name]
            for (start, _), row in rows.items()
            for name in wide
            if row[name] is not None
        )
    return sum(
        row["hour_end"][:2] != f"{market_time.local_time(start).hour + 1:02d}"
        for (start, _), row in rows.items()
        if row.get("hour_end") is not None
    )


def missing(dataset: Dataset, request: Request, seen: dict[tuple[int, Any], Any]) -> int:
    """How many intervals and whole places are missing."""
    if not dataset.times.owes_rows:
        return 0
    slots = dataset.intervals(request)
    required = set(dataset.id_key.owed(request.day)) if dataset.id_key else set()
    required = required if request.location is None else {request.location}
    there = Counter(place for _, place in seen)
    if not dataset.id_key:
        return len(slots) * (len(there) if dataset.names else 1) - len(seen)
    absent = sum(len(slots) - number for number in there.values())
    return absent + len(required - set(there))
