"""A part of a year or month says which part it is, wherever a number of it is shown."""

import csv
import datetime as dt
import io
import json
from typing import Any

import pyarrow as pa
import pytest
from filled import build_duckdb, fill, settings_for

from isone.market import market_time
from isone.report import data, page, periods, specifications
from isone.report.cells import PageTable
from isone.report.data import ReportData
from isone.report.periods import Period, Span, Spans
from isone.report.sections import all_sections
from isone.run.settings import AcceptedFlaw
from isone.store.store import Store

PART = "2017, January to March (90 of 365 days)"
DAYS = "_2017-01-01_to_2017-03-31_90_of_365_days"


def between(first: str, last: str) -> list[dt.date]:
    return list(market_time.days(dt.date.fromisoformat(first), dt.date.fromisoformat(last)))


def span(period: Period, days: list[dt.date], short: int = 0) -> Span:
    return Span(period, tuple(days), frozenset(days[:short]))


def spans(**days: list[dt.date]) -> Spans:
    """Days of series at place 4000, all whole."""
    rows = [
        {"series": series, "place": 4000, "day": day, "whole": True}
        for series, some in days.items()
        for day in some
    ]
    return Spans(pa.Table.from_pylist(rows))


def tables(found: ReportData) -> dict[str, PageTable]:
    sections = all_sections(found)
    return {table.title: table for s in sections for table in (*s.lead, *s.tables)}


def column(table: PageTable, heading: str) -> set[str]:
    number = table.headings.index(heading)
    return {row.cells[number].text for row in table.rows}


Y2017 = periods.years([2017])
MARCH = periods.month(dt.date(2017, 3, 1))
WHOLE = between("2017-01-01", "2017-12-31")


@pytest.mark.parametrize(
    ("found", "title"),
    [
        pytest.param(span(Y2017, WHOLE), "2017", id="a whole year"),
        pytest.param(span(Y2017, between("2017-01-01", "2017-03-31")), PART, id="months"),
        pytest.param(
            span(Y2017, between("2017-02-01", "2017-02-28")),
            "2017, February (28 of 365 days)",
            id="a month",
        ),
        pytest.param(
            span(Y2017, between("2017-01-01", "2017-03-14")),
            "2017, 1 January to 14 March (73 of 365 days)",
            id="up to mid-month",
        ),
        pytest.param(
            span(Y2017, between("2017-03-05", "2017-03-05")),
            "2017, 5 March (1 of 365 days)",
            id="a day",
        ),
        pytest.param(
            span(Y2017, WHOLE[:100] + WHOLE[105:]),
            "2017 (360 of 365 days)",
            id="gaps within a year",
        ),
        pytest.param(
            span(Y2017, WHOLE[:10] + WHOLE[15:59]),
            "2017, January to February, with gaps (54 of 365 days)",
            id="gaps within a part",
        ),
        pytest.param(
            span(Y2017, WHOLE, short=2),
            "2017 (365 of 365 days, 2 of them in part)",
            id="days that lack intervals",
        ),
        pytest.param(
            span(MARCH, between("2017-03-01", "2017-03-14")),
            "2017-03, 1 to 14 March (14 of 31 days)",
            id="a month that is not finished",
        ),
        pytest.param(
            span(periods.years([2016, 2018], "all years"), between("2016-01-01", "2018-03-31")),
            "all years, 2016-01-01 to 2018-03-31 (821 of 1,096 days)",
            id="several years",
        ),
        pytest.param(
            span(periods.years([2016, 2017]), []), "2016 to 2017 (0 of 731 days)", id="no"
        ),
    ],
)
def test_a_period_is_called_by_its_name_only_where_it_is_whole(found: Span, title: str) -> None:
    assert found.title == title


def test_markets_of_different_days_are_each_called_by_theirs() -> None:
    found = spans(da=WHOLE, rt=WHOLE[:90], spread=WHOLE[:90])
    assert periods.title(found.of(("da", "rt"), 4000, Y2017)) == (
        "2017: day-ahead whole and real-time January to March (90 of 365 days)"
    )
    alone = spans(da=WHOLE)
    assert periods.title(alone.of(("da", "rt", "spread"), 4000, Y2017)) == "2017"


def test_years_of_different_parts_are_said_not_to_compare_and_leap_years_do() -> None:
    leap = between("2016-01-01", "2016-12-31")
    years = [span(periods.years([2016]), leap), span(Y2017, WHOLE)]
    assert periods.comparison(years) == ""
    assert "different parts" in periods.comparison([years[0], span(Y2017, WHOLE[:90])])


def test_the_first_months_of_a_year_are_never_called_the_year(replayed: ReportData) -> None:
    means = [each for each in page.headlines(replayed) if each.unit]
    assert [each.words for each in means] == [
        f"$/MWh {market} mean of {PART}, .H.INTERNAL_HUB" for market in ("day-ahead", "real-time")
    ]
    assert means[0].shown == "35.54"
    for title in ("Year by year", "Regulation by year", "Top-bottom spreads by year"):
        assert column(tables(replayed)[title], "Year") == {PART}, title
    body = page.write(replayed, str).partition('<script type="application/json"')[0]
    assert f'<option value="2017">{PART}</option>' in body
    for figure in (figure for section in all_sections(replayed) for figure in section.figures):
        if figure.drawn and figure.series:
            assert f"Years in part: {PART}." in figure.caption, figure.name


def test_the_key_numbers_say_which_days_they_are_of(replayed: ReportData) -> None:
    rows = list(csv.DictReader(io.StringIO(page.key_numbers(replayed))))
    (day_ahead,) = [row for row in rows if row["what"] == "day-ahead mean, .H.INTERNAL_HUB"]
    assert day_ahead == {
        **{"what": "day-ahead mean, .H.INTERNAL_HUB", "number": "35.54", "of": ""},
        **{"unit": "$/MWh", "period": PART, "first_day": "2017-01-01", "last_day": "2017-03-31"},
        **{"days": "90", "of_days": "365"},
    }


def test_the_figures_say_it_in_their_names_titles_and_data(replayed: ReportData) -> None:
    drawings = {each.name: each for each in specifications.drawings(replayed)}
    assert "duration_curve" not in drawings
    title = json.loads(bytes(drawings[f"monthly_price{DAYS}"].specification))["title"]
    assert PART in " ".join(title["subtitle"])
    rows = list(csv.DictReader(io.StringIO(drawings[f"duration_curve{DAYS}"].csv)))
    assert {row["Part that is here"] for row in rows if row["Year"] == "2017"} == {
        "January to March (90 of 365 days)"
    }


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """October whole, November up to the fourth without the second; regulation for less than that.

    On the third some intervals lack, which is accepted.
    """
    store = Store(tmp_path_factory.mktemp("unfinished") / "sandbox")
    second, third = dt.date(2025, 11, 2), dt.date(2025, 11, 3)
    name = "lmp_da_hourly"
    fill(
        *(store, [name], "2025-10-01", "2025-11-04"),
        gaps=[AcceptedFlaw(name, second, "none"), AcceptedFlaw(name, third, "an hour")],
        faults=["empty:*20251102*", "missing-interval:*20251103*"],
    )
    fill(store, ["regulation_hourly"], "2025-10-01", "2025-10-05")
    build_duckdb(store)
    return data.gather(settings_for(store, years="2025"), store)


def test_gaps_months_and_days_in_part_are_told(unfinished: ReportData) -> None:
    part = "2025, 1 October to 4 November, with gaps (34 of 365 days, 1 of them in part)"
    assert column(tables(unfinished)["Year by year"], "Year") == {part}
    assert column(tables(unfinished)["Top-bottom spreads by year"], "Year") == {
        "2025, 1 October to 4 November, with gaps (33 of 365 days)"
    }
    assert column(tables(unfinished)["Regulation by year"], "Year") == {
        "2025, 1 to 5 October (5 of 365 days)"
    }
    captions: dict[str, Any] = {
        figure.name: figure.caption
        for section in all_sections(unfinished)
        for figure in section.figures
    }
    november = "2025-11, 1 to 4 November, with gaps (3 of 30 days, 1 of them in part)"
    assert f"Months in part: {november}." in captions["monthly_price"]
    assert "5 October" in captions["regulation_capacity"]
    months = unfinished.data["monthly"].rows.to_pylist()
    assert {row["month"].month: row["part"] for row in months} == {
        10: "whole",
        11: "1 to 4 November, with gaps (3 of 30 days, 1 of them in part)",
    }
