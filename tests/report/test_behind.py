"""The section on what was behind the price: its numbers and charts, or nothing at all."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import vl_convert
from filled import build_duckdb, fill, settings_for
from playwright.sync_api import Page

from isone.report import data, page, specifications
from isone.report.cells import ChartData
from isone.report.data import ReportData
from isone.report.sections import all_sections, behind
from isone.store.store import Store

PRICES = ("lmp_da_hourly", "lmp_rt_hourly")
EXPLAINED = (*PRICES, "load_hourly", "forecast_hourly", "fuel_mix")


def report_on(folder: Path, *datasets: str) -> ReportData:
    store = Store(folder / "sandbox")
    fill(store, datasets, "2025-10-30", "2025-11-03")
    build_duckdb(store)
    return data.gather(settings_for(store, years=2025), store)


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return report_on(tmp_path_factory.mktemp("behind"), *EXPLAINED)


def rows(table: ChartData) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.rows.to_pylist()
    return found


def hours(report: ReportData, columns: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(report.database), read_only=True) as connection:
        return connection.execute(f"SELECT {columns} FROM hours").fetchall()  # noqa: S608


def test_the_section_is_there_with_its_three_figures_before_what_was_audited(
    explained: ReportData,
) -> None:
    found = [section.name for section in all_sections(explained)]
    assert found.index("prices") < found.index("behind") < found.index("reconciliation")
    (section,) = behind.sections(explained)
    assert [figure.name for figure in section.figures] == [
        "price_net_load",
        "marginal_fuels",
        "forecast_error_spread",
    ]
    assert all(figure.drawn for figure in section.figures)


@pytest.mark.parametrize("number", range(3))
def test_each_figure_can_be_drawn_and_written(explained: ReportData, number: int) -> None:
    (section,) = behind.sections(explained)
    figure = section.figures[number]
    svg = vl_convert.vegalite_to_svg(specifications.specification(explained, figure))
    assert figure.title in svg
    assert svg.count("<path") > 5
    assert len(specifications.as_csv(figure).splitlines()) == figure.data.rows.num_rows + 1


def test_prices_by_net_load_are_medians_of_its_hours(explained: ReportData) -> None:
    of_hours = hours(explained, "net_load, lmp_da")
    found = [
        row
        for row in rows(explained.data["net_load"])
        if (row["market"], row["year"]) == ("da", 2025)
    ]
    assert sum(row["hours"] for row in found) == len(of_hours) == 4 * 24 + 25
    for row in found:
        within = [price for load, price in of_hours if row["low"] <= load < row["high"]]
        assert row["hours"] == len(within)
        assert row["price"] == pytest.approx(statistics.median(within))


def test_spreads_by_forecast_error_are_means_of_its_hours(explained: ReportData) -> None:
    of_hours = hours(explained, "forecast_error, spread")
    found = [row for row in rows(explained.data["forecast_errors"]) if row["year"] == 0]
    assert sum(row["hours"] for row in found) == len(of_hours)
    for row in found:
        within = [spread for error, spread in of_hours if row["low"] <= error < row["high"]]
        assert row["hours"] == len(within)
        assert row["spread"] == pytest.approx(statistics.fmean(within))


def test_fuels_are_shares_of_the_time_and_of_generation(explained: ReportData) -> None:
    found = rows(explained.data["marginal_fuels"])
    assert {str(row["month"]): row["days"] for row in found} == {"2025-10-01": 2, "2025-11-01": 3}
    for month in {row["month"] for row in found}:
        of_month = [row for row in found if row["month"] == month]
        assert sum(row["share"] for row in of_month) == pytest.approx(100)
        assert all(0 <= row["marginal"] <= 100 for row in of_month)
        (gas,) = (row for row in of_month if row["fuel"] == "Natural Gas")
        assert gas["marginal"] > 80


def test_where_nothing_is_stored_that_explains_there_is_no_section(tmp_path: Path) -> None:
    report = report_on(tmp_path, *PRICES)
    assert behind.sections(report) == []
    assert "behind" not in {section.name for section in all_sections(report)}


def test_only_what_is_stored_is_shown(tmp_path: Path) -> None:
    (section,) = behind.sections(report_on(tmp_path, "fuel_mix"))
    assert [figure.name for figure in section.figures] == ["marginal_fuels"]
    assert behind.sections(report_on(tmp_path / "load", "load_hourly")) == []


def test_the_page_draws_its_figures(
    explained: ReportData, open_page: Callable[[Path], Page], tmp_path: Path
) -> None:
    path = tmp_path / "isone.html"
    path.write_text(page.write(explained), "utf-8")
    shown = open_page(path)
    shown.wait_for_selector("body[data-drawn=yes]")
    for figure in ("price_net_load", "marginal_fuels", "forecast_error_spread"):
        shown.wait_for_selector(f"#{figure} svg [class*='role-mark'] path", state="attached")
