"""The page as a reader has it: in a browser, with the network cut."""

import csv
import dataclasses
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from playwright.sync_api import Page

from isone.report import page as made
from isone.report.data import Choice, ReportData
from isone.report.figures import Figure
from isone.report.sections import all_sections

MARKS = """
id => [...document.querySelectorAll(`#${id} .chart`)].map(
  chart => chart.querySelectorAll('svg [class*="mark-"][class*="role-mark"] *').length)
"""
DRAWING = "id => document.querySelector(`#${id} .chart svg`).innerHTML"


def figures(report: ReportData) -> list[Figure]:
    return [figure for section in all_sections(report) for figure in section.figures]


def choose(page: Page, name: str, value: str) -> None:
    page.evaluate("document.body.dataset.drawn = 'no'")
    page.select_option(f"select[data-chooser={name}]", value)
    page.wait_for_selector("body[data-drawn=yes]")


def numbers(page: Page, figure: str) -> list[dict[str, str]]:
    """The rows that a figure's own table shows, opened by the keyboard."""
    if page.locator(f"#{figure} details").get_attribute("open") is None:
        page.focus(f"#{figure} details summary")
        page.keyboard.press("Enter")
    page.wait_for_selector(f"#{figure} details table")
    cells: Any = page.evaluate(
        "id => [...document.querySelectorAll(`#${id} details tr`)].map("
        "row => [...row.cells].map(cell => cell.textContent))",
        figure,
    )
    heading, *rows = cells
    return [dict(zip(heading, row, strict=True)) for row in rows]


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_every_chart_has_marks_and_nothing_sticks_out(
    usual: ReportData, usual_page: Path, open_page: Any, width: int
) -> None:
    page = open_page(usual_page, width=width)
    for figure in figures(usual):
        assert figure.drawn, figure.name
        for marks in page.evaluate(MARKS, figure.name):
            assert marks > 0, figure.name
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_another_location_changes_the_charts_that_show_one(
    usual: ReportData, usual_page: Path, open_page: Any
) -> None:
    page = open_page(usual_page)
    names = [f.name for f in figures(usual) if not f.tiles and f.name != "odd_hours"]
    before = {name: page.evaluate(DRAWING, name) for name in names}
    choose(page, "location", "4001")
    changed = {name for name in names if page.evaluate(DRAWING, name) != before[name]}
    assert changed == {
        f.name for f in figures(usual) if "location" in f.choosers and f.name in names
    }
    assert ".Z.MAINE" in page.inner_text("#status")


def test_another_zone_narrows_the_reserve_prices(usual_page: Path, open_page: Any) -> None:
    page = open_page(usual_page)
    assert {row["Reserve zone id"] for row in numbers(page, "reserve_price")} == {"7000"}
    before = page.evaluate(DRAWING, "daily_price")
    choose(page, "zone", "7003")
    assert {row["Reserve zone id"] for row in numbers(page, "reserve_price")} == {"7003"}
    assert page.evaluate(DRAWING, "daily_price") == before


def test_another_year_changes_the_charts(usual_page: Path, open_page: Any) -> None:
    page = open_page(usual_page)
    names = ("reserve_price", "daily_price", "reserve_share", "hours_da", "components")
    before = [page.evaluate(DRAWING, name) for name in names]
    choose(page, "year", "2026")
    after = [page.evaluate(DRAWING, name) for name in names]
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert {row["Day"][:4] for row in numbers(page, "daily_price")} == {"2026"}


def test_the_choosers_can_be_used_from_the_keyboard(usual_page: Path, open_page: Any) -> None:
    page = open_page(usual_page)
    page.focus("select[data-chooser=location]")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.getElementById('status').textContent.includes('MAINE')")


def test_tables_follow_the_location(usual_page: Path, open_page: Any) -> None:
    page = open_page(usual_page)
    shown = (
        "[...document.querySelectorAll('#prices tr[data-choice]:not([hidden])')]"
        ".map(row => row.dataset.choice)"
    )
    assert set(page.evaluate(shown)) == {"4000"}
    choose(page, "location", "4003")
    assert set(page.evaluate(shown)) == {"4003"}


def test_a_figures_own_table_has_the_numbers_of_the_database(
    usual: ReportData, usual_page: Path, open_page: Any
) -> None:
    page = open_page(usual_page)
    expected = [row for row in usual.data["daily"].rows.to_pylist() if row["location_id"] == 4000]
    shown = numbers(page, "daily_price")
    assert len(shown) == len(expected) == 13
    for row, wanted in zip(shown, expected, strict=True):
        assert row["Day"] == str(wanted["day"])
        assert float(row["Day-ahead, mean ($/MWh)"]) == pytest.approx(wanted["da_mean"], abs=0.0051)
        assert float(row["Real-time, highest hour ($/MWh)"]) == pytest.approx(
            wanted["rt_high"], abs=0.0051
        )


def test_a_chart_is_saved_as_csv_with_all_its_rows(
    usual_page: Path, open_page: Any, tmp_path: Path
) -> None:
    page = open_page(usual_page)
    page.evaluate("document.querySelector('#hours_da details').open = true")
    with page.expect_download() as download:
        page.click("#hours_da [data-save=csv]")
    download.value.save_as(tmp_path / "hours.csv")
    with (tmp_path / "hours.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 24
    assert rows[0]["Month"] == "2025-10-01"


def test_every_figure_and_control_has_words_for_a_screen_reader(
    usual_page: Path, open_page: Any
) -> None:
    page = open_page(usual_page)
    nameless = page.evaluate(
        """
        [...document.querySelectorAll('.chart, figure, section, select, .scroll')].filter(e => {
          const ids = e.getAttribute('aria-labelledby');
          const named = ids && document.getElementById(ids)?.textContent.trim();
          return !(named || e.getAttribute('aria-label') || e.closest('label')?.textContent.trim());
        }).map(e => e.outerHTML.slice(0, 120))
        """
    )
    assert nameless == []
    described = page.inner_text("#daily_price-summary")
    assert "Day-ahead daily mean:" in described
    assert "$/MWh (20" in described


def test_it_prints_with_all_charts_and_without_controls(usual_page: Path, open_page: Any) -> None:
    page = open_page(usual_page)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 1000})
    assert not page.is_visible("nav")
    assert not page.is_visible("#daily_price .numbers")
    assert page.is_visible("#daily_price svg")
    assert page.is_visible(".band")
    assert page.evaluate("document.documentElement.scrollWidth") <= 700


def test_names_from_the_network_are_shown_and_never_run(
    usual: ReportData, open_page: Any, tmp_path: Path
) -> None:
    evil = "</script><script>document.title='run'</script><img src=x onerror=alert(1)>"
    names = {4001: evil}
    data = dict(usual.data)
    for name in ("zones", "components"):
        rows = data[name].rows.to_pylist()
        renamed = [
            row | {"location": names.get(row["location_id"], row["location"])} for row in rows
        ]
        table = pa.Table.from_pylist(renamed, schema=data[name].rows.schema)
        data[name] = dataclasses.replace(data[name], rows=table)
    places = tuple(Choice(p.id, names.get(p.id, p.name)) for p in usual.locations)
    html = made.write(dataclasses.replace(usual, locations=places, data=data))
    (tmp_path / "evil.html").write_text(html, "utf-8")
    page = open_page(tmp_path / "evil.html")
    choose(page, "location", "4001")
    assert page.title() == "Synthetic prices: ISO New England prices"
    assert page.locator("img").count() == 0
    assert evil in page.inner_text("#zones")
    assert evil[:12] in page.evaluate("document.querySelector('#components svg').textContent")


def test_the_script_writes_numbers_as_the_page_does(usual_page: Path, open_page: Any) -> None:
    page = open_page(usual_page)
    shown = [row["Mean ($/MWh)"] for row in numbers(page, "components")]
    assert any(text.startswith("\N{MINUS SIGN}") for text in shown)
    assert not [text for text in shown if "-" in text or text == "\N{MINUS SIGN}0.000"]


def test_a_saved_file_is_named_after_the_days_that_it_is_of(
    usual_page: Path, open_page: Any
) -> None:
    page = open_page(usual_page)
    choose(page, "year", "2026")
    page.evaluate("document.querySelector('#hours_da details').open = true")
    with page.expect_download() as download:
        page.click("#hours_da [data-save=csv]")
    assert download.value.suggested_filename == (
        "hours_da_2026-01-01_to_2026-01-05_5_of_365_days.csv"
    )


@pytest.mark.parametrize(("figure", "lines"), [("daily_price", 2), ("regulation_service", 1)])
def test_no_line_is_drawn_over_days_that_are_not_here(
    usual_page: Path, open_page: Any, figure: str, lines: int
) -> None:
    page = open_page(usual_page)
    drawn = page.locator(f"#{figure} svg .mark-line.role-mark path")
    assert drawn.count() == 2 * lines  # days of autumn, and days of January
