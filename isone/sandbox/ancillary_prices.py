"""Synthetic prices of regulation, reserves and the day-ahead ancillary services.

Like the energy prices that some of them follow (see `prices`), they are a function of seed, series
and instant alone; money and MW are whole hundredths.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from isone.market import market_time
from isone.market.locations import RESERVE_ZONES
from isone.sandbox import noise
from isone.sandbox.prices import PER_HOUR, cents, correction_of, expected, mean, real_time


@lru_cache(maxsize=64)
def regulation(seed: int, day: dt.date, prelim: bool) -> tuple[tuple[int, int], ...]:
    """Five-minute regulation prices of a day: (service, capacity), in cents."""
    energy = real_time(seed, day, prelim, 5).energy
    starts = market_time.interval_starts(day, 60)
    rows = []
    for number, start in enumerate(starts):
        hour = start // 3600
        level, tight, *jitter = noise.units(seed, "regulation", hour, 2 + 2 * PER_HOUR)
        for at in range(PER_HOUR):
            capacity = 400 + 1500 * level * jitter[2 * at]
            capacity += 0.3 * abs(energy[number * PER_HOUR + at])
            if tight < 0.01:
                capacity *= 3
            service = 60 * jitter[2 * at + 1] * jitter[2 * at + 1]
            rows.append((int(service), int(capacity)))
    return tuple(rows)


class ReserveRow(NamedTuple):
    """One zone's reserve market in one interval: MW and $/MWh, in hundredths."""

    requirements: tuple[int, ...]
    """Ten-minute spinning, ten-minute in all, thirty-minute in all; local zones have the last."""
    designated: tuple[int, int, int]
    """Ten-minute spinning, ten-minute non-spinning, thirty-minute operating reserve (MW)."""
    prices: tuple[int, int, int]
    """Clearing prices of the same three; none is lower than the one after it."""


@lru_cache(maxsize=64)
def reserves(seed: int, day: dt.date, prelim: bool) -> tuple[tuple[ReserveRow, ...], ...]:
    """Five-minute reserve market of a day: by interval, a row for each reserve zone in turn."""
    rows: list[tuple[ReserveRow, ...]] = []
    for start in market_time.interval_starts(day, 60):
        rows += _reserves_of_hour(seed, start // 3600, prelim)
    return tuple(rows)


def _reserves_of_hour(seed: int, hour: int, prelim: bool) -> list[tuple[ReserveRow, ...]]:
    spin, scarce, size, need, local, *jitter = noise.units(seed, "reserve", hour, 5 + PER_HOUR)
    correction = abs(correction_of(seed, hour)) if prelim else 0
    ten_spin = 50000 + int(200 * need) * 100
    requirements = (ten_spin, 3 * ten_spin, 3 * ten_spin + 70000 + int(100 * need) * 100)
    rows = []
    for at in range(PER_HOUR):
        thirty = ten = spinning = 0
        if spin < 0.07 and jitter[at] < 0.6:
            spinning = int(1200 * size * size * jitter[at]) + correction
        if scarce < 0.012 and jitter[at] > 0.2:
            thirty = int(20000 * size * size * size * jitter[at]) if scarce < 0.004 else 0
            ten = int(6000 * size * jitter[at])
        system = (thirty + ten + spinning, thirty + ten, thirty)
        surplus = 100 * int(150 * jitter[at])
        designated = (ten_spin + surplus, 2 * ten_spin + surplus, 80000 + surplus)
        zones = [ReserveRow(requirements, designated, system)]
        for number in range(1, len(RESERVE_ZONES)):
            added = int(1500 * size) if local < 0.003 * number else 0
            share = number + 2
            zones.append(
                ReserveRow(
                    (requirements[2] // share,),
                    (designated[0] // share, designated[1] // share, designated[2] // share),
                    (system[0] + added, system[1] + added, system[2] + added),
                )
            )
        rows.append(tuple(zones))
    return rows


def hourly_regulation(seed: int, day: dt.date, prelim: bool) -> list[tuple[int, int]]:
    """Hourly regulation prices of a day: the means of the five-minute ones, in cents."""
    rows = regulation(seed, day, prelim)
    means = []
    for first in range(0, len(rows), PER_HOUR):
        service, capacity = zip(*rows[first : first + PER_HOUR], strict=True)
        means.append((mean(service), mean(capacity)))
    return means


def hourly_reserves(seed: int, day: dt.date, prelim: bool) -> list[tuple[ReserveRow, ...]]:
    """Hourly reserve market of a day: the means of the five-minute values."""
    rows = reserves(seed, day, prelim)
    return [
        tuple(_mean_row(zone) for zone in zip(*rows[first : first + PER_HOUR], strict=True))
        for first in range(0, len(rows), PER_HOUR)
    ]


def _mean_row(rows: Sequence[ReserveRow]) -> ReserveRow:
    spin, non_spin, operating = (mean(c) for c in zip(*(r.designated for r in rows), strict=True))
    tmsr, tmnsr, tmor = (mean(c) for c in zip(*(r.prices for r in rows), strict=True))
    return ReserveRow(rows[0].requirements, (spin, non_spin, operating), (tmsr, tmnsr, tmor))


@dataclass(frozen=True)
class AncillaryRow:
    """The day-ahead ancillary services of one hour: MW and $/MWh, in hundredths."""

    requirements: tuple[int, int, int, int]
    """Ten-minute spinning, ten-minute in all, thirty-minute in all, forecast energy (MW)."""
    prices: tuple[int, int, int, int]
    """Ten-minute spinning, non-spinning, thirty-minute operating reserve, forecast energy."""
    designated: tuple[int, int, int, int]
    """The three reserves and energy imbalance reserve (MW)."""


def day_ahead_services(seed: int, day: dt.date) -> list[AncillaryRow]:
    """The day-ahead ancillary services of a day, by hour."""
    rows = []
    for start in market_time.interval_starts(day, 60):
        hour = start // 3600
        need, level, thirty, ten, spin, load = noise.units(seed, "ancillary", hour, 6)
        tmor = int(90 * thirty) if level < 0.7 else int(2500 * thirty * thirty)
        tmnsr = tmor + int(160 * ten)
        tmsr = tmnsr + int(400 * spin * spin)
        ten_spin = 50000 + int(200 * need) * 100
        energy = 900000 + int(9000 * load) * 100
        rows.append(
            AncillaryRow(
                (ten_spin, 3 * ten_spin, 3 * ten_spin + 70000, energy),
                (tmsr, tmnsr, tmor, int(300 * level * load)),
                (ten_spin, 2 * ten_spin, 70000, int(400 * load) * 100),
            )
        )
    return rows


def strike_prices(seed: int, day: dt.date) -> list[dict[str, int]]:
    """The strike prices of a day by hour, with what they were made from: hundredths of $ and MW."""
    rows = []
    for start in market_time.interval_starts(day, 60):
        hour = start // 3600
        load, width, above = noise.units(seed, "strike", hour, 3)
        hub = cents(expected(seed, hour))
        spread = 200 + int(1500 * width)
        rows.append(
            {
                "strike_price": hub + int(300 * above),
                "spc_load_forecast_mw": 900000 + int(9000 * load) * 100,
                "expected_rt_hub_lmp": hub,
                "percentile_10_rt_hub_lmp": hub - spread,
                "percentile_25_rt_hub_lmp": hub - spread // 2,
                "percentile_75_rt_hub_lmp": hub + spread // 2,
                "percentile_90_rt_hub_lmp": hub + 2 * spread,
                "expected_closeout_charge": spread // 4,
            }
        )
    return rows
