"""Responses to typed records: the service's JSON, read strictly by structs made from the table.

A missing, null or wrongly typed field is rejected, and so is a key that an object has twice. A key
that nothing is known of is named, wherever it is, and kept in the raw response. Records have the
columns of their dataset as attributes, `begins` (the timestamp as served) and, where prices differ
by place, `place`.
"""

import functools
import itertools
import json
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from isone.errors import NoDataError, ResponseError, printable
from isone.market.datasets import Column, Dataset
from isone.response import reports

ID_DIGITS = 9
_EMPTY_BODIES = {b"null", b"[]", b"{}", b'""'}
_SHOWN = 160  # characters of what the service says that a sentence repeats
_FIELDS_NAMED = 20
_KEYS_SHOWN = 3
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TYPES: dict[str, type] = {"double": float, "integer": int, "string": str}
_LOCATION_KEYS = ("@LocId", "@LocType", "$")
_ZONE_KEYS = ("ReserveZoneId", "ReserveZoneName")
_Name = str | int | float | None
"""A name as it may come: one that consists of digits has been seen as a number."""


class LocationRef(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True
):
    """A price's location as LMP records name it; the id arrives as text, or as a number.

    Type and name are None where they are left out and nothing else is known; the id is empty where
    a public report has the name alone and nobody knows whose it is.
    """

    id: str | int = msgspec.field(name="@LocId")
    type: str | None = msgspec.field(name="@LocType", default=None)
    name: str | None = msgspec.field(name="$", default=None)


class WideLocationRef(LocationRef, frozen=True, gc=False, forbid_unknown_fields=False):
    """The same, with keys that are not known passed over."""


@dataclass(frozen=True)
class Records:
    """The records of one response, and the names of fields that the table does not know."""

    rows: list[Any]
    unknown_fields: tuple[str, ...] = field(default=())


def shown(text: str) -> str:
    """What the service says, fit for a sentence: short, and nothing that moves a terminal."""
    plain = printable(text[:_SHOWN])
    return plain if len(text) <= _SHOWN else f"{plain}..."


def read_records(
    dataset: Dataset, body: bytes, *, validated: bool = False, nulls: bool = False
) -> Records:
    """The records of a response: the web services' JSON, or a public report.

    With `nulls` a price may be null, or left out of some records; it is None then. Of a response
    that was `validated` before, any price may be so, each LMP record keeps its location as the
    bytes it came in (`msgspec.Raw`), which spares most of the time, and new fields are passed over.
    Raises NoDataError where the service says in one of its ways that it has none, and ResponseError
    where the JSON is not of the dataset's form. Of a set that owes no row there are none where the
    dataset's own wrapper is empty; anything else that is empty says nothing about the day.
    """
    if reports.is_report(body):
        body = reports.as_response(dataset, body)
    for key in dataset.wrapper:  # preliminary hourly reserve prices have a wrapper of their own
        if "Final" in key:
            preliminary = key.replace("Final", "Prelim")
            body = body.replace(f'"{preliminary}"'.encode(), f'"{key}"'.encode(), 1)
    body = body.removeprefix(_BYTE_ORDER_MARK)
    if body.strip() in _EMPTY_BODIES:
        raise NoDataError("the service has no data")
    unknown: tuple[str, ...] = ()
    try:
        response, is_strict = _decode(dataset, body, validated=validated, nulls=nulls)
        rows = _unwrap(response, dataset.wrapper)
        if nulls and rows:
            _require_keys(dataset, body)
        if not validated and (not is_strict or _may_repeat_a_key(dataset, body, rows, nulls=nulls)):
            unknown = _unknown_keys(dataset, body)
    except (msgspec.DecodeError, ValueError) as error:
        raise ResponseError(
            f"the response is not what {dataset.name} looks like: {shown(str(error))}"
        ) from error
    except RecursionError as error:
        raise ResponseError("the response is nested too deeply to be a list of prices") from error
    strange = [key for key in unknown if not key.startswith("@")]  # as attributes of XML are
    if strange and not rows:
        raise ResponseError(
            f"the response has {', '.join(strange[:_KEYS_SHOWN])} instead of records"
        )
    if not rows and (dataset.owes_rows or not _has_wrapper(dataset, response)):
        raise NoDataError("the service has no data")
    for name in dataset.names:
        for row in rows:
            value = getattr(row, name)
            setattr(row, name, "" if value is None else str(value).strip())
    if dataset.place == "reserve_zone":
        for row in rows:
            row.place = id_of(row.place)
    return Records(rows, unknown)


def id_of(served: str | int) -> int:
    """The id of a location or zone: text or a number. Raises ResponseError for any other."""
    text = str(served)
    if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS):
        raise ResponseError(f"the response has {shown(text)!r} for a location id")
    return int(text)


def _decode(dataset: Dataset, body: bytes, *, validated: bool, nulls: bool) -> tuple[Any, bool]:
    """The typed response, and whether every key in it is one that is known."""
    if validated:
        return _decoder(dataset.name, strict=False, raw_places=True, nulls=True).decode(body), False
    try:
        return _decoder(dataset.name, strict=True, nulls=nulls).decode(body), True
    except msgspec.ValidationError as error:
        if "unknown field" not in str(error):
            raise
    return _decoder(dataset.name, strict=False, nulls=nulls).decode(body), False


def _has_wrapper(dataset: Dataset, response: Any) -> bool:
    levels = response if isinstance(response, list) else [response]
    return any(getattr(each, key, None) is not None for each in levels for key in dataset.wrapper)


def _unwrap(level: Any, keys: Sequence[str]) -> list[Any]:
    """The records below a level: an object, a list of them, or nothing, as "" or null.

    Each level on the way down may be any of these, and the outer ones may be left out.
    """
    if isinstance(level, str) and level.strip():
        raise ResponseError(f"the response has the text {shown(level)!r} instead of records")
    if not level or isinstance(level, str):
        return []
    if not keys:
        return level if isinstance(level, list) else [level]
    if isinstance(level, list):
        return [record for each in level for record in _unwrap(each, keys)]
    below = [_unwrap(getattr(level, key, None), keys[n:]) for n, key in enumerate(keys, 1)]
    return list(itertools.chain.from_iterable(below))


@functools.cache
def _decoder(
    name: str, *, strict: bool, raw_places: bool = False, nulls: bool = False
) -> msgspec.json.Decoder[Any]:
    from isone.market.datasets import DATASETS

    dataset = DATASETS[name]
    record = _record_type(dataset, strict=strict, raw_places=raw_places, nulls=nulls)
    ignored = [(key, msgspec.Raw, None) for key in dataset.ignored]
    level: Any = list[record] | record | str | None  # type: ignore[valid-type]
    below: list[tuple[str, Any, None]] = []
    for key in reversed(dataset.wrapper):
        below = [(key, level, None), *below]
        struct = msgspec.defstruct(key, [*below, *ignored], forbid_unknown_fields=strict)
        level = list[struct] | struct | str | None  # type: ignore[valid-type]
    return msgspec.json.Decoder(level)


def _record_type(dataset: Dataset, *, strict: bool, raw_places: bool, nulls: bool) -> Any:
    ignored = [(key, msgspec.Raw, None) for key in dataset.ignored]
    begins: Any = str
    for key in reversed(dataset.begins[1:]):
        begins = msgspec.defstruct(
            "Begins", [(key, begins), *ignored], forbid_unknown_fields=strict, gc=False
        )
    fields: list[Any] = [("begins", begins)]
    rename = {"begins": dataset.begins[0]}
    if dataset.place == "location":
        location = LocationRef if strict else WideLocationRef
        fields.append(("place", msgspec.Raw if raw_places else location))
        rename["place"] = "Location"
    elif dataset.place == "reserve_zone":
        fields += [("place", int | str), ("place_name", str)]
        rename |= {"place": "ReserveZoneId", "place_name": "ReserveZoneName"}
    kinds = _TYPES | dict.fromkeys(dataset.names, _Name)
    required = [column for column in dataset.columns if _is_required(column, nulls=nulls)]
    fields += [(column.name, kinds.get(column.name) or kinds[column.type]) for column in required]
    fields += [
        (column.name, (kinds.get(column.name) or kinds[column.type]) | None, None)
        for column in dataset.columns
        if column not in required
    ]
    fields += ignored
    rename |= {column.name: column.field for column in dataset.columns}
    return msgspec.defstruct(
        f"{dataset.name}_record", fields, rename=rename, forbid_unknown_fields=strict, gc=False
    )


def _is_required(column: Column, *, nulls: bool) -> bool:
    return column.required and not (nulls and column.type == "double")


def _require_keys(dataset: Dataset, body: bytes) -> None:
    """Refuse a response in which a price is nowhere: that is no flaw of a row, but another form."""
    for column in dataset.columns:
        required = column.required and column.type == "double"
        if required and f'"{column.field}"'.encode() not in body:
            raise ResponseError(f"the response has no {column.field}")


def _may_repeat_a_key(dataset: Dataset, body: bytes, rows: Sequence[Any], *, nulls: bool) -> bool:
    """Whether an object of the response may have one key twice; if so, it takes a closer look.

    Each key that is read is counted as text, and is there once for each value that was read of it.
    """
    if b"\\" in body or any(body.count(f'"{key}"'.encode()) > 1 for key in dataset.wrapper):
        return True
    read = {dataset.begins[0]: len(rows)} | dict.fromkeys(dataset.begins[1:], len(rows))
    if dataset.place == "location":
        read |= {"Location": len(rows), "@LocId": len(rows)}
        for key, name in (("@LocType", "place.type"), ("$", "place.name")):
            read[key] = len(rows) - list(map(operator.attrgetter(name), rows)).count(None)
    elif dataset.place == "reserve_zone":
        read |= dict.fromkeys(_ZONE_KEYS, len(rows))
    for column in dataset.columns:
        read[column.field] = len(rows)
        if not _is_required(column, nulls=nulls):
            values = list(map(operator.attrgetter(column.name), rows))
            read[column.field] -= values.count(None)
    return any(body.count(f'"{key}"'.encode()) > number for key, number in read.items())


def _unknown_keys(dataset: Dataset, body: bytes) -> tuple[str, ...]:
    """The keys, in a response already found sound but for them, that nothing is known of.

    Raises ResponseError where an object has a key twice that is read.
    """
    of_record = {dataset.begins[0], "Location", *_ZONE_KEYS}
    of_record |= {column.field for column in dataset.columns}
    read = {*of_record, *dataset.wrapper, *dataset.begins, *_LOCATION_KEYS}

    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen = [key for key, _ in pairs]
            for key in read.intersection(seen):
                if seen.count(key) > 1:
                    raise ResponseError(f"the response has {key} twice in one object")
        return found

    unknown: set[str] = set()
    response = json.loads(body, object_pairs_hook=as_object, parse_int=str, parse_float=str)
    for record in _walk(response, dataset.wrapper, unknown):
        unknown |= record.keys() - of_record
        _walk(record.get("Location"), _LOCATION_KEYS, unknown)
        _walk(record[dataset.begins[0]], dataset.begins[1:], unknown)
    names = sorted(unknown - set(dataset.ignored))
    return tuple(shown(name) for name in names[:_FIELDS_NAMED])


def _walk(level: Any, keys: Sequence[str], unknown: set[str]) -> list[dict[str, Any]]:
    """The objects below a level, by the ways of `_unwrap`; other keys are added to `unknown`."""
    if isinstance(level, list):
        return [found for each in level for found in _walk(each, keys, unknown)]
    if not isinstance(level, dict):
        return []
    if not keys:
        return [level]
    unknown |= level.keys() - set(keys)
    return [
        found for n, key in enumerate(keys, 1) for found in _walk(level.get(key), keys[n:], unknown)
    ]
