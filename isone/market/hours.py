"""The view `hours`: what stands in its columns, by which an hour's price can be explained.

The query is in `isone.load.hours`; the data dictionary is written from here.
"""

from collections.abc import Mapping
from typing import Final

from isone.market.datasets import DATASETS
from isone.market.locations import CORE_LOCATIONS, HUB
from isone.market.schema import TableColumn

ZONES: Final[Mapping[int, str]] = {
    id: name.removeprefix(".Z.").lower() for id, (name, _) in CORE_LOCATIONS.items() if id != HUB
}
"""The load zones as names of columns have them: 4001 → `maine`."""

FUELS: Final[Mapping[str, str]] = {
    fuel: fuel.lower().replace(" ", "_") for fuel in DATASETS["fuel_mix"].text_keys[0].known
}
"""The fuels as names of columns have them: `Natural Gas` → `natural_gas`."""

TIES: Final[Mapping[str, tuple[int, ...]]] = {
    "quebec": (4012, 4013, 4018),
    "new_brunswick": (4010,),
    "new_york": (4011, 4014, 4017),
}
"""The external interfaces by what is behind them."""


def _number(name: str, unit: str, meaning: str) -> TableColumn:
    return TableColumn(name, "double", unit, meaning, nullable=True)


def _text(name: str, meaning: str) -> TableColumn:
    return TableColumn(name, "string", "", meaning, nullable=True)


_PRICE, _SHARE = "$/MWh", "share"

COLUMNS: Final = (
    TableColumn("interval_start_utc", "timestamp", "UTC", "beginning of the hour"),
    TableColumn("operating_day", "date", "", "operating day, in market time (New England)"),
    TableColumn(
        "local_hour", "integer", "", "the hour, 0 to 23, that clocks in New England show then"
    ),
    _number("lmp_da", _PRICE, "day-ahead LMP of the Hub"),
    _number(
        "lmp_rt",
        _PRICE,
        "real-time LMP of the Hub: the hourly one, else the mean of the five-minute ones",
    ),
    _number("spread", _PRICE, "day-ahead less real-time: `lmp_da` - `lmp_rt`"),
    *(
        _number(
            f"basis_{market}_{zone}",
            _PRICE,
            f"how far the {words} LMP of {CORE_LOCATIONS[id][0]} is above the Hub's",
        )
        for market, words in (("da", "day-ahead"), ("rt", "real-time"))
        for id, zone in ZONES.items()
    ),
    _number(
        "load",
        "MW",
        "system load: the hourly one, else the mean of the five-minute ones; solar panels behind "
        "the meter have lowered it",
    ),
    _number("native_load", "MW", "the same without pumping and other storage"),
    _number(
        "solar_behind_meter",
        "MW",
        "ISO-NE's estimate of solar behind the meter, mean of five minutes; `load` is lower by it",
    ),
    _number(
        "net_load",
        "MW",
        "what other plants and imports have to meet: `load` less wind and solar of the fuel mix. "
        "Solar behind the meter is not taken off again",
    ),
    _number(
        "load_forecast",
        "MW",
        "the last load forecast that was published by 10:30 of the day before, when bids for the "
        "day-ahead market close; never a later one",
    ),
    _number(
        "forecast_error",
        "MW",
        "`load` - `load_forecast`: above 0 where more was used than the market could expect",
    ),
    _number("generation", "MW", "all generation of the fuel mix, mean over time"),
    *(
        _number(f"share_{column}", _SHARE, f"of `generation` from {fuel}; 0 where there is none")
        for fuel, column in FUELS.items()
    ),
    _number("share_new", _SHARE, "of `generation` from fuels that the columns do not name"),
    _text(
        "marginal_fuels",
        "the fuels that were marginal at any time of the hour, in order of their names; several "
        "are at once",
    ),
    _number(
        "interchange",
        "MW",
        "net scheduled interchange over all external interfaces; imports are negative",
    ),
    *(
        _number(
            f"interchange_{name}",
            "MW",
            f"the same with {name.replace('_', ' ').title()}: {' + '.join(map(str, ids))}",
        )
        for name, ids in TIES.items()
    ),
    *(
        _text(
            f"constraints_{market}",
            f"what binds {words}, in order of the names; empty where nothing does, NULL where the "
            "day is not stored",
        )
        for market, words in (
            ("da", "day-ahead"),
            ("rt", "in real time (five-minute, else fifteen-minute constraints)"),
        )
    ),
)
"""Every column in its order. What is not stored is NULL."""
