"""Prices: energy at the hub and the zones, day-ahead beside real-time."""

from collections.abc import Mapping, Sequence
from typing import Any

from isone.report.cells import Cell, PageTable, cell, in_figures, page_table
from isone.report.charts import prices as charts
from isone.report.charts import spreads
from isone.report.charts.theme import MARKETS
from isone.report.data import BOTH, ReportData
from isone.report.figures import Extremes, Figure, Section
from isone.report.queries.hours import CONSTRAINTS, RANKS
from isone.report.queries.working_tables import PEAKS, SPIKE

_BOTH_ABSENT = "No energy prices are loaded at the hub, the zones, or any other location."
_NEEDS_BOTH = "This compares day-ahead with real-time prices, and one of the two is not loaded."


def section(report: ReportData) -> Section:
    """All charts of energy prices."""
    return Section(
        "prices",
        "Energy prices",
        "Locational marginal prices in $/MWh, hour by hour. Real-time hours are ISO New England's "
        "own where they are loaded, else the mean of the five-minute prices.",
        figures=(
            *_over_time(report),
            *_extremes(report),
            *_by_hour(report),
            _duration(report),
            *_spreads(report),
            _odd_hours(report),
        ),
        lead=(_yearly(report),),
    )


def _over_time(report: ReportData) -> list[Figure]:
    daily, monthly, markets = report.data["daily"], report.data["monthly"], report.markets
    return [
        Figure(
            "daily_price",
            "Daily mean, with the range of the day's hours",
            "The line is the mean of a day's hours; the shade reaches from its cheapest hour to "
            "its most expensive. Point at the chart to read a day.",
            daily,
            charts.daily(markets) if markets else None,
            _BOTH_ABSENT,
            choosers=("location", "year"),
            series=("da", "rt"),
            summary=tuple(
                Extremes(f"{MARKETS[m]} daily mean", f"{m}_mean", "day") for m in markets
            ),
            wide=True,
            on_page=False,  # the main chart has it, and more
        ),
        Figure(
            "monthly_price",
            "Monthly means, day-ahead beside real-time",
            "Simple means of the hours of a month. Where a month's bars differ, real time turned "
            "out otherwise than the day-ahead market expected.",
            monthly,
            charts.monthly(markets) if markets else None,
            _BOTH_ABSENT,
            ("location_id", "month", "peak", "da_mean", "da_hours", "rt_mean", "rt_hours"),
            choosers=("location", "year", "peak"),
            series=("da", "rt"),
            summary=tuple(
                Extremes(f"{MARKETS[m]} monthly mean", f"{m}_mean", "month") for m in markets
            ),
            wide=True,
        ),
    ]


def _duration(report: ReportData) -> Figure:
    markets = report.markets
    return Figure(
        "duration_curve",
        "Duration curve",
        "Hours in descending order of price: at 10 % is the price that a tenth of the hours "
        "reached or exceeded. The axis is compressed towards its ends, to keep spikes and negative "
        "prices in sight.",
        report.data["duration"],
        charts.duration(markets) if markets else None,
        _BOTH_ABSENT,
        choosers=("location", "year", "peak"),
        series=("da", "rt"),
        summary=tuple(Extremes(MARKETS[m], "price", "share", where={"market": m}) for m in markets),
    )


def _spreads(report: ReportData) -> list[Figure]:
    both = len(report.markets) == len(MARKETS)
    return [
        Figure(
            "spread_distribution",
            "DA−RT spread",
            "Share of hours by day-ahead minus real-time, in steps of 5 $/MWh; to the right of "
            "zero day-ahead was more expensive. The outermost bars hold all that is beyond 100.",
            report.data["spreads"],
            spreads.distribution() if both else None,
            _NEEDS_BOTH,
            choosers=("location", "year", "peak"),
            series=("spread",),
        ),
        Figure(
            "spread_percentiles",
            "DA−RT spread, percentiles",
            "A share of the hours, in percent, has a spread of at most this.",
            report.data["spread_percentiles"],
            None,
            _NEEDS_BOTH,
            ("percentile", "spread"),
            choosers=("location", "year", "peak"),
            series=("spread",),
            listed={},
        ),
        _spread_by_month(report, both=both),
    ]


def _spread_by_month(report: ReportData, *, both: bool) -> Figure:
    return Figure(
        "spread_over_time",
        "DA−RT spread by month",
        "The orange tick is the month's mean of day-ahead minus real-time; four fifths of its "
        "hours are within the bar.",
        report.data["monthly"],
        spreads.over_time() if both else None,
        _NEEDS_BOTH,
        ("location_id", "month", "peak", "spread", "spread_p10", "spread_p90"),
        choosers=("location", "year", "peak"),
        series=("spread",),
        summary=(Extremes("Monthly mean spread", "spread", "month"),) if both else (),
    )


def _extremes(report: ReportData) -> list[Figure]:
    return [
        Figure(
            f"hours_{kind}",
            f"{RANKS} {words} hours of each market",
            "Both markets' prices of the hour; energy, congestion and loss are of the market that "
            f"it is ranked in, and so is what bound. HE 18 is 17:00 to 18:00.{note}",
            report.data["extremes"],
            None,
            _BOTH_ABSENT,
            (
                *("market", "rank", "hour", "da", "rt", "spread"),
                *("energy", "congestion", "loss", "bound"),
            ),
            choosers=("location", "year", "peak"),
            series=("da", "rt"),
            listed={"kind": kind},
            wide=True,
        )
        for kind, words, note in (
            ("highest", "most expensive", _constraints(report)),
            ("lowest", "cheapest", " Negative prices, where there are any, come first."),
        )
    ]


def _constraints(report: ReportData) -> str:
    if any(report.rows[name] for names in CONSTRAINTS.values() for name in names):
        return ""
    return " What bound is not known: `data_types` with `constraints` downloads it."


def _by_hour(report: ReportData) -> list[Figure]:
    return [
        Figure(
            f"hours_{market}",
            f"Average hourly profile by month, {name.lower()}",
            "Mean price by hour of the day, as clocks show it, and month: lighter is more "
            "expensive. Rows are hours, with midnight at the bottom; columns are months.",
            report.data["hours"],
            charts.hours_of_month(market) if market in report.markets else None,
            f"No {name.lower()} prices are loaded.",
            ("location_id", "month", "hour", market),
            choosers=("location", "year"),
            series=(market,),
            summary=(Extremes(f"{name} hourly mean of a month", market, "month"),)
            if market in report.markets
            else (),
        )
        for market, name in MARKETS.items()
    ]


def _odd_hours(report: ReportData) -> Figure:
    return Figure(
        "odd_hours",
        "Negative and spike hours",
        f"Upwards, hours at {SPIKE} $/MWh or more; downwards, hours below zero.",
        report.data["monthly"],
        charts.odd_hours(report.markets) if report.markets else None,
        _BOTH_ABSENT,
        (
            *("location_id", "month", "peak", "da_hours", "da_negative", "da_spikes"),
            *("rt_hours", "rt_negative", "rt_spikes"),
        ),
        choosers=("location", "year", "peak"),
        series=("da", "rt"),
        wide=True,
    )


def _yearly(report: ReportData) -> PageTable:
    names = {location.id: location.spoken for location in report.locations}
    yearly = report.data["yearly"].rows.to_pylist()
    by_peak = {(row["location_id"], row["year"], row["peak"]): row for row in yearly}
    rows = report.yearly()
    return page_table(
        "Year by year",
        [
            "Location",
            "Year",
            *(f"{market.upper()} {word}" for market in MARKETS for word in _OF_MARKET),
            "DA−RT",
        ],
        [
            [
                names[row["location_id"]],
                report.called(row["year"], BOTH, row["location_id"]),
                *_of_market([by_peak.get((*key, peak)) for peak in PEAKS], "da"),
                *_of_market([by_peak.get((*key, peak)) for peak in PEAKS], "rt"),
                cell(row["spread"]),
            ]
            for row in rows
            for key in [(row["location_id"], row["year"])]
        ],
        note=" ".join(
            filter(
                None,
                (
                    "Prices in $/MWh, of hours; means are simple means of the hours that are here. "
                    "On-peak: hours ending 8 to 23 of weekdays that are no NERC holiday. Change: "
                    "on the year before, of the days that have prices in both. Hours below zero "
                    f"and hours of {SPIKE} $/MWh or more are counted by whole cents.",
                    report.comparison(BOTH),
                ),
            )
        ),
        absent=_BOTH_ABSENT,
        chooser="location",
        choices=[row["location_id"] for row in rows],
    )


_OF_MARKET = (
    *("mean", "on-peak", "off-peak", "change"),
    *("hours < 0", f"hours ≥ {SPIKE}"),
)


def _of_market(rows: Sequence[Mapping[str, Any] | None], market: str) -> list[object]:
    """The cells of a market, of the rows of all hours, on-peak and off-peak ones."""
    every = rows[0]
    if not every or not every[f"{market}_hours"]:
        return [None] * len(_OF_MARKET)
    change = every[f"{market}_change"]
    return [
        *(row and row[f"{market}_mean"] for row in rows),
        None if change is None else Cell(in_figures(change, sign=True), number=True),
        *(every[f"{market}_{part}"] for part in ("negative", "spikes")),
    ]
