"""The six NERC holidays, which have no on-peak hours."""

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
