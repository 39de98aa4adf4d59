"""ISO-NE's yearly workbook of zonal information (SMD hourly data) against our hours, one by one.

A sheet a zone, `ISO NE CA` for the hub; columns `Date`, `Hr_End`, `DA_LMP`, `RT_LMP` and others.
Workbooks up to 2023 carry 24 flat hours on the days when clocks change: an hour 03 in spring that
there was not, which is passed over, and one 02 in autumn, which may be either hour or their mean.
Needs openpyxl, which is installed for this alone.
"""

import contextlib
import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from isone import clock
from isone.errors import UsageError
from isone.reconcile.ours import Hours

SHEETS = {
    "ISO NE CA": 4000,
    "ME": 4001,
    "NH": 4002,
    "VT": 4003,
    "CT": 4004,
    "RI": 4005,
    "SEMA": 4006,
    "WCMA": 4007,
    "NEMA": 4008,
}
_COLUMNS = {"date": "date", "hrend": "hour", "hour": "hour", "dalmp": "da", "rtlmp": "rt"}
_CENT = 0.0051  # $/MWh; five-minute prices make hours with parts of a cent
_NAMED = 20
_EXTENT = {"max_row": 20_000, "max_col": 200}  # a year has 8,784 hours


class Sheet(msgspec.Struct, frozen=True):
    """A zone and market in the workbook: how many of its hours are ours too."""

    market: str
    location_id: int
    sheet: str
    hours: int
    """Hours of the sheet that are here too, and were compared."""
    differ: int
    largest: float
    """The largest difference of an hour ($/MWh)."""
    not_here: int
    """Hours of the sheet that are not here."""
    flat: int
    """Hours of days when clocks change that the sheet has as on any other day."""
    examples: tuple[str, ...] = ()


def compare_workbook(path: Path, ours: dict[tuple[str, int], Hours]) -> list[Sheet]:
    """Hold a workbook against our hours, given by market (`da`, `rt`) and location.

    Raises UsageError where it is none, or openpyxl is not installed.
    """
    results = []
    for name, rows in _sheets(path):
        for market in ("da", "rt"):
            hours = ours.get((market, SHEETS[name]))
            if hours is not None:
                results.append(_compare(name, market, rows, hours))
    if not results:
        raise UsageError(f"smd: {path} has nothing in common with what is chosen here")
    return results


def _compare(sheet: str, market: str, rows: Sequence[dict[str, Any]], hours: Hours) -> Sheet:
    compared = differ = not_here = flat = 0
    largest = 0.0
    examples: list[str] = []
    labels = {(row["date"], row["hour"]) for row in rows}
    for row in rows:
        price = row.get(market)
        if not isinstance(price, int | float):
            continue
        instants = _instants(row["date"], row["hour"], labels)
        if len(instants) != 1:
            flat += 1
        if not instants:
            continue
        here = [hours[instant] for instant in instants if instant in hours]
        if len(here) < len(instants):
            not_here += 1
            continue
        choices = [*here, sum(here) / len(here)]
        gap = min(abs(price - choice) for choice in choices)
        compared += 1
        largest = max(largest, gap)
        if gap > _CENT:
            differ += 1
            if len(examples) < _NAMED:
                examples.append(f"{row['date']} {row['hour']}: {price:.2f}, here {here[0]:.2f}")
    return Sheet(
        market, SHEETS[sheet], sheet, compared, differ, round(largest, 4), not_here, flat,
        tuple(examples),
    )  # fmt: skip


def _instants(day: dt.date, label: str, labels: set[tuple[dt.date, str]]) -> tuple[int, ...]:
    """The hours that a label may stand for: none in spring, two for a flat 02 in autumn."""
    found = clock.instants(day, int(label[:2]) - 1)
    if label.endswith("X"):
        return found[1:]
    return found[:1] if (day, f"{label}X") in labels else found


def _sheets(path: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    try:
        import openpyxl
    except ImportError as error:
        raise UsageError(
            "smd: reading a workbook needs openpyxl: pip install openpyxl, in the environment that "
            "runs the workflow"
        ) from error
    try:
        file = io.BytesIO(path.read_bytes())
        with contextlib.closing(
            openpyxl.load_workbook(file, read_only=True, data_only=True)
        ) as book:
            found = [
                (name.strip(), list(_rows(name, book[name].iter_rows(values_only=True, **_EXTENT))))
                for name in book.sheetnames
                if name.strip() in SHEETS
            ]
    except UsageError:
        raise
    except Exception as error:  # whatever the archive or the XML in it brings openpyxl to
        raise UsageError(f"smd: {path} is no workbook that can be read ({error})") from error
    if not found:
        raise UsageError(f"smd: {path} has none of the sheets {', '.join(SHEETS)}")
    return found


def _rows(name: str, lines: Iterator[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    columns: dict[str, int] = {}
    for line in lines:
        if not columns:
            plain = [re.sub(r"[^a-z]", "", str(cell or "").lower()) for cell in line]
            found = {_COLUMNS[text]: i for i, text in enumerate(plain) if text in _COLUMNS}
            columns = found if {"date", "hour"} <= set(found) else {}
            continue
        row = {key: line[i] for key, i in columns.items()}
        if isinstance(row["date"], dt.datetime):
            row["date"] = row["date"].date()
        match = re.fullmatch(r"0?(\d{1,2})(X?)", str(row["hour"] or "").strip())
        if isinstance(row["date"], dt.date) and match and 1 <= int(match[1]) <= 24:
            row["hour"] = f"{int(match[1]):02d}{match[2]}"
            yield row
    if not columns:
        raise UsageError(f"smd: the sheet {name} has no columns Date and Hr_End")
