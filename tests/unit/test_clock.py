"""Operating days: where calendars break, and why."""

import datetime as dt

import pytest

from isone import clock

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
    assert len(clock.interval_starts(day, 60)) == hours
    assert len(clock.interval_starts(day, 5)) == 12 * hours


def test_the_repeated_hour_has_two_instants_and_the_skipped_one_none() -> None:
    first, second = clock.hour_starts(AUTUMN, 1, 60)
    assert second - first == 3600
    assert clock.hour_starts(SPRING, 2, 60) == []
    assert 2 not in clock.start_hours(SPRING)


def test_stamps_of_the_repeated_hour_differ_in_their_offset_only() -> None:
    first, second = (clock.stamp(t) for t in clock.hour_starts(AUTUMN, 1, 60))
    assert first == "2024-11-03T01:00:00.000-04:00"
    assert second == "2024-11-03T01:00:00.000-05:00"


@pytest.mark.parametrize("day", [SPRING, AUTUMN, dt.date(2024, 7, 4)], ids=str)
@pytest.mark.parametrize("minutes", [5, 60])
def test_the_stamps_of_a_day_read_back_as_its_intervals(day: dt.date, minutes: int) -> None:
    written = clock.stamps(day, minutes)
    assert list(written.values()) == list(clock.interval_starts(day, minutes))
    assert [clock.parse_stamp(text) for text in written] == list(written.values())
    assert list(written) == [clock.stamp(t) for t in clock.interval_starts(day, minutes)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2024-07-01T01:00:00.000-05:00", id="winter's offset in summer"),
        pytest.param("2024-01-01T01:00:00.000Z", id="UTC"),
        pytest.param("2024-01-01T01:00:00.000", id="no offset"),
        pytest.param("01/01/2024 01:00", id="another form"),
    ],
)
def test_a_stamp_that_new_england_would_not_write_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="offset|isoformat"):
        clock.parse_stamp(text)


@pytest.mark.parametrize(("off", "snapped"), [(1, 0), (2, 0), (-2, 0), (3, 3)])
def test_only_a_second_or_two_are_moved_onto_the_grid(off: int, snapped: int) -> None:
    start = clock.day_bounds(AUTUMN)[0]
    assert clock.snap(start + off, 5) - start == snapped


def test_the_newest_published_day_follows_the_lag() -> None:
    at = dt.datetime(2026, 11, 20, 15, tzinfo=clock.MARKET_ZONE)
    assert clock.last_published(dt.timedelta(hours=-10), at) == dt.date(2026, 11, 21)
    assert clock.last_published(dt.timedelta(days=6), at) == dt.date(2026, 11, 14)
