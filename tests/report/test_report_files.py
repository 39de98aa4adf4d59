"""What the report leaves: pages and figures, also of stores that hold little."""

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from filled import build_duckdb, fill, settings_for
from running import by_hand

from isone.report import data, files, outputs, page, pictures, specifications
from isone.report.data import ReportData
from isone.report.sections import all_sections
from isone.run import status
from isone.run.settings import read_settings
from isone.store.store import Store


def body(html: str) -> str:
    return html.partition('<script type="application/json"')[0]


def test_an_empty_store_gives_a_page_of_plain_sentences(tmp_path: Path, open_page: Any) -> None:
    store = Store(tmp_path / "sandbox")
    found = data.gather(settings_for(store), store)
    html = page.write(found)
    assert "Nothing has been downloaded yet" in body(html)
    assert "No energy prices are loaded" in body(html)
    assert "No regulation prices are loaded" in body(html)
    (tmp_path / "isone.html").write_text(html, "utf-8")
    assert open_page(tmp_path / "isone.html").locator(".chart").count() == 0


@pytest.mark.parametrize(
    ("dataset", "drawn"),
    [
        ("lmp_da_hourly", {"daily_price", "monthly_price", "hours_da", "zones", "top_bottom"}),
        ("lmp_rt_5min", {"daily_price", "duration_curve", "hours_rt", "odd_hours"}),
        ("regulation_hourly", {"regulation_capacity", "regulation_service"}),
        ("reserve_hourly", {"reserve_price", "reserve_share"}),
        ("reserve_da_hourly", {"reserve_day_ahead"}),
    ],
)
def test_a_store_of_one_dataset_shows_what_there_is_and_says_what_there_is_not(
    tmp_path: Path, open_page: Any, dataset: str, drawn: set[str]
) -> None:
    store = Store(tmp_path / "sandbox")
    fill(store, [dataset], "2025-11-01", "2025-11-03")
    build_duckdb(store)
    found = data.gather(settings_for(store, years="2025"), store)
    every = [figure for section in all_sections(found) for figure in section.figures]
    assert drawn | {f"calendar_{dataset}"} <= {figure.name for figure in every if figure.drawn}
    for figure in every:
        assert figure.drawn or figure.absent.endswith(".")
    (tmp_path / "isone.html").write_text(page.write(found), "utf-8")
    shown = open_page(tmp_path / "isone.html")
    here = {f"#{figure.name}" for figure in every if figure.drawn and figure.on_page}
    assert all(shown.locator(name).count() == 1 for name in here)
    assert shown.locator("figure").count() == len(here) + shown.locator("#zone_map").count()
    said = body((tmp_path / "isone.html").read_text("utf-8"))
    for figure in every:
        assert figure.drawn or str(page.marked(figure.absent)) in said


def test_places_that_are_neither_hub_nor_zone_are_shown_where_there_is_nothing_else(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "sandbox")
    fill(store, ["lmp_da_hourly"], "2025-11-01", "2025-11-02", locations=(4010, 4011))
    build_duckdb(store)
    found = data.gather(settings_for(store, years="2025"), store)
    assert [place.id for place in found.locations] == [4010, 4011]
    assert found.reference == 4010
    assert "4011" in body(page.write(found))


def test_the_page_loads_nothing_and_says_that_prices_are_synthetic(usual_page: Path) -> None:
    html = usual_page.read_text("utf-8")
    assert "Synthetic prices." in body(html)
    assert "default-src 'none'" in html
    assert '<link rel="stylesheet"' not in html
    assert 'src="http' not in html
    assert usual_page.stat().st_size < 1_500_000


def test_figures_lie_beside_the_page_as_pictures_and_data(
    usual: ReportData, tmp_path: Path
) -> None:
    folder = tmp_path / "figures"
    drawn = specifications.drawings(usual)
    assert files.write(drawn, folder, tmp_path / "drawn.json") == len(drawn)
    days = "_2025-10-28_to_2026-01-05_13_of_730_days"
    figures = [f for s in all_sections(usual) for f in s.figures if f.listed is None]
    names = {f.name if f.name.startswith("calendar_") else f"{f.name}{days}" for f in figures}
    written = list(folder.iterdir())
    assert {path.name for path in written} == {
        name + suffix for name in names for suffix in (".svg", ".png", ".csv")
    }
    for path in written:
        content = path.read_bytes()
        assert content.startswith({".svg": b"<svg", ".png": b"\x89PNG"}.get(path.suffix, b""))
        if path.suffix == ".svg":
            assert b"SYNTHETIC PRICES" in content
            assert content.count(b"<path") > 5, path
    rows = list(csv.DictReader(io.StringIO((folder / f"daily_price{days}.csv").read_text("utf-8"))))
    assert len(rows) == 9 * 13
    assert dt.date.fromisoformat(rows[0]["Day"]) == dt.date(2025, 10, 28)
    assert "Real-time, mean ($/MWh)" in rows[0]


def test_a_figure_without_data_is_a_picture_that_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox")
    found = specifications.drawings(data.gather(settings_for(store), store))
    (drawing,) = (each for each in found if each.name == "regulation_capacity")
    assert not drawing.has_data
    pictures.draw([drawing], tmp_path)
    svg = (tmp_path / "regulation_capacity.svg").read_text("utf-8")
    assert "No regulation prices are loaded." in svg
    assert len(drawing.csv.splitlines()) == 1


def test_synthetic_prices_never_take_the_place_of_a_real_page() -> None:
    real = outputs.Outputs.of(read_settings({"source": "webservices"}))
    synthetic = outputs.Outputs.of(read_settings({"source": "sandbox"}))
    assert real.page == Path("reports/isone.html")
    assert synthetic.page == Path("reports/sandbox/isone.html")


def test_a_job_leaves_page_key_numbers_log_and_status(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox")
    fill(store, ["lmp_da_hourly"], "2025-11-01", "2025-11-03")
    build_duckdb(store)
    config = {"source": "sandbox", "data_dir": str(tmp_path), "log_dir": str(tmp_path / "logs")}
    assert by_hand(config, "report", "--folder", str(tmp_path / "reports")) == 0
    folder = tmp_path / "reports" / "sandbox"
    assert "Synthetic prices" in (folder / "isone.html").read_text("utf-8")
    numbers = list(csv.reader(io.StringIO((folder / "key_numbers.csv").read_text("utf-8"))))
    assert numbers[0] == [
        *("what", "number", "of", "unit", "period", "first_day", "last_day", "days", "of_days")
    ]
    assert numbers[1][:3] == ["days validated", "3", "307"]
    part = ["2025, 1 to 3 November (3 of 365 days)", "2025-11-01", "2025-11-03", "3", "365"]
    assert ["day-ahead mean, .H.INTERNAL_HUB", "$/MWh", *part] in [
        [row[0], *row[3:]] for row in numbers
    ]
    (log,) = (tmp_path / "logs").glob("write_report*.log")
    assert "Status: SUCCEEDED" in log.read_text("utf-8")
    assert status.status_path(store, "write_report").exists()


def test_a_database_that_is_none_is_rejected_in_one_sentence(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox")
    store.root.mkdir()
    (store.root / "isone.duckdb").write_bytes(b"no database" * 1000)
    config = {"source": "sandbox", "data_dir": str(tmp_path), "log_dir": str(tmp_path / "logs")}
    assert by_hand(config, "report", "--folder", str(tmp_path / "reports")) == 1
    (log,) = (tmp_path / "logs").glob("write_report*.log")
    assert "cannot be reported on" in log.read_text("utf-8")
    assert not (tmp_path / "reports").exists()
