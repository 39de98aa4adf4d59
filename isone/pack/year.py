"""Validated days to one Parquet file a dataset-year: digests checked, rows counted, memory bounded.

Download validated each response, and its SHA-256 shows here that it is still the same. While one
response becomes columns, the next is read and unpacked, and the rows before are ordered and
written, by threads that leave Python alone.

Rows come in chunks of whole days, about half a million rows each, ordered by location, then time,
and cut into row groups. So one location over a year is a row group or two of each chunk, one day of
all locations is one chunk, and a year of any size is packed in the memory of three chunks.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from isone.errors import DamagedError, NoFileError, ResponseError
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import Locations
from isone.market.requests import Request
from isone.market.schema import sort_key
from isone.pack.columns import ColumnReader
from isone.pack.parquet import arrow_schema, metadata_of
from isone.response import report_places
from isone.response.batches import ROWS, Stored, in_batches
from isone.response.columns import Place
from isone.run.progress import Advance, unseen
from isone.store import gzipped
from isone.store.files import read_file, sha256, writing_whole
from isone.store.ledger import Entry
from isone.store.periods import files_of, year_of
from isone.store.store import Store
from isone.store.year_marker import Manifest, read_manifest
from isone.text import count, some

log = logging.getLogger(__name__)

CHUNK_ROWS = 500_000
GROUP_ROWS = 60_000
"""Measured: `bench/pack.py --layouts`. Smaller groups read one location faster, and weigh more."""
_READ_AHEAD = 2


@dataclass(frozen=True)
class Packed:
    """What packing a dataset-year came to."""

    rows: int
    left_out: int
    """Rows of locations that were not chosen."""
    absent: tuple[int, ...]
    """Chosen locations that have no row in the whole year."""
    size: int
    """Bytes of the file."""


def pack_year(
    store: Store,
    dataset_name: str,
    period: str,
    locations: Locations = "all",
    *,
    chunk_rows: int = CHUNK_ROWS,
    group_rows: int = GROUP_ROWS,
    advance: Advance = unseen,
) -> Packed:
    """Write the Parquet file of a complete dataset-year; it appears whole or not at all.

    `locations` leaves out the rows of all others; sets without locations are kept whole. Raises
    DamagedError, naming the day, for a response that is not the one that was validated, and OSError
    where the file cannot be written. `advance` is told how many responses are read, of how many.
    """
    dataset = DATASETS[dataset_name]
    report_places.learn_from(store)
    manifest = read_manifest(store.marker_path(dataset_name, period))
    chosen: Locations = locations if dataset.chooses_locations else "all"
    schema = arrow_schema(dataset, metadata_of(dataset, manifest, chosen))
    target = store.parquet_path(dataset_name, period)
    reader = ColumnReader(dataset, chosen)
    with (
        writing_whole(target) as file,
        _open_writer(file, schema, sort_key(dataset)) as writer,
        ThreadPoolExecutor(2, "pack") as pool,
    ):
        batches = in_batches(_stored(dataset, manifest.requests), min(ROWS, chunk_rows))
        ahead = _read_ahead(pool, store, batches, len(manifest.requests), advance)
        chunks = _chunks(reader, ahead, chunk_rows)
        rows = _write_chunks(pool, writer, reader, chunks, group_rows)
        if rows + reader.left_out != manifest.rows:
            raise DamagedError(
                f"{store.marker_path(dataset_name, period)} counts {manifest.rows} rows, and its "
                f"requests have {rows + reader.left_out}; {_VERIFY}"
            )
    _warn_of_unknown(manifest, chosen, reader)
    return Packed(rows, reader.left_out, reader.absent, target.stat().st_size)


def _write_chunks(
    pool: ThreadPoolExecutor,
    writer: pq.ParquetWriter,
    reader: ColumnReader,
    chunks: Iterable[list[pa.RecordBatch]],
    group_rows: int,
) -> int:
    """Write each chunk while the next one is read; returns the rows of all."""
    rows = 0
    written: Future[None] | None = None
    for chunk in chunks:
        if written:
            written.result()
        rows += sum(batch.num_rows for batch in chunk)
        places = list(reader.places)
        written = pool.submit(_write_chunk, writer, reader.dataset, chunk, places, group_rows)
    if written:
        written.result()
    return rows


def _warn_of_unknown(manifest: Manifest, chosen: Locations, reader: ColumnReader) -> None:
    """Say whose rows are left out for want of an id; among chosen locations there is none."""
    names = {place.name or "" for place in reader.places if place.id is None}
    names |= {name for entry in manifest.requests for name in entry.unknown_locations}
    if names and chosen == "all":
        log.warning(
            "%s %s: preliminary rows of %s without a known id are left out until final ones are "
            "here, which have it: %s",
            *(manifest.dataset, manifest.period, count(len(names), "location")),
            some(sorted(names)),
        )


def remove_superseded(store: Store, dataset_name: str, period: str) -> list[Path]:
    """Remove the year's files of other periods: a shorter year, or other locations by name.

    So each dataset-year has one file, and reading a whole folder counts no row twice.
    """
    target = store.parquet_path(dataset_name, period)
    of_year = files_of(target.parent, year_of(period), ".parquet")
    others = [path for path in of_year if path != target]
    for path in others:
        store.packed_marker(dataset_name, path.stem).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    return others


_VERIFY = "the same command with `-- verify` names all that is damaged, and how to fetch it again"


def _read_ahead(
    pool: ThreadPoolExecutor,
    store: Store,
    batches: Iterable[list[Stored]],
    total: int,
    advance: Advance,
) -> Iterator[tuple[list[Stored], list[bytes]]]:
    """Batches with their responses, unpacked, and shown to be those that were validated."""
    coming: deque[tuple[list[Stored], Future[list[bytes]]]] = deque()
    read = 0
    for batch in batches:
        coming.append((batch, pool.submit(_read_batch, store, batch)))
        if len(coming) > _READ_AHEAD:
            first, bodies = coming.popleft()
            yield first, bodies.result()
        read += len(batch)
        advance(read, total, "responses")
    for first, bodies in coming:
        yield first, bodies.result()


def _stored(dataset: Dataset, entries: Iterable[Entry]) -> Iterator[Stored]:
    for entry in entries:
        request = Request.named(dataset.name, entry.request)
        if request is None:
            raise DamagedError(
                f"the marker of {dataset.name} has a request {entry.request!r}; {_VERIFY}"
            )
        yield Stored(request, entry)


def _read_batch(store: Store, batch: Sequence[Stored]) -> list[bytes]:
    year = store.raw_dir(batch[0].request.dataset, batch[0].request.day.year)
    return [_read_response(year / each.entry.file, *each) for each in batch]


def _read_response(path: Path, request: Request, entry: Entry) -> bytes:
    try:
        content = read_file(path)
    except (FileNotFoundError, NoFileError) as error:
        raise _damaged(path, request, "is not there") from error
    if len(content) != entry.size:
        raise _damaged(path, request, f"has {len(content)} bytes where {entry.size} were validated")
    if sha256(content) != entry.sha256:
        raise _damaged(path, request, "is not the response that was validated: its SHA-256 differs")
    return gzipped.inflate(content)


def _damaged(path: Path, request: Request, what: str) -> DamagedError:
    return DamagedError(f"{request.dataset} {request}: {path} {what}; {_VERIFY}")


def _chunks(
    reader: ColumnReader,
    batches: Iterable[tuple[list[Stored], list[bytes]]],
    chunk_rows: int,
) -> Iterator[list[pa.RecordBatch]]:
    """The columns of whole days, as many as make a chunk; the last one may be smaller."""
    chunk: list[pa.RecordBatch] = []
    size, last = 0, None
    for batch, bodies in batches:
        if size >= chunk_rows and batch[0].request.day != last:
            yield chunk
            chunk, size = [], 0
        for rows in _columns(reader, batch, bodies):
            chunk.append(rows)
            size += rows.num_rows
        last = batch[-1].request.day
    if size:
        yield chunk


def _columns(
    reader: ColumnReader, batch: Sequence[Stored], bodies: Sequence[bytes]
) -> Iterator[pa.RecordBatch]:
    """The columns of a batch; of one that cannot be read together, those of each response."""
    if len(batch) > 1:
        try:
            yield reader.read(batch, bodies)
        except ResponseError:
            for stored, body in zip(batch, bodies, strict=True):
                yield from _columns(reader, [stored], [body])
        return
    request = batch[0].request
    try:
        yield reader.read(batch, bodies)
    except ResponseError as error:
        raise DamagedError(f"{request.dataset} {request}: {error}; {_VERIFY}") from error


def _write_chunk(
    writer: pq.ParquetWriter,
    dataset: Dataset,
    chunk: list[pa.RecordBatch],
    places: Sequence[Place],
    group_rows: int,
) -> None:
    """Order the rows of some days and write them, in row groups."""
    rows = pa.Table.from_batches(chunk).combine_chunks()
    if dataset.id_key:
        ids = pa.array([place.id for place in places], pa.int32())
        rows = rows.append_column("location_id", ids.take(rows["place"].chunk(0)))
    rows = rows.sort_by([(name, "ascending") for name in sort_key(dataset)]).combine_chunks()
    for start in range(0, rows.num_rows, group_rows):
        group = rows.slice(start, group_rows).to_batches()[0]
        writer.write_table(_finished(dataset, group, places, writer.schema))


def _finished(
    dataset: Dataset, rows: pa.RecordBatch, places: Sequence[Place], schema: pa.Schema
) -> pa.Table:
    """Rows in the columns of the file: numbers become timestamps, ids and names."""
    begins = rows["interval_start_utc"]
    length = pa.scalar((dataset.times.minutes or 0) * 60_000_000, pa.int64())  # of an interval
    zeros = pa.repeat(pa.scalar(0, pa.int32()), rows.num_rows)
    made: dict[str, Callable[[], pa.Array]] = {
        "interval_end_utc": lambda: pc.add(begins, length),
        "market": lambda: _words([dataset.market], zeros),
        "location": lambda: _words([place.name for place in places], rows["place"]),
        "location_type": lambda: _words([place.type for place in places], rows["place"]),
    }
    columns = [made[f.name]() if f.name in made else rows[f.name] for f in schema]
    return pa.table([c.cast(f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _words(texts: Sequence[str | None], numbers: pa.Array) -> pa.DictionaryArray:
    """Texts by number, with a dictionary of only those that occur."""
    every = pa.array(texts, pa.string()).dictionary_encode()
    used = every.indices.take(numbers).dictionary_encode()
    return pa.DictionaryArray.from_arrays(used.indices, every.dictionary.take(used.dictionary))


def _open_writer(file: BinaryIO, schema: pa.Schema, key: Sequence[str]) -> pq.ParquetWriter:
    order = pq.SortingColumn.from_ordering(schema, [(name, "ascending") for name in key])
    return pq.ParquetWriter(
        file, schema, compression="zstd", write_page_index=True, sorting_columns=order
    )
