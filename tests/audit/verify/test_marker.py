"""What a marker lists of its days, against its name and the calendar."""

import datetime as dt
from typing import Any

import pytest

from isone.audit.verify import marker
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.store.ledger import Entry
from isone.store.year_marker import DayFlaw, Gap, Manifest

DATASET = DATASETS["lmp_rt_5min"]
DAYS = [dt.date(2026, 6, day) for day in (9, 10, 11)]
PERIOD = "2026.through-20260611.final-20260610"


def entry(request: str) -> Entry:
    revision = "prelim" if request.endswith(".prelim") else "final"
    return Entry(request, 1, "", 1, "2026-06-12T04:00Z", "sandbox", revision)


def by_location(day: dt.date, ending: str = "") -> list[str]:
    return [f"{day:%Y%m%d}.{location}{ending}" for location in HUBS]


def by_block(day: dt.date, ending: str = "") -> list[str]:
    return [f"{day:%Y%m%d}.b{hour:02d}{ending}" for hour in range(0, 24, 4)]


def by_hour(day: dt.date) -> list[str]:
    return [f"{day:%Y%m%d}.h{hour:02d}" for hour in range(24)]


def manifest(listed: list[str], /, **changes: Any) -> Manifest:
    fields: dict[str, Any] = {
        "dataset": DATASET.name, "period": PERIOD, "first_day": "2026-06-09",
        "last_day": "2026-06-11", "source": "sandbox", "synthetic_prices": True,
        "rows": len(listed), "gaps": (), "requests": tuple(map(entry, listed)), "locations": HUBS,
        "final_through": "2026-06-10",
    }  # fmt: skip
    return Manifest(**fields | changes)


def damage(found: Manifest, period: str = PERIOD) -> list[str]:
    return [str(each) for each in marker.find_damage(DATASET, period, found)]


WHOLE = [*by_location(DAYS[0]), *by_hour(DAYS[1]), *by_block(DAYS[2], ".prelim")]


def test_a_day_may_be_there_in_any_way_that_a_download_accepts() -> None:
    assert damage(manifest(WHOLE)) == []
    assert damage(manifest([*WHOLE[:-6], *by_location(DAYS[2])])) == []
    half = [*by_block(DAYS[2], ".prelim")[:3], *by_block(DAYS[2])[3:]]
    assert damage(manifest([*WHOLE[:-6], *half])) == []


def test_a_marker_of_an_older_version_is_read_by_its_name() -> None:
    assert damage(manifest(WHOLE, final_through="")) == []


@pytest.mark.parametrize(
    ("requests", "reason"),
    [
        pytest.param(WHOLE[9:], "marker: 2026-06-09: the day is not in it", id="gone"),
        pytest.param(WHOLE[1:], "marker: 2026-06-09: not all of the day is in it", id="in part"),
        pytest.param(
            [*WHOLE, "20260609.4010"],
            "marker: 2026-06-09: it has more responses of the day than bring it",
            id="too much",
        ),
        pytest.param(
            [*by_location(DAYS[0], ".prelim"), *WHOLE[9:]],
            "marker: 2026-06-09: the day is preliminary, and has to be final",
            id="preliminary for too long",
        ),
        pytest.param(
            [*WHOLE, *by_block(DAYS[2])],
            "marker: 2026-06-11: a response is in it both final and preliminary",
            id="in two versions",
        ),
        pytest.param(
            [*WHOLE, "20260612.4000"],
            "marker: 2026-06-12: the day is in it, and not in its period",
            id="another day",
        ),
        pytest.param([*WHOLE, WHOLE[0]], "marker: 2026-06-09: it lists 20260609.4000 2 times",
                     id="twice"),
    ],
)  # fmt: skip
def test_a_day_that_is_not_brought_is_damage(requests: list[str], reason: str) -> None:
    assert damage(manifest(requests)) == [reason]


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": "lmp_rt_hourly"},
        {"last_day": "2026-06-10", "requests": tuple(map(entry, WHOLE[:-6])), "rows": 33},
        {"final_through": "2026-06-11", "requests": tuple(map(entry, WHOLE[:-6])), "rows": 33},
        {"locations": "all", "requests": tuple(map(entry, by_hour(DAYS[0])))},
    ],
)
def test_a_marker_that_describes_another_year_than_its_name_is_damage(
    changes: dict[str, Any],
) -> None:
    found = damage(manifest(WHOLE, **changes))
    assert any("which is not what its name says" in reason for reason in found)


def test_an_accepted_gap_may_lack_responses_but_not_all_where_some_were_published() -> None:
    gap = Gap("2026-06-09", "a zone is missing")
    assert damage(manifest(WHOLE[1:], gaps=(gap,))) == []
    assert damage(manifest(WHOLE[9:], gaps=(gap,))) == ["marker: 2026-06-09: the day is not in it"]
    nothing = Gap("2026-06-09", "never published", nothing_published=True)
    assert damage(manifest(WHOLE[9:], gaps=(nothing,))) == []


def test_a_marker_whose_rows_or_versions_are_wrong_is_damage() -> None:
    assert damage(manifest(WHOLE, rows=1)) == ["marker: its rows do not add up"]
    revised = tuple(Entry(e.request, 1, "", 1, e.fetched, "", "final") for e in map(entry, WHOLE))
    assert "marker: 2026-06-11: it calls 20260611.b00.prelim final" in damage(
        manifest(WHOLE, requests=revised)
    )


def test_flaws_are_named_in_the_notes_accepted_ones_with_the_reason() -> None:
    flaws = [DayFlaw("2026-06-09", "sum", "3 rows", "known since June")]
    flaws += [DayFlaw(f"2026-06-1{day}", "flat-prices", "from 03:00") for day in range(5)]
    flaws.append(DayFlaw("2026-06-09", "constant-day", "all 5.00", "a holiday"))
    accepted, suspect, acknowledged = marker.notes(manifest(WHOLE, flaws=tuple(flaws)))
    assert acknowledged == (
        "1 suspect flaw, acknowledged: 2026-06-09 constant-day: all 5.00 (a holiday)"
    )
    assert accepted == "1 accepted flaw: 2026-06-09 sum: 3 rows (known since June)"
    assert suspect == (
        "5 suspect flaws, not acknowledged: 2026-06-10 flat-prices: from 03:00; "
        "2026-06-11 flat-prices: from 03:00; 2026-06-12 flat-prices: from 03:00; and 2 more"
    )
