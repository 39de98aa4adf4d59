"""A clock that is wrong by a day or a year, while the year is still open.

What the service has published by its own, right clock decides what can be had; a wrong one here
leaves no marker that says more than that, and once it is right the same run fetches what lacks.
"""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from torture.faults.rig import contents

from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import MissingDaysError
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.run import selection
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.store import Store

RIGHT = dt.datetime(2026, 1, 12, 11, tzinfo=market_time.MARKET_ZONE)
"""Day-ahead prices are out up to the 12th; real-time ones are final up to the 6th."""
DAY, YEAR = dt.timedelta(days=1), dt.timedelta(days=365)
SETS = {"da": "lmp_da_hourly", "rt-hourly": "lmp_rt_hourly"}


@dataclass
class Ran:
    """What came of a run."""

    asked: list[str]
    left_out: tuple[str, ...]
    missing: dict[str, str] = field(default_factory=dict)


def run(store: Store, at: dt.datetime, market: str) -> Ran:
    """Ask for 2026 when the clock here shows `at`; the service's own is right."""
    settings = read_settings(
        {"years": 2026, "source": "sandbox", "data_types": "lmp", "markets": market}
    )
    chosen = selection.select(settings, at)
    with (
        Sandbox(nodes=0, today=RIGHT.date()) as sandbox,
        Client(Source("sandbox", sandbox.url), settings.http) as client,
    ):
        ran = Ran([], chosen.left_out)
        for job in chosen.dataset_years:
            downloader = Downloader(store, client, DATASETS[job.dataset])
            try:
                download_year(downloader, job, newest_first=False)
            except MissingDaysError as error:
                ran.missing |= error.outcome.missing_days
        ran.asked = [request.path for request in sandbox.requests]
    return ran


def stored(store: Store, market: str) -> dict[str, str]:
    return contents(store.raw_dir(SETS[market], 2026), "[0-9]*.json.gz")


def markers(store: Store, market: str) -> list[str]:
    return store.marker_periods(SETS[market])


@pytest.mark.parametrize(
    ("error", "market"), [(DAY, "da"), (DAY, "rt-hourly"), (YEAR, "da")], ids=str
)
def test_a_clock_that_is_ahead_names_what_is_not_out_and_marks_nothing(
    error: dt.timedelta, market: str, tmp_path: Path
) -> None:
    calm, store = Store(tmp_path / "calm"), Store(tmp_path / "ahead")
    run(calm, RIGHT, market)
    ahead = run(store, RIGHT + error, market)
    assert ahead.missing
    assert min(ahead.missing) > ("2026-01-12" if market == "da" else "2026-01-06")
    assert markers(store, market) == []
    right = run(store, RIGHT, market)
    assert right.missing == {}
    assert stored(store, market) == stored(calm, market)
    assert markers(store, market) == markers(calm, market) != []
    if market == "da":
        assert right.asked == [], "all that was out was fetched all the same"


@pytest.mark.parametrize("market", SETS)
def test_a_clock_that_is_a_day_behind_costs_that_day_until_it_is_right(
    market: str, tmp_path: Path
) -> None:
    calm, store = Store(tmp_path / "calm"), Store(tmp_path / "behind")
    run(calm, RIGHT, market)
    behind = run(store, RIGHT - DAY, market)
    assert behind.missing == {}
    assert stored(store, market).items() < stored(calm, market).items()
    (early,) = markers(store, market)
    right = run(store, RIGHT, market)
    assert stored(store, market) == stored(calm, market)
    assert markers(store, market) == markers(calm, market) != [early]
    if market == "da":  # of the others preliminary days are asked for again
        assert [path.rpartition("/")[2] for path in right.asked] == ["20260112"]


def test_for_a_clock_that_is_a_year_behind_there_is_nothing_yet_and_it_says_so(
    tmp_path: Path,
) -> None:
    behind = run(Store(tmp_path), RIGHT - YEAR, "da")
    assert behind.asked == []
    assert "not published yet is the first day of 2026 (lmp_da_hourly)" in behind.left_out
    assert markers(Store(tmp_path), "da") == []


def test_a_marker_of_a_wrong_clock_is_no_reason_to_ask_for_less(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run(store, RIGHT, "da")
    had = stored(store, "da")
    run(store, RIGHT - DAY, "da")  # an earlier end: what was had before is still had
    assert stored(store, "da") == had
    again = run(store, RIGHT, "da")
    assert again.asked == []
    assert again.missing == {}
