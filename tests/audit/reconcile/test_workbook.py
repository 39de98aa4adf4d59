"""Our hours against a yearly workbook, also one whose days all have 24 hours."""

import csv
import datetime as dt
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from filled import config_for, fill
from running import PROJECT, reconcile

from isone.audit.reconcile import ours, results, workbook
from isone.errors import UsageError
from isone.market import market_time
from isone.market.locations import HUB
from isone.store.store import Store

openpyxl = pytest.importorskip("openpyxl")
DAYS = [dt.date(2023, 3, 11), dt.date(2023, 3, 12), dt.date(2023, 11, 5)]


def price(hour: int) -> float:
    return round(20 + hour // 3600 % 997 / 10, 2)


HOURS: ours.Hours = {h: price(h) for day in DAYS for h in market_time.interval_starts(day, 60)}


def sheet_rows(*, flat: bool, change: float = 0.0) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for day in DAYS:
        found: dict[str, float] = {}
        for hour in market_time.interval_starts(day, 60):
            begins = market_time.local_time(hour)
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


SPRING, AUTUMN = dt.date(2025, 3, 9), dt.date(2025, 11, 2)
REAL = PROJECT.parent / "shared" / "cases" / "real"


def hours_labelled(day: dt.date, labels: str) -> dict[str, int]:
    """The hours of a day by the labels that they have, in order."""
    hours = market_time.interval_starts(day, 60)
    rest = [f"{hour:02d}" for hour in range(25 - len(hours) + len(labels.split()), 25)]
    return dict(zip([*labels.split(), *rest], hours, strict=True))


@pytest.mark.parametrize(
    ("day", "labels"),
    [
        pytest.param(SPRING, "01 03 04", id="spring, as from 2024 on"),
        pytest.param(SPRING, "01 02 04", id="spring, labelled by the beginning"),
        pytest.param(AUTUMN, "01 02 02X 03", id="autumn"),
    ],
)
def test_every_hour_of_a_day_when_clocks_change_is_compared(
    tmp_path: Path, day: dt.date, labels: str
) -> None:
    hours = hours_labelled(day, labels)
    assert len(hours) == len(market_time.interval_starts(day, 60))
    rows = [[dt.datetime.combine(day, dt.time()), label, 1.0, price(hour), price(hour)]
            for label, hour in hours.items()]  # fmt: skip
    here = {hour: price(hour) for hour in hours.values()}
    path = write(tmp_path / "smd.xlsx", rows)
    (sheet,) = workbook.compare_workbook(path, {("da", HUB): here})
    assert (sheet.hours, sheet.differ, sheet.flat, sheet.not_here) == (len(hours), 0, 0, 0)
    for label, hour in hours.items():
        (sheet,) = workbook.compare_workbook(path, {("da", HUB): here | {hour: 25 + price(hour)}})
        assert (sheet.hours, sheet.differ, sheet.largest) == (len(hours), 1, 25.0)
        assert sheet.examples[0].startswith(f"{day} {label}: ")


def real_sample(name: str) -> list[dict[str, str]]:
    path = REAL / f"smd_hourly_2025_{name}_sample.csv"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


REAL_LABELS = {SPRING: "01 03 04", AUTUMN: "01 02 02X 03"}


def real_hours(rows: list[dict[str, str]], column: str) -> ours.Hours:
    """Real hours by the calendar, which is how the service has them."""
    known = {str(day): hours_labelled(day, labels) for day, labels in REAL_LABELS.items()}
    return {known[row["Date"]][row["Hr_End"]]: float(row[column]) for row in rows}


def real_workbook(path: Path, rows: list[dict[str, str]], sheet_name: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.create_sheet(sheet_name)
    sheet.append(list(rows[0]))
    for row in rows:
        values = list(row.values())
        day = dt.datetime.fromisoformat(values[0])
        sheet.append([day, values[1], *map(float, values[2:])])
    book.save(path)
    return path


@pytest.mark.parametrize(("market", "column"), [("da", "DA_LMP"), ("rt", "RT_LMP")])
def test_every_real_hour_of_both_days_when_clocks_change_is_compared(
    tmp_path: Path, market: str, column: str
) -> None:
    rows = real_sample("CT")
    path = real_workbook(tmp_path / "smd.xlsx", rows, "CT")
    hours = real_hours(rows, column)
    (sheet,) = workbook.compare_workbook(path, {(market, 4004): hours})
    assert (sheet.hours, sheet.differ, sheet.flat, sheet.not_here) == (48, 0, 0, 0)
    second = market_time.interval_starts(SPRING, 60)[1]
    wrong = hours | {second: hours[second] + 25}
    (sheet,) = workbook.compare_workbook(path, {(market, 4004): wrong})
    assert (sheet.hours, sheet.differ, sheet.largest) == (48, 1, 25.0)
    assert sheet.examples[0].startswith(f"{SPRING} 03: ")


def twelve(mean: float, least: float, greatest: float) -> list[float]:
    """Twelve prices with these figures."""
    rest = (12 * mean - least - greatest) / 10
    return [least, greatest, *([rest] * 10)]


def test_real_regulation_prices_of_the_hub_sheet_are_those_of_twelve_five_minute_prices(
    tmp_path: Path,
) -> None:
    rows = real_sample("hub")
    path = real_workbook(tmp_path / "smd.xlsx", rows, "ISO NE CA")
    figures = {name: real_hours(rows, name) for name in workbook.REGULATION}
    five = {
        column: {
            hour: twelve(mean, figures[f"Min_5min_{short}"][hour],
                         figures[f"Max_5min_{short}"][hour])
            for hour, mean in figures[name].items()
        }
        for column, name, short in (
            ("reg_service_clearing_price", "Reg_Service_Price", "RSP"),
            ("reg_capacity_clearing_price", "Reg_Capacity_Price", "RCP"),
        )
    }  # fmt: skip
    for prices in five.values():  # possible figures: the rest lies between least and greatest
        assert all(min(each) >= each[0] - 1e-9 and max(each) <= each[1] + 1e-9
                   for each in prices.values())  # fmt: skip
    sheets = workbook.compare_workbook(path, {}, workbook.regulation_hours(five))
    assert [sheet.sheet for sheet in sheets] == [f"ISO NE CA {name}" for name in figures]
    assert {(s.hours, s.differ, s.flat) for s in sheets} == {(len(rows), 0, 0)}
    hour = market_time.interval_starts(SPRING, 60)[1]
    five["reg_capacity_clearing_price"][hour][0] -= 25
    sheets = workbook.compare_workbook(path, {}, workbook.regulation_hours(five))
    assert [sheet.differ for sheet in sheets] == [0, 0, 0, 1, 1, 0]


def test_regulation_that_is_packed_is_compared_with_the_hub_sheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "sandbox")
    fill(store, ["lmp_da_hourly", "regulation_5min"], "2026-03-08", "2026-03-08")
    period = "2026.through-20260308"
    tables = [
        str(store.parquet_path(name, period)) for name in ("lmp_da_hourly", "regulation_5min")
    ]
    energy = ours.read_hours(Path(tables[0]))[HUB]
    five = ours.read_regulation(Path(tables[1]))
    capacity, service = (five[f"reg_{name}_clearing_price"] for name in ("capacity", "service"))
    day = dt.date(2026, 3, 8)
    rows = [
        [dt.datetime.combine(day, dt.time()), label, energy[hour], fmean(capacity[hour]),
         max(service[hour])]
        for label, hour in hours_labelled(day, "01 03 04").items()
    ]  # fmt: skip
    headings = ("Date", "Hr_End", "DA_LMP", "Reg_Capacity_Price", "Max_5min_RSP")
    smd = write(tmp_path / "smd.xlsx", rows, headings)
    config = config_for(store, smd=str(smd))
    assert reconcile(config, tables) == 0
    assert [(s.sheet, s.hours, s.differ) for s in results.read_sheets(store)] == [
        ("ISO NE CA", 23, 0),
        ("ISO NE CA Max_5min_RSP", 23, 0),
        ("ISO NE CA Reg_Capacity_Price", 23, 0),
    ]
    said = store.reconcile_summary_path.read_text()
    assert said == "of 69 compared hours, all agree with ISO-NE's own figures\n"
    rows[1][3] += 25
    write(smd, rows, headings)
    assert reconcile(config, tables) == 1
    said = store.reconcile_summary_path.read_text()
    assert said == "1 of 69 compared hours differ from ISO-NE's own figures\n"
    assert said.strip() in " ".join(capsys.readouterr().err.split())


def test_a_workbook_without_an_hour_that_is_here_ends_with_a_sentence_and_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "sandbox")
    smd = write(tmp_path / "smd.xlsx", sheet_rows(flat=False))
    config = config_for(store, smd=str(smd))
    fill(store, ["lmp_da_hourly"], "2026-03-08", "2026-03-08")
    table = str(store.parquet_path("lmp_da_hourly", "2026.through-20260308"))
    for tables, why in (([table], "72 hours of the workbook not here"),
                        ([], "no packed table of energy prices is chosen")):  # fmt: skip
        assert reconcile(config, tables) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert f"nothing was compared with ISO-NE's own figures: {why}" in said
        assert why in store.reconcile_summary_path.read_text()
