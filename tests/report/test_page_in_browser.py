"""The page as a reader has it: in a browser, with the network cut."""

import csv
import dataclasses
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from playwright.sync_api import Page

from isone.report import page as made
from isone.report.cells import in_figures
from isone.report.data import Choice, ReportData
from isone.report.figures import Figure
from isone.report.sections import all_sections

MARKS = """
id => [...document.querySelectorAll(`#${id} .chart`)].map(
  chart => chart.querySelectorAll('svg [class*="mark-"][class*="role-mark"] *').length)
"""
AXE = Path(os.environ.get("AXE", "node_modules/axe-core/axe.min.js"))
"""From npm: `npm install --no-save axe-core`; it is in no page."""
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


def test_every_chart_has_marks_and_nothing_sticks_out(usual: ReportData, reader: Page) -> None:
    for figure in figures(usual):
        if not figure.on_page:
            assert reader.locator(f"#{figure.name}").count() == 0
            continue
        assert figure.drawn, figure.name
        for marks in reader.evaluate(MARKS, figure.name):
            assert marks > 0, figure.name
    for width in (390, 1280):
        reader.set_viewport_size({"width": width, "height": 900})
        assert reader.evaluate("document.documentElement.scrollWidth") <= width
        assert reader.evaluate("document.querySelector('#main_chart .plot').clientWidth") < width


def test_choosers_change_the_charts_and_tables_that_follow_them(
    usual: ReportData, reader: Page
) -> None:
    drawn = [f for f in figures(usual) if f.on_page and f.listed is None and not f.tiles]
    names = [f.name for f in drawn if f.name != "odd_hours"]

    def changed(chooser: str, value: str, back: str) -> set[str]:
        before = {name: reader.evaluate(DRAWING, name) for name in names}
        choose(reader, chooser, value)
        now = {name for name in names if reader.evaluate(DRAWING, name) != before[name]}
        choose(reader, chooser, back)
        return now

    def followers(chooser: str) -> set[str]:
        return {f.name for f in drawn if chooser in f.choosers and f.name in names}

    assert changed("location", "4001", "4000") == followers("location")
    assert changed("year", "2026", "0") == followers("year")
    assert changed("peak", "on", "all") == followers("peak")


def test_tables_follow_the_choosers(reader: Page) -> None:
    assert {row["Reserve zone id"] for row in numbers(reader, "reserve_price")} == {"7000"}
    choose(reader, "zone", "7003")
    assert {row["Reserve zone id"] for row in numbers(reader, "reserve_price")} == {"7003"}
    choose(reader, "zone", "7000")
    reader.focus("select[data-chooser=location]")
    reader.keyboard.press("ArrowDown")
    reader.wait_for_function("document.getElementById('status').textContent.includes('Maine')")
    reader.wait_for_selector("body[data-drawn=yes]")
    choose(reader, "location", "4003")
    shown = (
        "[...document.querySelectorAll('#prices tr[data-choice]:not([hidden])')]"
        ".map(row => row.dataset.choice)"
    )
    assert set(reader.evaluate(shown)) == {"4003"}
    highest = reader.inner_text("#hours_highest tbody tr >> nth=0")
    choose(reader, "location", "4000")
    assert reader.inner_text("#hours_highest tbody tr >> nth=0") != highest


def test_a_figures_own_table_has_the_numbers_of_the_database(
    usual: ReportData, reader: Page
) -> None:
    expected = [
        row
        for row in usual.data["monthly"].rows.to_pylist()
        if (row["location_id"], row["peak"]) == (4000, "all")
    ]
    shown = numbers(reader, "monthly_price")
    assert len(shown) == len(expected) == 3
    for row, wanted in zip(shown, expected, strict=True):
        assert row["Month"] == str(wanted["month"])[:7]
        assert float(row["Day-ahead, mean ($/MWh)"]) == pytest.approx(wanted["da_mean"], abs=0.0051)
        assert float(row["Real-time, hours"]) == wanted["rt_hours"]


def test_a_chart_is_saved_as_csv_named_after_the_days_that_it_is_of(
    reader: Page, tmp_path: Path
) -> None:
    choose(reader, "year", "2026")
    reader.evaluate("document.querySelector('#hours_da details').open = true")
    with reader.expect_download() as download:
        reader.click("#hours_da [data-save=csv]")
    choose(reader, "year", "0")
    assert download.value.suggested_filename == (
        "hours_da_2026-01-01_to_2026-01-05_5_of_365_days.csv"
    )
    download.value.save_as(tmp_path / "hours.csv")
    with (tmp_path / "hours.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert rows[0]["Month"] == "2026-01-01"


def test_the_map_has_the_eight_zones_with_their_basis(usual: ReportData, reader: Page) -> None:
    shown = dict(
        reader.evaluate(
            "[...document.querySelectorAll('#zone_map [data-zone]')].map(area => "
            "[area.dataset.zone, area.querySelector('.number').textContent])"
        )
    )
    expected = {
        str(row["location_id"]): in_figures(row["difference"], sign=True)
        for row in usual.data["basis"].rows.to_pylist()
        if (row["year"], row["peak"], row["market"]) == (0, "all", "da")
    }
    assert shown == expected
    assert len(shown) == 8


def test_every_figure_and_control_has_words_for_a_screen_reader(reader: Page) -> None:
    nameless = reader.evaluate(
        """
        [...document.querySelectorAll('.chart, figure, section, select, input, .scroll, .plot')]
        .filter(e => {
          const ids = e.getAttribute('aria-labelledby');
          const named = ids && document.getElementById(ids)?.textContent.trim();
          return !(named || e.getAttribute('aria-label') || e.closest('label')?.textContent.trim());
        }).map(e => e.outerHTML.slice(0, 120))
        """
    )
    assert nameless == []
    described = reader.inner_text("#monthly_price-summary")
    assert "Day-ahead monthly mean:" in described
    assert "$/MWh (20" in described


def test_it_prints_with_all_charts_and_without_controls(reader: Page) -> None:
    reader.emulate_media(media="print")
    reader.set_viewport_size({"width": 700, "height": 1000})
    assert not reader.is_visible("nav")
    assert not reader.is_visible("#monthly_price .numbers")
    assert reader.is_visible("#monthly_price svg")
    assert reader.is_visible("#main_chart canvas >> nth=0")
    assert reader.is_visible(".band")
    assert reader.evaluate("document.documentElement.scrollWidth") <= 700
    broken = reader.evaluate(  # no word of a table's heading is cut in two
        """
        [...document.querySelectorAll('thead th')].filter(th => th.scrollWidth > th.clientWidth + 1)
        .map(th => th.textContent)
        """
    )
    assert broken == []
    reader.emulate_media(media="screen")
    reader.set_viewport_size({"width": 1280, "height": 900})


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
    page.click(".compare summary")
    page.check("[data-compare='4000']")
    page.wait_for_function("document.querySelectorAll('.curves li').length == 4")
    assert evil in page.inner_text(".curves li >> nth=0")
    assert page.title() == "Synthetic prices: ISO New England prices"
    assert page.locator("img").count() == 0
    assert evil in page.inner_text("#zones")
    assert evil[:12] in page.evaluate("document.querySelector('#components svg').textContent")


def test_the_script_writes_numbers_as_the_page_does(reader: Page) -> None:
    shown = [row["Mean ($/MWh)"] for row in numbers(reader, "components")]
    assert any(text.startswith("\N{MINUS SIGN}") for text in shown)
    assert not [text for text in shown if "-" in text or text == "\N{MINUS SIGN}0.000"]


def test_no_line_is_drawn_over_days_that_are_not_here(reader: Page) -> None:
    drawn = reader.locator("#regulation_service svg .mark-line.role-mark path")
    assert drawn.count() == 2  # days of autumn, and days of January
    holes = reader.evaluate("window.report.chart.shown.columns[0].mean.filter(v => v === null)")
    assert len(holes) == 1


def test_no_rule_of_accessibility_is_broken(reader: Page) -> None:
    if not AXE.exists():
        pytest.skip(f"no axe-core at {AXE}: npm install --no-save axe-core")
    reader.evaluate(AXE.read_text("utf-8"))
    for scheme in ("light", "dark"):
        reader.emulate_media(color_scheme=scheme)
        found = reader.evaluate(
            "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
            ".then(({violations}) => violations.map(v => "
            "[v.id, v.help, v.nodes.length, v.nodes[0].html.slice(0, 200)]))"
        )
        assert found == [], scheme
    reader.emulate_media(color_scheme="light")
