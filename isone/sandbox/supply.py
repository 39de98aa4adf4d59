"""Synthetic supply that looks like New England's: ties, generation by fuel, demand by location.

It meets the synthetic load: what plants make is the load and what is exported, less what is
imported. Imports are negative, as ISO-NE has them. A function of seed, series and instant alone.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from isone.market import market_time
from isone.market.locations import CORE_LOCATIONS, HUB, INTERFACES, POOL
from isone.sandbox import load, noise, plain, prices
from isone.sandbox.feeds import Query

Record = dict[str, Any]
NECEC, NECEC_OPENED = 4018, dt.date(2026, 1, 16)
"""The newest tie, and its first day: some days before it owes its rows."""
BATTERIES_SINCE = dt.date(2026, 5, 1)
"""The first day on which batteries are a fuel of their own; before, they are in `Other`."""


class _Tie(NamedTuple):
    """What a tie carries (MW, whole): at most each way, and what is bought and sold over it."""

    imports: int
    exports: int
    bought: tuple[int, int]
    """The least and the most, as amounts."""
    sold: tuple[int, int]


_TIES = {
    4010: _Tie(-1000, 200, (0, 450), (0, 90)),
    4011: _Tie(-1600, 1200, (500, 1500), (250, 900)),
    4012: _Tie(-1800, 0, (0, 1700), (0, 0)),
    4013: _Tie(-225, 0, (60, 225), (0, 50)),
    4014: _Tie(-346, 330, (0, 20), (150, 330)),
    4017: _Tie(-160, 160, (0, 60), (0, 160)),
    4018: _Tie(-1200, 0, (900, 1200), (0, 0)),
}
_RENEWABLES = ("Landfill Gas", "Refuse", "Solar", "Wind", "Wood")
_SHARES = (1228.4, 1726.2, 680.5, 4401.1, 1172.0, 2100.9, 2304.4, 3526.2)
"""What the eight load zones take of the pool's load, in proportion."""
_SOLAR_OF_PANELS = 0.2
"""Solar plants that ISO-NE sees, as a share of those behind the meter."""
_LEAST_GAS = 800  # MW


def interchange(seed: int, query: Query) -> Iterator[Record]:
    """The records of hourly interchange, by interface."""
    for hour in market_time.interval_starts(query.day, 60):
        for id in _ties(query.day, query.place):
            bought, sold = _schedule(seed, id, hour)
            yield _at(hour) | {
                "Location": _place(id, INTERFACES[id]),
                "ActInterchange": _number((bought + sold) / 4),
                "Purchase": _number(bought / 4),
                "Sale": _number(sold / 4),
            }


def flows(seed: int, query: Query) -> Iterator[Record]:
    """The records of five-minute external flows; the limits' totals are on each of them."""
    ties = _ties(query.day, None)
    totals = {
        "TotalImports": sum(_TIES[id].imports for id in ties),
        "TotalExports": sum(_TIES[id].exports for id in ties),
    }
    for start in market_time.interval_starts(query.day, 5):
        begins = _at(start)
        for id in _ties(query.day, query.place):
            bought, sold = _schedule(seed, id, start)
            yield begins | {
                "Location": _place(id, INTERFACES[id]),
                "ActualFlow": _flow(seed, id, start) / 1000,
                "CurrentSchedule": _number((bought + sold) / 4),
                "ImportLimit": _TIES[id].imports,
                "ExportLimit": _TIES[id].exports,
                "Purchase": _number(bought / 4),
                "Sale": _number(sold / 4),
                **totals,
            }


def fuel_mix(seed: int, query: Query) -> Iterator[Record]:
    """The records of the fuel mix: a snapshot every few minutes, none of a fuel at zero."""
    for instant in plain.instants(seed, query.feed.dataset, query.day):
        made = generation(seed, instant)
        marginal = _marginal(seed, instant, made)
        begins = _at(instant)
        for fuel, power in made.items():
            yield begins | {
                "FuelCategory": fuel,
                "FuelCategoryRollup": "Renewables" if fuel in _RENEWABLES else fuel,
                "GenMw": power,
                "MarginalFlag": "Y" if fuel in marginal else "N",
            }


def generation(seed: int, instant: int) -> dict[str, int]:
    """What plants make at an instant, by fuel (MW, whole), each that makes anything."""
    day = market_time.local_time(instant).date()
    ties = sum(_flow(seed, id, instant) for id in _ties(day, None))
    needed = (load.native(seed, instant) + load.pumping(seed, instant) + ties) // 1000
    weather = prices.weather(seed, instant)
    is_cold = day.month in (12, 1, 2) and weather > 0.75
    evening = market_time.local_time(instant).hour in range(17, 21)
    batteries = int(260 * noise.smooth(seed, "batteries", instant / 3600)) if evening else 0
    apart = day >= BATTERIES_SINCE
    made = {
        "Batteries": batteries if apart else 0,
        "Coal": int(900 * (weather - 0.75)) if is_cold and day.year < 2026 else 0,
        "Hydro": int(500 + 1300 * noise.smooth(seed, "hydro", instant / 7200)),
        "Natural Gas": 0,
        "Nuclear": 3336 - 1245 * (noise.unit(seed, "refuelling", day.toordinal() // 30) < 0.1),
        "Oil": int(4000 * (weather - 0.75)) if is_cold else 0,
        "Other": 10 + (0 if apart else batteries),
        "Landfill Gas": 23,
        "Refuse": int(290 + 30 * noise.smooth(seed, "refuse", instant / 14400)),
        "Solar": int(_SOLAR_OF_PANELS * load.solar(seed, instant) / 1000),
        "Wind": int(1300 * noise.smooth(seed, "wind", instant / 18000) ** 2),
        "Wood": int(250 + 50 * noise.smooth(seed, "wood", instant / 14400)),
    }
    made["Natural Gas"] = max(_LEAST_GAS, needed - sum(made.values()))
    return {fuel: power for fuel, power in made.items() if power}


def demand(seed: int, query: Query) -> Iterator[Record]:
    """The records of hourly demand: of each location, or of the one that is asked for.

    Day-ahead the pool is none of the sums, and the hub's is below zero: virtual supply counts.
    """
    key, hours = query.feed.dataset.id_key, market_time.interval_starts(query.day, 60)
    day_ahead = query.feed.dataset.publication_lag < dt.timedelta(0)
    for hour in hours:
        pool = _pool(seed, hour)
        for id in key.owed(query.day) if key else ():
            if query.place not in (None, id):
                continue
            name = POOL[1] if id == POOL[0] else CORE_LOCATIONS[id][0]
            taken = _taken(seed, id, hour, pool, day_ahead=day_ahead)
            yield _at(hour) | {"Location": _place(id, name), "Load": _number(taken)}


@lru_cache(maxsize=256)  # each location asks for it again
def _pool(seed: int, hour: int) -> int:
    """The native load of an hour (kW)."""
    return sum(load.native(seed, each) for each in range(hour, hour + 3600, 300)) // 12


RECORDS: Mapping[str, Callable[[int, Query], Iterator[Record]]] = {
    "fuel_mix": fuel_mix,
    "interchange_hourly": interchange,
    "flows_5min": flows,
    "demand_da_hourly": demand,
    "demand_rt_hourly": demand,
}
"""What makes the records of each dataset."""


def _taken(seed: int, id: int, hour: int, pool: int, *, day_ahead: bool) -> float:
    """What a location takes of the pool's load in an hour (MW)."""
    if day_ahead:  # what the market cleared, to a tenth
        pool = int(pool * (0.98 + 0.04 * noise.unit(seed, "cleared", hour)))
    if id == POOL[0]:
        return round(pool / 1000, 1)
    if id == HUB:
        return -round(20 + 180 * noise.smooth(seed, "virtual supply", hour / 10800), 1)
    share = _SHARES[id - HUB - 1] / sum(_SHARES)
    taken = pool / 1000 * share * (0.99 + 0.02 * noise.unit(seed, f"demand {id}", hour))
    return round(taken, 1 if day_ahead else 3)


def _ties(day: dt.date, place: int | None) -> list[int]:
    """The interfaces that have rows on a day, or the one of them that is asked for."""
    return [id for id in INTERFACES if place in (None, id) and (id != NECEC or day >= NECEC_OPENED)]


def _schedule(seed: int, id: int, instant: int) -> tuple[int, int]:
    """What is bought and sold over a tie in the hour of an instant: below and above 0, in ¼ MW."""
    return _schedule_of_hour(seed, id, instant // 3600)


@lru_cache(maxsize=1024)  # each interval of the hour asks for it again
def _schedule_of_hour(seed: int, id: int, hour: int) -> tuple[int, int]:
    tie = _TIES[id]
    bought, sold = (
        int(4 * (least + (most - least) * noise.smooth(seed, f"{what} {id}", hour / 5)))
        for what, (least, most) in (("bought", tie.bought), ("sold", tie.sold))
    )
    return -bought, sold


def _flow(seed: int, id: int, instant: int) -> int:
    """What a tie's meter shows at an instant (kW): the schedule and a little of its own."""
    bought, sold = _schedule(seed, id, instant)
    if not bought and not sold:
        return 0
    return 250 * (bought + sold) + int(20000 * (noise.unit(seed, f"flow {id}", instant) - 0.5))


def _marginal(seed: int, instant: int, made: dict[str, int]) -> set[str]:
    """The fuels whose plants are marginal: mostly gas, at times with others."""
    gas, water, wind = noise.units(seed, "marginal", instant, 3)
    found = {"Natural Gas"} if gas < 0.92 else {"Hydro"}
    found |= {"Hydro"} if water < 0.35 else set()
    found |= {"Wind"} if wind < 0.06 and made.get("Wind", 0) > 400 else set()
    return found | ({"Oil"} if made.get("Oil", 0) > 400 else set())


def _at(instant: int) -> Record:
    return {"BeginDate": market_time.timestamp(instant)}


def _place(id: int, name: str) -> Record:
    return {"$": name, "@LocId": str(id)}


def _number(value: float) -> float | int:
    """Whole numbers have no decimal point."""
    return int(value) if value == int(value) else value
