"""Synthetic prices that look like New England's: a function of seed, series and instant alone.

The system has one energy price an interval and a shadow price for each of three congested
interfaces; a place's components are fixed shares of these (see `places`). All money is whole
cents. Hourly real-time values are sums over twelve five-minute ones, kept as twelfths of a cent
until they are scaled and rounded once, so that an hour's component lies within a cent of the mean
of its five-minute components at every place. No hour of a day has the energy price of the hour
before it: as real losses do not, every price would repeat with it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from isone.market import market_time
from isone.sandbox import noise

Shadows = tuple[int, int, int]
NO_CONGESTION: Shadows = (0, 0, 0)
PER_HOUR = 12
"""Five-minute intervals in an hour."""

_SEASON = (1.5, 1.4, 1.0, 0.82, 0.72, 0.8, 1.02, 0.98, 0.78, 0.8, 0.95, 1.23)
"""Level by month, January first, at the middle of each: high in winter, low in spring."""
_WINTER = (1.0, 0.9, 0.6, 0.3, 0.1, 0.0, 0.0, 0.0, 0.1, 0.3, 0.7, 0.9)
"""How much of the winter's daily shape each month has; the rest is the summer's."""
_WINTER_DAY = (
    0.80, 0.77, 0.76, 0.77, 0.82, 0.95, 1.14, 1.22, 1.12, 1.03, 0.98, 0.95,
    0.92, 0.90, 0.92, 1.00, 1.20, 1.38, 1.33, 1.22, 1.12, 1.02, 0.92, 0.84,
)  # fmt: skip
_SUMMER_DAY = (
    0.78, 0.73, 0.70, 0.69, 0.72, 0.80, 0.90, 0.97, 0.98, 0.97, 0.98, 1.00,
    1.02, 1.05, 1.10, 1.18, 1.30, 1.42, 1.38, 1.28, 1.18, 1.04, 0.92, 0.84,
)  # fmt: skip
_WEEKEND = 0.91
_SPRING = range(3, 6)
_SURPLUS_HOURS = frozenset((1, 2, 3, 4, 11, 12, 13, 14))
"""Local hours in which wind or sun can push a spring price below zero."""
_CONSTRAINT_HOURS = 5  # how long an interface stays congested, from nothing to nothing
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class System:
    """The system's prices through a day: what every place's price is made from."""

    starts: tuple[int, ...]
    """Beginnings of the intervals (UTC seconds)."""
    scale: int
    """What the values must be divided by to be cents: 1, or 12 for means over five minutes."""
    energy: tuple[int, ...]
    shadows: tuple[Shadows, ...]
    """Shadow prices of the three interfaces, by interval."""


def day_ahead(seed: int, day: dt.date) -> System:
    """The hourly day-ahead prices of an operating day."""
    return _day_ahead(seed, day)


def real_time(seed: int, day: dt.date, prelim: bool, minutes: int) -> System:
    """The real-time prices of an operating day, by five minutes or by hour (`minutes=60`).

    Preliminary prices differ from the final ones by a few cents in some of the hours.
    """
    return _hourly(seed, day, prelim) if minutes == 60 else _five_minute(seed, day, prelim)


def weather(seed: int, instant: int) -> float:
    """How much the weather asks for, from 0 to 1: cold in winter, heat in summer."""
    local = market_time.local_time(instant)
    return noise.smooth(seed, "weather", (local.date() - _EPOCH).days / 4 + local.hour / 96)


@lru_cache(maxsize=8192)
def expected(seed: int, hour: int) -> float:
    """What an hour's energy should cost ($/MWh) by year, season, weather and time of day.

    `hour` counts hours of UTC since the epoch; New England's hours begin with them.
    """
    local = market_time.local_time(hour * 3600)
    day = (local.date() - _EPOCH).days
    months = day / 30.436875 - 0.5
    year_share = noise.smooth(seed, "year", day / 365.2425 - 0.5)
    winter = noise.between(_WINTER, months)
    of_day = weather(seed, hour * 3600)
    snap = max(0.0, of_day - 0.8) * 4.5 * winter
    shape = winter * _WINTER_DAY[local.hour] + (1 - winter) * _SUMMER_DAY[local.hour]
    return (
        (25 + 46 * year_share * year_share)
        * noise.between(_SEASON, months)
        * (1 + (0.4 + 0.3 * winter) * (of_day - 0.5) + snap)
        * shape
        * (_WEEKEND if local.weekday() >= 5 else 1.0)
        * (0.95 + 0.1 * noise.unit(seed, "hour", hour))
    )


def _surplus_likely(hour: int) -> bool:
    local = market_time.local_time(hour * 3600)
    return local.month in _SPRING and local.hour in _SURPLUS_HOURS


def cents(dollars: float) -> int:
    """Dollars as whole cents, halves upward."""
    return int((dollars * 100 + 0.5) // 1)


@lru_cache(maxsize=1024)
def _day_ahead(seed: int, day: dt.date) -> System:
    starts = tuple(market_time.interval_starts(day, 60))
    energy: list[int] = []
    for start in starts:
        hour = start // 3600
        scatter, scarce, surplus, size = noise.units(seed, "day-ahead", hour, 4)
        price = expected(seed, hour) * (0.98 + 0.08 * scatter)
        if scarce < 0.0012:
            price += 60 + 240 * size * size
        elif surplus < 0.04 and _surplus_likely(hour):
            price = -(0.2 + 12 * size * size)
        energy.append(cents(price) + (energy[-1:] == [cents(price)]))
    shadows = tuple(
        (
            cents(0.8 * _congestion(seed, 0, start / 3600 + 0.5)),
            cents(0.8 * _congestion(seed, 1, start / 3600 + 0.5)),
            cents(0.8 * _congestion(seed, 2, start / 3600 + 0.5)),
        )
        for start in starts
    )
    return System(starts, 1, tuple(energy), shadows)


def _congestion(seed: int, interface: int, hours: float) -> float:
    """An interface's shadow price ($/MWh) at a moment (hours since the epoch): mostly nothing."""
    position = hours / _CONSTRAINT_HOURS + interface / 3
    block = int(position // 1)
    chance, size = noise.units(seed, f"interface {interface}", block, 2)
    if chance > 0.14:
        return 0.0
    rise = 2 * (position - block)
    return (1 + 55 * size * size * size) * min(rise, 2 - rise)


@lru_cache(maxsize=96)
def _five_minute(seed: int, day: dt.date, prelim: bool) -> System:
    if prelim:
        final = _five_minute(seed, day, False)
        corrected: list[int] = []
        for first in range(0, len(final.energy), PER_HOUR):
            correction = correction_of(seed, final.starts[first] // 3600)
            of_hour = [price + correction for price in final.energy[first : first + PER_HOUR]]
            corrected += _unlike(corrected, of_hour)
        return System(final.starts, 1, tuple(corrected), final.shadows)
    starts = tuple(market_time.interval_starts(day, 5))
    energy: list[int] = []
    shadows: list[Shadows] = []
    for start in starts[::PER_HOUR]:
        energy += _unlike(energy, _energy_of_hour(seed, start // 3600))
        shadows += _shadows_of_hour(seed, start // 3600)
    return System(starts, 1, tuple(energy), tuple(shadows))


def _unlike(before: list[int], of_hour: list[int]) -> list[int]:
    """An hour's prices, a cent higher where their mean is that of the hour before."""
    if before and mean(before[-PER_HOUR:]) == mean(of_hour):
        return [price + 1 for price in of_hour]
    return of_hour


def correction_of(seed: int, hour: int) -> int:
    """What the final price of an hour was corrected by (cents): mostly nothing."""
    chance, size, sign = noise.units(seed, "correction", hour, 3)
    if chance > 0.15:
        return 0
    return (1 + int(8 * size)) * (1 if sign < 0.5 else -1)


@lru_cache(maxsize=8192)
def _real_time_level(seed: int, hour: int) -> float:
    """Where real time settles in an hour ($/MWh): scattered about what was expected."""
    return expected(seed, hour) * (0.7 + 0.56 * noise.smooth(seed, "real-time", hour / 3))


def _energy_of_hour(seed: int, hour: int) -> list[int]:
    """The twelve energy prices of an hour (cents)."""
    level = _real_time_level(seed, hour)
    before = _real_time_level(seed, hour - 1)
    after = _real_time_level(seed, hour + 1)
    scarce, surplus, size, *jitter = noise.units(seed, "five-minute", hour, 3 + PER_HOUR)
    if surplus < 0.07 and _surplus_likely(hour) or surplus < 0.002:
        depth = 0.5 + 30 * size * size
        return [cents(-depth * (0.5 + 0.5 * share)) for share in jitter]
    prices = []
    for at in range(PER_HOUR):
        away = (2 * at + 1 - PER_HOUR) / (2 * PER_HOUR)  # hours from the middle of this hour
        other = after if away > 0 else before
        prices.append((level + (other - level) * abs(away)) * (0.95 + 0.1 * jitter[at]))
    if scarce < 0.006:
        added = 30 + 700 * size * size * size
        first = int(scarce * 1000) % 6
        for at in range(first, first + 2 + int(5 * size)):
            prices[at] += added * (0.7 + 0.3 * jitter[at])
    return [cents(price) for price in prices]


def _shadows_of_hour(seed: int, hour: int) -> list[Shadows]:
    """The twelve sets of shadow prices of an hour (cents)."""
    peaks = [_congestion(seed, interface, hour + 0.5) for interface in range(3)]
    if not any(peaks):
        return [NO_CONGESTION] * PER_HOUR
    jitter = noise.units(seed, "binding", hour, 3 * PER_HOUR)
    return [
        (
            cents(peaks[0] * _binding(jitter[3 * at])),
            cents(peaks[1] * _binding(jitter[3 * at + 1])),
            cents(peaks[2] * _binding(jitter[3 * at + 2])),
        )
        for at in range(PER_HOUR)
    ]


def _binding(chance: float) -> float:
    """In real time a congested interface lets go now and then."""
    return 0.0 if chance < 0.25 else 0.5 + chance


@lru_cache(maxsize=1024)
def _hourly(seed: int, day: dt.date, prelim: bool) -> System:
    requests = _five_minute(seed, day, prelim)
    hours = range(0, len(requests.starts), PER_HOUR)
    shadows: list[Shadows] = []
    for first in hours:
        within = requests.shadows[first : first + PER_HOUR]
        north, boston, southwest = (sum(column) for column in zip(*within, strict=True))
        shadows.append((north, boston, southwest))
    return System(
        requests.starts[::PER_HOUR],
        PER_HOUR,
        tuple(sum(requests.energy[first : first + PER_HOUR]) for first in hours),
        tuple(shadows),
    )


def mean(values: Sequence[int]) -> int:
    """The mean of whole numbers, rounded to a whole one, halves upward."""
    return (2 * sum(values) + len(values)) // (2 * len(values))
