"""Reconciliation: ISO-NE's own averages and hours against those that are here."""

from collections import Counter
from collections.abc import Iterable

from isone.audit.reconcile import averages
from isone.audit.reconcile.averages import Month
from isone.report.cells import Cell, PageTable, cell, in_figures, page_table
from isone.report.charts.theme import MARKETS
from isone.report.data import ReportData
from isone.report.figures import Section
from isone.report.quality import in_market_time

_HOW = (
    "No reconciliation was made here. With an account, `snakemake -j1 --config years=2024 "
    'markets="da rt-hourly" -- reconcile` asks ISO New England for its monthly averages and '
    "compares them; the next run writes this page again."
)
_NONE = (
    "No month was compared: of those that were asked for, none is both published by ISO New "
    "England and whole here."
)
_COMPARED = (averages.AGREES, averages.FLAT, averages.DIFFERS)


def section(report: ReportData) -> Section:
    """The verdict on each location, every month behind it, and the workbook's hours.

    Only months that were compared count: not those that ISO-NE has not published, or that are not
    whole here.
    """
    return Section(
        "reconciliation",
        "Reconciliation",
        "ISO New England publishes averages of its prices beside the prices. Ours are the means "
        "of the hours that are here; they agree where they are within a cent.",
        lead=(_locations(report),),
        tables=(_months(report), *([_sheets(report)] if report.reconciled.sheets else [])),
    )


def _compared(report: ReportData) -> list[Month]:
    return [month for month in report.reconciled.months if month.verdict in _COMPARED]


def _locations(report: ReportData) -> PageTable:
    compared = _compared(report)
    asked = Counter((m.market, m.location_id) for m in report.reconciled.months)
    rows = []
    for market, location in dict.fromkeys((m.market, m.location_id) for m in compared):
        chosen = [m for m in compared if (m.market, m.location_id) == (market, location)]
        gaps = [abs(m.difference) for m in chosen if m.difference is not None]
        rows.append(
            [
                f"{chosen[0].location} ({location})",
                MARKETS[market],
                _span(chosen),
                f"{len(chosen):,} of {asked[market, location]:,}",
                *(sum(m.verdict == verdict for m in chosen) for verdict in _COMPARED),
                _price(max(gaps, default=None)),
                cell(in_market_time(max(m.compared for m in chosen))),
            ]
        )
    return page_table(
        "Monthly averages by location",
        [
            "Location",
            "Market",
            "Months",
            "Months compared",
            *(verdict.capitalize() for verdict in _COMPARED),
            "Largest difference ($/MWh)",
            "Compared last",
        ],
        rows,
        note=" ".join(
            [
                *report.reconciled.remarks,
                "Months compared are of all months of the years that were asked for. The rest are "
                "not published by ISO New England, or not whole here.",
            ]
        ),
        absent=" ".join([*report.reconciled.remarks, _NONE if asked else _HOW]),
    )


def _months(report: ReportData) -> PageTable:
    months = _compared(report)
    return page_table(
        "Monthly averages, month by month",
        [
            "Market",
            "Month",
            "Location",
            "ISO-NE ($/MWh)",
            "Here ($/MWh)",
            "Difference ($/MWh)",
            "Verdict",
        ],
        [
            [
                MARKETS[m.market],
                m.month,
                m.location,
                m.published,
                _price(m.ours),
                _price(m.difference, sign=True),
                m.verdict,
            ]
            for m in months
        ],
        note="Months that ISO New England has not published, or that are not whole here, are left "
        "out.",
        absent="No month was compared.",
        chooser="location",
        choices=[m.location_id for m in months],
    )


def _sheets(report: ReportData) -> PageTable:
    return page_table(
        "Hours against ISO New England's yearly workbook",
        [
            "Sheet",
            "Market",
            "Hours compared",
            "Differ",
            "Not here",
            "Flat hours",
            "Largest difference ($/MWh)",
            "Examples",
        ],
        [
            [
                sheet.sheet,
                MARKETS[sheet.market],
                sheet.hours,
                sheet.differ,
                sheet.not_here,
                sheet.flat,
                _price(sheet.largest),
                "; ".join(sheet.examples[:3]),
            ]
            for sheet in report.reconciled.sheets
        ],
        note="Flat hours are those of days when clocks change that the workbook has as on any "
        "other day.",
    )


def _price(value: float | None, *, sign: bool = False) -> Cell:
    """A price with parts of a cent, which is what differences come to."""
    if value is None:
        return cell(None)
    return Cell(in_figures(value, 4, sign=sign), number=True)


def _span(months: Iterable[Month]) -> str:
    names = sorted({month.month for month in months})
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
