"""What the page says of revisions, reconciliations, empty days, and the list of locations."""

import datetime as dt
import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filled import build_duckdb, fill, settings_for

from isone.audit.reconcile import averages, jobs, ours, results
from isone.audit.reconcile.averages import Month
from isone.audit.reconcile.workbook import Sheet
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.pack.year import pack_year
from isone.report import data
from isone.report.cells import PageTable, in_figures
from isone.report.data import ReportData
from isone.report.day import EMPTY_DAY
from isone.report.figures import Section
from isone.report.reconciled import Reconciled
from isone.report.reconciled import examine as read_reconciled
from isone.report.sections import all_sections, reconciliation
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store import location_table
from isone.store.store import Store

HOURLY = "lmp_rt_hourly"
FIRST, LAST = dt.date(2026, 6, 5), dt.date(2026, 6, 11)
TODAY = dt.date(2026, 7, 10)


def client(sandbox: Sandbox) -> Client:
    return Client(Source("sandbox", sandbox.url), read_settings({}).http)


def bring(store: Store, today: dt.date, final_through: dt.date | None) -> None:
    job = DatasetYear(HOURLY, 2026, FIRST, LAST, HUBS, final_through)
    with Sandbox(nodes=0, today=today) as sandbox, client(sandbox) as asking:
        downloader = Downloader(store, asking, DATASETS[HOURLY], keep_prelim=True)
        download_year(downloader, job, newest_first=False)
    pack_year(store, HOURLY, job.period)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """A week that came preliminary first, a reconciled month, empty days, a list of locations."""
    store = Store(tmp_path_factory.mktemp("known") / "sandbox")
    bring(store, dt.date(2026, 6, 13), FIRST)
    bring(store, dt.date(2026, 6, 20), None)
    fill(store, ["constraints_da_hourly"], "2024-01-01", "2024-01-04")
    ((_, period),) = fill(store, ["lmp_da_hourly"], "2026-06-01", "2026-06-30", today=TODAY)
    hours = ours.read_hours(store.parquet_path("lmp_da_hourly", period))
    with Sandbox(nodes=2, today=TODAY) as sandbox, client(sandbox) as asking:
        results.add(store, jobs.reconcile_year(store, asking, "da", 2026, hours), [])
    old = location_table.Seen(
        77, "OLD", "NETWORK NODE", None, "2026-01-01", "2026-05-01", "2026-05-02"
    )
    new = location_table.Seen(78, "NEW", "NETWORK NODE", None, "2026-05-02", "2026-05-02")
    location_table.write_table(store, [old, new])
    build_duckdb(store)
    return data.gather(settings_for(store, years="2024 2026"), store)


def table(report: ReportData, title: str) -> PageTable:
    return titled(all_sections(report), title)


def of_comparison(
    report: ReportData, months: tuple[Month, ...], sheets: tuple[Sheet, ...] = ()
) -> list[Section]:
    """The section on what was compared, as if that had been this."""
    return [reconciliation.section(replace(report, reconciled=Reconciled(months, sheets=sheets)))]


def titled(sections: list[Section], title: str) -> PageTable:
    tables = [each for s in sections for each in (*s.lead, *s.tables)]
    return next(each for each in tables if each.title == title)


def rows(found: PageTable) -> list[dict[str, str]]:
    return [
        dict(zip(found.headings, (cell.text for cell in row.cells), strict=True))
        for row in found.rows
    ]


def as_number(text: str) -> float:
    """A number as the page has it: with a minus sign, which is no hyphen."""
    assert "-" not in text
    return float(text.replace("\N{MINUS SIGN}", "-"))


def responses(store: Store, suffix: str) -> dict[tuple[str, str], float]:
    """The prices of the week in the responses of a version: by timestamp and place."""
    prices: dict[tuple[str, str], float] = {}
    for day in range(FIRST.day + 3, LAST.day + 1):  # the first three were final at once
        path = store.raw_dir(HOURLY, 2026) / f"202606{day:02d}{suffix}.json.gz"
        for row in json.loads(gzip.decompress(path.read_bytes()))["HourlyLmps"]["HourlyLmp"]:
            prices[row["BeginDate"], row["Location"]["@LocId"]] = row["LmpTotal"]
    return prices


def test_how_far_final_prices_differed_is_counted_row_by_row(known: ReportData) -> None:
    (found,) = rows(table(known, "Changes from one revision to the next"))
    before, after = responses(known.store, ".prelim"), responses(known.store, "")
    gaps = {key: abs(after[key] - price) for key, price in before.items()}
    changed = {key: gap for key, gap in gaps.items() if gap > 0.005}
    largest = {timestamp[:10]: 0.0 for timestamp, _ in changed}
    for (timestamp, _), gap in changed.items():
        largest[timestamp[:10]] = max(largest[timestamp[:10]], gap)
    assert changed
    assert (found["What"], found["Responses"]) == ("final for preliminary", "4")
    assert found["Responses that changed"] == str(len(largest))
    assert found["Rows changed"] == f"{len(changed):,}"
    assert found["Of rows"] == f"{len(gaps):,}"
    assert float(found["Largest change ($/MWh)"]) == pytest.approx(max(gaps.values()), abs=0.0051)
    mean = sum(changed.values()) / len(changed)
    assert float(found["Mean change ($/MWh)"]) == pytest.approx(mean, abs=0.0011)
    worst = found["Days that changed most"].split(" ")[0]
    assert largest[worst] == pytest.approx(max(largest.values()))


def test_days_that_were_final_at_once_have_nothing_to_be_compared_with(usual: ReportData) -> None:
    assert "No final day has replaced" in (
        table(usual, "Changes from one revision to the next").absent
    )


def test_each_month_that_was_compared_stands_beside_iso_ne_s_own_average(known: ReportData) -> None:
    months = rows(table(known, "Monthly averages, month by month"))
    assert len(months) == 9
    assert {row["Month"] for row in months} == {"2026-06"}
    for row in months:
        gap = float(row["Here ($/MWh)"]) - float(row["ISO-NE ($/MWh)"])
        assert as_number(row["Difference ($/MWh)"]) == pytest.approx(gap, abs=0.00011)
        assert abs(gap) <= averages.TOLERANCE
        assert row["Verdict"] == averages.AGREES
    by_location = rows(table(known, "Monthly averages by location"))
    assert [row["Location"] for row in by_location][:2] == [
        ".H.INTERNAL_HUB (4000)",
        ".Z.MAINE (4001)",
    ]
    assert {(row["Months"], row["Months compared"]) for row in by_location} == {
        ("2026-06", "1 of 12")
    }
    assert {(row["Agrees"], row["Differs"]) for row in by_location} == {("1", "0")}
    assert by_location[0]["Compared last"].startswith("20")


def test_months_that_could_not_be_compared_are_not_counted(usual: ReportData) -> None:
    def month(name: str, verdict: str, ours: float | None) -> Month:
        gap = None if ours is None else round(ours - 40, 4)
        return Month("da", 4000, "HUB", name, 40.0, ours, gap, verdict, "2026-07-01T12:00:00+00:00")

    unlike = month("2025-10", averages.DIFFERS, 39.0)
    not_whole = month("2025-11", averages.NOT_WHOLE, None)
    found = of_comparison(usual, (unlike, not_whole))
    (row,) = rows(titled(found, "Monthly averages by location"))
    assert (row["Months"], row["Months compared"], row["Differs"]) == ("2025-10", "1 of 2", "1")
    none = titled(of_comparison(usual, (not_whole,)), "Monthly averages by location")
    assert not none.rows
    assert none.absent.startswith("No month was compared")


def test_without_a_reconciliation_the_page_says_so_and_how_to_make_one(usual: ReportData) -> None:
    found = table(usual, "Monthly averages by location")
    assert not found.rows
    assert found.absent.startswith("No reconciliation was made here.")
    assert "-- reconcile` asks ISO New England for its monthly averages" in found.absent


def test_a_month_compared_again_takes_the_place_of_the_old_and_others_stay(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def month(name: str, price: float) -> averages.Month:
        return averages.Month("da", 4000, "HUB", name, 40.0, price, price - 40, averages.AGREES)

    results.add(store, [month("2024-02", 40.0), month("2024-01", 40.0)], [])
    results.add(store, [month("2024-02", 40.01)], [])
    assert [(m.month, m.ours) for m in results.read_months(store)] == [
        ("2024-01", 40.0),
        ("2024-02", 40.01),
    ]
    sheet = Sheet("rt", 4001, "ME", 8783, 2, 0.5, 1, 24, ("2023-03-12 03: 1.00, here 2.00",))
    results.add(store, [], [sheet])
    assert results.read_sheets(store) == [sheet]
    (store.root / "reconciled" / "workbook.json").write_text("half of")
    reconciled = read_reconciled(store)
    assert len(reconciled.months) == 2
    assert "remove it, and run `snakemake -j1 -- reconcile` again" in reconciled.remarks[0]


def test_the_workbook_s_hours_stand_on_the_page_only_where_they_were_compared(
    usual: ReportData,
) -> None:
    title = "Hours against ISO New England's yearly workbook"
    with pytest.raises(StopIteration):
        table(usual, title)
    sheet = Sheet("rt", 4001, "ME", 8783, 2, 0.5, 1, 24, ("2023-03-12 03: 1.00, here 2.00",))
    found = titled(of_comparison(usual, (), (sheet,)), title)
    assert rows(found)[0]["Hours compared"] == "8,783"


def test_an_empty_day_is_validated_and_says_what_it_is(known: ReportData) -> None:
    days = {day.day: day for day in known.days if day.dataset == "constraints_da_hourly"}
    empty, busy = days[dt.date(2024, 1, 1)], days[dt.date(2024, 1, 2)]
    assert (empty.state, empty.rows, empty.note) == (busy.state, 0, EMPTY_DAY)
    assert busy.rows
    assert busy.note == ""
    (coverage,) = (s for s in all_sections(known) if s.name == "coverage")
    captions: dict[str, Any] = {figure.name: figure.caption for figure in coverage.figures}
    assert "1 of them empty, without a row" in captions["calendar_constraints_da_hourly"]
    assert "empty" not in captions["calendar_lmp_da_hourly"]


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (-1234.5, 2, "\N{MINUS SIGN}1,234.50"),
        (-0.004, 2, "0.00"),
        (0.0, 2, "0.00"),
        (-3, 0, "\N{MINUS SIGN}3"),
    ],
)
def test_a_number_has_a_minus_sign_and_none_where_it_rounds_to_zero(
    value: float, decimals: int, text: str
) -> None:
    assert in_figures(value, decimals) == text


def test_locations_that_came_or_went_are_named(known: ReportData, usual: ReportData) -> None:
    found = table(known, "Added and retired locations")
    assert [tuple(row.values()) for row in rows(found)] == [
        ("OLD", "77", "NETWORK NODE", "2026-01-01", "2026-05-01", "2026-05-02"),
        ("NEW", "78", "NETWORK NODE", "2026-05-02", "2026-05-02", "–"),
    ]
    assert "No list of locations is kept" in table(usual, "Added and retired locations").absent
