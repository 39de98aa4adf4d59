"""Responses to typed records: the service's JSON, read strictly by structs made from the table.

A missing or wrongly typed field is rejected, and so is a key that an object has twice. A key that
nothing is known of is named, wherever it is, and kept in the raw response. `response.table` makes
columns of the records.
"""

import contextlib
import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from isone.errors import NoDataError, ResponseError, printable
from isone.market.columns import Column
from isone.market.dataset import Dataset

ID_DIGITS = 9
_EMPTY_BODIES = {b"null", b"[]", b"{}", b'""'}
_SHOWN = 160  # characters of what the service says that a sentence repeats
_FIELDS_NAMED = 20
_KEYS_SHOWN = 3
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TYPES: dict[str, type] = {"double": float, "integer": int, "string": str}
_Name = str | int | float | None
"""A name as it may come: one that consists of digits has been seen as a number."""


_Path = tuple[str, ...]
"""The keys that lead from a record to a value."""


def shown(text: str) -> str:
    """What the service says, fit for a sentence: short, and nothing that moves a terminal."""
    plain = printable(text[:_SHOWN])
    return plain if len(text) <= _SHOWN else f"{plain}..."


@dataclass(frozen=True)
class Records:
    """The records of one response; `attribute` says under which names they have their values."""

    rows: list[Any]
    quotes: int
    """The quotation marks around the records: of the wrapper's keys and of what is beside them."""
    has_known_keys: bool
    """Whether every key is known, but for those in the locations."""


def read_records(dataset: Dataset, body: bytes) -> Records:
    """The records of a response, the web services' JSON.

    A price that every record should have may be null, or left out of some; it is None or UNSET
    then. Raises NoDataError where the service says in one of its ways that it has none, and
    ResponseError where the JSON is not of the dataset's form. Of a set whose days may be
    empty there are none where the dataset's own wrapper is empty; anything else that is empty says
    nothing about the day.
    """
    if body.strip() in _EMPTY_BODIES:
        raise NoDataError("the service has no data")
    with json_errors(dataset):
        response, has_known_keys = _decode(dataset, body)
        rows, quotes = _unwrap(response, dataset.wrapper)
    if not rows:
        with json_errors(dataset):
            unknown = unknown_keys(dataset, body)
        strange = [key for key in unknown if not key.startswith("@")]  # as attributes of XML are
        if strange:
            raise ResponseError(
                f"the response has {', '.join(strange[:_KEYS_SHOWN])} instead of records"
            )
        if not (dataset.times.may_be_empty and _has_wrapper(dataset, response)):
            raise NoDataError("the service has no data")
    return Records(rows, quotes, has_known_keys)


def plain_body(dataset: Dataset, body: bytes) -> bytes:
    """JSON as `read_records` takes it: no byte-order mark, and one name for the wrapper.

    Preliminary hourly reserve prices have a wrapper of their own.
    """
    for key in dataset.wrapper:
        if "Final" in key:
            preliminary = key.replace("Final", "Prelim")
            body = body.replace(f'"{preliminary}"'.encode(), f'"{key}"'.encode(), 1)
    return body.removeprefix(_BYTE_ORDER_MARK)


@contextlib.contextmanager
def json_errors(dataset: Dataset) -> Iterator[None]:
    """Let what is wrong with the JSON of a dataset be said as a ResponseError."""
    try:
        yield
    except (msgspec.DecodeError, ValueError) as error:
        raise ResponseError(
            f"the response is not what {dataset.name} looks like: {shown(str(error))}"
        ) from error
    except RecursionError as error:
        raise ResponseError("the response is nested too deeply to be a list of prices") from error


def read_place(name: str, text: bytes) -> tuple[Any, bool]:
    """A dataset's place from the JSON of its object, and whether each key is known and there once.

    It has `id`, text or a number, `type` and `name`, None where they are left out. Raises
    msgspec.DecodeError for what is none.
    """
    try:
        found = _place_decoder(name, strict=True).decode(text)
    except msgspec.ValidationError as error:
        if "unknown field" not in str(error):
            raise
        return _place_decoder(name, strict=False).decode(text), False
    words = [word for word in (found.type, found.name) if word is not None]
    quotes = 2 + 2 * isinstance(found.id, str) + 4 * len(words)
    return found, text.count(b'"') == quotes


def id_of(served: str | int) -> int:
    """The id of a location or zone: text or a number. Raises ResponseError for any other."""
    text = str(served)
    if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS):
        raise ResponseError(f"the response has {shown(text)!r} for a location id")
    return int(text)


def _decode(dataset: Dataset, body: bytes) -> tuple[Any, bool]:
    """The typed response, and whether every key in it is one that is known.

    Prices may be null only where nothing else is wrong; so the first error is the one to tell.
    """
    try:
        return _decode_either(dataset, body, nulls=False)
    except msgspec.DecodeError:
        with contextlib.suppress(msgspec.DecodeError):
            found = _decode_either(dataset, body, nulls=True)
            if _has_every_price(dataset, body):
                return found
        raise


def _decode_either(dataset: Dataset, body: bytes, *, nulls: bool) -> tuple[Any, bool]:
    try:
        return _decoder(dataset.name, strict=True, nulls=nulls).decode(body), True
    except msgspec.ValidationError as error:
        if "unknown field" not in str(error):
            raise
    return _decoder(dataset.name, strict=False, nulls=nulls).decode(body), False


def _has_every_price(dataset: Dataset, body: bytes) -> bool:
    """Whether each price is somewhere: if not, that is no flaw of a row, but another form."""
    return all(
        f'"{column.field.rpartition(".")[2]}"'.encode() in body
        for column in dataset.columns
        if _is_price(column)
    )


def _is_price(column: Column) -> bool:
    """Whether a column is a number that every row has to have."""
    return column.required and column.type == "double"


def _has_wrapper(dataset: Dataset, response: Any) -> bool:
    levels = response if isinstance(response, list) else [response]
    return any(
        getattr(each, key, UNSET) not in (UNSET, None) for each in levels for key in dataset.wrapper
    )


def _unwrap(level: Any, keys: Sequence[str]) -> tuple[list[Any], int]:
    """The records below a level: an object, a list of them, or nothing, as "" or null.

    Each level on the way down may be any of these, and the outer ones may be left out. Beside the
    records, how many quotation marks were read on the way.
    """
    if isinstance(level, str) and level.strip():
        raise ResponseError(f"the response has the text {shown(level)!r} instead of records")
    if isinstance(level, str):
        return [], 2
    if not level:
        return [], 0
    if not keys:
        return level if isinstance(level, list) else [level], 0
    below: list[tuple[list[Any], int]] = []
    quotes = 0
    if isinstance(level, list):
        below = [_unwrap(each, keys) for each in level]
    else:
        for name in level.__struct_fields__:
            value = getattr(level, name)
            if value is UNSET:
                continue
            quotes += 2
            if name in keys:
                below.append(_unwrap(value, keys[keys.index(name) + 1 :]))
            else:
                quotes += bytes(value).count(b'"')
    records = below[0][0] if len(below) == 1 else [row for found, _ in below for row in found]
    return records, quotes + sum(each for _, each in below)


@functools.cache
def _decoder(name: str, *, strict: bool, nulls: bool) -> msgspec.json.Decoder[Any]:
    from isone.market.datasets import DATASETS

    dataset = DATASETS[name]
    ignored = [(key, msgspec.Raw | UnsetType, UNSET) for key in dataset.ignored]
    level: Any = _record_type(dataset, strict=strict, nulls=nulls)
    level = list[level] | level | str | None
    below: list[Any] = []
    for key in reversed(dataset.wrapper):
        below = [(key, level | UnsetType, UNSET), *below]
        struct = msgspec.defstruct(key, [*below, *ignored], forbid_unknown_fields=strict)
        level = list[struct] | struct | str | None  # type: ignore[valid-type]
    return msgspec.json.Decoder(level)


@functools.cache
def _place_decoder(name: str, *, strict: bool) -> msgspec.json.Decoder[Any]:
    from isone.market.datasets import DATASETS

    key = DATASETS[name].id_key
    assert key is not None  # noqa: S101 - for the type checker; no other set has such places
    fields: list[Any] = [("id", str | int), ("type", str | None, None), ("name", str | None, None)]
    served = [each or "(none)" for each in key.inner]  # no key is called that
    rename = {field[0]: each for field, each in zip(fields, served, strict=True)}
    struct = msgspec.defstruct("Place", fields, rename=rename, forbid_unknown_fields=strict)
    return msgspec.json.Decoder(struct)


def attribute(path: _Path) -> str:
    """Where a record has the value to which keys lead; these may begin with `@`, or be `$`."""
    return ".".join(f"key_{key.encode().hex()}" for key in path)


def _record_type(dataset: Dataset, *, strict: bool, nulls: bool) -> Any:
    """A record: its timestamp, place and values, at their paths; a place's object stays JSON."""
    members: list[tuple[_Path, Any, bool]] = [(dataset.begins, str, True)]
    if key := dataset.id_key:
        beside: dict[str, Any] = {key.field: int | str, key.name_field: str}
        fields: dict[str, Any] = {key.outer: msgspec.Raw} if key.outer else beside
        members += [(tuple(each.split(".")), kind, True) for each, kind in fields.items()]
    kinds = _TYPES | dict.fromkeys(dataset.names, _Name)
    for column in dataset.columns:
        is_required = column.required and not (nulls and _is_price(column))
        kind = kinds.get(column.name) or kinds[column.type]
        members.append((tuple(column.field.split(".")), kind, is_required))
    return _object_type(members, dataset.ignored, strict=strict)


def _object_type(
    members: Sequence[tuple[_Path, Any, bool]], ignored: Sequence[str], *, strict: bool
) -> Any:
    """An object with members at these paths, each of a type, and required or not."""
    fields: dict[str, tuple[Any, bool]] = {}
    for first in dict.fromkeys(path[0] for path, _, _ in members):
        inside = [(path[1:], kind, needed) for path, kind, needed in members if path[0] == first]
        is_required = any(needed for _, _, needed in inside)
        kind = inside[0][1] if not inside[0][0] else _object_type(inside, ignored, strict=strict)
        fields[first] = (kind, is_required)
    required = [(attribute((key,)), kind) for key, (kind, needed) in fields.items() if needed]
    others: list[Any] = [
        (attribute((key,)), kind | None | UnsetType, UNSET)
        for key, (kind, needed) in fields.items()
        if not needed
    ]
    others += [(attribute((key,)), msgspec.Raw | UnsetType, UNSET) for key in ignored]
    return msgspec.defstruct(
        "Record",
        [*required, *others],
        rename={attribute((key,)): key for key in (*fields, *ignored)},
        forbid_unknown_fields=strict,
        gc=False,
    )


def unknown_keys(dataset: Dataset, body: bytes) -> tuple[str, ...]:
    """The keys, in a response that is valid but for them, that nothing is known of.

    Raises ResponseError where an object has a key twice that is read.
    """
    paths = [dataset.begins, *(tuple(column.field.split(".")) for column in dataset.columns)]
    if key := dataset.id_key:
        fields = (each for each in (key.field, key.type_field, key.name_field) if each)
        paths += [tuple(each.split(".")) for each in fields]
    of_record = {path[0] for path in paths}
    read = {*dataset.wrapper, *(each for path in paths for each in path)}

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
        _add_unknown_inside(record, paths, unknown)
    return named_fields(unknown - set(dataset.ignored))


def named_fields(unknown: Iterable[str]) -> tuple[str, ...]:
    """Fields that nothing is known of, fit for a sentence."""
    return tuple(shown(name) for name in sorted(set(unknown))[:_FIELDS_NAMED])


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


def _add_unknown_inside(
    level: dict[str, Any], paths: Sequence[tuple[str, ...]], unknown: set[str]
) -> None:
    """Add the keys of the objects inside a record that are on none of the paths."""
    for outer in {path[0] for path in paths if len(path) > 1}:
        inner = level.get(outer)
        if isinstance(inner, dict):
            below = [path[1:] for path in paths if len(path) > 1 and path[0] == outer]
            unknown |= inner.keys() - {path[0] for path in below}
            _add_unknown_inside(inner, below, unknown)
