"""On-peak hours: hours ending 8 to 23 of weekdays, but not of the six NERC holidays."""

import datetime as dt

import pytest

from isone.market import peak

# NERC's "Additional Off-peak Days" of 2010 and 2011, and later years by the same rule.
KEPT = {
    2010: "01-01 05-31 07-05 09-06 11-25 12-25",
    2011: "01-01 05-30 07-04 09-05 11-24 12-26",
    2017: "01-02 05-29 07-04 09-04 11-23 12-25",
    2021: "01-01 05-31 07-05 09-06 11-25 12-25",
    2022: "01-01 05-30 07-04 09-05 11-24 12-26",
    2023: "01-02 05-29 07-04 09-04 11-23 12-25",
    2024: "01-01 05-27 07-04 09-02 11-28 12-25",
}


@pytest.mark.parametrize("year", KEPT)
def test_the_six_holidays_are_kept_on_nercs_days(year: int) -> None:
    assert sorted(peak.holidays(year)) == [
        dt.date.fromisoformat(f"{year}-{day}") for day in KEPT[year].split()
    ]


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param("2024-03-06", 16, id="a Wednesday"),
        pytest.param("2024-03-09", 0, id="a Saturday"),
        pytest.param("2024-03-10", 0, id="a Sunday, on which clocks go forward"),
        pytest.param("2024-05-27", 0, id="Memorial Day"),
        pytest.param("2021-07-05", 0, id="the Monday after Independence Day on a Sunday"),
        pytest.param("2020-07-03", 16, id="the Friday before Independence Day on a Saturday"),
        pytest.param("2024-11-29", 16, id="the day after Thanksgiving"),
        pytest.param("2024-06-19", 16, id="Juneteenth, which is none of NERC's"),
    ],
)
def test_a_weekday_has_sixteen_on_peak_hours_and_other_days_none(day: str, hours: int) -> None:
    of_day = [hour for hour in range(24) if peak.is_on_peak(dt.date.fromisoformat(day), hour)]
    assert of_day == (list(range(7, 23)) if hours else [])


def test_a_year_has_255_or_so_on_peak_days() -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(366)]
    assert sum(peak.is_on_peak(day, 12) for day in days) == 262 - 6
