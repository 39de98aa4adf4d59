"""CSV for spreadsheets and for programs that read nothing better (RFC 4180, UTF-8).

Timestamps are ISO 8601, once in UTC and once in market time with its offset; a missing value is an
empty field; a text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv

from isone.errors import UsageError
from isone.market import market_time
from isone.pack.reading import Packed
from isone.store.files import writing_whole

_MARKET_START = "interval_start_market"
_ORDERED_ROWS = 2_000_000
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def export_csv(packed: Packed, output: Path) -> int:
    """Write the rows of packed files as CSV, in bounded memory; returns their number.

    Up to two million rows, more than a spreadsheet takes, are ordered by location, then time; a
    larger export keeps the order of the files. The file appears whole or not at all. Raises
    UsageError where there is no row, or none of a location that was asked for.
    """
    count = packed.count_rows()
    if not count:
        raise UsageError(f"{packed.dataset.name}: nothing is packed for these days and locations")
    packed.require_locations()
    batches: Iterable[pa.RecordBatch]
    batches = packed.table().to_batches() if count <= _ORDERED_ROWS else packed.batches()
    schema = pa.schema([_csv_field(field) for field in _columns(packed.schema)])
    options = pcsv.WriteOptions(eol="\r\n", quoting_style="needed", quoting_header="needed")
    with (
        writing_whole(output) as file,
        pcsv.CSVWriter(file, schema, write_options=options) as writer,
    ):
        for batch in batches:
            writer.write_batch(_csv_columns(batch, schema))
    return count


def _columns(schema: pa.Schema) -> list[pa.Field]:
    """The columns of the table, with market time beside UTC."""
    start, end, *others = schema
    return [start, end, pa.field(_MARKET_START, pa.string()), *others]


def _csv_field(field: pa.Field) -> pa.Field:
    plain = pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
    return pa.field(field.name, field.type if plain else pa.string())


def _csv_columns(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        _market_times(batch["interval_start_utc"])
        if name == _MARKET_START
        else as_text(batch[name])
        for name in schema.names
    ]
    return pa.record_batch(columns, schema=schema)


def as_text(values: pa.Array) -> pa.Array:
    """Timestamps, days and words as a CSV has them; numbers as they are."""
    if pa.types.is_timestamp(values.type):
        return _each_distinct(values, lambda t: f"{t:%Y-%m-%dT%H:%M:%SZ}")
    if pa.types.is_date(values.type):
        return _each_distinct(values, dt.date.isoformat)
    if pa.types.is_dictionary(values.type):
        return _each_distinct(values, _safe)
    return values


def _market_times(timestamps: pa.Array) -> pa.Array:
    return _each_distinct(
        timestamps, lambda t: market_time.local_time(int(t.timestamp())).isoformat()
    )


def _each_distinct(values: pa.Array, render: Callable[[Any], str]) -> pa.Array:
    """The text of each value, made once for each distinct one."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    texts = [render(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
