"""The query of the view `hours`: a row an hour, with what may explain its price.

Both databases take it. Each part is an aggregate by hour of its own, and the hours are all that
any of them has. What is not stored is NULL, so a query keeps its meaning as more is downloaded.
"""

from isone.load.sql import HOUR, MARKET_ZONE, NOTHING_PUBLISHED, text
from isone.market.hours import FUELS, TIES, ZONES
from isone.market.locations import HUB

COMMENT = (
    "What may explain an hour's price, a row an hour: prices of the Hub, the zones' basis, load, "
    "net load, the forecast that the market had, fuels, interchange (imports are negative), "
    "binding constraints; what is not stored is NULL"
)
_PLACES = (HUB, *ZONES)
_FLAGS = """
    SELECT interval_start_utc, string_agg(fuel, ', ' ORDER BY fuel COLLATE "C") AS marginal_fuels
    FROM fuel_mix_hourly WHERE marginal_share > 0 GROUP BY interval_start_utc
"""
_FORECAST = "SELECT interval_start_utc, operating_day, load_forecast FROM forecast_day_ahead"


def query() -> str:
    """The whole query; its columns are those of `isone.market.hours`."""
    with_hours = {
        "da": _prices("lmp_da_hourly", "interval_start_utc"),
        "rt": _prices("lmp_rt_hourly", "interval_start_utc"),
        "rt_fives": _prices("lmp_rt_5min", HOUR),
        "load_hours": _load("load_hourly", "interval_start_utc"),
        "load_fives": _load("load_5min", HOUR, _SOLAR),
        "forecast": _FORECAST,
        "fuels": _fuels(),
        "ties": _ties(),
    }
    others = {
        "flags": _FLAGS,
        "bound_da": _bound("constraints_da_hourly"),
        "bound_fives": _bound("constraints_rt_5min"),
        "bound_fifteens": _bound("constraints_rt_15min"),
    }
    parts = with_hours | others
    named = [f"{name} AS ({text})" for name, text in parts.items()]
    every = " UNION ".join(
        f"SELECT interval_start_utc, operating_day FROM {name}" for name in with_hours
    )
    joined = " ".join(f"LEFT JOIN {name} USING (interval_start_utc)" for name in parts)
    columns = [*_prices_shown(), *_load_shown(), *_supply_shown(), *_constraints_shown()]
    return f"""
    WITH {", ".join(named)}, every_hour AS ({every})
    SELECT {", ".join(columns)} FROM every_hour {joined}
    """


def _prices(table: str, hour: str) -> str:
    """The mean price of each place in each hour, a column a place."""
    means = ", ".join(f"avg(lmp) FILTER (WHERE location_id = {id}) AS lmp_{id}" for id in _PLACES)
    return (
        f"SELECT {hour} AS interval_start_utc, operating_day, {means} FROM {table} "
        f"WHERE location_id IN ({', '.join(map(str, _PLACES))}) GROUP BY {hour}, operating_day"
    )


_SOLAR = 'avg(load_with_estimated_solar - "load") AS solar'


def _load(table: str, hour: str, *more: str) -> str:
    means = ", ".join(['avg("load") AS system_load', "avg(native_load) AS native", *more])
    return (
        f"SELECT {hour} AS interval_start_utc, operating_day, {means} FROM {table} "
        f"GROUP BY {hour}, operating_day"
    )


def _fuels() -> str:
    """Mean generation of each fuel in each hour; what makes nothing in an hour makes 0."""
    known = ", ".join(map(text, FUELS))
    chosen = {f"fuel = {text(fuel)}": column for fuel, column in FUELS.items()}
    means = ", ".join(
        f"coalesce(sum(generation) FILTER (WHERE {condition}), 0) AS {column}"
        for condition, column in (chosen | {f"fuel NOT IN ({known})": "new"}).items()
    )
    return (
        f"SELECT interval_start_utc, operating_day, sum(generation) AS generation, {means} "
        "FROM fuel_mix_hourly GROUP BY interval_start_utc, operating_day"
    )


def _ties() -> str:
    of = ", ".join(
        f"sum(interchange) FILTER (WHERE location_id IN ({', '.join(map(str, ids))})) AS {name}"
        for name, ids in TIES.items()
    )
    return (
        f"SELECT interval_start_utc, operating_day, sum(interchange) AS net, {of} "
        "FROM interchange_hourly GROUP BY interval_start_utc, operating_day"
    )


def _bound(table: str) -> str:
    """The names of what binds in an hour, each once; no row for an hour in which nothing does."""
    names = "string_agg(constraint_name, ', ' ORDER BY constraint_name COLLATE \"C\")"
    return (
        f"SELECT begins AS interval_start_utc, {names} AS names FROM ("
        f"SELECT DISTINCT {HOUR} AS begins, constraint_name FROM {table}) AS binding "
        "GROUP BY begins"
    )


def _prices_shown() -> list[str]:
    local = f"interval_start_utc AT TIME ZONE {MARKET_ZONE}"
    real_time = {id: f"coalesce(rt.lmp_{id}, rt_fives.lmp_{id})" for id in _PLACES}
    day_ahead = {id: f"da.lmp_{id}" for id in _PLACES}
    return [
        "interval_start_utc",
        "every_hour.operating_day",
        f"CAST(extract(hour FROM {local}) AS INTEGER) AS local_hour",
        f"{day_ahead[HUB]} AS lmp_da",
        f"{real_time[HUB]} AS lmp_rt",
        f"{day_ahead[HUB]} - {real_time[HUB]} AS spread",
        *(
            f"{of_market[id]} - {of_market[HUB]} AS basis_{market}_{zone}"
            for market, of_market in (("da", day_ahead), ("rt", real_time))
            for id, zone in ZONES.items()
        ),
    ]


def _load_shown() -> list[str]:
    load = "coalesce(load_hours.system_load, load_fives.system_load)"
    return [
        f'{load} AS "load"',
        "coalesce(load_hours.native, load_fives.native) AS native_load",
        "load_fives.solar AS solar_behind_meter",
        f"{load} - (fuels.wind + fuels.solar) AS net_load",
        "forecast.load_forecast AS load_forecast",
        f"{load} - forecast.load_forecast AS forecast_error",
    ]


def _supply_shown() -> list[str]:
    return [
        "fuels.generation AS generation",
        *(
            f"fuels.{column} / nullif(fuels.generation, 0) AS share_{column}"
            for column in (*FUELS.values(), "new")
        ),
        "CASE WHEN fuels.generation IS NOT NULL "
        "THEN coalesce(flags.marginal_fuels, '') END AS marginal_fuels",
        "ties.net AS interchange",
        *(f"ties.{name} AS interchange_{name}" for name in TIES),
    ]


def _constraints_shown() -> list[str]:
    shown = {
        name: f"CASE WHEN {_is_stored(table)} THEN coalesce({name}.names, '') END"
        for name, table in (
            ("bound_da", "constraints_da_hourly"),
            ("bound_fives", "constraints_rt_5min"),
            ("bound_fifteens", "constraints_rt_15min"),
        )
    }
    return [
        f"{shown['bound_da']} AS constraints_da",
        f"coalesce({shown['bound_fives']}, {shown['bound_fifteens']}) AS constraints_rt",
    ]


def _is_stored(table: str) -> str:
    """Whether the day is stored: then an hour without a row is one in which nothing binds."""
    return (
        "EXISTS (SELECT 1 FROM operating_days AS days "
        f"WHERE days.dataset = {text(table)} AND days.operating_day = every_hour.operating_day "
        f"AND days.verdict <> {text(NOTHING_PUBLISHED)})"
    )
