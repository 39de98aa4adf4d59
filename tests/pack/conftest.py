"""Validated days to pack, brought from the sandbox without Snakemake, and their rows read apart."""

import datetime as dt
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filled import row_of

from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS, Locations
from isone.market.servers import SANDBOX_SERVER
from isone.run.dataset_year import DatasetYear
from isone.run.missing import Accepted
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.store import Store

Bring = Callable[..., str]
Row = tuple[Any, ...]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


@pytest.fixture
def bring(store: Store) -> Bring:
    """Bring days of a dataset home and validate them; the answer is their period."""

    def bring_days(
        dataset: str,
        first: str,
        last: str | None = None,
        *,
        locations: Locations = HUBS,
        nodes: int = 2,
        accepted: Accepted | None = None,
        **sandbox: Any,
    ) -> str:
        start, end = (dt.date.fromisoformat(day) for day in (first, last or first))
        job = DatasetYear(dataset, start.year, start, end, locations)
        policy = read_settings({}).http
        with (
            Sandbox(nodes=nodes, server_name=SANDBOX_SERVER, **sandbox) as server,
            Client(Source("sandbox", server.url), policy) as client,
        ):
            downloader = Downloader(store, client, DATASETS[dataset], accepted or {})
            download_year(downloader, job, newest_first=False)
        return job.period

    return bring_days


@pytest.fixture
def raw_rows(store: Store) -> Callable[[str], set[Row]]:
    """The rows in a dataset's responses, in the table's columns, by the standard library alone."""

    def read(dataset: str) -> set[Row]:
        paths = sorted((store.root / "raw" / dataset).glob("*/2*.json.gz"))
        return {row for path in paths for row in _rows_of(DATASETS[dataset], path)}

    return read


def _rows_of(dataset: Dataset, path: Path) -> set[Row]:
    records: Any = json.loads(gzip.decompress(path.read_bytes()).decode("utf-8-sig"))
    for key in dataset.wrapper:
        records = records[key] if records else []
    records = [records] if isinstance(records, dict) else records
    return {row_of(dataset, record) for record in records}
