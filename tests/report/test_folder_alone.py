"""What the page says of a day follows from the data folder, whatever the last run asked for."""

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import received
from filled import build_duckdb, fill, settings_for

from isone.errors import DownloadError, LoadError
from isone.market import market_time
from isone.market.flaws import Flaw
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.report import coverage, data, jobs, outputs, page
from isone.report.day import Day, State
from isone.run import status
from isone.run.settings import AcceptedFlaw
from isone.store import markers
from isone.store.files import write_json
from isone.store.store import Store

LMP = "lmp_rt_5min"
FIRST = dt.date(2025, 11, 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "sandbox")


def file(store: Store, request: Request, **noted: Any) -> None:
    """File a response by hand; what is in it does not matter here."""
    request, path, entry = received.received(store, request, request.name.encode())
    store.save_responses([(request, path, msgspec.structs.replace(entry, **noted))])


def days(store: Store, **config: Any) -> dict[dt.date, Day]:
    found = data.gather(settings_for(store, years="2025", **config), store)
    return {day.day: day for day in found.days if day.dataset == LMP}


def by_location(store: Store, day: dt.date, locations: Iterable[int], *, prelim: bool) -> None:
    revision = "prelim" if prelim else "final"
    for location in locations:
        file(store, Request(LMP, day, location=location, prelim=prelim), revision=revision)


def test_a_preliminary_day_of_an_unfinished_year_is_validated(store: Store) -> None:
    by_location(store, FIRST, HUBS, prelim=True)
    assert days(store)[FIRST].state == State.PRELIMINARY


def test_so_is_one_that_comes_in_one_response(store: Store) -> None:
    file(store, Request("lmp_rt_hourly", FIRST, prelim=True), revision="prelim")
    found = data.gather(settings_for(store), store)
    (day,) = [each for each in found.days if each.day == FIRST]
    assert day.state == State.PRELIMINARY


def test_a_dataset_of_preliminary_prices_alone_awaits_no_final_ones(store: Store) -> None:
    file(store, Request("lmp_rt_hourly_prelim", FIRST), revision="prelim")
    assert "preliminary" not in str(page.notices(data.gather(settings_for(store), store)))
    file(store, Request("lmp_rt_hourly", FIRST, prelim=True), revision="prelim")
    assert "1 day preliminary" in page.notices(data.gather(settings_for(store), store))


def test_a_day_of_which_some_responses_are_preliminary_is_preliminary(store: Store) -> None:
    by_location(store, FIRST, HUBS[:4], prelim=False)
    by_location(store, FIRST, HUBS[2:], prelim=True)
    found = days(store)[FIRST]
    assert found.state == State.PRELIMINARY
    assert "5 of its 9 responses are preliminary" in found.note


def test_a_final_response_counts_before_the_preliminary_one_that_is_kept(store: Store) -> None:
    by_location(store, FIRST, HUBS, prelim=True)
    by_location(store, FIRST, HUBS, prelim=False)
    assert days(store)[FIRST].state == State.FINAL


def test_a_day_that_came_in_part_is_missing_and_says_how_much_is_here(store: Store) -> None:
    by_location(store, FIRST, HUBS, prelim=True)
    second = FIRST + dt.timedelta(days=1)
    by_location(store, second, HUBS[:4], prelim=True)
    found = days(store)[second]
    assert (found.state, found.note) == (State.MISSING, "4 responses of it here, 5 missing")


@pytest.mark.parametrize("locations", ["hubs", "4000", "all", "4000,4321"])
def test_which_locations_were_asked_for_last_changes_no_day(store: Store, locations: str) -> None:
    by_location(store, FIRST, (4000, 4001), prelim=False)
    assert days(store, locations=locations)[FIRST].state == State.FINAL


def test_days_that_the_last_job_was_asked_for_are_missing_and_later_ones_were_not_asked_for(
    store: Store,
) -> None:
    by_location(store, FIRST, HUBS, prelim=False)
    assert days(store)[FIRST + dt.timedelta(days=1)].state == State.NOT_ASKED
    asked = (FIRST - dt.date(2025, 1, 1)).days + 3
    write_json(status.status_path(store, f"isone_{LMP}_2025"), {"days": asked})
    found = days(store)
    assert found[FIRST + dt.timedelta(days=2)].state == State.MISSING
    assert found[FIRST + dt.timedelta(days=3)].state == State.NOT_ASKED


def test_a_job_that_brought_nothing_has_its_days_on_the_page(store: Store) -> None:
    said = {"days": 365, "missing": {str(FIRST): "the service has nothing for that day"}}
    write_json(status.status_path(store, f"isone_{LMP}_2025"), said)
    found = days(store)[FIRST]
    assert (found.state, found.note) == (State.MISSING, "the service has nothing for that day")


def test_a_day_of_which_one_response_is_gone_since_is_damaged(store: Store) -> None:
    fill(store, [LMP], "2025-11-01", "2025-11-02")
    build_duckdb(store)
    assert days(store)[FIRST].state == State.FINAL
    (store.raw_dir(LMP, 2025) / f"{FIRST:%Y%m%d}.4003.json.gz").unlink()
    found = days(store)
    assert found[FIRST].state == State.DAMAGED
    assert found[FIRST + dt.timedelta(days=1)].state == State.FINAL


def test_a_complete_year_that_is_not_loaded_is_validated_and_its_gaps_are_gaps(
    store: Store,
) -> None:
    gap = AcceptedFlaw(LMP, FIRST, "never published")
    fill(store, [LMP], "2025-11-01", "2025-11-02", gaps=[gap], faults=["empty:*20251101*"])
    found = days(store, locations="4000")
    assert (found[FIRST].state, found[FIRST].note) == (State.GAP, "never published")
    second = found[FIRST + dt.timedelta(days=1)]
    assert (second.state, second.note) == (State.FINAL, "validated; not in the database yet")


def test_a_gap_that_the_configuration_accepts_is_missing_until_a_marker_has_it(
    store: Store,
) -> None:
    by_location(store, FIRST + dt.timedelta(days=1), HUBS, prelim=False)
    accepted = {"dataset": LMP, "day": str(FIRST), "reason": "never published"}
    found = days(store, accepted_flaws=[accepted])[FIRST]
    assert found.state == State.MISSING
    assert found.note == "accepted, and counts as a gap once its year is complete: never published"


def test_what_was_chosen_last_changes_nothing_on_the_page(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, [LMP, "regulation_hourly"], "2025-11-01", "2025-11-03")
    with pytest.raises(DownloadError):
        fill(store, ["reserve_5min"], "2025-11-01", "2025-11-03", faults=["empty:*20251103*"])
    build_duckdb(store)
    noon = dt.datetime(2026, 6, 1, 12, tzinfo=market_time.MARKET_ZONE)
    monkeypatch.setattr(market_time, "now", lambda: noon)

    def written(**config: Any) -> tuple[str, Any]:
        found = data.gather(settings_for(store, **config), store)
        return page.write(found, str), coverage.counts(found.days)

    usual = written(years="2025")
    plan = {"source": "sandbox", "data_dir": "", "log_dir": "", "downloads": []}
    marker = str(store.marker_path("lmp_da_hourly", "2019"))
    planned = {"name": "x", "marker": marker, "what": "", "requests": 1, "complete": False}
    write_json(status.plan_path(store), plan | {"downloads": [planned]})
    gap = {"dataset": "reserve_5min", "day": "2025-11-03", "reason": "never published"}
    other = {"years": "2024", "data_types": "lmp", "locations": "4000", "through": "2024-02-01"}
    assert written(**other) == usual
    accepting = data.gather(settings_for(store, accepted_flaws=[gap]), store)
    assert coverage.counts(accepting.days) == usual[1]


def test_flaws_of_a_year_that_is_not_finished_come_from_its_ledger(store: Store) -> None:
    suspect = Flaw("flat-prices", "3 hours from 02:00 on")
    null = Flaw("null-price", "1 price, first at 03:00")
    file(store, Request("lmp_da_hourly", FIRST), flaws=(suspect, null))
    reason = {
        "dataset": "lmp_da_hourly",
        "day": str(FIRST),
        "flaw": "null-price",
        "reason": "ISO-NE left it out",
    }
    found = data.gather(settings_for(store, accepted_flaws=[reason]), store)
    (day,) = [each for each in found.days if each.day == FIRST]
    assert [(each.flaw, each.what, each.reason) for each in day.suspects] == [
        ("flat-prices", "3 hours from 02:00 on", "")
    ]
    assert [(each.flaw, each.reason) for each in day.accepted] == [
        ("null-price", "ISO-NE left it out")
    ]


@pytest.mark.parametrize("write", [jobs.write_report, jobs.write_figures, jobs.write_figures_alone])
def test_without_the_database_that_was_loaded_there_is_no_page(
    store: Store, write: Callable[[Any, Path], None]
) -> None:
    """Another machine may have written it, and its file is seen late."""
    fill(store, [LMP], "2025-11-01", "2025-11-01", locations=[4000])
    build_duckdb(store)
    markers.write(store.duckdb_marker, {}, bytes=store.duckdb_path.stat().st_size)
    for change in (lambda path: path.write_bytes(b"another"), Path.unlink):
        change(store.duckdb_path)
        marker = store.report_marker(outputs.PAGE)
        with pytest.raises(LoadError, match="another machine may just have written it"):
            write(SimpleNamespace(store=store), marker)
        assert not marker.exists()
