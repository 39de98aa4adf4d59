"""The calendar: a square for every day, in the state that the store is in."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from filled import build_duckdb, fill, settings_for

from isone.audit.verify.verdict import DAMAGED, Damage, Verdict, write_verdict
from isone.errors import DownloadError
from isone.report import data, page
from isone.report.data import ReportData
from isone.report.day import State
from isone.run.settings import AcceptedFlaw
from isone.run.status import status_path
from isone.store.files import write_whole
from isone.store.store import Store

GAP, MISSING, CUT, FLIPPED = (dt.date(2025, 11, day) for day in (2, 3, 4, 5))
REASON = "never published"


@pytest.fixture(scope="module")
def incomplete(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """A store in which days are accepted to lack, missing, rejected, cut off, and damaged."""
    store = Store(tmp_path_factory.mktemp("incomplete") / "sandbox")
    gap = AcceptedFlaw("regulation_hourly", GAP, REASON)
    span = ("2025-11-01", "2025-11-06")
    fill(store, ["regulation_hourly"], *span, gaps=[gap], faults=["empty:*20251102*"])
    fill(store, ["reserve_hourly", "lmp_da_hourly"], *span)
    with pytest.raises(DownloadError):
        fill(store, ["regulation_5min"], *span, faults=["empty:*20251103*"])
    with pytest.raises(DownloadError):
        fill(store, ["reserve_5min"], *span, faults=["sum-off:*", "missing-interval:*20251103*"])
    build_duckdb(store)
    response = store.raw_dir("lmp_da_hourly", 2025) / f"{CUT:%Y%m%d}.json.gz"
    response.write_bytes(response.read_bytes()[:100])
    damage = Damage("raw", "its SHA-256 differs", str(FLIPPED), f"{FLIPPED:%Y%m%d}")
    now = dt.datetime.now(dt.UTC).isoformat()
    verdict = Verdict("reserve_hourly", "2025.through-20251106", DAMAGED, now, damage=(damage,))
    write_verdict(store, verdict)
    status = {"missing": {str(MISSING): "the service has nothing for that day"}}
    write_whole(status_path(store, "isone_regulation_5min_2025"), json.dumps(status).encode())
    return data.gather(settings_for(store, years="2025"), store)


def state_of(found: ReportData, dataset: str, day: dt.date) -> tuple[State, str]:
    (one,) = [each for each in found.days if (each.dataset, each.day) == (dataset, day)]
    return one.state, one.note


def test_an_accepted_gap_shows_with_its_reason(incomplete: ReportData) -> None:
    assert state_of(incomplete, "regulation_hourly", GAP) == (State.GAP, REASON)


def test_a_missing_day_of_an_unfinished_year_shows_with_what_the_job_said(
    incomplete: ReportData,
) -> None:
    assert state_of(incomplete, "regulation_5min", MISSING) == (
        State.MISSING,
        "the service has nothing for that day",
    )
    assert state_of(incomplete, "regulation_5min", GAP)[0] == State.FINAL


def test_a_rejected_response_shows_as_damaged_with_the_reason(incomplete: ReportData) -> None:
    state, note = state_of(incomplete, "reserve_5min", MISSING)
    assert state == State.DAMAGED
    assert "lacks" in note


def test_a_response_that_was_cut_off_after_its_validation_shows_as_damaged(
    incomplete: ReportData,
) -> None:
    assert state_of(incomplete, "lmp_da_hourly", CUT)[0] == State.DAMAGED


def test_what_the_deep_check_found_shows_as_damaged(incomplete: ReportData) -> None:
    state, note = state_of(incomplete, "reserve_hourly", FLIPPED)
    assert (state, note) == (State.DAMAGED, "its SHA-256 differs")


def test_days_that_nobody_asked_for_and_days_to_come_are_neither_missing_nor_validated(
    incomplete: ReportData,
) -> None:
    assert state_of(incomplete, "lmp_da_hourly", dt.date(2025, 12, 1))[0] == State.NOT_ASKED
    ahead = [
        day for day in incomplete.days if day.day > incomplete.made.date() + dt.timedelta(days=1)
    ]
    assert all(day.state in (State.AHEAD, State.NOT_ASKED) for day in ahead)


def test_a_validated_day_carries_its_rows_its_digest_and_when_it_was_fetched(
    incomplete: ReportData,
) -> None:
    (day,) = [
        each
        for each in incomplete.days
        if (each.dataset, each.day) == ("lmp_da_hourly", dt.date(2025, 11, 1))
    ]
    assert day.state == State.FINAL
    assert day.rows is not None and day.rows >= 9 * 24
    assert len(day.digest) == 16
    assert day.fetched is not None and day.fetched.tzinfo is None


def test_the_page_shows_each_of_them_in_its_own_colour(
    incomplete: ReportData, open_page: Any, tmp_path: Path
) -> None:
    (tmp_path / "isone.html").write_text(page.write(incomplete), "utf-8")
    shown = open_page(tmp_path / "isone.html")
    from isone.report.charts.calendar import COLOURS, SIGNS

    for dataset, state in (
        ("regulation_hourly", State.GAP),
        ("regulation_5min", State.MISSING),
        ("reserve_5min", State.DAMAGED),
        ("lmp_da_hourly", State.DAMAGED),
        ("lmp_da_hourly", State.FINAL),
    ):
        squares = f"#calendar_{dataset} svg path[fill='{COLOURS[state]}' i]"
        assert shown.locator(squares).count() > 0, (dataset, state)
        if state in SIGNS:
            signs = shown.locator(f"#calendar_{dataset} svg text", has_text=SIGNS[state])
            assert signs.count() > 0
    text = shown.inner_text("#coverage")
    assert REASON in text
    assert f"{CUT}" in text
    square = shown.locator(f"#calendar_lmp_da_hourly svg path[fill='{COLOURS[State.FINAL]}' i]")
    square.first.hover()
    tip = shown.inner_text(".tip.floating")
    for word in ("Day", "Rows", "SHA-256", "Fetched", "2025-11-0"):
        assert word in tip
