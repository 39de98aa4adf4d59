"""Stores with validated and packed days in them, brought from the sandbox without Snakemake."""

import datetime as dt
import gzip
import json
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from running import SERVICE

from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.load import duckdb_file, packed, postgres
from isone.load.outputs import packed_names
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS, Locations
from isone.market.requests import Request, first_day_of, last_day_of
from isone.market.schema import table_columns
from isone.pack.year import pack_year
from isone.run import missing
from isone.run.dataset_year import DatasetYear
from isone.run.settings import AcceptedFlaw, Settings, read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.store import Store

TODAY = dt.date(2026, 6, 15)
CLOCKS_BACK = ("2025-11-01", "2025-11-03")
CLOCKS_FORWARD = ("2026-03-07", "2026-03-09")

Row = tuple[Any, ...]


def fill(
    store: Store,
    datasets: Iterable[str],
    first: str,
    last: str,
    *,
    locations: Locations = HUBS,
    gaps: Iterable[AcceptedFlaw] = (),
    source: str = "sandbox",
    **sandbox: Any,
) -> list[tuple[str, str]]:
    """Bring days home, validate and pack them; the answer is what was packed.

    Of a dataset that comes by month, whole months.
    """
    names = []
    name = None if source == "sandbox" else SERVICE
    with (
        Sandbox(**{"nodes": 2, "today": TODAY, "server_name": name} | sandbox) as server,
        Client(Source(source, server.url), read_settings({}).http) as client,
    ):
        for dataset in datasets:
            span = DATASETS[dataset].request.span
            start = first_day_of(span, dt.date.fromisoformat(first))
            end = last_day_of(span, dt.date.fromisoformat(last))
            job = DatasetYear(dataset, start.year, start, end, locations)
            accepted = missing.accepted_flaws(gaps, dataset)
            downloader = Downloader(store, client, DATASETS[dataset], accepted)
            download_year(downloader, job, newest_first=False)
            pack_year(store, dataset, job.period, locations)
            names.append((dataset, job.period))
    return names


def days_filled(*spans: tuple[str, str]) -> int:
    """How many operating days of all datasets `fill` brings of these spans."""
    return sum(
        (last_day_of(span, dt.date.fromisoformat(last)) - first_day_of(span, start)).days + 1
        for span in (row.request.span for row in DATASETS.values())
        for start, last in ((dt.date.fromisoformat(first), last) for first, last in spans)
    )


def record_nameless(folder: Path, dataset: str, nameless: dict[str, tuple[int, ...]]) -> Path:
    """Record a day's response for each day given, in which these locations have ids alone."""
    with Sandbox(nodes=2, today=TODAY) as server:
        for day, ids in nameless.items():
            path = DATASETS[dataset].request.url_path(Request(dataset, dt.date.fromisoformat(day)))
            with Client(Source("sandbox", server.url), read_settings({}).http) as client:
                content: Any = json.loads(gzip.decompress(client.fetch(path)))
            records: Any = content
            for key in DATASETS[dataset].wrapper:
                records = records[key]
            for record in records:
                if int(record["Location"]["@LocId"]) in ids:
                    record["Location"] = {"@LocId": record["Location"]["@LocId"]}
            recorded = folder / "api" / "v1.1" / f"{path}.json"
            recorded.parent.mkdir(parents=True, exist_ok=True)
            recorded.write_text(json.dumps(content))
    return folder


def build_duckdb(store: Store, *, views: bool = True) -> Path:
    """Build the DuckDB file of everything that is packed.

    Views and comments take most of the time where rows are few, and not every test looks at them.
    """
    with nullcontext() if views else patch.object(duckdb_file, "_describe"):
        duckdb_file.build(store, packed.packed_files(store, packed_names(store)))
    return store.duckdb_path


def load_postgres(store: Store, database: str, *, synthetic: bool) -> dict[str, int]:
    """Load everything that is packed; the answer is the rows of each dataset."""
    rows: dict[str, int] = {}
    with postgres.connect(database) as connection:
        tables = postgres.prepare(connection, synthetic=synthetic)
        files = packed.packed_files(store, packed_names(store))
        for dataset, _, group in packed.by_year(files):
            loaded = postgres.load_year(connection, tables, store, group)
            rows[dataset] = rows.get(dataset, 0) + loaded.rows
    return rows


def config_for(store: Store, **config: Any) -> dict[str, Any]:
    """A configuration for a sandbox store, whose folder must be called so."""
    assert store.root.name == "sandbox"
    folder = store.root.parent
    return {"source": "sandbox", "data_dir": str(folder), "log_dir": str(folder / "logs")} | config


def settings_for(store: Store, **config: Any) -> Settings:
    """The same as settings."""
    return read_settings(config_for(store, **config))


def raw_rows(store: Store, dataset_name: str, locations: Locations = HUBS) -> list[Row]:
    """The rows in a dataset's responses, sorted, by the standard library alone."""
    dataset = DATASETS[dataset_name]
    rows: set[Row] = set()
    for path in (store.root / "raw" / dataset_name).glob("*/2*.json.gz"):
        records: Any = json.loads(gzip.decompress(path.read_bytes()))
        for key in dataset.wrapper:
            records = records[key] if records else []
        records = [records] if isinstance(records, dict) else records
        rows |= {
            row
            for row in (row_of(dataset, record) for record in records)
            if locations == "all" or not dataset.chooses_locations or row[4] in locations
        }
    return in_order(rows)


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Rows by time, place and names, whichever columns those are."""
    return sorted(rows, key=lambda row: [str(e) for e in row if isinstance(e, str | dt.datetime)])


def row_of(dataset: Dataset, record: dict[str, Any]) -> Row:
    """A record of a response as a row of its dataset's table."""
    timestamp: Any = record
    for key in dataset.begins:
        timestamp = timestamp[key]
    begins = dt.datetime.fromisoformat(timestamp).astimezone(dt.UTC)
    day = begins.astimezone(market_time.MARKET_ZONE).date()
    values = {"operating_day": day, "market": dataset.market, "occurrence": 1}
    if dataset.times.minutes is not None:
        begins -= dt.timedelta(seconds=begins.second)  # published a second or two late
        values["interval_end_utc"] = begins + dt.timedelta(minutes=dataset.times.minutes)
    values["interval_start_utc"] = begins
    if key := dataset.id_key:
        place = record[key.outer] if key.outer else record
        id, kind, name = (place.get(each) for each in key.inner)
        values |= {"location_id": int(id), "location": name, "location_type": kind}
    values |= {column.name: record.get(column.field) for column in dataset.columns}
    values |= {name: str(values[name] or "") for name in dataset.names}  # some names are numbers
    return tuple(values[column.name] for column in table_columns(dataset))
