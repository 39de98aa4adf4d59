"""The main chart as a reader has it: its numbers, zoom, comparison, link, keyboard, dark, print."""

import csv
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Page

from isone.report.data import ReportData

CHART = "window.report.chart"


def chosen(page: Page, hash_: str) -> Page:
    """A page with the choice of an address, as somebody has who follows a link."""
    page.evaluate(
        """async hash => {
          history.replaceState(null, "", location.href.replace(/#.*$/, "") + hash);
          await window.report.follow();
        }""",
        hash_,
    )
    return page


def level(page: Page) -> str:
    return str(page.evaluate(f"{CHART}.shown.level.name"))


def stretch(page: Page) -> tuple[float, float]:
    first, last = page.evaluate(f"[{CHART}.from, {CHART}.to]")
    return first, last


def saved(page: Page, folder: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.click("[data-do=data]")
    download.value.save_as(folder / "saved.csv")
    with (folder / "saved.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def ask(report: ReportData, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(report.database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        return connection.execute(query).fetchall()


def money(value: float) -> str:
    return f"{round(value, 2) + 0.0:g}"


def test_every_hour_of_the_page_is_that_of_the_database(
    usual: ReportData, reader: Page, tmp_path: Path
) -> None:
    page = chosen(reader, "#location=4001&with=4000")
    rows = saved(page, tmp_path)
    expected = ask(
        usual,
        "SELECT location_id, da.lmp, da.congestion, da.loss, rt.lmp, rt.congestion, rt.loss, "
        "strftime(interval_start_utc, '%Y-%m-%dT%H:%M:%S') FROM lmp_da_hourly AS da "
        "JOIN lmp_rt_hourly AS rt USING (location_id, interval_start_utc) "
        "WHERE location_id IN (4000, 4001) ORDER BY location_id, interval_start_utc",
    )
    assert len(rows) * 2 == len(expected) == 2 * 313
    columns = list(rows[0])[1:]
    assert columns[0] == "Maine, Day-ahead 4001 ($/MWh)"
    hub, maine = expected[:313], expected[313:]
    for row, one, other in zip(rows, maine, hub, strict=True):
        assert row["Interval beginning"][:19] == one[7]
        found = [money(float(row[column])) for column in columns]
        assert found == [money(value) for value in (*one[1:7], *other[1:7])]
    zones = {row["Interval beginning"][19:] for row in rows}
    assert zones == {"-04:00", "-05:00"}  # clocks went back


def test_five_minute_prices_are_shown_where_they_are_stored(
    usual: ReportData, reader: Page, tmp_path: Path
) -> None:
    first = 490905  # 2026-01-01 09:00 UTC
    page = chosen(reader, f"#location=4004&show=rt&from={first}&to={first + 12}")
    assert level(page) == "five"
    rows = saved(page, tmp_path)
    expected = ask(
        usual,
        "SELECT lmp FROM lmp_rt_5min WHERE location_id = 4004 "  # noqa: S608
        f"AND epoch(interval_start_utc) >= {first} * 3600 "
        f"AND epoch(interval_start_utc) < ({first} + 12) * 3600 ORDER BY interval_start_utc",
    )
    assert [money(float(row["Real-time 4004 ($/MWh)"])) for row in rows] == [
        money(price) for (price,) in expected
    ]
    assert len(rows) == 144


def test_the_tiles_are_of_the_chosen_location_years_and_hours(
    usual: ReportData, reader: Page
) -> None:
    page = chosen(reader, "#location=4003&year=2026&peak=off")
    assert page.inner_text("#tiles .period") == "2026, 1 to 5 January (5 of 365 days)"
    tiles = dict(
        page.evaluate(
            "[...document.querySelectorAll('#tiles dl div')].map(tile => "
            "[tile.children[0].textContent, tile.children[1].textContent])"
        )
    )
    off_peak = (
        "year(operating_day) = 2026 AND location_id = 4003 AND NOT (isodow(operating_day) < 6 "
        "AND hour(interval_start_utc) BETWEEN 7 AND 22 AND day(operating_day) > 1)"
    )
    ((mean,),) = ask(usual, f"SELECT avg(lmp) FROM lmp_da_hourly WHERE {off_peak}")  # noqa: S608
    ((high, negative, hours),) = ask(
        usual,
        f"SELECT max(lmp), count(*) FILTER (lmp < 0), count(*) FROM lmp_rt_hourly WHERE {off_peak}",  # noqa: S608
    )
    assert tiles["Day-ahead mean, off-peak"] == f"{mean:.2f} $/MWh"
    assert tiles["Highest real-time hour, off-peak"] == f"{high:.2f} $/MWh"
    assert tiles["Real-time below zero, off-peak"] == f"{negative} of {hours} hours"
    said = page.inner_text("#main_chart .curves li >> nth=0")
    assert f"mean {mean:.2f}" in said
    assert f"of {hours} hours below zero" in said


def test_a_drag_zooms_another_with_shift_moves_and_a_double_click_shows_all(
    reader: Page,
) -> None:
    page = chosen(reader, "")
    whole = stretch(page)
    box = page.locator("#main_chart .u-over").bounding_box()
    assert box is not None

    def drag(first: float, last: float) -> None:
        page.mouse.move(box["x"] + box["width"] * first, box["y"] + 100)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * last, box["y"] + 120, steps=4)
        page.mouse.up()

    page.locator("#main_chart .plot").scroll_into_view_if_needed()
    box = page.locator("#main_chart .u-over").bounding_box()
    assert box is not None
    drag(0.01, 0.08)
    page.wait_for_function(f"{CHART}.shown.level.name === 'hour'")
    zoomed = stretch(page)
    assert zoomed[0] == pytest.approx(whole[0] + 0.01 * (whole[1] - whole[0]), abs=3)
    assert zoomed[1] == pytest.approx(whole[0] + 0.08 * (whole[1] - whole[0]), abs=3)
    page.keyboard.down("Shift")
    drag(0.8, 0.3)
    page.keyboard.up("Shift")
    moved = stretch(page)
    assert moved[1] - moved[0] == pytest.approx(zoomed[1] - zoomed[0])
    assert moved[0] == pytest.approx(zoomed[0] + 0.5 * (zoomed[1] - zoomed[0]), abs=2)
    page.dblclick("#main_chart .u-over")
    page.wait_for_function(f"{CHART}.choice.from === null")
    assert stretch(page) == whole
    page.evaluate("window.scrollTo(0, 0)")


def test_what_a_first_zoom_or_another_location_needs_is_made_while_nothing_goes_on(
    reader: Page,
) -> None:
    reader.wait_for_function(
        """() => {
          const { curves } = report.chart;
          const isKnown = ({ id }) => ["da", "rt"].every((market) =>
            curves.known.has(`day,${market},${id},false,all`) &&
            (id === curves.reference || curves.known.has(`day,${market},${id},true,all`)));
          return curves.groups.size === 3 && curves.locations.every(isKnown);
        }""",
        timeout=20_000,
    )


def test_buttons_and_the_strip_below_zoom_and_move_too(reader: Page) -> None:
    page = chosen(reader, "")
    page.click("[data-do=day]")
    first, last = stretch(page)
    assert last - first == 24
    assert level(page) == "five"
    page.click("[data-do=out]")
    page.click("[data-do=earlier]")
    assert stretch(page) == (last - 48 - 24 + 12 - 12, last - 24)
    strip = page.locator("#main_chart .overview")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 20)
    begin, end = page.evaluate(f"[{CHART}.curves.first, {CHART}.curves.end]")
    assert sum(stretch(page)) / 2 == pytest.approx(begin + 0.25 * (end - begin), abs=5)
    page.click("[data-do=all]")
    assert stretch(page) == (begin, end)


def test_the_keyboard_reads_zooms_and_moves(reader: Page) -> None:
    page = chosen(reader, "")
    page.focus("#main_chart .plot")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    said = page.inner_text("#main_chart .said")
    assert said == page.inner_text("#main_chart .tip").replace("\n", "; ")
    assert said.startswith("2025-10-30; Day-ahead ")
    assert "$/MWh" in said
    page.keyboard.press("+")
    first, last = stretch(page)
    page.keyboard.press("Shift+ArrowLeft")
    assert stretch(page)[0] == pytest.approx(first - 0.25 * (last - first))
    page.keyboard.press("Home")
    assert page.evaluate(f"{CHART}.choice.from") is None
    page = chosen(page, "#from=489345&to=489645")
    page.focus("#main_chart .plot")
    page.keyboard.press("ArrowRight")
    hour = page.inner_text("#main_chart .said")
    assert "hour ending" in hour
    assert "congestion" in hour
    assert "loss" in hour


def test_everything_chosen_is_in_the_address_and_comes_back_from_it(
    reader: Page, usual_page: Path, open_page: Any
) -> None:
    page = chosen(reader, "")
    page.select_option("select[data-chooser=location]", "4008")
    page.select_option("select[data-chooser=year]", "2025")
    page.select_option("select[data-chooser=peak]", "on")
    page.check("[data-show=spread]")
    page.click(".compare summary")
    page.check("[data-compare='4001']")
    page.check("[data-do=basis]")
    page.click("[data-do=in]")
    page.click("nav a[href='#zones_basis']")
    page.wait_for_function("location.hash.includes('at=zones_basis')")
    page.wait_for_selector("body[data-drawn=yes]")
    hash_ = page.evaluate("location.hash")
    other = open_page(usual_page, after=hash_)
    told = "JSON.stringify([window.report.choice, window.report.chart.shown.curves])"
    assert other.evaluate(told) == page.evaluate(told)
    assert (
        other.evaluate("document.getElementById('zones_basis').getBoundingClientRect().top") < 200
    )
    for name in ("location", "year", "peak"):
        value = f"document.querySelector('select[data-chooser={name}]').value"
        assert other.evaluate(value) == page.evaluate(value)
    page.click(".compare summary")
    page.click("[data-do=link]")
    page.wait_for_function("document.getElementById('copied').textContent")
    page.evaluate("window.scrollTo(0, 0)")


def test_several_locations_are_compared_and_their_basis_is_the_difference(
    reader: Page, tmp_path: Path
) -> None:
    page = chosen(reader, "#location=4001&with=4004&show=da")
    names = page.evaluate(f"{CHART}.shown.curves.map(each => each.name)")
    assert names == ["Maine, Day-ahead", "Connecticut, Day-ahead"]
    colours = page.evaluate(f"{CHART}.shown.curves.map(each => each.colour)")
    assert len(set(colours)) == 2
    hub = [row["Day-ahead 4000 ($/MWh)"] for row in saved(chosen(page, "#show=da"), tmp_path)]
    maine = [
        row["Day-ahead 4001 ($/MWh)"]
        for row in saved(chosen(page, "#location=4001&show=da"), tmp_path)
    ]
    page = chosen(page, "#show=da")
    page.check("[data-do=basis]")  # of the Hub alone: all zones beside it
    page.wait_for_function(f"{CHART}.shown.curves.length === 8")
    page = chosen(page, "#show=da&basis=1")
    assert "Nothing to draw" in page.inner_text("#main_chart .curves")
    basis = [
        row["Day-ahead basis to the Hub 4001 ($/MWh)"]
        for row in saved(chosen(page, "#location=4001&show=da&basis=1"), tmp_path)
    ]
    assert [float(each) for each in basis] == pytest.approx(
        [float(one) - float(other) for one, other in zip(maine, hub, strict=True)], abs=1e-6
    )


def test_a_spike_is_marked_and_one_click_shows_it_whole(reader: Page) -> None:
    page = chosen(reader, "#show=rt")
    page.evaluate(
        """async () => {
          const prices = window.report.chart.curves.hours.of("rt", 4000).lmp;
          window.kept = prices[150];
          prices[150] = 2500;
          window.report.chart.curves.known.clear(); // what was counted of the true price
          await window.report.chart.show(window.report.choice);
          await new Promise(requestAnimationFrame);
        }"""
    )
    button = page.locator("[data-do=axis]")
    assert "1 beyond the axis (up to 2,500.00 $/MWh)" in button.inner_text()
    assert page.evaluate(f"{CHART}.plot.scales.y.max") < 300
    button.click()
    page.wait_for_function(f"{CHART}.plot.scales.y.max > 2500")
    assert button.inner_text() == "Usual axis"
    button.click()
    page.evaluate(
        """() => {
          const { curves } = window.report.chart;
          curves.hours.of("rt", 4000).lmp[150] = window.kept;
          curves.known.clear();
        }"""
    )


def test_the_tables_of_extreme_hours_follow_on_peak_and_off_peak(
    usual: ReportData, reader: Page
) -> None:
    on_peak = "isodow(operating_day) < 6 AND hour(interval_start_utc) BETWEEN 7 AND 22"
    for peak, some in (("on", on_peak), ("off", f"NOT ({on_peak})")):
        page = chosen(reader, f"#year=2025&peak={peak}")
        shown = page.locator("#hours_highest tbody tr").first.locator("td").all_inner_texts()
        ((day, hour, price),) = ask(
            usual,
            "SELECT strftime(operating_day, '%Y-%m-%d'), hour(interval_start_utc) + 1, lmp "  # noqa: S608
            f"FROM lmp_da_hourly WHERE location_id = 4000 AND year(operating_day) = 2025 "
            f"AND {some} ORDER BY lmp DESC, interval_start_utc LIMIT 1",
        )
        assert shown[:4] == ["Day-ahead", "1", f"{day} HE {hour:02}", f"{price:.2f}"]


def test_the_chart_is_saved_as_a_picture(reader: Page, tmp_path: Path) -> None:
    page = chosen(reader, "")
    with page.expect_download() as download:
        page.click("[data-do=picture]")
    download.value.save_as(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert download.value.suggested_filename == "prices_4000_2025-10-28_to_2026-01-05.png"


def test_dark_and_print_have_readable_colours(reader: Page) -> None:
    page = chosen(reader, "")
    ground = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('#monthly_price svg .role-axis text')).fill"
    light = page.evaluate(f"[{ground}, {ink}]")
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(f"[{ground}, {ink}]")
    assert dark == ["rgb(20, 23, 27)", "rgb(170, 177, 187)"]
    assert light != dark
    page.emulate_media(media="print", color_scheme="dark")  # paper stays white
    assert page.evaluate(ink) == light[1]
    assert not page.is_visible("nav")
    assert not page.is_visible(".controls >> nth=0")
    assert page.is_visible("#main_chart canvas >> nth=0")
    page.emulate_media(media="screen", color_scheme="light")


def test_nothing_is_cut_off_on_paper(usual_page: Path, open_page: Any) -> None:
    page = open_page(usual_page)
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 703, "height": 1032})  # A4 within margins of 12 mm
    wide = page.evaluate(
        "[...document.querySelectorAll('svg, canvas, table, p, h2')].filter(each => "
        "each.getClientRects().length && each.getBoundingClientRect().right > 704)"
        ".map(each => each.outerHTML.slice(0, 80))"
    )
    assert wide == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
