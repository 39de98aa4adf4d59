"""Suspect prices and accepted flaws: listed on the page, counted on top and in the key numbers."""

import csv
import datetime as dt
import io
import json
from typing import Any

import msgspec
import pytest
import received
from filled import build_duckdb, fill, settings_for

from isone.market.flaws import Flaw
from isone.market.requests import Request
from isone.report import data, page
from isone.report.data import ReportData
from isone.report.day import State
from isone.report.sections import all_sections
from isone.store.files import write_json
from isone.store.store import Store

LMP, REGULATION = "lmp_da_hourly", "regulation_hourly"
SUSPECT, NULL, LEDGER = (dt.date(2025, 11, day) for day in (1, 2, 5))


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """Flaws in the marker of a complete year, and in the ledger of one that is not."""
    store = Store(tmp_path_factory.mktemp("flawed") / "sandbox")
    ((_, period),) = fill(store, [LMP], "2025-11-01", "2025-11-03")
    marker = store.marker_path(LMP, period)
    flaws = [
        {"day": str(SUSPECT), "flaw": "flat-prices", "what": "3 hours from 02:00", "reason": ""},
        {"day": str(NULL), "flaw": "null-price", "what": "1 price at 03:00", "reason": "left out"},
        {"day": str(NULL), "flaw": "constant-day", "what": "all 0.00", "reason": "it was so"},
    ]
    write_json(marker, json.loads(marker.read_bytes()) | {"flaws": flaws})
    build_duckdb(store)
    request, path, entry = received.received(store, Request(REGULATION, LEDGER), b"prices")
    flaw = Flaw("negative-price", "-0.01 at 07:00")
    store.save_responses([(request, path, msgspec.structs.replace(entry, flaws=(flaw,)))])
    return data.gather(settings_for(store, years="2025"), store)


def rows(found: ReportData, title: str) -> list[list[str]]:
    tables = [each for s in all_sections(found) for each in (*s.lead, *s.tables)]
    table = next(each for each in tables if each.title == title)
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_suspect_prices_are_listed_with_why_they_were_acknowledged(flawed: ReportData) -> None:
    assert rows(flawed, "Suspect prices") == [
        [LMP, str(SUSPECT), "flat-prices", "3 hours from 02:00", "not acknowledged"],
        [LMP, str(NULL), "constant-day", "all 0.00", "it was so"],
        [REGULATION, str(LEDGER), "negative-price", "-0.01 at 07:00", "not acknowledged"],
    ]


def test_accepted_flaws_are_listed_with_their_reason(flawed: ReportData) -> None:
    assert rows(flawed, "Other accepted flaws") == [
        [LMP, str(NULL), "null-price", "1 price at 03:00", "left out"]
    ]


def test_they_are_counted_on_top_and_in_the_key_numbers_and_by_year(flawed: ReportData) -> None:
    numbers = {
        row["what"]: row["number"] for row in csv.DictReader(io.StringIO(page.key_numbers(flawed)))
    }
    assert numbers["days with suspect prices"] == "3"
    assert numbers["days with another accepted flaw"] == "1"
    assert numbers["days validated"] == "4"
    by_year = {row[1]: row[-2:] for row in rows(flawed, "Days by state")}
    assert by_year == {LMP: ["1", "2"], REGULATION: ["0", "1"]}


def test_a_flawed_day_keeps_its_state_and_says_what_is_the_matter(flawed: ReportData) -> None:
    (day,) = [each for each in flawed.days if (each.dataset, each.day) == (LMP, SUSPECT)]
    assert day.state == State.FINAL
    figures: dict[str, Any] = {f.name: f for s in all_sections(flawed) for f in s.figures}
    remarks = {row["day"]: row["note"] for row in figures[f"calendar_{LMP}"].data.rows.to_pylist()}
    assert remarks[SUSPECT] == "flat-prices: 3 hours from 02:00"


def test_what_stands_between_backticks_is_code_and_nothing_of_it_runs(flawed: ReportData) -> None:
    assert page.marked("run `a <b>` & see") == "run <code>a &lt;b&gt;</code> &amp; see"
    assert page.marked("one ` alone <b>") == "one ` alone &lt;b&gt;"
    body = page.write(flawed, str).partition('<script type="application/json"')[0]
    assert "`" not in body
    assert "<code>snakemake -j1 --config" in body
