"""ISO-NE's yearly workbook of zonal information (SMD hourly data), compared hour by hour.

A sheet a zone, `ISO NE CA` for the hub; columns `Date`, `Hr_End`, `DA_LMP`, `RT_LMP` and others.
Workbooks from 2024 on have the hours that there were: in spring 01, 03, 04, where 03 is the hour
that begins at 01:00 EST; in autumn 02 and 02X. A spring day of 01, 02, 04 is read too: the labels
of the day tell which it is. Workbooks up to 2023 carry 24 flat hours on these days: an hour 03 in
spring that there was not, which is passed over, and one 02 in autumn, which may be either hour or
their mean.
The hub's sheet also has the mean, least and greatest five-minute regulation price of each hour.
Needs openpyxl, which is installed for this alone.
"""

import contextlib
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec

from isone.audit.reconcile.ours import Hours
from isone.errors import UsageError
from isone.market import market_time
from isone.market.locations import HUB

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
REGULATION: dict[str, tuple[str, Callable[[Sequence[float]], float]]] = {
    "Reg_Service_Price": ("reg_service_clearing_price", fmean),
    "Min_5min_RSP": ("reg_service_clearing_price", min),
    "Max_5min_RSP": ("reg_service_clearing_price", max),
    "Reg_Capacity_Price": ("reg_capacity_clearing_price", fmean),
    "Min_5min_RCP": ("reg_capacity_clearing_price", min),
    "Max_5min_RCP": ("reg_capacity_clearing_price", max),
}
"""Columns of the hub's sheet: which of our columns it is, and what of an hour's twelve prices."""

_COLUMNS = {"date": "date", "hrend": "hour", "hour": "hour", "dalmp": "da", "rtlmp": "rt"} | {
    re.sub(r"[^a-z]", "", name.lower()): name for name in REGULATION
}
_CENT = 0.0051  # $/MWh; five-minute prices make hours with parts of a cent
_NAMED = 20
_EXTENT = {"max_row": 20_000, "max_col": 200}  # a year has 8,784 hours


class Sheet(msgspec.Struct, frozen=True):
    """A zone and market in the workbook: how many of its hours are ours too."""

    market: str
    location_id: int
    sheet: str
    """The sheet's name; for a price of regulation also that of the column."""
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


def compare_workbook(
    path: Path,
    ours: Mapping[tuple[str, int], Hours],
    regulation: Mapping[str, Hours] | None = None,
) -> list[Sheet]:
    """Compare a workbook with our hours.

    `ours` are energy prices by market (`da`, `rt`) and location; `regulation` are those of
    regulation by the workbook's column. Raises UsageError where it is no such workbook, or openpyxl
    is not installed.
    """
    results = []
    for name, rows in _sheets(path):
        for market in ("da", "rt"):
            hours = ours.get((market, SHEETS[name]))
            if hours is not None:
                results.append(_compare(name, market, market, rows, hours))
        if SHEETS[name] == HUB:
            results += [
                _compare(name, "rt", column, rows, hours)
                for column, hours in (regulation or {}).items()
                if any(column in row for row in rows)
            ]
    if not results:
        raise UsageError(f"smd: {path} has nothing in common with what is chosen here")
    return results


def regulation_hours(prices: Mapping[str, Mapping[int, Sequence[float]]]) -> dict[str, Hours]:
    """What the workbook's columns would say of five-minute prices, given by column and hour."""
    return {
        name: {hour: take(each) for hour, each in prices[column].items()}
        for name, (column, take) in REGULATION.items()
    }


def _compare(
    name: str, market: str, column: str, rows: Sequence[dict[str, Any]], hours: Hours
) -> Sheet:
    compared = differ = not_here = flat = 0
    largest = 0.0
    examples: list[str] = []
    labels = {(row["date"], row["hour"]) for row in rows}
    for row in rows:
        price = row.get(column)
        if not isinstance(price, int | float):
            continue
        starts = _starts(row["date"], row["hour"], labels)
        if len(starts) != 1:
            flat += 1
        if not starts:
            continue
        here = [hours[start] for start in starts if start in hours]
        if len(here) < len(starts):
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
    sheet = name if column == market else f"{name} {column}"
    return Sheet(
        market, SHEETS[name], sheet, compared, differ, round(largest, 4), not_here, flat,
        tuple(examples),
    )  # fmt: skip


def _starts(day: dt.date, label: str, labels: set[tuple[dt.date, str]]) -> tuple[int, ...]:
    """The hours that a label may mean: two for a flat 02 in autumn, none for a flat 03."""
    found = market_time.instants(day, int(label[:2]) - 1)
    if not found and (day, "02") not in labels:
        return market_time.instants(day, 1)  # named after its end: from 01:00 EST to 03:00 EDT
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
