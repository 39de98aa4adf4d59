"""Prices: energy at the hub and the zones, day-ahead beside real-time."""

import math

import pyarrow.compute as pc

from isone.report.cells import PageTable, cell, page_table
from isone.report.charts import prices as charts
from isone.report.charts import spreads
from isone.report.charts.theme import MARKETS
from isone.report.data import BOTH, ReportData
from isone.report.figures import Extremes, Figure, Section, Tile
from isone.report.queries.prices import SPIKE

_BOTH_ABSENT = "No energy prices are loaded at the hub, the zones, or any other location."
_NEEDS_BOTH = "This compares day-ahead with real-time prices, and one of the two is not loaded."
_MAP = {4003: (1, 1), 4002: (1, 2), 4001: (1, 3), 4007: (2, 1), 4008: (2, 2), 4000: (2, 3)}
_MAP |= {4004: (3, 1), 4005: (3, 2), 4006: (3, 3)}  # row and column, as on a map


def section(report: ReportData) -> Section:
    """All charts of energy prices."""
    return Section(
        "prices",
        "Energy prices",
        "Locational marginal prices in $/MWh, hour by hour. Real-time hours are ISO New England's "
        "own where they are loaded, else the mean of the five-minute prices.",
        figures=(
            *_over_time(report),
            _duration(report),
            _odd_hours(report),
            *_spreads(report),
            *_by_hour(report),
            *_by_location(report),
        ),
        tables=(_yearly(report),),
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
        ),
        Figure(
            "monthly_price",
            "Monthly means, day-ahead beside real-time",
            "Simple means of the hours of a month. Where a month's bars differ, real time turned "
            "out otherwise than the day-ahead market expected.",
            monthly,
            charts.monthly(markets) if markets else None,
            _BOTH_ABSENT,
            ("location_id", "month", "da_mean", "da_hours", "rt_mean", "rt_hours"),
            choosers=("location", "year"),
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
        choosers=("location", "year"),
        series=("da", "rt"),
        summary=tuple(Extremes(MARKETS[m], "price", "share", where={"market": m}) for m in markets),
    )


def _spreads(report: ReportData) -> list[Figure]:
    both = len(report.markets) == len(MARKETS)
    spread = (Extremes("Monthly mean spread", "spread", "month"),)
    return [
        Figure(
            "spread_distribution",
            "DA−RT spread",
            "Share of hours by day-ahead minus real-time, in steps of 5 $/MWh; to the right of "
            "zero day-ahead was more expensive. The outermost bars hold all that is beyond 100.",
            report.data["spreads"],
            spreads.distribution() if both else None,
            _NEEDS_BOTH,
            choosers=("location", "year"),
            series=("spread",),
        ),
        Figure(
            "spread_over_time",
            "DA−RT spread by month",
            "The dark tick is the month's mean of day-ahead minus real-time; four fifths of its "
            "hours are within the bar.",
            report.data["monthly"],
            spreads.over_time() if both else None,
            _NEEDS_BOTH,
            ("location_id", "month", "spread", "spread_p10", "spread_p90"),
            choosers=("location", "year"),
            series=("spread",),
            summary=spread if both else (),
        ),
    ]


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
            *("location_id", "month", "da_hours", "da_negative", "da_spikes"),
            *("rt_hours", "rt_negative", "rt_spikes"),
        ),
        choosers=("location", "year"),
        series=("da", "rt"),
    )


def _by_location(report: ReportData) -> list[Figure]:
    zones = report.data["zones"]
    several = len(report.locations) > 1
    lone = "Prices of one location only are loaded, so there is nothing to compare it with."
    absent = lone if report.locations else _BOTH_ABSENT
    return [
        Figure(
            "components",
            "Congestion and loss by zone",
            "What sets a location apart from the rest of the system: the mean congestion and loss "
            "components. Left of zero, power is worth less there.",
            report.data["components"],
            spreads.components(report.markets, len(report.locations)) if report.markets else None,
            _BOTH_ABSENT,
            choosers=("year",),
            series=("da", "rt"),
            wide=True,
        ),
        Figure(
            "zones",
            "Zonal basis to the Hub",
            "Each small chart is a location, roughly where it is in New England, on equal axes: "
            f"its monthly mean minus that of {_name(report, report.reference)}, "
            "day-ahead solid, real-time dashed.",
            zones,
            spreads.zone(report.markets, *_bounds(report)) if report.markets and several else None,
            absent,
            choosers=("year",),
            series=("da", "rt"),
            tiles=_tiles(report) if several else (),
            wide=True,
        ),
    ]


def _bounds(report: ReportData) -> tuple[float, float]:
    """Whole numbers around all distances from the hub."""
    found = pc.min_max(report.data["zones"].rows["difference"]).as_py()
    lowest, highest = found["min"] or 0.0, found["max"] or 0.0
    return min(-1.0, math.floor(lowest)), max(1.0, math.ceil(highest))


def _name(report: ReportData, location: int) -> str:
    return next((each.name for each in report.locations if each.id == location), str(location))


def _tiles(report: ReportData) -> tuple[Tile, ...]:
    on_the_map = all(location.id in _MAP for location in report.locations)
    return tuple(
        Tile(
            location.id,
            location.name,
            *(_MAP[location.id] if on_the_map else (1 + i // 3, 1 + i % 3)),
        )
        for i, location in enumerate(report.locations)
    )


def _yearly(report: ReportData) -> PageTable:
    names = {location.id: location.title for location in report.locations}
    rows = report.yearly()
    listed = [
        [
            names[row["location_id"]],
            report.called(row["year"], BOTH, row["location_id"]),
            *(_of_market(row, "da")),
            *(_of_market(row, "rt")),
            cell(row["spread"]),
        ]
        for row in rows
    ]
    of_market = ["mean", "lowest", "highest", "hours below zero", f"hours ≥ {SPIKE}"]
    return page_table(
        "Year by year",
        [
            "Location",
            "Year",
            *(f"{name} {word}" for name in MARKETS.values() for word in of_market),
            "Mean spread",
        ],
        listed,
        note=" ".join(
            filter(
                None,
                (
                    "Prices in $/MWh, of hours; means are simple means of the hours that are here. "
                    "Hours below zero and spikes are counted by whole cents.",
                    report.comparison(BOTH),
                ),
            )
        ),
        absent=_BOTH_ABSENT,
        chooser="location",
        choices=[row["location_id"] for row in rows],
    )


def _of_market(row: dict[str, float], market: str) -> list[object]:
    if not row[f"{market}_hours"]:
        return [None] * 5
    return [row[f"{market}_{part}"] for part in ("mean", "low", "high", "negative", "spikes")]
