"""Sets that owe no row: an empty day is told from one that is not published."""

import datetime as dt
import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from reading import examine, stored

from isone.audit.recheck import jobs
from isone.audit.verify import raw
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import MissingDaysError, Outcome
from isone.errors import NoDataError, ResponseError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.pack.columns import ColumnReader
from isone.response import revisions
from isone.response.table import read_table
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.store import Store

DAY_AHEAD, REAL_TIME = DATASETS["constraints_da_hourly"], DATASETS["constraints_rt_5min"]
INFO = "hourlylmp/da/final/info"
QUIET = dt.date(2024, 1, 1)  # in the sandbox nothing binds on this day, and much on the next three
TODAY = dt.date(2026, 6, 15)
MARCH = dt.date(2025, 3, 4)


def asked(sandbox: Sandbox) -> Counter[str]:
    return Counter(request.path.removeprefix("/api/v1.1/") for request in sandbox.requests)


def bring(store: Store, sandbox: Sandbox, first: dt.date, last: dt.date) -> Outcome:
    with Client(Source("sandbox", sandbox.url), read_settings({}).http) as client:
        days = list(market_time.days(first, last))
        return Downloader(store, client, DAY_AHEAD).bring(days, HUBS)


def path_of(day: dt.date) -> str:
    return f"dayaheadconstraints/day/{day:%Y%m%d}"


def response(*records: dict[str, Any]) -> bytes:
    return json.dumps({"DayAheadConstraints": {"DayAheadConstraint": list(records)}}).encode()


def record(hour: int = 17, **fields: Any) -> dict[str, Any]:
    timestamp = f"2025-03-04T{hour:02d}:00:00.000-05:00"
    usual = {"ConstraintName": "NORTHEXP", "ContingencyName": "Interface", "MarginalValue": -8.69}
    return usual | {"BeginDate": timestamp, "InterfaceFlag": "Y"} | fields


def test_an_empty_response_is_a_quiet_day_when_it_comes_twice_and_the_prices_are_out(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "data")
    with Sandbox(nodes=0, today=TODAY) as sandbox:
        assert bring(store, sandbox, QUIET, dt.date(2024, 1, 4)).missing == {}
        assert asked(sandbox) == {
            path_of(QUIET): 2,
            INFO: 1,
            **{path_of(dt.date(2024, 1, day)): 1 for day in (2, 3, 4)},
        }
        assert bring(store, sandbox, QUIET, dt.date(2024, 1, 4)).already_downloaded == 4
        assert len(sandbox.requests) == 6
    entries = store.read_ledger(DAY_AHEAD.name, 2024)
    assert entries["20240101"].rows == 0
    assert min(entries[f"2024010{day}"].rows for day in (2, 3, 4)) > 0
    kept = store.raw_path(Request(DAY_AHEAD.name, QUIET)).read_bytes()
    assert gzip.decompress(kept) == b'{"DayAheadConstraints":""}'


def test_a_response_that_is_empty_only_once_is_no_quiet_day(tmp_path: Path) -> None:
    store, day = Store(tmp_path / "data"), dt.date(2024, 1, 2)
    with Sandbox(nodes=0, today=TODAY, faults=["empty:*20240102x1"]) as sandbox:
        assert bring(store, sandbox, day, day).missing == {}
    assert store.read_ledger(DAY_AHEAD.name, 2024)["20240102"].rows > 0


def test_an_empty_response_before_the_prices_of_the_day_are_out_is_not_taken(
    tmp_path: Path,
) -> None:
    store, day = Store(tmp_path / "data"), dt.date(2024, 1, 3)
    with Sandbox(nodes=0, today=dt.date(2024, 1, 2)) as sandbox:
        outcome = bring(store, sandbox, day, day)
    (reason,) = outcome.missing_days.values()
    assert "prices are out until 2024-01-03 00:00:00-05:00" in reason
    assert store.stored_requests(DAY_AHEAD.name, 2024) == set()
    with Sandbox(nodes=0, today=TODAY) as sandbox:
        assert bring(store, sandbox, day, day).missing == {}


@pytest.mark.parametrize("fault", ["not-found", "html", "error-object", "empty"])
def test_where_nobody_says_what_is_published_no_empty_response_is_taken(
    fault: str, tmp_path: Path
) -> None:
    store = Store(tmp_path / "data")
    policy = read_settings({"backoff_first": 0.01, "backoff_total": 0.01}).http
    with (
        Sandbox(nodes=0, today=TODAY, faults=[f"{fault}:{INFO}"]) as sandbox,
        Client(Source("sandbox", sandbox.url), policy) as client,
    ):
        outcome = Downloader(store, client, DAY_AHEAD).bring([QUIET], HUBS)
    (reason,) = outcome.missing_days.values()
    assert "how far lmp_da_hourly is published cannot be told" in reason
    assert store.stored_requests(DAY_AHEAD.name, 2024) == set()


def test_more_than_a_month_of_empty_days_is_not_taken_for_quiet_ones(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    first, last = dt.date(2024, 3, 1), dt.date(2024, 4, 3)
    with Sandbox(nodes=0, today=TODAY, faults=["empty:dayaheadconstraints/*"]) as sandbox:
        outcome = bring(store, sandbox, first, last)
        assert len(outcome.missing) == 34
        assert "one of 34 such days running" in outcome.missing_days["2024-03-15"]
        assert bring(store, sandbox, first, first + dt.timedelta(days=30)).missing == {}
        later = bring(store, sandbox, first, last)
        assert list(later.missing_days) == ["2024-04-01", "2024-04-02", "2024-04-03"]


@pytest.mark.parametrize("body", [b"{}", b"null", b'{"DayAheadConstraints":null}', b'""'])
def test_a_response_that_does_not_name_its_set_is_no_quiet_day(body: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "responses/api/v1.1/dayaheadconstraints/day"
    folder.mkdir(parents=True)
    (folder / "20240101.json").write_bytes(body)
    store = Store(tmp_path / "data")
    with Sandbox(nodes=0, today=TODAY, replay=tmp_path / "responses") as sandbox:
        assert list(bring(store, sandbox, QUIET, QUIET).missing_days) == ["2024-01-01"]
        assert INFO not in asked(sandbox)


def test_a_recent_quiet_day_is_preliminary_until_its_final_prices_have_to_be_out(
    tmp_path: Path,
) -> None:
    store, day = Store(tmp_path), dt.date(2026, 6, 10)
    for today, version in ((dt.date(2026, 6, 13), "prelim"), (dt.date(2026, 6, 17), "final")):
        last, final = today - dt.timedelta(days=2), today - dt.timedelta(days=6)
        with (
            Sandbox(nodes=0, today=today, faults=["empty:*/day/20260610"]) as sandbox,
            Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
        ):
            job = DatasetYear(REAL_TIME.name, 2026, day, last, HUBS, final)
            download_year(Downloader(store, client, REAL_TIME), job, newest_first=False)
            assert asked(sandbox)[f"fiveminutelmp/{version}/info"] == 1
        marker = json.loads(store.marker_path(REAL_TIME.name, job.period).read_text())
        (quiet,) = (
            request for request in marker["requests"] if request["request"][:8] == "20260610"
        )
        assert (quiet["revision"], quiet["rows"]) == (version, 0)


def test_asked_again_an_empty_response_does_not_take_the_place_of_rows(tmp_path: Path) -> None:
    store, day = Store(tmp_path / "data"), dt.date(2024, 1, 2)
    with Sandbox(nodes=0, today=TODAY) as sandbox:
        bring(store, sandbox, QUIET, day)
    had = store.read_ledger(DAY_AHEAD.name, 2024)
    with (
        Sandbox(nodes=0, today=TODAY, faults=["empty:*20240102"]) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        found = jobs.recheck_days(store, client, DAY_AHEAD, QUIET, day)
    assert (found["compared"], found["corrected"]) == (1, [])
    assert "what was stored is kept" in found["failed"]["20240102"]
    assert store.read_ledger(DAY_AHEAD.name, 2024) == had


def test_a_name_may_be_a_number_or_absent_and_still_tells_rows_apart() -> None:
    body = response(
        record(ContingencyName=3271),
        record(ContingencyName=None),
        {k: v for k, v in record(hour=18).items() if k != "ContingencyName"},
        record(),
        record(),
    )
    finding = examine(DAY_AHEAD, Request(DAY_AHEAD.name, MARCH), body)
    assert (finding.rows, finding.duplicates, finding.missing) == (4, 1, ())


@pytest.mark.parametrize("dataset", [DAY_AHEAD, REAL_TIME], ids=lambda each: each.name)
def test_rows_of_the_same_names_with_other_values_are_kept_and_told_apart(
    dataset: Dataset,
) -> None:
    outer, inner = dataset.wrapper
    values: list[dict[str, Any]] = [
        {"MarginalValue": -8.69},
        {"MarginalValue": -20.5},
        {"MarginalValue": None},
        {"MarginalValue": -8.69, "InterfaceFlag": "N"},
        {"MarginalValue": -8.69},
    ]
    first = [record(**each) for each in values]
    found = {}
    for name, rows in (("one", first), ("other", first[::-1])):
        body = json.dumps({outer: {inner: rows}}).encode()
        request = Request(dataset.name, MARCH)
        finding = examine(dataset, request, body)
        assert (finding.rows, finding.duplicates, finding.at_odds) == (4, 1, 3)
        batch = ColumnReader(dataset).read([stored(request, 4)], [body])
        table = raw.rows_of(read_table(dataset, body), [request])
        columns = ("interface_flag", "marginal_value", "occurrence")
        found[name] = sorted(zip(*(batch[c].to_pylist() for c in columns), strict=True), key=str)
        by_hand = sorted(zip(*(table[c].to_pylist() for c in columns), strict=True), key=str)
        assert found[name] == by_hand
    assert found["one"] == found["other"]
    assert sorted(occurrence for *_, occurrence in found["one"]) == [1, 2, 3, 4]


def test_a_constraint_that_is_listed_twice_changes_by_what_is_other_now() -> None:
    two = [record(), record(MarginalValue=-20.5)]
    before, turned, after = (
        read_table(DAY_AHEAD, response(*records))
        for records in (two, two[::-1], [two[0], record(MarginalValue=-21.5)])
    )
    assert revisions.compare(before, turned).rows == 0
    changed = revisions.compare(before, after)
    assert (changed.rows, changed.largest) == (1, 1.0)


def test_a_timestamp_between_two_intervals_is_kept_where_no_row_is_owed() -> None:
    request = Request(REAL_TIME.name, MARCH)
    body = response(record() | {"BeginDate": "2025-03-04T17:02:37.000-05:00"}, record())
    finding = examine(REAL_TIME, request, body.replace(b"DayAhead", b"RealTime"))
    assert (finding.rows, finding.off_grid) == (2, 0)


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        pytest.param(
            [record() | {"BeginDate": "2025-03-05T00:00:00.000-05:00"}],
            "which is not in 2025-03-04",
            id="another day",
        ),
        pytest.param([record(ConstraintName=" ")], "a row without a name", id="no name"),
        pytest.param([record(ContingencyName="A\x00B")], "'A?B' for ContingencyName", id="no text"),
        pytest.param([record(MarginalValue="-8.69")], "Expected `float | null`", id="text"),
        pytest.param([{"BeginDate": "x"}], "missing required field `ConstraintName`", id="form"),
    ],
)
def test_what_is_wrong_with_a_constraint_is_said(
    records: list[dict[str, Any]], sentence: str
) -> None:
    with pytest.raises(ResponseError, match=re.escape(sentence)) as caught:
        examine(DAY_AHEAD, Request(DAY_AHEAD.name, MARCH), response(*records))
    assert not isinstance(caught.value, NoDataError)


def test_the_service_s_own_response_is_understood() -> None:
    path = Path(__file__).resolve().parents[3] / "shared/isone/examples"
    path /= "dayaheadconstraints_current.json"
    if not path.exists():
        pytest.skip(f"no recorded response at {path}")
    request = Request(DAY_AHEAD.name, dt.date(2026, 7, 27))
    finding = examine(DAY_AHEAD, request, path.read_bytes())
    assert (finding.rows, finding.unknown_fields) == (1, ())


def test_a_day_that_stays_empty_and_unpublished_fails_the_year_by_name(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with (
        Sandbox(nodes=0, today=dt.date(2024, 1, 2)) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        job = DatasetYear(DAY_AHEAD.name, 2024, QUIET, dt.date(2024, 1, 3), HUBS)
        with pytest.raises(MissingDaysError, match="1 day missing: 2024-01-03"):
            download_year(Downloader(store, client, DAY_AHEAD), job, newest_first=False)
    assert not store.marker_path(DAY_AHEAD.name, job.period).exists()
