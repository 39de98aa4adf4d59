"""Our hours against a yearly workbook, also one whose days all have 24 hours."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from isone import clock
from isone.datasets import HUB
from isone.errors import UsageError
from isone.reconcile import ours, workbook

openpyxl = pytest.importorskip("openpyxl")
DAYS = [dt.date(2023, 3, 11), dt.date(2023, 3, 12), dt.date(2023, 11, 5)]


def price(hour: int) -> float:
    return round(20 + hour // 3600 % 997 / 10, 2)


HOURS: ours.Hours = {h: price(h) for day in DAYS for h in clock.interval_starts(day, 60)}


def sheet_rows(*, flat: bool, change: float = 0.0) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for day in DAYS:
        found: dict[str, float] = {}
        for hour in clock.interval_starts(day, 60):
            begins = clock.local_time(hour)
            label = f"{begins.hour + 1:02d}{'X' if begins.fold else ''}"
            found[label] = price(hour)
        if flat:
            found.pop("02X", None)
            found.setdefault("03", 0.0)
        rows += [
            [dt.datetime.combine(day, dt.time()), label, 1.0, value + change, value]
            for label, value in sorted(found.items())
        ]
    return rows


def write(path: Path, rows: list[list[Any]], headings: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("ISO NE CA")
    sheet.append(list(headings or ("Date", "Hr_End", "DA_Demand", "DA_LMP", "RT_LMP")))
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def compare(path: Path) -> list[workbook.Sheet]:
    return workbook.compare_workbook(path, {("da", HUB): HOURS, ("rt", HUB): HOURS})


def test_every_hour_of_a_true_workbook_is_compared(tmp_path: Path) -> None:
    for sheet in compare(write(tmp_path / "smd.xlsx", sheet_rows(flat=False))):
        assert (sheet.hours, sheet.differ, sheet.flat) == (24 + 23 + 25, 0, 0)


def test_flat_days_are_counted_as_such_and_do_not_differ(tmp_path: Path) -> None:
    for sheet in compare(write(tmp_path / "smd.xlsx", sheet_rows(flat=True))):
        assert (sheet.hours, sheet.differ, sheet.flat) == (24 + 23 + 24, 0, 2)


def test_hours_that_differ_are_counted_and_named(tmp_path: Path) -> None:
    da, rt = compare(write(tmp_path / "smd.xlsx", sheet_rows(flat=False, change=0.5)))
    assert (da.market, da.differ, da.largest) == ("da", 72, 0.5)
    assert da.examples[0].startswith("2023-03-11 01: ")
    assert (rt.market, rt.differ) == ("rt", 0)


def test_hours_that_are_not_here_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "smd.xlsx", sheet_rows(flat=False))
    (sheet,) = workbook.compare_workbook(path, {("da", HUB): dict(list(HOURS.items())[:24])})
    assert (sheet.hours, sheet.not_here) == (24, 48)


def test_what_is_no_such_workbook_gets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "smd.xlsx"
    path.write_text("no workbook")
    with pytest.raises(UsageError, match="is no workbook that can be read"):
        compare(path)
    with pytest.raises(UsageError, match="has no columns Date and Hr_End"):
        compare(write(path, [], ("When", "What")))
    write(path, sheet_rows(flat=False))
    with pytest.raises(UsageError, match="nothing in common"):
        workbook.compare_workbook(path, {})
