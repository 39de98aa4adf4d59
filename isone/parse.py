"""Replies to typed records: the service's JSON, read strictly by structs made from the table.

A missing, null or wrongly typed field is refused; a field that the table does not know is named,
and kept in the raw reply. Records have the columns of their dataset as attributes, `begins` (the
stamp as served) and, where prices differ by place, `place`.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from isal import igzip_lib, isal_zlib

from isone import reports
from isone.datasets import Column, Dataset
from isone.errors import NoDataError, ReplyError, printable

LARGEST_REPLY = 64 * 2**20
"""Bytes of JSON above which a reply is refused unread; a full day of all locations has 6 MB."""
_SIZE_BYTES = 4  # with which a gzip stream ends: how large it is unpacked, modulo 2**32
_EMPTY_BODIES = {b"null", b"[]", b"{}", b'""'}
_SHOWN = 160  # characters of what the service says that a sentence repeats
_FIELDS_NAMED = 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TYPES: dict[str, type] = {"double": float, "integer": int, "string": str}
_Name = str | int | float | None
"""A name as it may come: one that consists of digits has been seen as a number."""


class LocationRef(msgspec.Struct, frozen=True, gc=False):
    """A price's location as LMP records name it; the id arrives as text.

    Type and name are None where they are left out and nothing else is known; the id is empty where
    a public report has the name alone and nobody knows whose it is.
    """

    id: str = msgspec.field(name="@LocId")
    type: str | None = msgspec.field(name="@LocType", default=None)
    name: str | None = msgspec.field(name="$", default=None)


@dataclass(frozen=True)
class Records:
    """The records of one reply, and the names of fields that the table does not know."""

    rows: list[Any]
    unknown_fields: tuple[str, ...] = field(default=())


def inflate(compressed: bytes) -> bytes:
    """Unpack one gzip stream and let its own trailer prove that it is whole.

    Raises ReplyError for a stream that is cut off, damaged, followed by more, or too large.
    """
    stream = isal_zlib.decompressobj(wbits=31)
    said = int.from_bytes(compressed[-_SIZE_BYTES:], "little")
    try:
        body = stream.decompress(compressed, min(said, LARGEST_REPLY - 1) or 1)
        if stream.unconsumed_tail:  # larger than it says
            body += stream.decompress(stream.unconsumed_tail, LARGEST_REPLY - len(body))
    except igzip_lib.IsalError as error:  # type: ignore[misc] # its stub has an instance
        raise ReplyError(f"the reply's gzip stream is damaged ({error})") from error
    if stream.unconsumed_tail:
        raise ReplyError(f"the reply is larger than {LARGEST_REPLY >> 20} MB unpacked")
    if not stream.eof:
        raise ReplyError("the reply's gzip stream is cut off")
    if stream.unused_data:
        raise ReplyError("the reply goes on after the end of its gzip stream")
    return body


def shown(text: str) -> str:
    """What the service says, fit for a sentence: short, and nothing that moves a terminal."""
    plain = printable(text[:_SHOWN])
    return plain if len(text) <= _SHOWN else f"{plain}..."


def read_records(dataset: Dataset, body: bytes, *, proven: bool = False) -> Records:
    """The records of a reply: the web services' JSON, or a public report.

    Of a reply that was `proven` before, each LMP record keeps its location as the bytes it came in
    (`msgspec.Raw`), which spares most of the time, and new fields are passed over.
    Raises NoDataError where the service says in one of its ways that it has none, and ReplyError
    where the JSON is not of the dataset's form. Of a set that owes no row there are none where the
    dataset's own wrapper is empty; anything else that is empty says nothing about the day.
    """
    if reports.is_report(body):
        body = reports.as_reply(dataset, body)
    for key in dataset.wrapper:  # preliminary hourly reserve prices have a wrapper of their own
        if "Final" in key:
            preliminary = key.replace("Final", "Prelim")
            body = body.replace(f'"{preliminary}"'.encode(), f'"{key}"'.encode(), 1)
    body = body.removeprefix(_BYTE_ORDER_MARK)
    if body.strip() in _EMPTY_BODIES:
        raise NoDataError("the service has no data")
    unknown: tuple[str, ...] = ()
    try:
        try:
            reply = _decoder(dataset.name, strict=not proven, raw_places=proven).decode(body)
        except msgspec.ValidationError as error:
            if "unknown field" not in str(error):
                raise
            reply = _decoder(dataset.name, strict=False, raw_places=False).decode(body)
            unknown = _unknown_fields(dataset, body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReplyError(
            f"the reply is not what {dataset.name} looks like: {shown(str(error))}"
        ) from error
    except RecursionError as error:
        raise ReplyError("the reply is nested too deeply to be a list of prices") from error
    rows = _unwrap(dataset, reply)
    if not rows and (dataset.owes_rows or not _has_wrapper(dataset, reply)):
        raise NoDataError("the service has no data")
    for name in dataset.names:
        for row in rows:
            value = getattr(row, name)
            setattr(row, name, "" if value is None else str(value).strip())
    return Records(rows, unknown)


def _has_wrapper(dataset: Dataset, reply: Any) -> bool:
    return any(getattr(reply, key, None) is not None for key in dataset.wrapper)


def _unwrap(dataset: Dataset, reply: Any) -> list[Any]:
    """Follow the wrapper down; one record comes as an object, no record as "" or null."""
    if getattr(reply, dataset.wrapper[-1]) is not None:  # the outer wrapper left out
        reply = getattr(reply, dataset.wrapper[-1])
    else:
        for key in dataset.wrapper:
            reply = getattr(reply, key, None)
            if not reply:
                return []
            if isinstance(reply, str):
                raise ReplyError(f"the reply has the text {shown(reply)!r} instead of records")
    if isinstance(reply, str):
        return []
    return reply if isinstance(reply, list) else [reply]


@functools.cache
def _decoder(name: str, *, strict: bool, raw_places: bool) -> msgspec.json.Decoder[Any]:
    from isone.datasets import DATASETS

    dataset = DATASETS[name]
    *outer, innermost = dataset.wrapper
    record = _record_type(dataset, strict=strict, raw_places=raw_places)
    level: Any = list[record] | record | str | None  # type: ignore[valid-type]
    records = level
    for key in [innermost, *reversed(outer[1:])]:
        level = msgspec.defstruct(key, [(key, level, None)], forbid_unknown_fields=True)
        level = level | str | None
    reply = msgspec.defstruct(
        "Reply",
        [(dataset.wrapper[0], level, None), (innermost, records, None)],
        forbid_unknown_fields=True,
    )
    return msgspec.json.Decoder(reply)


def _record_type(dataset: Dataset, *, strict: bool, raw_places: bool) -> Any:
    begins: Any = str
    for key in reversed(dataset.begins[1:]):
        begins = msgspec.defstruct("Begins", [(key, begins)], gc=False)
    fields: list[Any] = [("begins", begins)]
    rename = {"begins": dataset.begins[0]}
    if dataset.place == "location":
        fields.append(("place", msgspec.Raw if raw_places else LocationRef))
        rename["place"] = "Location"
    elif dataset.place == "reserve_zone":
        fields += [("place", int), ("place_name", str)]
        rename |= {"place": "ReserveZoneId", "place_name": "ReserveZoneName"}
    kinds = _TYPES | dict.fromkeys(dataset.names, _Name)
    fields += [_struct_field(column, kinds) for column in dataset.columns if column.required]
    fields += [_struct_field(column, kinds) for column in dataset.columns if not column.required]
    rename |= {column.name: column.field for column in dataset.columns}
    return msgspec.defstruct(
        f"{dataset.name}_record", fields, rename=rename, forbid_unknown_fields=strict, gc=False
    )


def _struct_field(column: Column, kinds: Mapping[str, Any]) -> Any:
    kind = kinds.get(column.name) or kinds[column.type]
    return (column.name, kind) if column.required else (column.name, kind | None, None)


def _unknown_fields(dataset: Dataset, body: bytes) -> tuple[str, ...]:
    """The names, in a reply already found sound but for them, that the table does not know."""
    known = {column.field for column in dataset.columns} | {dataset.begins[0]}
    known |= {"Location", "ReserveZoneId", "ReserveZoneName"}
    level: Any = msgspec.json.decode(body)
    for key in dataset.wrapper:
        level = level.get(key, level)
    rows = level if isinstance(level, list) else [level]
    names = sorted({name for row in rows for name in row if name not in known})
    return tuple(shown(name) for name in names[:_FIELDS_NAMED])
