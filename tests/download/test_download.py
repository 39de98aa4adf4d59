"""Bringing days home: what is asked, what is stored, what is named as missing."""

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from torture.faults.rig import BAD_DAY, DAYS, Rig, asked

from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import MissingDaysError, Outcome
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.run.dataset_year import DatasetYear
from isone.run.progress import Progress
from isone.sandbox import Sandbox
from isone.store.store import Store

BAD = f"{BAD_DAY:%Y%m%d}"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(nodes=1, today=dt.date(2026, 6, 15)) as running:
        yield running


@pytest.fixture
def rig(sandbox: Sandbox, tmp_path: Path) -> Rig:
    return Rig(sandbox.url, Store(tmp_path / "data"))


def test_what_is_had_is_not_asked_for_again(rig: Rig, sandbox: Sandbox) -> None:
    assert rig.bring(DAYS[:2]).stored == 2
    outcome = rig.bring(DAYS)
    assert (outcome.already_downloaded, outcome.stored) == (2, 1)
    assert set(asked(sandbox).values()) == {1}


def test_a_response_that_waited_for_its_validation_is_validated_without_a_request(
    rig: Rig, sandbox: Sandbox
) -> None:
    rig.bring()
    for request in rig.store.raw_dir("lmp_da_hourly", 2024).glob("[0-9]*.json.gz"):
        request.rename(request.with_name(f".{request.name.removesuffix('.json.gz')}.unvalidated"))
    rig.store.ledger_path("lmp_da_hourly", 2024).unlink()
    assert rig.bring().already_downloaded == 3
    assert len(sandbox.requests) == 3


def test_a_response_that_was_cut_off_while_it_waited_is_asked_for_again(rig: Rig) -> None:
    rig.bring(DAYS[:1])
    path = rig.store.raw_dir("lmp_da_hourly", 2024) / f".{BAD}.unvalidated"
    path.write_bytes(b"\x1f\x8b half of it")
    assert rig.bring(DAYS[:2]).stored == 1
    assert not path.exists()


@pytest.mark.parametrize("fault", ["missing-interval", "empty", "not-found"])
def test_a_gap_is_accepted_by_name_only(fault: str, rig: Rig, sandbox: Sandbox) -> None:
    sandbox.faults.add(f"{fault}:*{BAD}")
    assert list(rig.bring().missing_days) == [str(BAD_DAY)]
    outcome = rig.bring(accepted={BAD_DAY: {"missing": "never published"}})
    assert outcome.missing == {}
    entry = rig.store.read_ledger("lmp_da_hourly", 2024).get(BAD)
    if fault == "missing-interval":
        assert entry is not None
        assert len(entry.missing) == 17  # one hour at the hub, eight zones, seven ties and a node
    else:
        assert entry is None
        assert outcome.gaps == {BAD_DAY: "never published"}


def test_a_gap_that_is_no_longer_accepted_is_asked_for_again(rig: Rig, sandbox: Sandbox) -> None:
    sandbox.faults.add(f"missing-interval:*{BAD}x1")
    rig.bring(accepted={BAD_DAY: {"missing": "never published"}})
    assert rig.bring(accepted={BAD_DAY: {"missing": "never published"}}).already_downloaded == 3
    assert rig.bring().stored == 1
    assert rig.store.read_ledger("lmp_da_hourly", 2024)[BAD].missing == ()


def test_a_day_with_an_accepted_gap_that_comes_damaged_is_asked_for_again(
    rig: Rig, sandbox: Sandbox
) -> None:
    sandbox.faults.add(f"sum-off:*{BAD}x1")
    assert rig.bring(accepted={BAD_DAY: {"missing": "an hour is missing"}}).missing == {}
    assert asked(sandbox)[BAD] == 2


def test_days_not_yet_published_are_named(tmp_path: Path) -> None:
    with Sandbox(nodes=0, today=DAYS[0]) as early:  # as where this machine's clock is ahead
        ahead = Rig(early.url, Store(tmp_path / "ahead"))
        with pytest.raises(MissingDaysError, match="2 days missing: 2024-01-02, .*has no data"):
            ahead.year()


def test_many_missing_days_are_counted_after_the_tenth() -> None:
    days = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(12)]
    outcome = Outcome(
        missing={Request("lmp_da_hourly", day): "the service has no data" for day in days}
    )
    sentence = str(MissingDaysError(outcome))
    assert sentence.startswith("12 days missing: 2024-03-01, 2024-03-02, ")
    assert sentence.endswith("2024-03-10 and 2 more (the service has no data)")


def test_the_requests_of_one_day_are_stored_one_by_one(rig: Rig, sandbox: Sandbox) -> None:
    sandbox.faults.add("server-error:*/location/4003")
    outcome = rig.bring(
        DAYS[:1], dataset="lmp_rt_5min", locations=(4000, 4003, 4008), backoff_total=8
    )
    assert [request.location for request in outcome.missing] == [4003]
    sandbox.faults.clear()
    before = len(sandbox.requests)
    assert rig.bring(DAYS[:1], "lmp_rt_5min", (4000, 4003, 4008)).stored == 1
    assert len(sandbox.requests) == before + 1


def test_progress_hears_of_every_request_once(rig: Rig, sandbox: Sandbox) -> None:
    sandbox.faults.add(f"sum-off:*{BAD}")
    heard: list[tuple[str, bool]] = []

    class Heard(Progress):
        def request(self, request: Request, done: bool) -> None:
            heard.append((request.name, done))

    with rig.client() as client:
        dataset = DATASETS["lmp_da_hourly"]
        Downloader(rig.store, client, dataset, progress=Heard()).bring(DAYS, "all")
    assert sorted(heard) == [("20240101", True), (BAD, False), ("20240103", True)]


def test_a_response_that_is_taken_away_in_mid_run_is_missing_and_no_year_is_called_complete(
    rig: Rig, sandbox: Sandbox
) -> None:
    class TakeAway(Progress):
        def request(self, request: Request, done: bool) -> None:
            if done and request.name == BAD:
                rig.store.raw_path(request).unlink()

    job = DatasetYear("lmp_da_hourly", 2024, DAYS[0], DAYS[-1], "all")
    with rig.client() as client:
        downloader = Downloader(rig.store, client, DATASETS[job.dataset], progress=TakeAway())
        with pytest.raises(
            MissingDaysError, match=rf"1 day missing: {BAD_DAY} \(its response was here"
        ):
            download_year(downloader, job, newest_first=True)
    assert not rig.store.marker_path(job.dataset, job.period).exists()
    with rig.client() as client:
        download_year(Downloader(rig.store, client, DATASETS[job.dataset]), job, newest_first=True)
    assert len(sandbox.requests) == len(DAYS) + 1
    assert rig.store.marker_path(job.dataset, job.period).exists()


def test_what_is_odd_about_a_day_is_said_in_the_log(
    rig: Rig, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.add(f"doubled-row:*{BAD}x1")
    sandbox.faults.add("new-field:*20240103x1")
    with caplog.at_level(logging.INFO):
        rig.bring()
    assert f"{BAD_DAY}: 1 rows came twice, exactly alike" in caplog.text
    assert "2024-01-03: new fields, kept in the raw response: SandboxExtra" in caplog.text


@pytest.mark.parametrize(
    ("name", "understood"),
    [
        ("20240101", True),
        ("20240101.4000", True),
        ("20240101.h07", True),
        ("20240230", False),
        ("20240101.04000", False),
        ("20240101.h7", False),
        ("20240101.4000.h07", False),
        ("../20240101", False),
        ("20240101/../../x", False),
        ("20240101\n", False),
        ("٢٠٢٤٠١٠١", False),
        ("", False),
    ],
)
def test_a_request_is_named_by_its_own_name_only(name: str, understood: bool) -> None:
    request = Request.named("lmp_rt_5min", name)
    assert (request is not None) == understood
    if request:
        assert request.name == name
