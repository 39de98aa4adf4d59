"""Preliminary days give way to final ones, and nothing else does."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import MissingDaysError
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.response import revisions
from isone.response.table import read_table
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.store import Store

HOURLY = DATASETS["lmp_rt_hourly"]
FIRST = dt.date(2026, 6, 5)


def run(
    store: Store, today: dt.date, *, dataset: str = "lmp_rt_hourly", both: bool = False
) -> list[str]:
    """Download the days of June as they stand at noon of a day; returns what was asked for."""
    last, final = today - dt.timedelta(days=2), today - dt.timedelta(days=6)
    job = DatasetYear(dataset, 2026, FIRST, last, HUBS, final)
    with (
        Sandbox(nodes=0, today=today) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        downloader = Downloader(store, client, DATASETS[dataset], keep_prelim=both)
        download_year(downloader, job, newest_first=False)
        return [request.path.removeprefix("/api/v1.1/") for request in sandbox.requests]


def manifest(store: Store, dataset: str, period: str) -> dict[str, str]:
    """Each part of a marker with its version."""
    content = json.loads(store.marker_path(dataset, period).read_text())
    return {request["request"]: request["revision"] for request in content["requests"]}


def test_recent_days_are_preliminary_until_they_are_final(tmp_path: Path) -> None:
    store = Store(tmp_path)
    asked = run(store, dt.date(2026, 6, 13))
    assert [p for p in asked if "prelim" in p] == [
        f"hourlylmp/rt/prelim/day/202606{day:02d}" for day in (8, 9, 10, 11)
    ]
    assert manifest(store, HOURLY.name, "2026.through-20260611.final-20260607") == {
        **{f"202606{day:02d}": "final" for day in (5, 6, 7)},
        **{f"202606{day:02d}.prelim": "prelim" for day in (8, 9, 10, 11)},
    }


def test_a_later_run_replaces_preliminary_days_and_asks_for_nothing_else(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run(store, dt.date(2026, 6, 13))
    seen = store.read_ledger(HOURLY.name, 2026)["20260609.prelim"].fetched
    asked = run(store, dt.date(2026, 6, 15))
    final = [f"hourlylmp/rt/final/day/202606{day:02d}" for day in (8, 9, 10, 11, 12, 13)]
    prelim = [f"hourlylmp/rt/prelim/day/202606{day:02d}" for day in (12, 13)]
    assert sorted(asked) == sorted(final + prelim)
    revision = manifest(store, HOURLY.name, "2026.through-20260613.final-20260609")
    assert [name for name, version in revision.items() if version == "prelim"] == [
        f"202606{day}.prelim" for day in (10, 11, 12, 13)
    ]
    entry = store.read_ledger(HOURLY.name, 2026)["20260609"]
    assert (entry.revision, entry.first_seen) == ("final", seen)
    assert 0 < entry.largest_change < 0.1, "the sandbox corrects by some cents"
    assert entry.changed_rows > 0
    assert not store.raw_path(Request(HOURLY.name, dt.date(2026, 6, 9), prelim=True)).exists()
    assert store.marker_periods(HOURLY.name) == ["2026.through-20260613.final-20260609"]


def test_both_versions_are_kept_where_both_are_wanted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run(store, dt.date(2026, 6, 13), both=True)
    run(store, dt.date(2026, 6, 15), both=True)
    for prelim in (False, True):
        assert store.raw_path(Request(HOURLY.name, dt.date(2026, 6, 9), prelim=prelim)).exists()
    assert "20260609.prelim" in store.read_ledger(HOURLY.name, 2026)


@pytest.mark.parametrize("dataset", ["regulation_5min", "reserve_hourly", "lmp_rt_5min"])
def test_every_real_time_set_has_preliminary_days(tmp_path: Path, dataset: str) -> None:
    run(Store(tmp_path), dt.date(2026, 6, 12), dataset=dataset)
    found = manifest(Store(tmp_path), dataset, "2026.through-20260610.final-20260606")
    assert {name[:8]: version for name, version in found.items()} == {
        "20260605": "final",
        "20260606": "final",
        **{f"202606{day:02d}": "prelim" for day in (7, 8, 9, 10)},
    }


def test_a_day_that_has_to_be_final_is_missing_where_it_is_only_preliminary(tmp_path: Path) -> None:
    store = Store(tmp_path)
    job = DatasetYear(HOURLY.name, 2026, FIRST, dt.date(2026, 6, 11), HUBS, dt.date(2026, 6, 8))
    with (
        Sandbox(nodes=0, today=dt.date(2026, 6, 13)) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
        pytest.raises(MissingDaysError) as error,
    ):
        download_year(Downloader(store, client, HOURLY), job, newest_first=False)
    assert list(error.value.outcome.missing_days) == ["2026-06-08"]


def test_a_requests_name_leads_back_to_it() -> None:
    for facts in ({}, {"location": 4000}, {"hour": 7}, {"block": 4}):
        request = Request(HOURLY.name, FIRST, prelim=True, **facts)
        assert Request.named(HOURLY.name, request.name) == request


@pytest.mark.parametrize("fault", ["sum-off", "null-price", "renamed-field", "empty"])
def test_a_preliminary_day_stands_in_for_a_final_one_that_is_rejected(
    tmp_path: Path, fault: str
) -> None:
    store = Store(tmp_path)
    job = DatasetYear(HOURLY.name, 2026, FIRST, dt.date(2026, 6, 11), HUBS, FIRST)
    with (
        Sandbox(
            nodes=0, today=dt.date(2026, 6, 13), faults=[f"{fault}:*/rt/final/day/20260606"]
        ) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        download_year(Downloader(store, client, HOURLY), job, newest_first=False)
    found = manifest(store, HOURLY.name, job.period)
    assert found["20260606.prelim"] == "prelim"
    assert found["20260607"] == "final"
    rejected = store.rejected_path(Request(HOURLY.name, dt.date(2026, 6, 6)))
    assert rejected.exists() == (fault != "empty")


def test_a_preliminary_day_stands_in_only_while_its_flaw_is_accepted(tmp_path: Path) -> None:
    store, day = Store(tmp_path), dt.date(2026, 6, 11)
    job = DatasetYear(HOURLY.name, 2026, FIRST, day, HUBS, FIRST)
    for accepted in ({day: {"sum": "known"}}, {}):
        with (
            Sandbox(
                nodes=0, today=dt.date(2026, 6, 13), faults=["sum-off:*/rt/prelim/day/20260611"]
            ) as sandbox,
            Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
        ):
            downloader = Downloader(store, client, HOURLY, accepted)
            if accepted:
                download_year(downloader, job, newest_first=False)
                assert manifest(store, HOURLY.name, job.period)["20260611.prelim"] == "prelim"
            else:
                with pytest.raises(MissingDaysError, match="1 day missing: 2026-06-11"):
                    download_year(downloader, job, newest_first=False)


def test_a_day_that_has_to_be_final_is_missing_where_the_final_one_is_rejected(
    tmp_path: Path,
) -> None:
    job = DatasetYear(HOURLY.name, 2026, FIRST, dt.date(2026, 6, 11), HUBS, FIRST)
    with (
        Sandbox(
            nodes=0, today=dt.date(2026, 6, 13), faults=["sum-off:*/rt/final/day/20260605"]
        ) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
        pytest.raises(MissingDaysError, match="1 day missing: 2026-06-05"),
    ):
        download_year(Downloader(Store(tmp_path), client, HOURLY), job, newest_first=False)


def test_versions_of_a_set_without_prices_are_held_against_each_other_too() -> None:
    priced = DATASETS["regulation_5min"]
    without = tuple(replace(column, unit="MW") for column in priced.columns)
    dataset = replace(priced, values=without)
    timestamp = market_time.timestamp(market_time.interval_starts(FIRST, 5)[0])
    before, after = (
        json.dumps(
            {
                "FiveMinRcps": {
                    "FiveMinRcp": {
                        "BeginDate": timestamp,
                        "RegServiceClearingPrice": value,
                        "RegCapacityClearingPrice": 1,
                    }
                }
            }
        ).encode()
        for value in (1000, 1001)
    )
    changes = revisions.compare(read_table(dataset, before), read_table(dataset, after))
    assert (changes.rows, changes.largest) == (1, 0.0)


def test_two_versions_are_held_against_each_other_row_by_row() -> None:
    timestamp = market_time.timestamp(market_time.interval_starts(dt.date(2026, 6, 9), 60)[0])
    rows = [
        {
            "BeginDate": timestamp,
            "Location": {"@LocId": str(id), "@LocType": "HUB", "$": "x"},
            "LmpTotal": price,
            "EnergyComponent": price,
            "CongestionComponent": 0,
            "LossComponent": 0,
        }
        for id, price in ((1, 20.0), (2, 20.0), (3, 20.0))
    ]
    changed = [rows[0], rows[1] | {"LmpTotal": 22.5}, rows[2] | {"LmpTotal": 20.001}]
    tables = [
        read_table(HOURLY, json.dumps({"HourlyLmps": {"HourlyLmp": records}}).encode())
        for records in (rows, changed)
    ]
    changes = revisions.compare(*tables)
    assert (changes.rows, changes.largest) == (1, 2.5)
    assert str(changes) == "1 row changed, by up to 2.50 $/MWh"
    assert str(revisions.compare(tables[0], tables[0])) == "nothing changed"
