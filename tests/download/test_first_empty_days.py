"""A run of empty days ends early, and only where it cannot be the service's usual way."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from torture.faults.rig import Rig

from isone.download.downloader import Downloader
from isone.errors import DownloadError, StopRunError
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.sandbox import Sandbox
from isone.store.store import Store

JANUARY = tuple(market_time.days(dt.date(2024, 1, 1), dt.date(2024, 1, 31)))
HOURLY = "lmp_da_hourly"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(nodes=0, today=dt.date(2026, 6, 15)) as running:
        yield running


@pytest.fixture
def rig(sandbox: Sandbox, tmp_path: Path) -> Rig:
    return Rig(sandbox.url, Store(tmp_path / "data"))


def test_ten_empty_days_at_first_are_enough_and_say_which(rig: Rig, sandbox: Sandbox) -> None:
    sandbox.faults.add("empty:*hourlylmp*")
    with pytest.raises(DownloadError) as ended:
        rig.bring(JANUARY)
    assert "no data for the first 10 days of lmp_da_hourly that were asked" in str(ended.value)
    assert "(2024-01-01 to 2024-01-10)" in str(ended.value)
    assert len(sandbox.requests) == 11, "the tenth is read while the eleventh is asked for"


def test_a_wrong_path_stops_the_run_and_says_so(rig: Rig, sandbox: Sandbox) -> None:
    rig.url = sandbox.url.replace("v1.1", "v2")
    with pytest.raises(StopRunError, match="answered 404 for all of the first 10 days") as ended:
        rig.bring(JANUARY)
    assert str(ended.value).startswith(rig.url)
    assert str(ended.value).endswith("check base_url")
    assert len(sandbox.requests) == 10


def test_a_dataset_that_is_not_found_stops_no_other_where_the_service_gave_some(
    rig: Rig, sandbox: Sandbox
) -> None:
    rig.bring(JANUARY[:1], "lmp_rt_hourly")
    sandbox.faults.add("not-found:*hourlylmp/da*")
    with pytest.raises(DownloadError, match="answered 404 for all of the first 10 days"):
        rig.bring(JANUARY)


def test_a_wrong_path_stops_the_run_although_the_right_one_gave_some_before(
    rig: Rig, sandbox: Sandbox
) -> None:
    rig.bring(JANUARY[:1], "lmp_rt_hourly")
    rig.url = sandbox.url.replace("v1.1", "v2")
    with pytest.raises(StopRunError, match="404 for all of the first 10 days.*check base_url"):
        rig.bring(JANUARY)
    assert [request.path for request in sandbox.requests][-1].endswith("/locations/all")
    assert len(sandbox.requests) == 1 + 10 + 1


def test_empty_days_after_one_that_has_data_are_asked_for_as_ever(
    rig: Rig, sandbox: Sandbox
) -> None:
    sandbox.faults.add("empty:*hourlylmp/da/final/day/2024011*")
    sandbox.faults.add("empty:*hourlylmp/da/final/day/2024012*")
    outcome = rig.bring(JANUARY)
    assert (outcome.stored, len(outcome.missing)) == (11, 20)


def test_empty_days_in_a_year_of_which_some_are_stored_are_asked_for_as_ever(
    rig: Rig, sandbox: Sandbox
) -> None:
    rig.bring(JANUARY[-1:])
    sandbox.faults.add("empty:*hourlylmp*")
    assert len(rig.bring(JANUARY).missing) == 30


def test_a_rejected_response_is_no_empty_day(rig: Rig, sandbox: Sandbox) -> None:
    sandbox.faults.add("missing-interval:*hourlylmp/da/final/day/20240105")
    sandbox.faults.add("empty:*hourlylmp*")
    assert len(rig.bring(JANUARY).missing) == 31


def test_accepted_gaps_are_no_run_of_empty_days(rig: Rig, sandbox: Sandbox) -> None:
    sandbox.faults.add("not-found:*hourlylmp/da/final/day/2024010*")
    sandbox.faults.add("not-found:*hourlylmp/da/final/day/2024011*")
    outcome = rig.bring(
        JANUARY, accepted=dict.fromkeys(JANUARY[:19], {"missing": "nothing was published"})
    )
    assert (outcome.stored, outcome.missing) == (12, {})


def test_days_that_need_not_be_final_yet_are_no_run_of_empty_days(
    rig: Rig, sandbox: Sandbox
) -> None:
    sandbox.faults.add("not-found:*hourlylmp/rt/final*")
    with rig.client() as client:
        downloader = Downloader(rig.store, client, DATASETS["lmp_rt_hourly"])
        outcome = downloader.bring(JANUARY, HUBS, final_through=dt.date(2023, 12, 31))
    assert (outcome.preliminary, outcome.missing) == (31, {})


def test_empty_days_have_their_own_rule_but_a_wrong_path_has_not(
    rig: Rig, sandbox: Sandbox
) -> None:
    sandbox.faults.add("empty:*dayaheadconstraints*")
    assert rig.bring(JANUARY[:20], "constraints_da_hourly").stored == 20
    sandbox.faults.add("not-found:*fiveminuteconstraints*")
    with pytest.raises(DownloadError, match="answered 404 for all"):
        rig.bring(JANUARY, "constraints_rt_5min")


def test_days_by_location_are_counted_as_days(rig: Rig, sandbox: Sandbox) -> None:
    sandbox.faults.add("empty:*fiveminutelmp*location/400[12]*")
    outcome = rig.bring(JANUARY[:12], "lmp_rt_5min", (4001, 4002, 4003))
    assert (outcome.stored, len(outcome.missing)) == (12, 24)
