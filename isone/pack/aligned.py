"""Replies whose records are all written alike, read by position: a whole column at a time.

The service writes each record of a reply with the same keys in the same order. Where that is so,
commas cut the text into a table, and each column is one step of NumPy and Arrow. It is shown, not
hoped for: every key of every record is compared with the first record's, byte by byte. A reply that
is written in any other way is left to the reader of single records.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from isone.datasets import Dataset

_TYPES = {"double": pa.float64(), "integer": pa.int32()}


class Cells(NamedTuple):
    """The records of a reply as columns, one value a record."""

    begins: pa.Array
    """The stamps as served, text."""
    places: pa.Array
    """The locations as served: the bytes of their JSON."""
    values: dict[str, pa.Array]
    """The dataset's columns by name, float64 or int32."""


class _Field(NamedTuple):
    """A key as every record writes it, and the commas that its value has in it."""

    lead: bytes
    commas: int


class AlignedReader:
    """Reads replies of one dataset with locations; `read` may be called from one thread only."""

    def __init__(self, dataset: Dataset):
        self._columns = {column.field: column for column in dataset.columns}
        self._begins, *nested = dataset.begins
        self._possible = not nested and all(c.type in _TYPES for c in dataset.columns)
        self._is_comma = np.empty(0, np.bool_)  # kept, for fresh memory costs more than the search

    def read(self, body: bytes) -> Cells | None:
        """The columns of a proven reply, unpacked JSON; None where its records are not alike."""
        start, end = body.find(b"[{") + 1, body.rfind(b"}]")
        if not self._possible or not start or end < start:
            return None
        fields = self._fields(body[start : body.find(b"},{", start, end) + 1])
        if fields is None:
            return None
        width = sum(field.commas + 1 for field in fields.values())
        commas = self._commas(body, start, end)
        if (len(commas) + 1) % width:
            return None
        # For each comma of a record, where it stands; the last one parts it from the next record.
        edges = np.append(commas, end + 1).astype(np.int32)
        ends = np.ascontiguousarray(edges.reshape(-1, width).T)
        if not _all_read(body, ends[-1] - 1, b"}"):
            return None
        begin = np.concatenate(([start], ends[-1, :-1] + 1), dtype=np.int32)
        spans: dict[str, tuple[Any, Any]] = {}
        last = -1
        for key, field in fields.items():
            last += field.commas + 1
            until = ends[last]
            if not _all_read(body, begin, field.lead):
                return None
            spans[key] = (begin + len(field.lead), until)
            begin = until + 1
        final = next(reversed(spans))
        spans[final] = (spans[final][0], spans[final][1] - 1)  # without the record's brace
        return self._cells(body, spans)

    def _fields(self, first: bytes) -> dict[str, _Field] | None:
        """What stands before each value of the first record, if its keys are those of the table."""
        try:
            record = msgspec.json.decode(first, type=dict[str, msgspec.Raw])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        texts = {key: bytes(text) for key, text in record.items()}
        leads = [f'"{key}":'.encode() for key in texts]
        if record.keys() != {self._begins, "Location", *self._columns}:
            return None
        written = b",".join(lead + text for lead, text in zip(leads, texts.values(), strict=True))
        if first != b"{" + written + b"}" or next(iter(texts)) == "Location":
            return None
        leads[0] = b"{" + leads[0]
        pairs = zip(texts.items(), leads, strict=True)
        return {key: _Field(lead, text.count(b",")) for (key, text), lead in pairs}

    def _commas(self, body: bytes, start: int, end: int) -> Any:
        """Where the commas of the records stand in the reply."""
        letters = np.frombuffer(body, np.uint8)[start:end]
        if len(self._is_comma) < len(letters):
            self._is_comma = np.empty(len(letters) * 5 // 4, np.bool_)
        found = np.equal(letters, ord(","), out=self._is_comma[: len(letters)])
        return np.flatnonzero(found) + start

    def _cells(self, body: bytes, spans: dict[str, tuple[Any, Any]]) -> Cells | None:
        begin, end = spans[self._begins]
        prices = [spans[key] for key in self._columns]
        texts = _texts(body, [s for s, _ in prices], [e for _, e in prices], pa.string())
        try:
            values = {
                column.name: texts[number].cast(_TYPES[column.type])
                for number, column in enumerate(self._columns.values())
            }
        except pa.ArrowInvalid:  # null, say
            return None
        (begins,) = _texts(body, [begin + 1], [end - 1], pa.string())  # without its quotes
        begin, end = spans["Location"]
        (places,) = _texts(body, [begin], [end], pa.binary())
        return Cells(begins, places, values)


def _all_read(body: bytes, positions: Any, lead: bytes) -> bool:
    """Whether the same text stands at each of the positions."""
    size = len(lead)
    if positions[-1] + size > len(body):
        return False
    texts = np.ndarray((len(body) - size + 1,), f"V{size}", body, strides=(1,))
    return bool(texts[positions].tobytes() == lead * len(positions))


def _texts(
    body: bytes, starts: Sequence[Any], ends: Sequence[Any], kind: pa.DataType
) -> list[pa.Array]:
    """Pieces of the reply as arrays of text, one for each pair of `starts` and `ends`.

    What lies between the pieces is a piece too, at first, so the reply itself is their memory.
    """
    made = []
    for start, end in zip(starts, ends, strict=True):
        edges = np.empty(2 * len(start) + 1, np.int32)
        edges[0:-1:2], edges[1::2], edges[-1] = start, end, end[-1]
        pieces = pa.Array.from_buffers(
            kind, 2 * len(start), [None, pa.py_buffer(edges), pa.py_buffer(body)]
        )
        wanted = np.arange(0, 2 * len(start), 2, dtype=np.int32)
        made.append(pieces.take(pa.array(wanted)))
    return made
