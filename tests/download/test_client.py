"""Patience: how long the client waits, for what, and when it stops waiting."""

from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from time import time

import pytest
import requests
import tenacity
from hypothesis import given
from hypothesis import strategies as st

from isone.download import client_errors
from isone.download.client import Client
from isone.errors import DownloadError, ResponseError, StopRunError, TransientError
from isone.run.settings import HttpPolicy, read_settings
from isone.run.sources import Source

POLICY = HttpPolicy(
    connect_timeout=1,
    read_timeout=1,
    total_timeout=1,
    backoff_first=5,
    backoff_longest=300,
    backoff_total=1200,
)
NOW = 1_700_000_000


class Busy(Client):
    """A client whose service answers as it is told to, without a network."""

    answers: Iterator[Exception | bytes]

    def _fetch_once(self, _url: str) -> bytes:
        self.requests_sent += 1
        answer = next(self.answers)
        if isinstance(answer, bytes):
            return answer
        raise answer


def busy(
    *answers: Exception | bytes, policy: HttpPolicy = POLICY, has_answered: bool = True
) -> tuple[Busy, list[float]]:
    waits: list[float] = []
    made = Busy(
        Source("sandbox", "http://127.0.0.1:1"),
        policy,
        sleep=waits.append,
        has_answered=has_answered,
    )
    made.answers = iter(answers)
    return made, waits


def for_ever(error: Exception) -> Iterator[Exception]:
    while True:
        yield error


def test_each_wait_is_twice_the_one_before_up_to_the_longest_with_some_jitter() -> None:
    client, waits = busy(*[TransientError("busy")] * 8, b"body")
    assert client.fetch("x") == b"body"
    for number, wait in enumerate(waits):
        least = min(300, 5 * 2**number)
        assert least <= wait <= least + 2.5
    assert len(set(waits[-2:])) == 2
    assert (client.requests_sent, client.retries.count) == (9, 8)
    assert client.retries.waited == sum(waits)


def test_patience_lasts_for_the_backoff_total_and_no_longer() -> None:
    client, waits = busy()
    client.answers = for_ever(TransientError("the service answered 429 Too Many Requests"))
    with pytest.raises(DownloadError, match="429.*backoff_total, 1200 s of waiting.*run again"):
        client.fetch("x")
    assert 600 < sum(waits) <= 1200


def test_the_server_s_own_wish_is_waited_for_where_it_is_longer() -> None:
    client, waits = busy(TransientError("busy", 77), TransientError("busy", 1), b"body")
    client.fetch("x")
    assert waits[0] == 77
    assert waits[1] >= 10


def test_a_wish_beyond_all_patience_is_not_waited_for() -> None:
    client, waits = busy(TransientError("busy and asks to wait 86400 s", 86400))
    with pytest.raises(DownloadError, match="asks to wait 86400 s"):
        client.fetch("x")
    assert waits == []


def test_an_impatient_request_is_sent_once() -> None:
    client, waits = busy(TransientError("busy"))
    with pytest.raises(DownloadError):
        client.fetch("x", patient=False)
    assert (client.requests_sent, waits) == (1, [])


def test_a_service_that_has_never_answered_is_given_up_within_a_minute() -> None:
    client, waits = busy(has_answered=False, policy=read_settings({}).http)
    client.answers = for_ever(TransientError("no connection to the service (http://127.0.0.1:1)"))
    with pytest.raises(StopRunError) as ended:
        client.fetch("x")
    assert str(ended.value) == (
        "http://127.0.0.1:1 has never answered (no connection to the service): check the network, "
        "base_url and proxy (HTTPS_PROXY); nothing was downloaded"
    )
    assert len(waits) == 3
    assert 35 <= sum(waits) <= 60


def test_a_first_patience_is_never_longer_than_the_usual_one() -> None:
    client, waits = busy(has_answered=False, policy=replace(POLICY, backoff_total=8))
    client.answers = for_ever(TransientError("busy"))
    with pytest.raises(StopRunError, match="has never answered"):
        client.fetch("x")
    assert len(waits) == 1


def test_the_time_that_tries_take_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    client, waits = busy(has_answered=False)
    client.answers = for_ever(TransientError("no connection within the connect_timeout"))
    now = iter(range(0, 1000, 20))
    monkeypatch.setattr(tenacity.time, "monotonic", lambda: float(next(now)))
    with pytest.raises(StopRunError, match="within the connect_timeout"):
        client.fetch("x")
    assert len(waits) == 2


def test_silence_is_tried_a_second_time() -> None:
    silence = TransientError("nothing came within the read_timeout")
    silence.__cause__ = requests.exceptions.ReadTimeout()
    client, waits = busy(has_answered=False, policy=replace(POLICY, backoff_first=100))
    client.answers = for_ever(silence)
    with pytest.raises(StopRunError, match="nothing came"):
        client.fetch("x")
    assert len(waits) == 1


def test_once_the_service_has_answered_patience_is_the_usual() -> None:
    refused = TransientError("no connection to the service")
    client, waits = busy(refused, refused, b"body", has_answered=False)
    client.fetch("x")
    client.retries.has_answered = True
    client.answers = for_ever(refused)
    with pytest.raises(DownloadError, match="backoff_total"):
        client.fetch("x")
    assert sum(waits) > 600


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "120"}, 120, id="seconds"),
        pytest.param({"Retry-After": " 0 "}, 0, id="none at all"),
        pytest.param({}, None, id="absent"),
        pytest.param({"Retry-After": "soon"}, None, id="a word"),
        pytest.param({"Retry-After": "-5"}, None, id="negative"),
        pytest.param({"Retry-After": "²"}, None, id="a digit that is no number"),
        pytest.param({"Retry-After": "9" * 400}, float("inf"), id="for ever"),
        pytest.param({"Retry-After": "Mon, 32 Jan 2024 99:00:00 GMT"}, None, id="no date"),
        pytest.param(
            {"Retry-After": formatdate(NOW + 90, usegmt=True), "Date": formatdate(NOW)},
            90,
            id="a date, by the clock of the service",
        ),
        pytest.param(
            {"Retry-After": formatdate(NOW - 90, usegmt=True), "Date": formatdate(NOW)},
            0,
            id="a date that is over",
        ),
        pytest.param(
            {"Retry-After": formatdate(NOW + 90, usegmt=False), "Date": formatdate(NOW)},
            90,
            id="a date without a zone",
        ),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert client_errors.retry_after(headers) == seconds


def test_a_date_is_held_against_this_clock_where_the_service_tells_no_time() -> None:
    found = client_errors.retry_after({"Retry-After": formatdate(time() + 100, usegmt=True)})
    assert found is not None
    assert 97 < found <= 101


@given(st.dictionaries(st.sampled_from(["Retry-After", "Date"]), st.text()))
def test_no_header_of_a_busy_service_is_an_error(headers: dict[str, str]) -> None:
    found = client_errors.retry_after(headers)
    assert found is None or found >= 0


@given(st.dictionaries(st.sampled_from(["Content-Type", "Content-Encoding"]), st.text()))
def test_strange_headers_are_rejected_with_a_typed_error(headers: dict[str, str]) -> None:
    try:
        assert client_errors.check_headers(headers) in {True, False}
    except (TransientError, ResponseError) as error:
        assert str(error).isprintable()


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "X-GZIP"])
def test_both_names_of_gzip_are_understood(encoding: str) -> None:
    assert client_errors.is_gzipped({"Content-Encoding": encoding})
