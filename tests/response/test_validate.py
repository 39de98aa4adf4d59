"""A day is validated by the calendar, at every change of clocks there was or will be."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import examine
from torture.faults.damage import Original

from isone.errors import IncompleteError, ResponseError
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import CORE_LOCATIONS
from isone.market.requests import Request

LMP = DATASETS["lmp_da_hourly"]
REGULATION = DATASETS["regulation_5min"]


def changes(year: int) -> list[tuple[dt.date, int]]:
    """The days of a year on which clocks change, by the rule of the law, and their hours."""

    def nth_sunday(month: int, n: int) -> dt.date:
        first = dt.date(year, month, 1)
        return first + dt.timedelta(days=(6 - first.weekday()) % 7 + 7 * (n - 1))

    if year >= 2007:
        return [(nth_sunday(3, 2), 23), (nth_sunday(11, 1), 25)]
    last = max(n for n in (4, 5) if nth_sunday(10, n).month == 10)
    return [(nth_sunday(4, 1), 23), (nth_sunday(10, last), 25)]


CHANGES = [
    (day + dt.timedelta(days=offset), hours if not offset else 24)
    for year in range(2003, 2038)
    for day, hours in changes(year)
    for offset in (-1, 0, 1)
]


def lmp_rows(timestamps: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "BeginDate": timestamp,
            "Location": {"@LocId": str(id_), "@LocType": type_, "$": name},
            "LmpTotal": 28.3,
            "EnergyComponent": 28.21,
            "CongestionComponent": -0.01,
            "LossComponent": 0.1,
        }
        for timestamp in timestamps
        for id_, (name, type_) in CORE_LOCATIONS.items()
    ]


def lmp(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"HourlyLmps": {"HourlyLmp": rows}}).encode()


def local_timestamps(day: dt.date, hours: int) -> list[str]:
    """The hours of a day written by hand: offsets change at two o'clock, not by any library."""
    before, after = {23: ("-05:00", "-04:00"), 25: ("-04:00", "-05:00")}.get(hours, ("", ""))
    if not before:
        year = dict(changes(day.year))
        spring, autumn = sorted(year)
        before = after = "-04:00" if spring < day <= autumn - dt.timedelta(days=1) else "-05:00"
    clock_hours = list(range(24))
    if hours == 23:
        clock_hours.remove(2)
    offsets = [before if hour < 2 else after for hour in clock_hours]
    if hours == 25:
        clock_hours.insert(2, 1)
        offsets.insert(2, after)
    return [
        f"{day}T{hour:02d}:00:00.000{offset}"
        for hour, offset in zip(clock_hours, offsets, strict=True)
    ]


@pytest.mark.parametrize(("day", "hours"), CHANGES, ids=lambda value: str(value))
def test_every_change_of_clocks_has_its_hours_and_an_hour_less_is_missing(
    day: dt.date, hours: int
) -> None:
    timestamps = local_timestamps(day, hours)
    found = examine(LMP, Request(LMP.name, day), lmp(lmp_rows(timestamps)))
    assert (found.rows, found.missing, found.off_grid) == (9 * hours, (), 0)
    for gone in (0, 1, 2, hours - 1):
        rest = lmp(lmp_rows(timestamps[:gone] + timestamps[gone + 1 :]))
        with pytest.raises(IncompleteError):
            examine(LMP, Request(LMP.name, day), rest).require_whole()


@settings(max_examples=60)
@given(st.dates(dt.date(2003, 3, 1), dt.date(2037, 12, 31)), st.sampled_from([5, 60]))
def test_every_day_s_intervals_are_even_and_meet_the_next_day_s(day: dt.date, minutes: int) -> None:
    starts = market_time.interval_starts(day, minutes)
    following = market_time.interval_starts(day + dt.timedelta(days=1), minutes)
    assert starts[-1] + minutes * 60 == following[0]
    assert len(starts) * minutes in {23 * 60, 24 * 60, 25 * 60}
    assert [market_time.parse_timestamp(market_time.timestamp(t)) for t in starts] == list(starts)
    assert {market_time.local_time(t).date() for t in starts} == {day}


DAY = dt.date(2024, 7, 1)
TIMESTAMPS = local_timestamps(DAY, 24)


@pytest.mark.parametrize(
    "timestamp",
    [
        pytest.param("0001-01-01T00:00:00.000+14:00", id="before the calendar"),
        pytest.param("9999-12-31T23:59:59.000-14:00", id="after the calendar"),
        pytest.param("2024-07-01T00:00:00.000-05:00", id="winter's offset in summer"),
        pytest.param("2024-07-01T00:00:00.000", id="no offset"),
        pytest.param("2024-07-01T04:00:00.000Z", id="universal time"),
        pytest.param("2024-07-01T00:30:00.000-04:00", id="between two hours"),
        pytest.param("2024-06-30T23:00:00.000-04:00", id="the day before"),
        pytest.param("2024-07-02T00:00:00.000-04:00", id="the day after"),
        pytest.param("\x1b[2J" + "x" * 10_000, id="no timestamp"),
        pytest.param("", id="empty"),
    ],
)
def test_a_timestamp_that_is_none_of_the_day_s_is_rejected(timestamp: str) -> None:
    rows = lmp_rows(TIMESTAMPS)
    rows[0]["BeginDate"] = timestamp
    with pytest.raises(ResponseError) as caught:
        examine(LMP, Request(LMP.name, DAY), lmp(rows))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("timestamp", "moved"),
    [
        ("2024-07-01T00:00:03.000-04:00", 9),
        ("2024-07-01T00:29:59.000-04:00", 9),
        ("2024-06-30T23:59:57.000-04:00", 9),
    ],
)
def test_a_timestamp_within_half_an_interval_of_one_is_moved_onto_it_and_counted(
    timestamp: str, moved: int
) -> None:
    found = examine(LMP, Request(LMP.name, DAY), lmp(lmp_rows([timestamp, *TIMESTAMPS[1:]])))
    assert (found.rows, found.off_grid, found.missing) == (9 * 24, moved, ())


def test_a_timestamp_that_is_moved_out_of_the_day_is_rejected() -> None:
    timestamps = [*TIMESTAMPS[:-1], "2024-07-01T23:31:00.000-04:00"]
    with pytest.raises(ResponseError, match="which is not in 2024-07-01"):
        examine(LMP, Request(LMP.name, DAY), lmp(lmp_rows(timestamps)))


@pytest.mark.parametrize("key", ["$", "@LocType"])
@pytest.mark.parametrize("text", ["\u202eA", "A\x1b[2J", "A\nB"], ids=["bidi", "escape", "line"])
def test_a_location_s_name_that_cannot_be_printed_is_rejected(key: str, text: str) -> None:
    rows = lmp_rows(TIMESTAMPS)
    rows[0]["Location"] = {"@LocId": "10001", "@LocType": "NODE", "$": "A"} | {key: text}
    with pytest.raises(ResponseError, match="for a location's") as caught:
        examine(LMP, Request(LMP.name, DAY), lmp(rows))
    assert str(caught.value).isprintable()


def test_a_zone_s_name_and_any_other_text_that_cannot_be_printed_is_rejected() -> None:
    zones = {"BeginDate": TIMESTAMPS[0], "ReserveZoneId": 7009, "ReserveZoneName": "A\u202e"}
    zones |= dict.fromkeys(("TmsrClearingPrice", "TmnsrClearingPrice", "TmorClearingPrice"), 1)
    regulation = {"BeginDate": TIMESTAMPS[0], "HourEnd": "0\x07"}
    regulation |= {"RegServiceClearingPrice": 1, "RegCapacityClearingPrice": 1}
    for name, record in (("reserve_5min", zones), ("regulation_5min", regulation)):
        content: Any = [record]
        for key in reversed(DATASETS[name].wrapper):
            content = {key: content}
        with pytest.raises(ResponseError, match="for a zone's name|for HourEnd"):
            examine(DATASETS[name], Request(name, DAY), json.dumps(content).encode())


@pytest.mark.parametrize("name", ["regulation_5min", "reserve_da_hourly", "strike_da_hourly"])
def test_a_set_without_locations_that_lacks_intervals_says_which(name: str) -> None:
    original = Original.of(name, dt.date(2025, 7, 1))
    gone, *rest = original.records()
    finding = examine(original.dataset, original.request, original.body_of(rest))
    assert finding.missing == ("2025-07-01 00:00 EDT",)
    with pytest.raises(IncompleteError, match="^the response lacks 2025-07-01 00:00 EDT$"):
        finding.require_whole()


@pytest.mark.parametrize("id_", ["", "-4000", "4e3", "٤٠٠٠", "9" * 5000, "4000 ", "\x1b"])
def test_an_id_that_is_no_number_is_rejected(id_: str) -> None:
    rows = lmp_rows(TIMESTAMPS)
    rows[0]["Location"]["@LocId"] = id_
    with pytest.raises(ResponseError, match="for a location id"):
        examine(LMP, Request(LMP.name, DAY), lmp(rows))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"$": ".Z.MAINE"}, "calls location 4000 .Z.MAINE"),
        ({"@LocType": "LOAD ZONE"}, "calls location 4000 .H.INTERNAL_HUB"),
    ],
)
def test_a_well_known_id_under_another_name_or_type_is_rejected(
    change: dict[str, str], words: str
) -> None:
    rows = lmp_rows(TIMESTAMPS)
    rows[0]["Location"] |= change
    with pytest.raises(ResponseError, match=words):
        examine(LMP, Request(LMP.name, DAY), lmp(rows))


def test_a_location_may_lack_its_name_or_its_type_in_some_rows() -> None:
    rows = lmp_rows(TIMESTAMPS)
    for row, left_out in zip(rows, ("$", "@LocType", "$"), strict=False):
        del row["Location"][left_out]
    rows += [row | {"Location": {"@LocId": "591"}} for row in rows[::9]]
    finding = examine(LMP, Request(LMP.name, DAY), lmp(rows))
    assert (finding.rows, finding.places, finding.missing) == (240, 10, ())


@pytest.mark.parametrize("left_out", ["$", "@LocType"])
def test_what_a_location_still_says_of_itself_is_checked(left_out: str) -> None:
    rows = lmp_rows(TIMESTAMPS)
    wrong = {"@LocId": "4000", "@LocType": "LOAD ZONE", "$": ".Z.MAINE"}
    rows[0]["Location"] = {key: text for key, text in wrong.items() if key != left_out}
    with pytest.raises(ResponseError, match="calls location 4000"):
        examine(LMP, Request(LMP.name, DAY), lmp(rows))


def test_cents_of_rounding_are_counted_and_more_is_rejected() -> None:
    rows = lmp_rows(TIMESTAMPS)
    rows[3]["LmpTotal"] = 28.31
    assert examine(LMP, Request(LMP.name, DAY), lmp(rows)).cents_off == 1
    rows[3]["LmpTotal"] = 28.32
    with pytest.raises(ResponseError, match="components do not add up for 2024-07-01 00:00 EDT"):
        examine(LMP, Request(LMP.name, DAY), lmp(rows))


def test_an_energy_component_unlike_the_others_of_its_hour_is_counted() -> None:
    rows = lmp_rows(TIMESTAMPS)
    rows[3] |= {"EnergyComponent": 27.21, "LossComponent": 1.1}
    assert examine(LMP, Request(LMP.name, DAY), lmp(rows)).at_odds == 1


@pytest.mark.parametrize("hour_end", ["03", "", "2X", "24"])
def test_an_hour_s_end_that_does_not_follow_its_beginning_is_counted(hour_end: str) -> None:
    rows = [
        {
            "BeginDate": market_time.timestamp(t),
            "RegServiceClearingPrice": 0.5,
            "RegCapacityClearingPrice": 9,
            "HourEnd": f"{market_time.local_time(t).hour + 1:02d}",
        }
        for t in market_time.interval_starts(DAY, 5)
    ]
    request = Request(REGULATION.name, DAY)

    def body() -> bytes:
        return json.dumps({"FiveMinRcps": {"FiveMinRcp": rows}}).encode()

    assert examine(REGULATION, request, body()).at_odds == 0
    rows[0]["HourEnd"] = hour_end
    assert examine(REGULATION, request, body()).at_odds == 1
    del rows[0]["HourEnd"]
    assert examine(REGULATION, request, body()).at_odds == 0
