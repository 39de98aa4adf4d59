"""Every fault on every dataset: it is done, or it is said that it cannot be; nothing is silent."""

import contextlib
import datetime as dt
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from isone.errors import UsageError
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import HUB
from isone.market.requests import Request
from isone.sandbox import FAULTS, Sandbox
from isone.sandbox.feeds import FEEDS
from isone.sandbox.plan import read_order
from isone.sandbox.response import Response

TODAY = dt.date(2026, 6, 15)
DAY = dt.date(2025, 7, 17)
ON_VALUES = {
    "disagreeing-row",
    "null-price",
    "text-price",
    "thousands",
    "missing-field",
    "renamed-field",
}


class Remembering(Sandbox):
    """Makes what it answers, before any fault, once for all the faults."""

    answers: dict[str, Response]

    def response(
        self, target: str, accept: str, authorization: str | None, cookies: str = ""
    ) -> Response:
        if target not in self.answers:
            self.answers[target] = super().response(target, accept, authorization, cookies)
        return self.answers[target]


@pytest.fixture(scope="module")
def running() -> Iterator[Remembering]:
    with Remembering(nodes=0, today=TODAY, hold=0.05) as running:
        yield running


@pytest.fixture
def faulty(running: Remembering) -> Sandbox:
    """The sandbox without what it answered in another test, perhaps of another dataset."""
    running.answers = {}
    return running


def ask(sandbox: Sandbox, path: str) -> requests.Response | None:
    """A response, its body perhaps unread; None where there was no whole one."""
    with (
        contextlib.suppress(requests.RequestException, urllib3.exceptions.HTTPError),
        requests.Session() as session,
    ):
        session.trust_env = False
        url = f"{sandbox.url}/{path}"
        with session.get(url, timeout=0.5, allow_redirects=False, stream=True) as response:
            if int(response.headers.get("Content-Length", 0)) < 500_000:
                response.raw.read(decode_content=False)
            return response
    return None


def last_request(sandbox: Sandbox, fault: str, path: str) -> Any:
    """What the sandbox notes of a request to which it is to do a fault."""
    sandbox.faults.clear()
    sandbox.faults.add(fault)
    before = len(sandbox.requests)
    ask(sandbox, path)
    while len(sandbox.requests) == before:  # a busy machine may note it later
        time.sleep(0.01)
    (last,) = sandbox.requests[before:]
    return last


def asked(dataset: Dataset) -> Request:
    return dataset.day_requests(DAY, (HUB,))[0]


def applies(name: str, dataset: Dataset) -> bool:
    """What the list of faults says in words."""
    key = dataset.id_key
    match name:
        case "missing-place":
            return key is not None and asked(dataset).location is None
        case "wrong-place":
            return key is not None
        case "sum-off":
            return bool(dataset.sums)
        case "nameless-place":
            return dataset.chooses_locations and not dataset.per_location
        case "timestamp-off":
            return dataset.times.minutes == 5
        case "grouped":
            return dataset.begins[0] == "market_hour"
    return True


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_every_fault_is_done_to_every_dataset_that_it_can_be_done_to(
    faulty: Sandbox, dataset: Dataset, capfd: pytest.CaptureFixture[str]
) -> None:
    path = dataset.request.url_path(asked(dataset))
    for name in FAULTS:
        last = last_request(faulty, name, path)
        assert last.fault == (name if applies(name, dataset) else None), name
        assert last.error is None, name
    assert capfd.readouterr().err == ""


def without_dollars(dataset: Dataset) -> Dataset:
    return replace(dataset, values=tuple(replace(c, unit="MW") for c in dataset.values))


def texts_alone(dataset: Dataset) -> Dataset:
    return replace(dataset, values=tuple(c for c in dataset.values if c.type == "string"))


@pytest.mark.parametrize("name", sorted(FAULTS))
@pytest.mark.parametrize("made_up", [without_dollars, texts_alone])
def test_a_made_up_dataset_without_prices_suffers_every_fault_that_needs_none(
    faulty: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    made_up: object,
    name: str,
) -> None:
    feed = FEEDS["hourlyrcp/final"]
    assert callable(made_up)
    monkeypatch.setitem(FEEDS, feed.base, replace(feed, dataset=made_up(feed.dataset)))
    last = last_request(faulty, name, "hourlyrcp/final/day/20250717")
    done = applies(name, feed.dataset) and not (made_up is texts_alone and name in ON_VALUES)
    assert (last.fault, last.error) == (name if done else None, None)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("order", "sets"),
    [
        ("sum-off:hourlyrcp/*", "regulation_hourly"),
        ("missing-place:*/fiveminutercp/final/day/20240105", "regulation_5min"),
        ("timestamp-off:daas*/day/2025071?", "reserve_da_hourly, strike_da_hourly"),
        ("missing-place:fiveminutelmp/*/location/4000*x2", "lmp_rt_5min"),
        ("grouped:dayaheadconstraints/*", "constraints_da_hourly"),
    ],
)
def test_a_fault_that_can_never_happen_is_rejected_at_the_start(order: str, sets: str) -> None:
    with pytest.raises(UsageError, match=f"would never happen: it cannot be done to {sets}"):
        Sandbox(faults=[order])


@pytest.mark.parametrize(
    "order",
    ["sum-off", "sum-off:*", "sum-off:*/day/20240105", "missing-place:*/day/*.json", "html:daas*"],
)
def test_a_fault_that_may_happen_is_not_rejected(order: str) -> None:
    assert read_order(order).fault.name in FAULTS


def test_what_the_sandbox_fails_at_is_answered_with_500_and_a_sentence_in_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "api/v1.1/hourlyrcp/final/day"
    folder.mkdir(parents=True)
    row = {"BeginDate": "2017-01-05T00:00:00.000-05:00", "HourEnd": "01"}
    (folder / "20170105.json").write_text(json.dumps({"HourlyRcps": {"HourlyRcp": row}}))
    (folder / "20170106.json").write_text("[1]")
    log = tmp_path / "requests.jsonl"
    with Sandbox(nodes=0, replay=tmp_path, faults=["null-price"], requests_log=log) as sandbox:
        responses = [ask(sandbox, f"hourlyrcp/final/day/2017010{day}") for day in (5, 6)]
        after = ask(sandbox, "locations")
    assert [response.status_code for response in responses if response is not None] == [500, 500]
    assert after is not None
    assert after.status_code == 200
    first, second = [json.loads(line) for line in log.read_text().splitlines()][:2]
    assert first["error"] == (
        "CannotBeDoneError: no record of regulation_hourly has a number to change"
    )
    assert (first["status"], second["status"]) == (500, 500)
    assert second["error"]
    told = capfd.readouterr().err.splitlines()
    assert len(told) == 2
    assert told[0].startswith("isone-sandbox: /api/v1.1/hourlyrcp/final/day/20170105 was answered")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_log_that_cannot_be_written_keeps_no_client_from_its_answer_and_is_said(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Sandbox(nodes=0, requests_log="/dev/full") as sandbox:
        response = ask(sandbox, "locations")
    assert response is not None
    assert response.status_code == 200
    assert "isone-sandbox: the request log cannot be written: " in capfd.readouterr().err
