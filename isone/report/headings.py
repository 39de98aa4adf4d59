"""The columns of the charts' data, by table: their labels, units and decimals."""

from collections.abc import Mapping

from isone.report.cells import Label
from isone.report.queries.working_tables import SPIKE

_PRICE = "$/MWh"
_DAY, _MONTH, _YEAR = Label("Day"), Label("Month"), Label("Year")
_LOCATION = Label("Location id")
_PEAK = {"peak": Label("Hours: all, on-peak, off-peak")}
_MARKET = Label("Market")
PART = {"part": Label("Part that is here")}
"""The column that tables of months or years get beside these."""


def _of_days() -> dict[str, Label]:
    labels = {"location_id": _LOCATION, "day": _DAY}
    for market, name in (("da", "Day-ahead"), ("rt", "Real-time")):
        labels |= {
            f"{market}_mean": Label(f"{name}, mean", _PRICE),
            f"{market}_low": Label(f"{name}, lowest hour", _PRICE),
            f"{market}_high": Label(f"{name}, highest hour", _PRICE),
        }
    return labels


def _of_months() -> dict[str, Label]:
    labels = {"location_id": _LOCATION, "month": _MONTH} | _PEAK
    for market, name in (("da", "Day-ahead"), ("rt", "Real-time")):
        labels |= {
            f"{market}_mean": Label(f"{name}, mean", _PRICE),
            f"{market}_hours": Label(f"{name}, hours"),
            f"{market}_negative": Label(f"{name}, hours below zero"),
            f"{market}_spikes": Label(f"{name}, hours of {SPIKE} $/MWh or more"),
            f"{market}_tb2": Label(f"{name}, TB2", _PRICE),
            f"{market}_tb4": Label(f"{name}, TB4", _PRICE),
            f"{market}_tb2_sum": Label(f"{name}, TB2, sum of the month's days", "$/MW"),
            f"{market}_tb4_sum": Label(f"{name}, TB4, sum of the month's days", "$/MW"),
        }
    return labels | {
        "spread": Label("Day-ahead minus real-time, mean", _PRICE),
        "spread_p10": Label("Its 10th percentile", _PRICE),
        "spread_p90": Label("Its 90th percentile", _PRICE),
    }


def _of_years() -> dict[str, Label]:
    labels = {"location_id": _LOCATION, "year": _YEAR} | _PEAK
    for market, name in (("da", "Day-ahead"), ("rt", "Real-time")):
        labels |= {
            f"{market}_mean": Label(f"{name}, mean", _PRICE),
            f"{market}_change": Label(f"{name}, from the year before, same days", _PRICE),
            f"{market}_change_days": Label(f"{name}, these days"),
            f"{market}_low": Label(f"{name}, lowest hour", _PRICE),
            f"{market}_high": Label(f"{name}, highest hour", _PRICE),
            f"{market}_high_at": Label(f"{name}, highest in the hour beginning"),
            f"{market}_hours": Label(f"{name}, hours"),
            f"{market}_negative": Label(f"{name}, hours below zero"),
            f"{market}_spikes": Label(f"{name}, hours of {SPIKE} $/MWh or more"),
            f"{market}_tb4": Label(f"{name}, TB4", _PRICE),
        }
    return labels | {"spread": Label("DA−RT, mean", _PRICE)}


COLUMNS: Mapping[str, dict[str, Label]] = {
    "yearly": _of_years(),
    "extremes": {
        "location_id": _LOCATION,
        "year": _YEAR,
        **_PEAK,
        "kind": Label("Kind"),
        "market": _MARKET,
        "rank": Label("Rank"),
        "hour": Label("Operating day and hour ending"),
        "da": Label("Day-ahead", _PRICE),
        "rt": Label("Real-time", _PRICE),
        "spread": Label("DA−RT", _PRICE),
        "energy": Label("Energy", _PRICE),
        "congestion": Label("Congestion", _PRICE),
        "loss": Label("Loss", _PRICE),
        "bound": Label("What bound"),
    },
    "spread_percentiles": {
        "location_id": _LOCATION,
        "year": _YEAR,
        **_PEAK,
        "percentile": Label("Percentile"),
        "spread": Label("DA−RT", _PRICE),
    },
    "basis": {
        "location_id": _LOCATION,
        "location": Label("Location"),
        "year": _YEAR,
        **_PEAK,
        "market": _MARKET,
        "difference": Label("Mean basis to the Hub", _PRICE),
        "hours": Label("Hours"),
    },
    "daily": _of_days(),
    "monthly": _of_months(),
    "duration": {
        "location_id": _LOCATION,
        "year": _YEAR,
        **_PEAK,
        "market": _MARKET,
        "share": Label("Share of hours", "%"),
        "price": Label("Price reached or exceeded", _PRICE),
    },
    "hours": {
        "location_id": _LOCATION,
        "month": _MONTH,
        "hour": Label("Hour beginning"),
        "da": Label("Day-ahead, mean", _PRICE),
        "rt": Label("Real-time, mean", _PRICE),
    },
    "spreads": {
        "location_id": _LOCATION,
        "year": _YEAR,
        **_PEAK,
        "low": Label("From", _PRICE),
        "high": Label("To", _PRICE),
        "hours": Label("Hours"),
        "share": Label("Share of hours", "%"),
    },
    "components": {
        "location_id": _LOCATION,
        "location": Label("Location"),
        "year": _YEAR,
        "market": _MARKET,
        "component": Label("Component"),
        "price": Label("Mean", _PRICE, 3),
    },
    "zones": {
        "location_id": _LOCATION,
        "location": Label("Location"),
        "month": _MONTH,
        "market": _MARKET,
        "lmp": Label("Mean price", _PRICE),
        "difference": Label("Basis to the Hub", _PRICE),
    },
    "regulation": {
        "day": _DAY,
        "capacity": Label("Regulation capacity, mean", _PRICE),
        "service": Label("Regulation service, mean", "$/MW", 3),
    },
    "reserves": {
        "zone_id": Label("Reserve zone id"),
        "month": _MONTH,
        "product": Label("Product"),
        "price": Label("Mean", _PRICE, 3),
    },
    "reserves_above_zero": {
        "zone_id": Label("Reserve zone id"),
        "zone": Label("Reserve zone"),
        "year": _YEAR,
        "product": Label("Product"),
        "share": Label("Intervals above zero", "%"),
        "hours": Label("Hours above zero", "", 1),
        "price": Label("Mean", _PRICE),
        "high": Label("Highest", _PRICE),
    },
    "reserves_day_ahead": {
        "month": _MONTH,
        "product": Label("Product"),
        "price": Label("Mean", _PRICE, 3),
    },
    "audit": {
        "location_id": _LOCATION,
        "month": _MONTH,
        "hours": Label("Hours compared"),
        "mean_difference": Label("Mean difference", _PRICE, 3),
        "largest_difference": Label("Largest difference", _PRICE, 3),
        "hours_apart": Label("Hours more than a cent apart"),
    },
}
