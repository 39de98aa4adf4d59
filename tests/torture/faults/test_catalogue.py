"""Every fault that the sandbox can serve, once and for ever: what the downloader makes of it.

What was asked is read from the server's own log, what was stored is compared byte for byte with an
undisturbed download.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reading import examine
from torture.faults.rig import BAD_DAY, DAYS, Rig, asked

from isone.download.outcome import MissingDaysError
from isone.errors import DownloadError, StopRunError
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.sandbox import FAULTS, Sandbox
from isone.store import gzipped
from isone.store.store import Store

BAD = f"{BAD_DAY:%Y%m%d}"
GOOD = [f"{day:%Y%m%d}" for day in DAYS if day != BAD_DAY]
Undisturbed = Callable[..., dict[str, str]]

# The service is asked again after a wait, with these words said about why.
WAITS = {
    "too-many-requests": "answered 429 Too Many Requests and asks to wait 7 s",
    "too-many-requests-date": "answered 429 Too Many Requests and asks to wait",
    "server-error": "answered 500 Internal Server Error",
    "bad-gateway": "answered 502 Bad Gateway",
    "unavailable": "answered 503 Service Unavailable and asks to wait 7 s",
    "gateway-timeout": "answered 504 Gateway Timeout",
    "login-redirect": "redirects to /login (302), which is not followed",
    "html": "sent text/html; charset=UTF-8 instead of JSON",
    "wrong-type": "sent text/html; charset=UTF-8 instead of JSON",
    "reset-early": "the connection broke",
    "reset": "the connection broke",
    "cut-body": "the connection broke",
    "cut-chunks": "the connection broke",
    "silence": "nothing came within the read_timeout",
    "stall": "nothing came within the read_timeout",
    "drip": "no whole response within 1.5 s",
}

PATIENCE: dict[str, dict[str, Any]] = {
    "silence": {"read_timeout": 0.3},
    "stall": {"read_timeout": 0.3},
    "drip": {"total_timeout": 1.5},
}

# The response is rejected, kept aside with these words, and asked for once more at the end.
REJECTED = {
    "error-object": "the response has Error instead of records",
    "long-body": "cut off",
    "cut-gzip": "gzip stream is cut off",
    "damaged-gzip": "gzip stream is damaged",
    "gzip-bomb": "larger than 64 MB unpacked",
    "wrong-day": "which is not in 2024-01-02",
    "shifted-hour": "which is not in 2024-01-02",
    "missing-interval": "the response lacks 2024-01-02 12:00 EST at location 4000",
    "missing-place": "the response lacks location 4000 altogether",
    "disagreeing-row": "disagree",
    "null-price": "LmpTotal is null or absent for 2024-01-02 12:00 EST at location 4000",
    "text-price": "Expected `float`, got `str`",
    "thousands": "Expected `float`, got `str`",
    "sum-off": "components do not add up for 2024-01-02",
    "missing-field": "missing required field `LmpTotal`",
    "renamed-field": "missing required field `LmpTotal`",
    "wrong-place": "the response lacks location 4000 altogether",
}

# There is nothing to keep; it is asked for once more at the end.
NOTHING = {"empty": "the service has no data", "not-found": "the service has no data (404)"}

# No request can succeed: the run stops at once.
STOPS = {"unauthorized": "waits for ISO-NE's approval", "forbidden": "forbids the request (403)"}

# The day is whole; what is odd about it is noted in the ledger.
TAKEN: dict[str, dict[str, Any]] = {
    "byte-order-mark": {},
    "huge-body": {},
    "slow": {},
    "hang-up": {},
    "doubled-row": {"duplicates": 1},
    "new-field": {"unknown_fields": ("SandboxExtra",)},
    "timestamp-off": {"off_grid": 41},
    "nameless-place": {},
}
SAME_BYTES = {"slow", "hang-up"}

# Done to day-ahead services alone, which there were none of in those days.
OF_MARKET_DAYS = {"grouped"}


def test_every_fault_of_the_sandbox_has_its_outcome_here() -> None:
    assert set(FAULTS) == {*WAITS, *REJECTED, *NOTHING, *STOPS, *TAKEN, *OF_MARKET_DAYS}


@pytest.mark.parametrize("fault", WAITS)
def test_what_may_pass_is_waited_for_and_asked_again(
    fault: str, rig: Rig, sandbox: Sandbox, undisturbed: Undisturbed
) -> None:
    sandbox.faults.add(f"{fault}:*{BAD}x1")
    outcome = rig.bring(**PATIENCE.get(fault, {}))
    assert outcome.stored == 3
    assert asked(sandbox) == {BAD: 2, GOOD[0]: 1, GOOD[1]: 1}
    assert len(rig.waits) == 1
    assert 5 <= rig.waits[0] < 10
    assert WAITS[fault] in rig.reasons[0]
    assert rig.stored() == undisturbed()
    assert rig.rejected() == {}


@pytest.mark.parametrize("fault", WAITS)
def test_a_day_that_never_comes_is_named_and_the_other_days_are_stored(
    fault: str, rig: Rig, sandbox: Sandbox
) -> None:
    sandbox.faults.add(f"{fault}:*{BAD}")
    with pytest.raises(MissingDaysError, match=f"1 day missing: {BAD_DAY} ") as caught:
        rig.year(backoff_total=8, **PATIENCE.get(fault, {}))
    assert WAITS[fault] in str(caught.value)
    assert "run again to resume" in str(caught.value)
    assert asked(sandbox) == {GOOD[0]: 1, GOOD[1]: 1, BAD: 1 + len(rig.waits)}
    assert set(rig.stored()) == {f"{day}.json.gz" for day in GOOD}
    assert not rig.marker.exists()


@pytest.mark.parametrize("fault", WAITS)
def test_a_service_out_of_order_is_given_up_and_the_same_again_goes_on_from_there(
    fault: str, rig: Rig, sandbox: Sandbox, undisturbed: Undisturbed
) -> None:
    sandbox.faults.add(f"{fault}:*{BAD}")
    sandbox.faults.add(f"{fault}:*{GOOD[1]}")
    with pytest.raises(DownloadError, match=f"^{BAD_DAY}: .*run again to resume") as caught:
        rig.year(backoff_total=8, **PATIENCE.get(fault, {}))
    assert WAITS[fault] in str(caught.value)
    assert list(rig.stored()) == [f"{GOOD[0]}.json.gz"]
    assert not rig.marker.exists()
    sandbox.faults.clear()
    assert rig.year().already_downloaded == 1
    assert asked(sandbox) == {GOOD[0]: 1, GOOD[1]: 2, BAD: 1 + len(rig.waits) + 1}
    assert rig.stored() == undisturbed()
    assert rig.marker.exists()


@pytest.mark.parametrize("fault", [*REJECTED, *NOTHING])
def test_a_rejected_response_is_asked_for_again_at_the_end_and_never_stored(
    fault: str, rig: Rig, sandbox: Sandbox, undisturbed: Undisturbed
) -> None:
    sandbox.faults.add(f"{fault}:*{BAD}x1")
    outcome = rig.bring()
    assert not outcome.missing
    assert [path.path[-8:] for path in sandbox.requests] == [GOOD[0], BAD, GOOD[1], BAD]
    # after a body that was too long the server hangs up, perhaps on the next request
    assert rig.waits == [] or fault == "long-body"
    assert rig.stored() == undisturbed()
    kept = rig.rejected()
    if fault in REJECTED:
        assert REJECTED[fault] in kept[f"{BAD}.json.gz"]
    else:
        assert kept == {}


@pytest.mark.parametrize("fault", [*REJECTED, *NOTHING])
def test_a_day_rejected_twice_is_named_and_the_others_are_stored(
    fault: str, rig: Rig, sandbox: Sandbox, undisturbed: Undisturbed
) -> None:
    sandbox.faults.add(f"{fault}:*{BAD}")
    with pytest.raises(MissingDaysError, match=f"1 day missing: {BAD_DAY} ") as caught:
        rig.year()
    assert (REJECTED | NOTHING)[fault] in str(caught.value)
    assert list(caught.value.outcome.missing_days) == [str(BAD_DAY)]
    assert asked(sandbox) == {BAD: 2, GOOD[0]: 1, GOOD[1]: 1}
    assert set(rig.stored()) == {f"{day}.json.gz" for day in GOOD}
    assert not rig.marker.exists()
    sandbox.faults.clear()
    rig.year()
    assert asked(sandbox) == {BAD: 3, GOOD[0]: 1, GOOD[1]: 1}
    assert rig.stored() == undisturbed()
    assert rig.marker.exists()


@pytest.mark.parametrize("fault", STOPS)
def test_what_no_request_can_mend_stops_the_run_at_once(
    fault: str, rig: Rig, sandbox: Sandbox
) -> None:
    sandbox.faults.add(fault)
    with pytest.raises(StopRunError) as caught:
        rig.year()
    assert STOPS[fault] in str(caught.value)
    assert len(sandbox.requests) == 1
    assert rig.waits == []
    assert rig.stored() == {}


@pytest.mark.parametrize("fault", TAKEN)
def test_a_whole_day_is_stored_and_what_is_odd_about_it_noted(
    fault: str, rig: Rig, sandbox: Sandbox, undisturbed: Undisturbed
) -> None:
    dataset = "reserve_5min" if fault == "timestamp-off" else "lmp_da_hourly"
    sandbox.faults.add(f"{fault}:*{BAD}x1")
    outcome = rig.bring(dataset=dataset)
    assert outcome.stored == 3
    assert asked(sandbox) == {BAD: 1, GOOD[0]: 1, GOOD[1]: 1}
    entry = rig.store.read_ledger(dataset, 2024)[BAD]
    for name, value in TAKEN[fault].items():
        noted = getattr(entry, name)
        assert noted == value if name != "off_grid" else noted > 0
    if fault in SAME_BYTES:
        assert rig.stored(dataset) == undisturbed(dataset)


@pytest.mark.parametrize("name", ["reserve_da_hourly", "strike_da_hourly"])
def test_a_market_day_inside_a_list_is_read_as_one_by_itself_is(name: str) -> None:
    dataset, day = DATASETS[name], dt.date(2025, 7, 15)
    request = Request(name, day)
    with Sandbox(nodes=0, faults=["groupedx1"]) as sandbox:
        rig = Rig(sandbox.url, Store(Path("unused")))
        with rig.client() as client:
            bodies = [
                gzipped.inflate(client.fetch(dataset.request.url_path(request))) for _ in range(2)
            ]
    grouped, alone = (examine(dataset, request, body) for body in bodies)
    assert bodies[0] != bodies[1]
    assert (grouped.rows, grouped.missing) == (alone.rows, alone.missing) == (24, ())
