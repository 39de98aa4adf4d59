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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from isal import igzip_lib, isal_zlib

from isone.errors import NoDataError, ResponseError, printable
from isone.market.columns import Column
from isone.market.dataset import Dataset
from isone.response import reports

LARGEST_RESPONSE = 64 * 2**20
"""Bytes of JSON above which a response is rejected unread; a full day of all locations has 6 MB."""
ID_DIGITS = 9
_GZIP = b"\x1f\x8b"
_MOST_MEMBERS = 1000
_SIZE_BYTES = 4  # with which a gzip stream ends: how large it is unpacked, modulo 2**32
_EMPTY_BODIES = {b"null", b"[]", b"{}", b'""'}
_SHOWN = 160  # characters of what the service says that a sentence repeats
_FIELDS_NAMED = 20
_KEYS_SHOWN = 3
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TYPES: dict[str, type] = {"double": float, "integer": int, "string": str}
_Plain = Callable[[Column], Any]
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


def inflate(compressed: bytes) -> bytes:
    """Unpack gzip and let its own trailers show that it is whole.

    Several members are one body, and zeros may follow the last one (RFC 1952). Raises ResponseError
    for what is cut off, damaged, followed by anything else, or too large.
    """
    bodies: list[bytes] = []
    left, rest = LARGEST_RESPONSE, compressed
    while rest.strip(b"\0") or not bodies:
        if bodies and not rest.startswith(_GZIP):
            raise ResponseError("the response goes on after the end of its gzip stream")
        if len(bodies) == _MOST_MEMBERS:
            raise ResponseError(f"the response's gzip stream has more than {_MOST_MEMBERS} members")
        body, rest = _unpack_member(rest, left)
        bodies.append(body)
        left -= len(body)
    return b"".join(bodies)


def _unpack_member(compressed: bytes, left: int) -> tuple[bytes, bytes]:
    """The body of the first gzip member, of at most `left` bytes, and what follows it."""
    stream = isal_zlib.decompressobj(wbits=31)
    said = int.from_bytes(compressed[-_SIZE_BYTES:], "little")
    first = max(1, min(said, left - 1))
    try:
        body = stream.decompress(compressed, first)
        if len(body) == first and not stream.eof:  # larger than it says
            body += stream.decompress(stream.unconsumed_tail, max(left - len(body), 1))
    except igzip_lib.IsalError as error:  # type: ignore[misc] # its stub has an instance
        raise ResponseError(f"the response's gzip stream is damaged ({error})") from error
    if stream.unconsumed_tail or len(body) > left:
        raise ResponseError(f"the response is larger than {LARGEST_RESPONSE >> 20} MB unpacked")
    if not stream.eof:
        raise ResponseError("the response's gzip stream is cut off")
    return body, stream.unused_data


def inflate_head(compressed: bytes, size: int) -> bytes:
    """The first bytes of what gzip holds; fewer if it is cut off. Raises ResponseError for damage.

    What comes after them is not looked at.
    """
    head, rest = b"", compressed
    try:
        for _ in range(_MOST_MEMBERS):
            if len(head) >= size or not rest.strip(b"\0"):
                break
            stream = isal_zlib.decompressobj(wbits=31)
            head += stream.decompress(rest, size - len(head))
            rest = stream.unused_data
    except igzip_lib.IsalError as error:  # type: ignore[misc] # its stub has an instance
        raise ResponseError(f"the response's gzip stream is damaged ({error})") from error
    return head


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
    if not rows and not (dataset.times.may_be_empty and _has_wrapper(dataset, response)):
        raise NoDataError("the service has no data")
    _flatten(dataset, rows)
    for name in dataset.names:
        for row in rows:
            value = getattr(row, name)
            setattr(row, name, "" if value is None else str(value).strip())
    if dataset.id_key and not dataset.id_key.outer:
        for row in rows:
            row.place = id_of(row.place)
    return Records(rows, unknown)


def id_of(served: str | int) -> int:
    """The id of a location or zone: text or a number. Raises ResponseError for any other."""
    text = str(served)
    if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS):
        raise ResponseError(f"the response has {shown(text)!r} for a location id")
    return int(text)


def _flatten(dataset: Dataset, rows: Sequence[Any]) -> None:
    """Give each record the values that are inside its objects as attributes of its own."""
    for column in _inside(dataset):
        outer, _, inner = column.field.rpartition(".")
        for row in rows:
            value = row
            for key in (*outer.split("."), inner):
                value = getattr(value, _attribute(key), None)
            setattr(row, column.name, value)


def _inside(dataset: Dataset) -> list[Column]:
    """The columns whose values are inside an object of the record."""
    return [column for column in dataset.columns if "." in column.field]


def _attribute(key: str) -> str:
    """A key of an object as an attribute: ISO-NE's keys may begin with `@` or be `$`."""
    return f"key_{key.encode().hex()}"


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
    id_key = dataset.id_key
    if id_key and id_key.outer:
        location = LocationRef if strict else WideLocationRef
        fields.append(("place", msgspec.Raw if raw_places else location))
        rename["place"] = id_key.outer
    elif id_key:
        fields += [("place", int | str), ("place_name", str)]
        rename |= {"place": id_key.field, "place_name": id_key.name_field}
    kinds = _TYPES | dict.fromkeys(dataset.names, _Name)
    beside = [column for column in dataset.columns if "." not in column.field]
    required = [column for column in beside if _is_required(column, nulls=nulls)]
    fields += [(column.name, kinds.get(column.name) or kinds[column.type]) for column in required]

    def plain(column: Column) -> Any:
        kind = kinds.get(column.name) or kinds[column.type]
        return kind if _is_required(column, nulls=nulls) else kind | None

    paths = [(column.field.split("."), column) for column in _inside(dataset)]
    objects = _members(paths, plain, ignored, strict=strict)
    fields += [(_attribute(outer), kind) for outer, kind in objects.items()]
    rename |= {_attribute(outer): outer for outer in objects}
    fields += [
        (column.name, (kinds.get(column.name) or kinds[column.type]) | None, None)
        for column in beside
        if column not in required
    ]
    # what is inside an object gets its attribute later, whatever a key of this name may say
    fields += [(column.name, Any, None) for column in _inside(dataset)]
    rename |= {column.name: f"({column.name})" for column in _inside(dataset)}
    fields += ignored
    rename |= {column.name: column.field for column in beside}
    return msgspec.defstruct(
        f"{dataset.name}_record", fields, rename=rename, forbid_unknown_fields=strict, gc=False
    )


def _members(
    columns: Sequence[tuple[Sequence[str], Column]], plain: _Plain, ignored: Any, *, strict: bool
) -> dict[str, Any]:
    """The types of the members of an object, by their keys, where columns are at these paths."""
    below: dict[str, list[tuple[Sequence[str], Column]]] = {}
    for (first, *rest), column in columns:
        below.setdefault(first, []).append((rest, column))
    return {
        first: _inside_type(inner, plain, ignored, strict=strict) for first, inner in below.items()
    }


def _inside_type(
    columns: Sequence[tuple[Sequence[str], Column]], plain: _Plain, ignored: Any, *, strict: bool
) -> Any:
    """The type of a value, or of an object, that holds these columns."""
    path, column = columns[0]
    if not path:
        return plain(column)
    members = _members(columns, plain, ignored, strict=strict)
    optional = {path[0] for path, column in columns if not column.required}
    fields: list[Any] = [(_attribute(k), v) for k, v in members.items() if k not in optional]
    fields += [(_attribute(key), members[key] | None, None) for key in members if key in optional]
    return msgspec.defstruct(
        "Inside",
        [*fields, *ignored],
        rename={_attribute(key): key for key in members},
        forbid_unknown_fields=strict,
        gc=False,
    )


def _is_required(column: Column, *, nulls: bool) -> bool:
    return column.required and not (nulls and column.type == "double")


def _require_keys(dataset: Dataset, body: bytes) -> None:
    """Refuse a response in which a price is nowhere: that is no flaw of a row, but another form."""
    for column in dataset.columns:
        required = column.required and column.type == "double"
        if required and f'"{last_key(column.field)}"'.encode() not in body:
            raise ResponseError(f"the response has no {column.field}")


def _may_repeat_a_key(dataset: Dataset, body: bytes, rows: Sequence[Any], *, nulls: bool) -> bool:
    """Whether an object of the response may have one key twice; if so, it takes a closer look.

    Each key that is read is counted as text, and is there once for each value that was read of it.
    """
    if b"\\" in body or any(body.count(f'"{key}"'.encode()) > 1 for key in dataset.wrapper):
        return True
    read = {dataset.begins[0]: len(rows)} | dict.fromkeys(dataset.begins[1:], len(rows))
    key = dataset.id_key
    if key and key.outer:
        of_id, of_type, of_name = key.inner
        read |= {key.outer: len(rows), of_id: len(rows)}
        for served, name in ((of_type, "place.type"), (of_name, "place.name")):
            read[served] = len(rows) - list(map(operator.attrgetter(name), rows)).count(None)
    elif key:
        read |= dict.fromkeys((key.field, key.name_field), len(rows))
    for column in dataset.columns:
        if "." in column.field:
            return True
        read[column.field] = len(rows)
        if not _is_required(column, nulls=nulls):
            values = list(map(operator.attrgetter(column.name), rows))
            read[column.field] -= values.count(None)
    return any(body.count(f'"{key}"'.encode()) > number for key, number in read.items())


def _unknown_keys(dataset: Dataset, body: bytes) -> tuple[str, ...]:
    """The keys, in a response already found sound but for them, that nothing is known of.

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


def last_key(field: str) -> str:
    """The last key of a field: `MarketDay.PeakLoadMw` → `PeakLoadMw`."""
    return field.rpartition(".")[2]
