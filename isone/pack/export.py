"""CSV for spreadsheets and for programs that read nothing better (RFC 4180, UTF-8).

Instants are ISO 8601, once in UTC and once in market time with its offset; a missing value is an
empty field; a text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

import argparse
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv

from isone.errors import UsageError
from isone.market import clock
from isone.market.datasets import DATASETS
from isone.pack.reading import Packed, open_packed
from isone.run.settings import parse_day
from isone.store.files import writing_whole
from isone.text import count

_MARKET_START = "interval_start_market"
_ORDERED_ROWS = 2_000_000
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line of `scripts/export_csv.py`; returns the exit code."""
    options = _parser().parse_args(arguments)
    first, last = (
        parse_day(text, option) if text else None
        for text, option in ((options.start_date, "--start-date"), (options.end_date, "--end-date"))
    )
    packed = open_packed(options.dataset, options.years, options.locations, options.data_dir)
    rows = export_csv(packed.between(first, last), Path(options.output))
    print(f"{options.output}: {count(rows, 'row')}")
    return 0


def export_csv(packed: Packed, output: Path) -> int:
    """Write the rows of packed files as CSV, in bounded memory; returns their number.

    Up to two million rows, more than a spreadsheet takes, are ordered by place, then time; a
    larger export keeps the order of the files. The file appears whole or not at all. Raises
    UsageError where there is no row, or none of a location that was asked for.
    """
    count = packed.count_rows()
    if not count:
        raise UsageError(f"{packed.dataset.name}: nothing is packed for these days and locations")
    packed.require_places()
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
    """Instants, days and words as a CSV has them; numbers as they are."""
    if pa.types.is_timestamp(values.type):
        return _each_distinct(values, lambda instant: f"{instant:%Y-%m-%dT%H:%M:%SZ}")
    if pa.types.is_date(values.type):
        return _each_distinct(values, dt.date.isoformat)
    if pa.types.is_dictionary(values.type):
        return _each_distinct(values, _safe)
    return values


def _market_times(instants: pa.Array) -> pa.Array:
    return _each_distinct(instants, lambda t: clock.local_time(int(t.timestamp())).isoformat())


def _each_distinct(values: pa.Array, render: Callable[[Any], str]) -> pa.Array:
    """The text of each value, made once for each distinct one."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    texts = [render(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python scripts/export_csv.py",
        description="Write packed prices as CSV: UTF-8, instants in UTC and in market time.",
    )
    parser.add_argument("dataset", help=", ".join(DATASETS), metavar="DATASET")
    parser.add_argument(
        "--years", nargs="+", metavar="YEAR", help="2024, 2019-2023; all, unless given"
    )
    parser.add_argument(
        "--locations",
        nargs="+",
        metavar="LOCATION",
        help="ids, names, or hubs (hub and load zones); all, unless given",
    )
    parser.add_argument("--start-date", metavar="DAY", help="first operating day, YYYY-MM-DD")
    parser.add_argument("--end-date", metavar="DAY", help="last operating day, YYYY-MM-DD")
    parser.add_argument("--data-dir", default="data", metavar="FOLDER", help="by default: data")
    parser.add_argument("--output", required=True, metavar="FILE", help="the CSV to write")
    return parser
