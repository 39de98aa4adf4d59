"""Reconciliation: ISO-NE's own averages and hours against those that are here."""

from collections.abc import Iterable

from isone.reconcile import averages
from isone.reconcile.averages import Month
from isone.report.charts.theme import MARKETS
from isone.report.facts import Facts
from isone.report.figures import Section
from isone.report.quality import market_time
from isone.report.tables import Cell, PageTable, cell, page_table

_HOW = (
    "No reconciliation was made here. With an account, `snakemake -j1 --config years=2024 "
    'markets="da rt-hourly" -- reconcile` asks ISO New England for its monthly averages and '
    "compares them; the next run writes this page again."
)
_COMPARED = (averages.AGREES, averages.FLAT, averages.DIFFERS)


def section(facts: Facts) -> Section:
    """The verdict on each place, every month behind it, and the workbook's hours."""
    return Section(
        "reconciliation",
        "Reconciliation",
        "ISO New England publishes averages of its prices beside the prices. Ours are the means "
        "of the hours that are here; they agree where they are within a cent.",
        lead=(_places(facts),),
        tables=(_months(facts), *([_sheets(facts)] if facts.reconciled.sheets else [])),
    )


def _places(facts: Facts) -> PageTable:
    months = facts.reconciled.months
    rows = []
    for market, location in dict.fromkeys((m.market, m.location_id) for m in months):
        chosen = [m for m in months if (m.market, m.location_id) == (market, location)]
        gaps = [abs(m.difference) for m in chosen if m.difference is not None]
        rows.append(
            [
                f"{chosen[0].location} ({location})",
                MARKETS[market],
                _span(chosen),
                sum(m.verdict in _COMPARED for m in chosen),
                *(sum(m.verdict == verdict for m in chosen) for verdict in _COMPARED),
                _price(max(gaps, default=None)),
                cell(market_time(max(m.compared for m in chosen))),
            ]
        )
    return page_table(
        "Monthly averages by place",
        [
            "Location",
            "Market",
            "Years",
            "Months compared",
            *(verdict.capitalize() for verdict in _COMPARED),
            "Largest difference ($/MWh)",
            "Compared last",
        ],
        rows,
        note=" ".join(facts.reconciled.remarks),
        absent=" ".join([*facts.reconciled.remarks, _HOW]),
    )


def _months(facts: Facts) -> PageTable:
    months = [m for m in facts.reconciled.months if m.verdict in _COMPARED]
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
        chooser="place",
        places=[m.location_id for m in months],
    )


def _sheets(facts: Facts) -> PageTable:
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
            for sheet in facts.reconciled.sheets
        ],
        note="Flat hours are those of days when clocks change that the workbook has as on any "
        "other day.",
    )


def _price(value: float | None, *, sign: bool = False) -> Cell:
    """A price with parts of a cent, which is what differences come to."""
    if value is None:
        return cell(None)
    return Cell(f"{value:+,.4f}" if sign else f"{value:,.4f}", number=True)


def _span(months: Iterable[Month]) -> str:
    years = sorted({month.month[:4] for month in months})
    return years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
