"""Which responses make up a day, and what becomes of preliminary ones."""

import datetime as dt
import json
from pathlib import Path

import pytest

from isone.download import jobs
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import MissingDaysError
from isone.errors import UsageError
from isone.market.datasets import DATASETS
from isone.market.locations import ALL_LOCATIONS, HUBS, Locations
from isone.market.requests import Request
from isone.run import complete, missing, selection
from isone.run.dataset_year import DatasetYear
from isone.run.settings import Settings, read_settings
from isone.run.sources import Source
from isone.run.targets import Run
from isone.sandbox import Sandbox
from isone.store.ledger import Entry
from isone.store.store import Store

HOURLY, FIVE = "lmp_rt_hourly", "lmp_rt_5min"
DAY = dt.date(2026, 6, 5)


def entry(name: str, revision: str = "final") -> Entry:
    return Entry(name, 1, "", 1, "2026-06-10T00:00:00+00:00", "webservices", revision)


def entries(*names: str) -> dict[str, Entry]:
    return {n: entry(n, "prelim" if n.endswith("prelim") else "final") for n in names}


def test_a_final_day_had_hour_by_hour_is_taken_before_a_preliminary_one_by_location() -> None:
    dataset = DATASETS[FIVE]
    by_hour = [request.name for request in dataset.day_requests(DAY, ALL_LOCATIONS)]
    by_location = [f"{request.name}.prelim" for request in dataset.day_requests(DAY, HUBS)]
    by_block = [f"{request.name}.prelim" for request in dataset.csv_requests(DAY)]
    for worse in (by_location, by_block):
        here = entries(*worse, *by_hour)
        chosen = missing.requests_of_days(dataset, [DAY], HUBS, here, DAY - dt.timedelta(1))
        assert [each.request for each in chosen] == by_hour


def test_a_preliminary_response_stands_in_only_for_days_that_need_not_be_final() -> None:
    dataset, here = DATASETS[HOURLY], entries("20260605.prelim")
    after = missing.requests_of_days(dataset, [DAY], HUBS, here, DAY - dt.timedelta(1))
    assert [each.request for each in after] == ["20260605.prelim"]
    assert missing.requests_of_days(dataset, [DAY], HUBS, here, DAY) == []
    assert missing.requests_of_days(dataset, [DAY], HUBS, here) == []


def bring(
    store: Store, today: dt.date, final_through: dt.date | None, **sandbox: object
) -> DatasetYear:
    job = DatasetYear(HOURLY, 2026, dt.date(2026, 6, 1), dt.date(2026, 6, 6), HUBS, final_through)
    with (
        Sandbox(nodes=0, today=today, **sandbox) as server,  # type: ignore[arg-type]
        Client(Source("sandbox", server.url), read_settings({}).http) as client,
    ):
        downloader = Downloader(store, client, DATASETS[HOURLY])
        download_year(downloader, job, newest_first=False)
    return job


def settings(store: Store) -> Settings:
    config = {"years": 2026, "source": "sandbox", "data_types": "lmp", "markets": "rt-hourly"}
    return read_settings(config | {"data_dir": str(store.root.parent)})


def test_where_a_job_ends_early_a_day_that_is_here_in_its_preliminary_version_is_not_missing(
    tmp_path: Path,
) -> None:
    job = DatasetYear(
        HOURLY, 2026, dt.date(2026, 6, 1), dt.date(2026, 6, 6), HUBS, dt.date(2026, 6, 2)
    )
    with Client(Source("sandbox", "http://127.0.0.1:1"), read_settings({}).http) as client:
        downloader = Downloader(Store(tmp_path / "sandbox"), client, DATASETS[HOURLY])
        assert len(jobs._missing_days(downloader, job, "the service is away")) == 6
        bring(downloader.store, dt.date(2026, 6, 8), dt.date(2026, 6, 2))
        assert jobs._missing_days(downloader, job, "the service is away") == {}
        downloader.store.raw_path(Request(HOURLY, dt.date(2026, 6, 5), prelim=True)).unlink()
        assert list(jobs._missing_days(downloader, job, "the service is away")) == ["2026-06-05"]


def test_what_a_marker_names_stays_until_the_next_marker_is_whole(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox")
    first = bring(store, dt.date(2026, 6, 8), dt.date(2026, 6, 2))
    old = store.marker_path(HOURLY, first.period)
    preliminary = {
        p["request"] for p in json.loads(old.read_text())["requests"] if "prelim" in p["request"]
    }
    assert preliminary
    with pytest.raises(MissingDaysError):
        bring(store, dt.date(2026, 6, 30), None, faults=["missing-interval:*/day/20260606"])
    assert old.exists()
    assert complete.drop_stale(store, settings(store)) == []
    assert old.exists(), "all that it names is here"
    last = bring(store, dt.date(2026, 6, 30), None)
    assert not list(store.raw_dir(HOURLY, 2026).glob("*.prelim.*"))
    assert {p["revision"] for p in json.loads(
        store.marker_path(HOURLY, last.period).read_text())["requests"]} == {"final"}  # fmt: skip


def test_a_preliminary_response_that_another_marker_names_is_not_removed(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox")
    first = bring(store, dt.date(2026, 6, 8), dt.date(2026, 6, 2))
    old = store.marker_path(HOURLY, first.period)
    kept = old.with_name("2026.through-20260630.json")  # which the next one does not supersede
    kept.write_bytes(old.read_bytes())
    bring(store, dt.date(2026, 6, 30), None)
    named = [request["request"] for request in json.loads(kept.read_text())["requests"]]
    assert all((store.raw_dir(HOURLY, 2026) / f"{name}.json.gz").exists() for name in named)


@pytest.mark.parametrize(
    ("had", "chosen", "counts"),
    [
        (HUBS, (4000, 4001), True),
        (ALL_LOCATIONS, HUBS, True),
        (ALL_LOCATIONS, (4000, 321), True),
        ((4000, 321, 322), (321,), True),
        ((4000, 321), HUBS, False),
        (HUBS, ALL_LOCATIONS, False),
        (HUBS, (4000, 321), False),
    ],
    ids=str,
)
def test_a_year_that_is_complete_for_more_locations_is_complete_for_fewer(
    tmp_path: Path, had: Locations, chosen: Locations, counts: bool
) -> None:
    store = Store(tmp_path)
    year = DatasetYear(FIVE, 2024, dt.date(2024, 1, 1), dt.date(2024, 12, 31), had)
    manifest = {"dataset": FIVE, "period": year.period,
                "first_day": str(year.first), "last_day": str(year.last),
                "source": "webservices", "synthetic_prices": False, "rows": 0, "gaps": [],
                "requests": [], "locations": had}  # fmt: skip
    store.write_marker(FIVE, year.period, manifest)
    words = chosen if chosen == ALL_LOCATIONS else " ".join(map(str, chosen))
    config = {"years": 2024, "source": "webservices", "data_types": "lmp", "markets": "rt"}
    known = read_settings(config | {"locations": words, "data_dir": str(tmp_path)})
    (job,) = selection.select(known, dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)).dataset_years
    assert (job.period == year.period) is counts


def test_requests_that_may_be_needed_besides_are_announced(tmp_path: Path) -> None:
    now = dt.datetime(2026, 11, 26, 17, tzinfo=dt.UTC)
    config = {"years": 2026, "source": "sandbox", "data_types": "lmp", "data_dir": str(tmp_path)}
    for market, requests in (("rt-hourly", 1), ("rt", 9)):
        known = read_settings(config | {"markets": market})
        (job,) = selection.select(known, now).dataset_years
        assert job.final_through
        days = (job.last - job.first).days + 1
        recent = (job.last - job.final_through).days
        left = missing.requests_left(Store(known.store_dir), job, known)
        assert (left.sure, left.maybe) == (days * requests, recent * requests)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (
            {"years": 2024, "through": "2023-06-01"},
            "through=2023-06-01 is before the first day of 2024",
        ),
        ({"years": 2016, "markets": "rt"}, "lmp_rt_5min begins on 2017-03-01: 2016 has nothing"),
    ],
    ids=["through before the year", "before the first day"],
)
def test_where_nothing_is_to_be_downloaded_that_is_said_instead_of_complete(
    tmp_path: Path, config: dict[str, object], why: str
) -> None:
    base = {"source": "sandbox", "data_types": "lmp", "markets": "da", "data_dir": str(tmp_path)}
    with pytest.raises(UsageError, match=f"there is nothing to download: .*{why}"):
        Run.of(base | {"log_dir": str(tmp_path)} | config)
