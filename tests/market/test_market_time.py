"""Operating days: where calendars break, and why."""

import datetime as dt

import pytest

from isone.market import market_time
from isone.market.datasets import DATASETS

SPRING = dt.date(2024, 3, 10)  # clocks go forward: no hour from 02:00
AUTUMN = dt.date(2024, 11, 3)  # clocks go back: the hour from 01:00 comes twice
SHIFTED_RULE = dt.date(2006, 4, 2)  # before 2007 summer time began in April


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(dt.date(2024, 1, 1), 24, id="an ordinary day"),
        pytest.param(SPRING, 23, id="spring"),
        pytest.param(AUTUMN, 25, id="autumn"),
        pytest.param(SHIFTED_RULE, 23, id="spring under the rule before 2007"),
        pytest.param(dt.date(2007, 3, 11), 23, id="the first spring under the new rule"),
    ],
)
def test_a_day_has_as_many_hours_as_its_clock_shows(day: dt.date, hours: int) -> None:
    assert len(market_time.interval_starts(day, 60)) == hours
    assert len(market_time.interval_starts(day, 5)) == 12 * hours


def test_the_repeated_hour_has_two_instants_and_the_skipped_one_none() -> None:
    first, second = market_time.hour_starts(AUTUMN, 1, 60)
    assert second - first == 3600
    assert market_time.hour_starts(SPRING, 2, 60) == []
    assert 2 not in market_time.start_hours(SPRING)


def test_timestamps_of_the_repeated_hour_differ_in_their_offset_only() -> None:
    first, second = (market_time.timestamp(t) for t in market_time.hour_starts(AUTUMN, 1, 60))
    assert first == "2024-11-03T01:00:00.000-04:00"
    assert second == "2024-11-03T01:00:00.000-05:00"


@pytest.mark.parametrize("day", [SPRING, AUTUMN, dt.date(2024, 7, 4)], ids=str)
@pytest.mark.parametrize("minutes", [5, 60])
def test_the_timestamps_of_a_day_read_back_as_its_intervals(day: dt.date, minutes: int) -> None:
    written = market_time.timestamps(day, minutes)
    assert list(written.values()) == list(market_time.interval_starts(day, minutes))
    assert [market_time.parse_timestamp(text) for text in written] == list(written.values())
    assert list(written) == [
        market_time.timestamp(t) for t in market_time.interval_starts(day, minutes)
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2024-07-01T01:00:00.000-05:00", id="winter's offset in summer"),
        pytest.param("2024-01-01T01:00:00.000Z", id="UTC"),
        pytest.param("2024-01-01T01:00:00.000", id="no offset"),
        pytest.param("01/01/2024 01:00", id="another form"),
    ],
)
def test_a_timestamp_that_new_england_would_not_write_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="offset|isoformat"):
        market_time.parse_timestamp(text)


@pytest.mark.parametrize("off", [1, 3, 149, -149])
def test_within_half_an_interval_an_instant_means_the_nearest_beginning(off: int) -> None:
    start = market_time.day_bounds(AUTUMN)[0]
    assert market_time.snap(start + off, 5) == start


@pytest.mark.parametrize("off", [150, -150])
def test_an_instant_exactly_between_two_beginnings_means_neither(off: int) -> None:
    start = market_time.day_bounds(AUTUMN)[0]
    assert market_time.snap(start + off, 5) == start + off


@pytest.mark.parametrize(("off", "snapped"), [(2, 0), (-2, 0), (3, 3), (-3, -3)])
def test_an_event_keeps_its_instant_but_for_a_second_or_two(off: int, snapped: int) -> None:
    start = market_time.day_bounds(AUTUMN)[0]
    assert DATASETS["constraints_rt_5min"].times.interval_of(start + off) - start == snapped


def test_the_newest_published_day_follows_the_lag() -> None:
    at = dt.datetime(2026, 11, 20, 15, tzinfo=market_time.MARKET_ZONE)
    assert market_time.last_published(dt.timedelta(hours=-10), at) == dt.date(2026, 11, 21)
    assert market_time.last_published(dt.timedelta(days=6), at) == dt.date(2026, 11, 14)
