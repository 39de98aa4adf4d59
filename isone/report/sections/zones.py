"""Zones: what sets the prices of the load zones apart from the Hub's."""

import math

import pyarrow.compute as pc

from isone.report import zone_map
from isone.report.charts import spreads
from isone.report.data import ReportData
from isone.report.figures import Figure, Section, Tile

_MAP = {4003: (1, 1), 4002: (1, 2), 4001: (1, 3), 4007: (2, 1), 4008: (2, 2), 4000: (2, 3)}
_MAP |= {4004: (3, 1), 4005: (3, 2), 4006: (3, 3)}  # row and column, as on a map
_NO_PRICES = "No energy prices are loaded at the hub, the zones, or any other location."
_LONE = "Prices of one location only are loaded, so there is nothing to compare it with."


def section(report: ReportData) -> Section:
    """The map of the zones, their basis over time, and its components."""
    names = {location.id: location.spoken for location in report.locations}
    return Section(
        "zones_basis",
        "Zones",
        "How far the zones are from the Hub, and whether congestion or losses make it so.",
        figures=(_basis(report), _components(report), _by_month(report)),
        areas=tuple(zone_map.areas(names)) if not report.data["basis"].empty else (),
    )


def _basis(report: ReportData) -> Figure:
    return Figure(
        "basis",
        "Mean basis of the chosen period",
        "The mean of a location's price minus the Hub's, over the hours that both have.",
        report.data["basis"],
        None,
        _absent(report),
        ("location", "market", "difference", "hours"),
        choosers=("year", "peak"),
        series=("da", "rt"),
        listed={},
    )


def _components(report: ReportData) -> Figure:
    return Figure(
        "components",
        "Congestion and loss by zone",
        "What sets a location apart from the rest of the system: the mean congestion and loss "
        "components. Left of zero, power is worth less there.",
        report.data["components"],
        spreads.components(report.markets, len(report.locations)) if report.markets else None,
        _NO_PRICES,
        choosers=("year",),
        series=("da", "rt"),
        wide=True,
    )


def _by_month(report: ReportData) -> Figure:
    several = len(report.locations) > 1
    return Figure(
        "zones",
        "Zonal basis to the Hub by month",
        "Each small chart is a location, roughly where it is in New England, on equal axes: "
        f"its monthly mean minus that of {_name(report, report.reference)}, "
        "day-ahead solid, real-time dashed.",
        report.data["zones"],
        spreads.zone(report.markets, *_bounds(report)) if report.markets and several else None,
        _absent(report),
        choosers=("year",),
        series=("da", "rt"),
        tiles=_tiles(report) if several else (),
        wide=True,
    )


def _absent(report: ReportData) -> str:
    return _LONE if report.locations else _NO_PRICES


def _bounds(report: ReportData) -> tuple[float, float]:
    """Whole numbers around all distances from the hub."""
    found = pc.min_max(report.data["zones"].rows["difference"]).as_py()
    lowest, highest = found["min"] or 0.0, found["max"] or 0.0
    return min(-1.0, math.floor(lowest)), max(1.0, math.ceil(highest))


def _name(report: ReportData, location: int) -> str:
    names = {each.id: each.spoken for each in report.locations}
    name = names.get(location, str(location))
    return f"the {name}" if name == "Hub" else name


def _tiles(report: ReportData) -> tuple[Tile, ...]:
    on_the_map = all(location.id in _MAP for location in report.locations)
    return tuple(
        Tile(
            location.id,
            location.spoken,
            *(_MAP[location.id] if on_the_map else (1 + i // 3, 1 + i % 3)),
        )
        for i, location in enumerate(report.locations)
    )
