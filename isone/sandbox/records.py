"""Records as JSON text, as the service writes them.

JSON is written from text templates: a day of 1,200 locations is 28,800 records of a handful of
numbers, and a general encoder would take ten times as long. Key order and number style follow
the service: prices are numbers, and whole ones have no decimal point, except those of the day-ahead
services (`16740.0`).
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from isone.market import market_time
from isone.market.locations import RESERVE_ZONES
from isone.sandbox import ancillary_prices, prices
from isone.sandbox.places import Place

_LOSS_SCALE = 100_000
_SHARE_SCALE = 1_000
_OVERRIDDEN_BELOW = 70  # cents; one hour in twenty has so low a closeout charge


class _Money(dict[int, str]):
    """Cents → the JSON number of dollars: 2830 → `28.3`, 2800 → `28`, -5 → `-0.05`."""

    def __missing__(self, cents: int) -> str:
        whole, rest = divmod(abs(cents), 100)
        text = f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
        if cents < 0:
            text = f"-{text}"
        self[cents] = text
        return text


money = _Money()


def decimal(cents: int) -> str:
    """Cents as the day-ahead services write dollars: 2830 → `28.3`, 2800 → `28.0`."""
    text = money[cents]
    return text if "." in text else f"{text}.0"


def components(
    energy: int, shadows: prices.Shadows, scale: int, place: Place
) -> tuple[int, int, int]:
    """Energy, congestion and loss of a place (cents), each rounded once, halves upward."""
    loss_unit = scale * _LOSS_SCALE
    share_unit = scale * _SHARE_SCALE
    congestion = sum(s * p for s, p in zip(place.shares, shadows, strict=True))
    return (
        (energy + scale // 2) // scale,
        (congestion + share_unit // 2) // share_unit,
        (place.loss * energy + loss_unit // 2) // loss_unit,
    )


def lmp_json(
    intervals: Iterable[tuple[str, int, prices.Shadows]],
    scale: int,
    refs: Sequence[tuple[str, Place]],
) -> list[str]:
    """The records of some intervals at some places: `components`, written out for speed."""
    loss_unit = scale * _LOSS_SCALE
    half_loss = loss_unit // 2
    share_unit = scale * _SHARE_SCALE
    half_share = share_unit // 2
    factors = [(ref, place.loss, *place.shares) for ref, place in refs]
    records = []
    for timestamp, energy, shadows in intervals:
        cents = (energy + scale // 2) // scale
        head = f'{{"BeginDate":"{timestamp}","Location":'
        middle = f',"EnergyComponent":{money[cents]},"CongestionComponent":'
        if shadows == prices.NO_CONGESTION:
            for ref, factor, _a, _b, _c in factors:
                loss = (factor * energy + half_loss) // loss_unit
                records.append(
                    f'{head}{ref},"LmpTotal":{money[cents + loss]}{middle}0,'
                    f'"LossComponent":{money[loss]}}}'
                )
            continue
        north, boston, southwest = shadows
        for ref, factor, a, b, c in factors:
            loss = (factor * energy + half_loss) // loss_unit
            congestion = (a * north + b * boston + c * southwest + half_share) // share_unit
            records.append(
                f'{head}{ref},"LmpTotal":{money[cents + congestion + loss]}{middle}'
                f'{money[congestion]},"LossComponent":{money[loss]}}}'
            )
    return records


def market_hours(day: dt.date) -> list[str]:
    """How each hour's record of a day-ahead ancillary set begins.

    `gmt_begin_date` is local midnight in all of them, neither UTC nor the hour.
    """
    timestamps = timestamps_of(day, 60)
    return [
        f'{{"market_hour":{{"gmt_begin_date":"{timestamps[0]}",'
        f'"local_day":"{timestamp}","local_hour_end":"{hour_end(timestamp)}"}},'
        for timestamp in timestamps
    ]


def override(row: Mapping[str, int]) -> str:
    """What overrides an hour's expected closeout charge: a number where that is low, else null."""
    charge = row["expected_closeout_charge"]
    return decimal(charge + 100) if charge < _OVERRIDDEN_BELOW else "null"


@lru_cache(maxsize=64)
def timestamps_of(day: dt.date, minutes: int) -> tuple[str, ...]:
    """The beginnings of a day's intervals as the service writes them."""
    return tuple(market_time.timestamps(day, minutes))


def hour_end(timestamp: str) -> str:
    """The hour ending of an interval, 01 to 24, from the timestamp of its beginning."""
    return f"{local_hour(timestamp) + 1:02d}"


def local_hour(timestamp: str) -> int:
    """The hour, 0 to 23, in which an interval begins, from its timestamp."""
    return int(timestamp[11:13])


def location_json(place: Place) -> str:
    """What a record of an LMP says of its location."""
    return json.dumps(
        {"@LocId": str(place.id), "@LocType": place.type, "$": place.name}, separators=(",", ":")
    )


def listing_json(place: Place) -> str:
    """A location in the list of all of them."""
    row: dict[str, object] = {"LocationID": place.id}
    if place.node_type is not None:
        row["NetworkNodeType"] = place.node_type
    row |= {"AreaType": place.area, "LocationType": place.type, "LocationName": place.name}
    return json.dumps(row, separators=(",", ":"))


def reserve_json(
    timestamp: str, zone: int, row: ancillary_prices.ReserveRow, five_minute: bool
) -> str:
    """One zone's reserve market in an interval; a five-minute record repeats the timestamp."""
    if len(row.requirements) == 1:
        needs = f'"Total30MinRequirement":{money[row.requirements[0]]}'
    else:
        spin, ten, thirty = row.requirements
        needs = (
            f'"TenMinSpinRequirement":{money[spin]},"Total10MinRequirement":{money[ten]},'
            f'"Total30MinRequirement":{money[thirty]}'
        )
    interval = f',"IntervalBeginDate":"{timestamp}"' if five_minute else ""
    return (
        f'{{"BeginDate":"{timestamp}","ReserveZoneId":{zone},'
        f'"ReserveZoneName":"{RESERVE_ZONES[zone]}",{needs},'
        f'"TmsrDesignatedMw":{money[row.designated[0]]},'
        f'"TmnsrDesignatedMw":{money[row.designated[1]]},'
        f'"TmorDesignatedMw":{money[row.designated[2]]},'
        f'"TmsrClearingPrice":{money[row.prices[0]]},'
        f'"TmnsrClearingPrice":{money[row.prices[1]]},'
        f'"TmorClearingPrice":{money[row.prices[2]]}{interval}}}'
    )


def index_json(first: dt.date, ref: str, totals: Sequence[tuple[bool, int]]) -> str:
    """A month's averages from its hourly prices (cents), each with whether it is on peak."""
    peak = prices.mean([total for on_peak, total in totals if on_peak])
    rest = prices.mean([total for on_peak, total in totals if not on_peak])
    every = prices.mean([total for _, total in totals])
    return (
        f'{{"BeginDate":"{timestamps_of(first, 60)[0]}","Location":{ref},"OnPeak":{money[peak]},'
        f'"OffPeak":{money[rest]},"Average":{money[every]}}}'
    )
