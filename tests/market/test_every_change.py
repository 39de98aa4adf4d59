"""Every change of clocks from 2003 to 2037: the right counts wherever prices lie.

The days follow from the law, not from a table of time zones: until 2006 clocks went forward on the
first Sunday of April and back on the last of October, since 2007 on the second of March and the
first of November. The sandbox is told that every dataset is that old, and that it is 2038.
"""

import calendar
import datetime as dt
import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from filled import build_duckdb
from postgres_server import Server
from reading import examine

from isone.download.client import Client
from isone.download.complete_year import manifest
from isone.download.downloader import Downloader
from isone.load import packed, postgres
from isone.load.outputs import packed_names
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.pack.year import pack_year
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox, report_files
from isone.sandbox.feeds import FEEDS
from isone.sandbox.report_files import ReportFiles
from isone.sandbox.synthetic import Synthetic
from isone.store.store import Store

TODAY = dt.date(2038, 1, 10)
AT = dt.datetime(2038, 1, 10, 12, tzinfo=market_time.MARKET_ZONE)
HOURLY, FIVE_MINUTE = "lmp_da_hourly", "reserve_5min"
PLACES = {HOURLY: len(HUBS), FIVE_MINUTE: 4}


def sunday(year: int, month: int, number: int) -> dt.date:
    """The first (0), second (1) or last (-1) Sunday of a month."""
    last = calendar.monthrange(year, month)[1]
    days = [dt.date(year, month, day) for day in range(1, last + 1)]
    return [day for day in days if day.weekday() == calendar.SUNDAY][number]


def changes(year: int) -> tuple[dt.date, dt.date]:
    """The day with 23 hours, and the one with 25."""
    if year < 2007:
        return sunday(year, 4, 0), sunday(year, 10, -1)
    return sunday(year, 3, 1), sunday(year, 11, 0)


YEARS = range(2003, 2038)
HOURS = {day: hours for y in YEARS for day, hours in zip(changes(y), (23, 25), strict=True)}
ROWS = {
    (name, day): hours * 60 // DATASETS[name].interval_minutes * places
    for name, places in PLACES.items()
    for day, hours in HOURS.items()
}


def some(are_large: bool) -> dict[dt.date, int]:
    """The days; of what is large every seventh: both changes by either law are among them."""
    return {day: HOURS[day] for day in list(HOURS)[:: 7 if are_large else 1]}


@pytest.fixture(scope="module")
def old_datasets() -> Iterator[None]:
    """Every dataset, and its feeds in the sandbox, as if they had begun in 2003."""
    with pytest.MonkeyPatch.context() as patch:
        first = dt.date(2003, 1, 1)
        for base, feed in list(FEEDS.items()):
            patch.setitem(
                FEEDS, base, replace(feed, dataset=replace(feed.dataset, first_day=first))
            )
        for name, dataset in list(DATASETS.items()):
            patch.setitem(DATASETS, name, replace(dataset, first_day=first))
        patch.setattr(report_files, "FIRST_DAYS", {})
        yield


@pytest.fixture(scope="module")
def synthetic() -> Iterator[Synthetic]:
    """The service of both responses and public reports; it makes each answer once."""
    service = Synthetic(0, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "answer", cache(service.answer))
        yield service


@pytest.fixture(scope="module")
def store(old_datasets: None, tmp_path_factory: pytest.TempPathFactory) -> Store:  # noqa: ARG001
    """Both days of each year, downloaded, packed and in DuckDB."""
    store = Store(tmp_path_factory.mktemp("clocks") / "sandbox")
    with (
        Sandbox(nodes=0, today=TODAY) as server,
        Client(Source("sandbox", server.url), read_settings({}).http) as client,
    ):
        for name in PLACES:
            downloader = Downloader(store, client, DATASETS[name])
            for year in YEARS:
                days = changes(year)
                assert not downloader.bring(days, HUBS).missing
                job = DatasetYear(name, year, *days, HUBS)
                entries = list(store.read_ledger(name, year).values())
                store.write_marker(name, job.period, manifest(job, entries, {}, client.source))
                pack_year(store, name, job.period, HUBS)
    build_duckdb(store)
    return store


def test_there_are_seventy_days_and_the_calendar_knows_them() -> None:
    assert len(HOURS) == 70
    assert {day: len(market_time.interval_starts(day, 60)) for day in HOURS} == HOURS
    others = (day for y in YEARS for day in market_time.days(dt.date(y, 1, 1), dt.date(y, 12, 31)))
    assert all(len(market_time.interval_starts(d, 60)) == 24 for d in others if d not in HOURS)


@pytest.mark.usefixtures("old_datasets")
@pytest.mark.parametrize("name", [name for name, row in DATASETS.items() if row.times.owes_rows])
def test_each_response_of_each_dataset_has_the_day_s_intervals(
    name: str, synthetic: Synthetic
) -> None:
    dataset = DATASETS[name]
    for day, hours in some(name == "flows_5min").items():
        if name == "regulation_5min" and day.year < 2016:
            continue  # its record of two prices is no older
        request = dataset.day_requests(day, (4000,))[0]
        found = examine(
            dataset, request, synthetic.answer(dataset.request.url_path(request), AT).body
        )
        assert not found.missing
        of_a_key = hours * 60 // dataset.interval_minutes
        if dataset.text_keys:  # each publication is whole, and there are as many as there are
            assert found.rows >= of_a_key
            assert found.rows % of_a_key == 0
        else:
            assert found.rows == of_a_key * max(found.places, 1)


@pytest.mark.usefixtures("old_datasets")
@pytest.mark.parametrize(
    "name", [name for name, row in DATASETS.items() if row.public_csv and row.times.owes_rows]
)
def test_each_public_report_has_the_day_s_intervals(name: str, synthetic: Synthetic) -> None:
    dataset, files = DATASETS[name], ReportFiles(synthetic)
    for day, hours in some(dataset.interval_minutes < 60).items():
        rows = set()
        for request in dataset.csv_requests(day):
            response = files.answer(f"/{dataset.csv_path(request)}", "isox_token=synthetic", AT)
            assert response
            found = examine(dataset, request, response.body)
            assert not found.missing
            rows.add((request, found.rows // max(found.places, 1)))
        if dataset.times.owes_rows:
            assert sum(count for _, count in rows) == hours * 60 // dataset.interval_minutes


def test_raw_holds_the_right_counts(store: Store) -> None:
    found = {}
    for name, day in ROWS:
        path = store.raw_path(Request(name, day))
        records: Any = json.loads(gzip.decompress(path.read_bytes()))
        for key in DATASETS[name].wrapper:
            records = records[key]
        if name == HOURLY:
            records = [each for each in records if int(each["Location"]["@LocId"]) in HUBS]
        found[name, day] = len(records)
    assert found == ROWS


def test_parquet_holds_the_right_counts(store: Store) -> None:
    found = {}
    for name, period in packed_names(store):
        days = pq.read_table(store.parquet_path(name, period))["operating_day"]
        for each in pc.value_counts(days).to_pylist():
            found[name, each["values"]] = each["counts"]
    assert found == ROWS


QUERY = (
    "SELECT operating_day, count(*), count(DISTINCT interval_start_utc), "
    "count(DISTINCT interval_start_utc) * {minutes} * 60 "
    "= extract(epoch FROM max(interval_end_utc) - min(interval_start_utc)) "
    "FROM {table} GROUP BY operating_day"
)
"""A day's rows, its distinct instants, and whether these leave no room between first and last."""


def counts(name: str, rows: list[Any]) -> dict[tuple[str, dt.date], int]:
    for day, count, instants, without_gap in rows:
        assert instants * PLACES[name] == count
        assert without_gap, day
    return {(name, day): count for day, count, *_ in rows}


def test_duckdb_holds_the_right_counts(store: Store) -> None:
    found = {}
    with duckdb.connect(str(store.root / "isone.duckdb"), read_only=True) as connection:
        for name in PLACES:
            query = QUERY.format(table=name, minutes=DATASETS[name].interval_minutes)
            found |= counts(name, connection.execute(query).fetchall())
    assert found == ROWS


def test_postgresql_holds_the_right_counts(store: Store, server: Server) -> None:
    found = {}
    address = server.new_database("clocks")
    with postgres.connect(address) as connection:
        tables = postgres.prepare(connection, synthetic=True)
        files = packed.packed_files(store, packed_names(store))
        for _, _, group in packed.by_year(files):
            postgres.load_year(connection, tables, store, group)
    with psycopg.connect(address, options="-c search_path=isone_sandbox") as connection:
        for name in PLACES:
            query = QUERY.format(table=name, minutes=DATASETS[name].interval_minutes)
            found |= counts(name, connection.execute(query.encode()).fetchall())
    assert found == ROWS


def test_a_year_s_label_of_hours_tells_the_repeated_hour_apart(store: Store) -> None:
    """In UTC the hour that clocks show twice is two hours; in spring no instant shows the third."""
    query = (
        "SELECT operating_day, epoch(interval_start_utc)::BIGINT FROM {} WHERE location_id = 4000"
    )
    with duckdb.connect(str(store.root / "isone.duckdb"), read_only=True) as connection:
        starts = connection.execute(query.format(HOURLY)).fetchall()
    shown: dict[dt.date, list[int]] = {day: [] for day in HOURS}
    for day, start in starts:
        shown[day].append(dt.datetime.fromtimestamp(start, market_time.MARKET_ZONE).hour)
    for day, hours in shown.items():
        assert hours.count(1 if HOURS[day] == 25 else 2) == (2 if HOURS[day] == 25 else 0)
        assert len(hours) == HOURS[day]


def test_the_store_holds_nothing_but_these_days(store: Store) -> None:
    names = {path.name[:8] for path in Path(store.root / "raw").rglob("2*.json.gz")}
    assert names == {f"{day:%Y%m%d}" for day in HOURS}
