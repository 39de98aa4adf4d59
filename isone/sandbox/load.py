"""Synthetic load, and forecasts of it, that look like New England's.

They are a function of seed and instant alone. Load follows the same weather as the prices. All
power is whole kW, so that sums are exact.
"""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from isone.market import market_time
from isone.sandbox import noise, prices
from isone.sandbox.feeds import Query

_PUBLICATIONS = (
    (2, dt.time(16, 21), 0.06),
    (1, dt.time(9, 19), 0.045),
    (1, dt.time(16, 21), 0.035),
    (0, dt.time(9, 5), 0.02),
)
"""Of a day's forecasts: how many days before, when, and by which share they may be off."""
_POOL = {"@LocId": "32", "$": "NEPOOL AREA"}

_SEASON = (
    12900, 12600, 11600, 10700, 10500, 12300, 14600, 14100, 11900, 10800, 11500, 12600,
)  # fmt: skip
"""Native load (MW) at the middle of each month, January first."""
_WINTER_DAY = (
    0.86, 0.83, 0.82, 0.82, 0.84, 0.90, 1.00, 1.06, 1.06, 1.04, 1.02, 1.01,
    1.00, 0.99, 0.99, 1.01, 1.08, 1.18, 1.19, 1.16, 1.12, 1.06, 0.98, 0.91,
)  # fmt: skip
_SUMMER_DAY = (
    0.82, 0.78, 0.75, 0.74, 0.75, 0.79, 0.86, 0.93, 0.97, 1.00, 1.02, 1.04,
    1.06, 1.08, 1.10, 1.13, 1.17, 1.21, 1.21, 1.18, 1.14, 1.09, 1.00, 0.90,
)  # fmt: skip
_WINTER = (1.0, 0.9, 0.7, 0.5, 0.3, 0.1, 0.0, 0.0, 0.2, 0.5, 0.8, 1.0)
_WEEKEND = 0.94
_SUN = (0, 0, 0, 0, 0, 0, 0.03, 0.15, 0.36, 0.6, 0.8, 0.94, 1, 0.97, 0.85, 0.66, 0.42, 0.2, 0.05,
        0, 0, 0, 0, 0)  # fmt: skip
"""The share of its noon that the sun has at each hour, in standard time."""
_SUN_OF_MONTH = (0.45, 0.6, 0.8, 0.95, 1.0, 1.0, 1.0, 0.95, 0.85, 0.65, 0.48, 0.4)
_PANELS = 5200  # MW behind the meter, at noon on a clear day in June
_NIGHT_PUMPING = (1.0, 1.0, 1.0, 1.0, 0.9, 0.6, 0.2, 0, 0, 0, 0.1, 0.2, 0.3, 0.2, 0.1,
                  0, 0, 0, 0, 0, 0, 0.1, 0.4, 0.8)  # fmt: skip
_PUMPS = 600  # MW
_DAYS_A_MONTH = 30.436875


def records(seed: int, query: Query) -> Iterator[dict[str, Any]]:
    """The records of system load, by five minutes or by hour."""
    minutes = query.feed.dataset.interval_minutes
    for start in market_time.interval_starts(query.day, minutes):
        instants = range(start, start + 60 * minutes, 300)
        own, pumps, sun = (
            sum(part(seed, each) for each in instants) // len(instants)
            for part in (native, pumping, solar)
        )
        begins = {"BeginDate": market_time.timestamp(start)}
        parts = {"NativeLoad": own / 1000, "ArdDemand": pumps / 1000}
        if minutes == 60:
            yield begins | {"Location": _POOL, "Load": (own + pumps) / 1000} | parts
            continue
        with_sun = {"SystemLoadBtmPv": own + pumps + sun, "NativeLoadBtmPv": own + sun}
        solar_too = {field: power / 1000 for field, power in with_sun.items()}
        yield begins | {"LoadMw": (own + pumps) / 1000} | parts | solar_too


def forecasts(seed: int, query: Query) -> Iterator[dict[str, Any]]:
    """The records of the load forecast, every publication of a day whole, the oldest first."""
    starts = market_time.interval_starts(query.day, 60)
    for number, (days_before, time, error) in enumerate(_PUBLICATIONS):
        made = query.day - dt.timedelta(days=days_before)
        at = market_time.instants(made, time.hour, time.minute)[-1] + 15
        for start in starts:
            miss = noise.smooth(seed, f"forecast {number}", start / 21600) - 0.5
            power = round((native(seed, start + 1800) / 1000) * (1 + 2 * error * miss))
            yield {
                "BeginDate": market_time.timestamp(start),
                "CreationDate": market_time.timestamp(at),
                "LoadMw": power,
                "NetLoadMw": power,
            }


@lru_cache(maxsize=4096)  # several datasets are made of the same instants
def native(seed: int, instant: int) -> int:
    """Native load (kW): without pumping, and lower by what solar panels behind the meter make."""
    local = market_time.local_time(instant)
    day = instant / 86400
    hour = local.hour + local.minute / 60
    months = day / _DAYS_A_MONTH - 0.5
    winter = noise.between(_WINTER, months)
    shape = winter * noise.between(_WINTER_DAY, hour) + (1 - winter) * noise.between(
        _SUMMER_DAY, hour
    )
    level = noise.between(_SEASON, months) * (1 + 0.22 * (prices.weather(seed, instant) - 0.5))
    level *= shape * (_WEEKEND if local.weekday() >= 5 else 1.0)
    level += 40 * noise.smooth(seed, "load", instant / 900)
    return int(1000 * level) - (solar(seed, instant) - _usual_solar(instant))


def pumping(seed: int, instant: int) -> int:
    """What pumps take (kW): most at night, and a little at any time."""
    local = market_time.local_time(instant)
    share = noise.between(_NIGHT_PUMPING, local.hour + local.minute / 60)
    size = noise.smooth(seed, "pumps", instant / 10800)
    return int(1000 * (12 + 15 * size + _PUMPS * share * size))


def solar(seed: int, instant: int) -> int:
    """What the solar panels behind the meter make (kW)."""
    clouds = 0.25 + 0.75 * noise.smooth(seed, "sky", instant / 14400)
    return int(clouds * _clear_sky(instant))


def _usual_solar(instant: int) -> int:
    """What they make under a usual sky (kW): that much lower the daily shapes of load are."""
    return int(0.3 * _clear_sky(instant))


def _clear_sky(instant: int) -> float:
    standard_time = instant / 3600 - 5
    months = instant / 86400 / _DAYS_A_MONTH - 0.5
    high = noise.between(_SUN, standard_time) * noise.between(_SUN_OF_MONTH, months)
    return 1000 * _PANELS * high
