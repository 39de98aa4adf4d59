"""Arrow batches as the rows of PostgreSQL's binary COPY, made column by column with NumPy.

A row is its number of fields and then, for each, the length and the bytes of its value; all
numbers are big-endian. Rows whose texts have the same lengths and whose NULLs are in the same
positions have the same form, so each run of them is one structured array, filled by column.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from isone.market.schema import COLUMN_TYPES, TableColumn

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_NULL = -1
_EPOCH_DAYS = 10_957  # from 1970-01-01 to 2000-01-01, PostgreSQL's epoch
_EPOCH_MICROSECONDS = _EPOCH_DAYS * 86_400_000_000
_FEWEST_ROWS_A_RUN = 32
"""Where runs are shorter on average, rows of the same form are brought together first."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class _Values:
    """One column of a batch: its values in PostgreSQL's numbers, or its texts and their codes."""

    numbers: Array | None
    codes: Array | None
    texts: list[bytes]
    sizes: Array
    """Bytes of each row's value; -1 for NULL."""

    def rearranged(self, order: Array) -> "_Values":
        return _Values(
            self.numbers[order] if self.numbers is not None else None,
            self.codes[order] if self.codes is not None else None,
            self.texts,
            self.sizes[order],
        )


def encode(batch: pa.RecordBatch, columns: Sequence[TableColumn]) -> Iterator[memoryview]:
    """The rows of a batch, in pieces to hand to COPY after `HEADER` and before `TRAILER`.

    Rows may come in another order within the batch.
    """
    if not batch.num_rows:
        return
    values = [_values_of(batch.column(number), column) for number, column in enumerate(columns)]
    form = _forms(values, batch.num_rows)
    bounds = _bounds(form)
    if (len(bounds) - 1) * _FEWEST_ROWS_A_RUN > batch.num_rows:
        order = np.argsort(form, kind="stable")
        values = [column.rearranged(order) for column in values]
        bounds = _bounds(form[order])
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        rows = _run(columns, values, int(first), int(last))
        yield rows.view(np.uint8).data


def _values_of(array: pa.Array, column: TableColumn) -> _Values:
    if column.type == "string":
        coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        texts = [text.encode() for text in coded.dictionary.to_pylist()]
        lengths = np.array([len(text) for text in texts] or [0], np.int32)
        codes = _stored(coded.indices, "i4")
        if coded.null_count:
            codes = np.where(_valid(coded), codes, 0)
        return _Values(None, codes, texts, _with_nulls(lengths[codes], coded))
    stored = _stored(array, COLUMN_TYPES[column.type].number[1:])
    if column.type == "timestamp":
        stored = stored - _EPOCH_MICROSECONDS
    elif column.type == "date":
        stored = stored - _EPOCH_DAYS
    return _Values(stored, None, [], _with_nulls(np.int32(stored.itemsize), array))


def _stored(array: pa.Array, kind: str) -> Array:
    """The numbers of a primitive array as they are in memory; anything where it is NULL."""
    width = np.dtype(kind).itemsize
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * width)


def _valid(array: pa.Array) -> Array:
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    every = np.unpackbits(bits, count=array.offset + len(array), bitorder="little")
    return every[array.offset :].view(bool)


def _with_nulls(sizes: Any, array: pa.Array) -> Array:
    if not array.null_count:
        return np.asarray(np.broadcast_to(sizes, len(array)))
    return np.where(_valid(array), sizes, np.int32(_NULL))


def _forms(values: Sequence[_Values], rows: int) -> Array:
    """A number for each row; rows with the same number have the same form."""
    form = np.zeros(rows, np.int64)
    for column in values:
        if column.sizes.strides != (0,):  # else all rows are alike in it
            _, rank = np.unique(column.sizes, return_inverse=True)
            form = form * (int(rank.max()) + 1) + rank
    return form


def _bounds(form: Array) -> Array:
    """Where runs of rows of the same form begin, and where the last one ends."""
    return np.concatenate(([0], np.flatnonzero(np.diff(form)) + 1, [len(form)]))


def _run(columns: Sequence[TableColumn], values: Sequence[_Values], first: int, last: int) -> Array:
    """The rows of one run as a structured array: constants from a template, then the columns."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for number, (column, found) in enumerate(zip(columns, values, strict=True)):
        layout.append((f"size{number}", ">i4"))
        size = int(found.sizes[first])
        if size > 0:
            layout.append((f"value{number}", COLUMN_TYPES[column.type].number or f"V{size}"))
    template = np.zeros(1, np.dtype(layout))
    template["fields"] = len(columns)
    varying: list[tuple[str, Array]] = []
    for number, found in enumerate(values):
        size = int(found.sizes[first])
        template[f"size{number}"] = size
        if size <= 0:
            continue
        if found.numbers is not None:
            varying.append((f"value{number}", found.numbers[first:last]))
        elif found.codes is not None:
            codes = found.codes[first:last]
            table = np.array(
                [text if len(text) == size else bytes(size) for text in found.texts], f"V{size}"
            )
            if (codes == codes[0]).all():
                template[f"value{number}"] = table[codes[0]]
            else:
                varying.append((f"value{number}", table[codes]))
    rows = np.repeat(template, last - first)
    for name, numbers in varying:
        rows[name] = numbers
    return rows
