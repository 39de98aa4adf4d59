"""Responses whose records are all written alike, read by position: a whole column at a time.

The service writes each record of a response with the same keys in the same order. Where that is so,
commas cut the text into a table, and each column is one step of NumPy and Arrow. It is shown, not
hoped for: every key of every record is compared with the first record's, byte by byte. Responses
that are written in any other way are left to the reader of single records.
"""

import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from isone.errors import ResponseError
from isone.market.dataset import Dataset
from isone.response import parse
from isone.response.columns import Columns, Words, read_place

_BLOCK = 2**20  # bytes read at once: what a processor's cache holds
_ZERO, _NINE = np.uint8(ord("0")), np.uint8(9)

Span = tuple[Any, Any]
"""Where the texts of a column begin and end, two NumPy arrays of int64."""


class Cells(NamedTuple):
    """The records of a response as columns, one value a record."""

    starts: Any
    """NumPy, int64: where each record begins in the text."""
    begins: pa.Array
    """The timestamps as served, without their quotes, bytes."""
    places: pa.Array
    """The locations as served: the bytes of their JSON."""
    values: dict[str, pa.Array]
    """The dataset's columns by name, float64."""


class _Field(NamedTuple):
    """A key as every record writes it, and the commas that its value has in it."""

    lead: bytes
    commas: int


def read_columns(dataset: Dataset, bodies: Sequence[bytes]) -> Columns | None:
    """What `columns.read_columns` gives, faster; None where records are not written alike."""
    read = _read_cells(dataset, bodies)
    if read is None:
        return None
    cells, lengths = read
    begins, served = cells.begins.dictionary_encode(), cells.places.dictionary_encode()
    try:
        timestamps = begins.dictionary.cast(pa.string()).to_pylist()
        places = [read_place(dataset.name, text) for text in served.dictionary.to_pylist()]
    except (msgspec.DecodeError, ValueError, ResponseError):
        return None
    if not (all(has_known_keys for _, has_known_keys in places) and _is_plain("".join(timestamps))):
        return None
    return Columns(
        Words(timestamps, begins.indices.to_numpy()),
        Words([place for place, _ in places], served.indices.to_numpy()),
        {name: values.to_numpy() for name, values in cells.values.items()},
        {},
        lengths,
    )


def _is_plain(text: str) -> bool:
    """Whether a text without a backslash is the same between quotation marks of JSON."""
    return text.isprintable() and '"' not in text


def _read_cells(dataset: Dataset, bodies: Sequence[bytes]) -> tuple[Cells, tuple[int, ...]] | None:
    """The columns of responses, and the records of each; None where they are not written alike.

    What it gives is what reading record by record gives, and JSON that is not valid, or has other
    fields or types than the table, is never taken: every byte is compared, or read as a number,
    but for the text of timestamps and locations, which are the caller's to look at.
    """
    if not _is_possible(dataset):
        return None
    body, begins = _one_body(bodies)
    start, end = _records_of(body)
    if not start or end < start or b"\\" in body:
        return None
    first = body[start : body.find(b"},{", start, end) + 1]
    if not _is_response(dataset, first, body[:start] + first + body[end + 1 :]):
        return None
    fields = _fields(dataset, first)
    if fields is None:
        return None
    blocks = [_block(dataset, fields, body, at, until) for at, until in _blocks(body, start, end)]
    read = [block for block in blocks if block is not None]
    if len(read) < len(blocks):
        return None
    cells = Cells(
        np.concatenate([block.starts for block in read]),
        pa.concat_arrays([block.begins for block in read]),
        pa.concat_arrays([block.places for block in read]),
        {name: pa.concat_arrays([block.values[name] for block in read]) for name in read[0].values},
    )
    edges = [*np.searchsorted(cells.starts, begins).tolist(), len(cells.starts)]
    return cells, tuple(map(operator.sub, edges[1:], edges[:-1]))


def _one_body(bodies: Sequence[bytes]) -> tuple[bytes, list[int]]:
    """Responses as one that has the records of all, and where those of each begin in it.

    It is empty where their wrappers differ.
    """
    start, end = _records_of(bodies[0])
    if len(bodies) == 1:
        return bodies[0], [start]
    head, tail = bodies[0][:start], bodies[0][end + 1 :]
    pieces = [memoryview(head)]
    begins = [len(head)]
    for body in bodies:
        at, until = _records_of(body)
        if until < at or body[:at] != head or body[until + 1 :] != tail:
            return b"", []
        records = memoryview(body)[at : until + 1]
        pieces += [records, memoryview(b",")]
        begins.append(begins[-1] + len(records) + 1)
    return b"".join([*pieces[:-1], tail]), begins[:-1]


def _records_of(body: bytes) -> tuple[int, int]:
    """Where the list of records begins, 0 where there is none, and the brace that ends it."""
    return body.find(b"[{") + 1, body.rfind(b"}]")


def _blocks(body: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where some records begin, and the brace that ends them: as many as a cache holds."""
    while start < end:
        until = body.find(b"},{", start + _BLOCK, end)
        until = end if until < 0 else until
        yield start, until
        start = until + 2


def _block(
    dataset: Dataset, fields: Mapping[str, _Field], body: bytes, start: int, end: int
) -> Cells | None:
    """The columns of the records between two places of a response."""
    text = np.frombuffer(body, np.uint8)[start : end + 1]
    commas = np.flatnonzero(text == ord(","))
    width = sum(field.commas + 1 for field in fields.values())
    if (len(commas) + 1) % width:
        return None
    # For each comma of a record, where it stands; the last one requests it from the next record.
    edges = np.append(commas, len(text))
    ends = np.ascontiguousarray(edges.reshape(-1, width).T)
    if not _all_read(text, ends[-1] - 1, b"}"):
        return None
    begin = starts = np.concatenate(([0], ends[-1, :-1] + 1))
    spans: dict[str, Span] = {}
    last = -1
    for key, field in fields.items():
        last += field.commas + 1
        if not _all_read(text, begin, field.lead):
            return None
        spans[key] = (begin + len(field.lead), ends[last])
        begin = ends[last] + 1
    final = next(reversed(spans))
    spans[final] = (spans[final][0], spans[final][1] - 1)  # without the record's brace
    return _cells(dataset, text, starts + start, spans)


def _is_possible(dataset: Dataset) -> bool:
    """Whether responses of a dataset can be read like this: numbers at locations, flat records."""
    has_object = dataset.id_key is not None and bool(dataset.id_key.outer)
    flat = has_object and len(dataset.begins) == 1
    return flat and all(c.type == "double" and "." not in c.field for c in dataset.columns)


def _location(dataset: Dataset) -> str:
    """The key of a record's location."""
    return dataset.id_key.outer if dataset.id_key else ""


def _is_response(dataset: Dataset, first: bytes, body: bytes) -> bool:
    """Whether a response that has only its first record left is one, with no key there twice."""
    try:
        found = parse.read_records(dataset, body)
    except ResponseError:
        return False
    quotes = found.quotes + first.count(b'"')
    return found.has_known_keys and len(found.rows) == 1 and body.count(b'"') == quotes


def _fields(dataset: Dataset, first: bytes) -> dict[str, _Field] | None:
    """What stands before each value of the first record, if its keys are those of the table."""
    texts = {
        key: bytes(text)
        for key, text in msgspec.json.decode(first, type=dict[str, msgspec.Raw]).items()
    }
    known = {dataset.begins[0], _location(dataset), *(column.field for column in dataset.columns)}
    leads = [f'"{key}":'.encode() for key in texts]
    written = b",".join(lead + text for lead, text in zip(leads, texts.values(), strict=True))
    if texts.keys() != known or first != b"{" + written + b"}":
        return None
    leads[0] = b"{" + leads[0]
    pairs = zip(texts.items(), leads, strict=True)
    return {key: _Field(lead, text.count(b",")) for (key, text), lead in pairs}


def _cells(dataset: Dataset, text: Any, starts: Any, spans: dict[str, Span]) -> Cells | None:
    prices = [spans[column.field] for column in dataset.columns]
    begin, end = (np.concatenate(edges) for edges in zip(*prices, strict=True))
    if not _all_plain_numbers(text, begin, end):
        return None
    try:
        numbers = _texts(text, begin, end, pa.string()).cast(pa.float64())
    except pa.ArrowInvalid:  # null, say
        return None
    begin, end = spans[dataset.begins[0]]
    if not (_all_read(text, begin, b'"') and _all_read(text, end - 1, b'"')):
        return None
    count = len(begin)
    return Cells(
        starts,
        _texts(text, begin + 1, end - 1, pa.binary()),
        _texts(text, *spans[_location(dataset)], pa.binary()),
        {c.name: numbers.slice(i * count, count) for i, c in enumerate(dataset.columns)},
    )


def _all_plain_numbers(text: Any, begin: Any, end: Any) -> bool:
    """Whether texts that Arrow takes for numbers are numbers of JSON too: 0.5, not 00.5, .5, nan.

    So each is a digit from end to end, or a minus before one, and 0 stands alone before the point.
    """
    if (begin >= end).any():
        return False
    at = begin + (text[begin] == ord("-"))
    first, last = text[at] - _ZERO, text[end - 1] - _ZERO  # below 0 turns large
    leading_zero = (first == 0) & (text[at + 1] - _ZERO <= _NINE)
    return not ((first > _NINE) | (last > _NINE) | leading_zero).any()


def _all_read(text: Any, positions: Any, lead: bytes) -> bool:
    """Whether the same bytes stand at each of the positions."""
    size = len(lead)
    if positions[-1] + size > len(text):
        return False
    texts = np.ndarray((len(text) - size + 1,), f"V{size}", text, strides=(1,))
    return bool(texts[positions].tobytes() == lead * len(positions))


def _texts(text: Any, begin: Any, end: Any, kind: pa.DataType) -> pa.Array:
    """Pieces of a text as an array of text.

    What lies between the pieces is a piece too, at first, so the response's is their memory.
    """
    edges = np.empty(2 * len(begin) + 1, np.int32)
    edges[0:-1:2], edges[1::2], edges[-1] = begin, end, end[-1]
    buffers = [None, pa.py_buffer(edges), pa.py_buffer(text)]
    pieces = pa.Array.from_buffers(kind, 2 * len(begin), buffers)
    return pieces.take(pa.array(np.arange(0, 2 * len(begin), 2, dtype=np.int32)))
