"""On-peak hours: hours ending 8 to 23 of weekdays, but not of the six NERC holidays."""

import contextlib
import datetime as dt
from collections.abc import Sequence

import duckdb
import pytest

from isone.report.queries.working_tables import ON_PEAK, keep_holidays


def on_peak(days: Sequence[dt.date]) -> list[int]:
    """The hours of these days that are on-peak, as the page's queries tell them apart."""
    with contextlib.closing(duckdb.connect()) as connection:
        keep_holidays(connection, {day.year for day in days})
        found = connection.execute(
            "SELECT hour FROM (SELECT unnest(?) AS operating_day), range(24) AS hours (hour) "  # noqa: S608
            f"WHERE {ON_PEAK} ORDER BY operating_day, hour",
            [list(days)],
        )
        return [hour for (hour,) in found.fetchall()]


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
    assert on_peak([dt.date.fromisoformat(day)]) == (list(range(7, 23)) if hours else [])


def test_a_year_has_255_or_so_on_peak_days() -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(366)]
    assert len(on_peak(days)) == 16 * (262 - 6)
