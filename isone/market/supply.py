"""The datasets that say who meets the load: fuels, ties, and the zones that take it.

Rows as in `datasets`. Source of the facts: ISO-NE's web services v1.1 and its published XML schema,
and what public clients and real responses show where those differ.
"""

import datetime as dt
from dataclasses import replace

from isone.market.columns import Column
from isone.market.dataset import Dataset, title_case
from isone.market.keys import IdKey, TextKey
from isone.market.locations import (
    CORE_LOCATIONS,
    HUB,
    HUBS,
    INTERFACES,
    INTERFACES_SINCE,
    POOL,
)
from isone.market.requests import Endpoint, PublicCsv
from isone.market.sums import Sum
from isone.market.times import Grid, Snapshots

_BEGIN_DATE = ("BeginDate",)
_DAY_IS_OVER = dt.timedelta(hours=26)  # what is published as it happens, two hours later
_DAY_BEFORE = dt.timedelta(hours=-10)  # 14:00 the day before, with the day-ahead prices
_SETTLED = dt.timedelta(days=6)  # three business days were seen; as for final prices
_GRACE = 30  # days; sources of five-minute telemetry miss an interval now and then for good

_FUEL = TextKey(
    "fuel",
    Column("fuel", "FuelCategory", "", "the fuel, in ISO-NE's words", type="string"),
    known=(
        *("Batteries", "Coal", "Hydro", "Landfill Gas", "Natural Gas", "Nuclear", "Oil"),
        *("Other", "Refuse", "Solar", "Wind", "Wood"),
    ),
)
_FUEL_COLUMNS = (
    Column(
        "fuel_group",
        "FuelCategoryRollup",
        "",
        "the group that ISO-NE counts the fuel in: Renewables (landfill gas, refuse, solar, wind, "
        "wood), or the fuel itself; until May 2026 batteries were in Other",
        required=False,
        type="string",
    ),
    Column(
        "generation",
        "GenMw",
        "MW",
        "what plants of the fuel make at that instant; a fuel that makes nothing has no row. Solar "
        "is of plants that ISO-NE sees, not of panels behind the meter",
    ),
    Column(
        "marginal",
        "MarginalFlag",
        "",
        "Y where the fuel is marginal at that instant, else N; several are at once, and it says "
        "nothing of a location or a quantity",
        required=False,
        type="string",
        is_flag=True,
    ),
)

_INTERFACE = IdKey(
    "interface",
    "Location.@LocId",
    "Location.$",
    noun="external interface",
    known={id: (name, None) for id, name in INTERFACES.items()},
    values=tuple(INTERFACES),
    since=INTERFACES_SINCE,
)
_PURCHASE_AND_SALE = (
    Column("purchase", "Purchase", "MW", "scheduled imports, 0 or below"),
    Column("sale", "Sale", "MW", "scheduled exports, 0 or above"),
)
_INTERCHANGE_COLUMNS = (
    Column(
        "interchange",
        "ActInterchange",
        "MW",
        "what is scheduled in all: purchase + sale; imports are negative",
    ),
    *_PURCHASE_AND_SALE,
)
_FLOW_COLUMNS = (
    Column("actual_flow", "ActualFlow", "MW", "what the meter shows; imports are negative"),
    Column(
        "current_schedule",
        "CurrentSchedule",
        "MW",
        "what is scheduled in all: purchase + sale; imports are negative",
    ),
    Column("import_limit", "ImportLimit", "MW", "the most that may come in, 0 or below"),
    Column("export_limit", "ExportLimit", "MW", "the most that may go out, 0 or above"),
    *_PURCHASE_AND_SALE,
    *(
        Column(
            f"total_{way}_limit",
            f"Total{way.capitalize()}s",
            "MW",
            f"the {way} limits of all interfaces together: a limit and no flow, repeated on each "
            "row of an interval; never add it up",
            required=False,
            system_wide=True,
        )
        for way in ("import", "export")
    ),
)
_SCHEDULE_TOLERANCE = 0.002  # MW; schedules are whole quarters, exact in all that was seen

_LOAD_ZONES = tuple(id for id in HUBS if id != HUB)
_DEMAND_LOCATION = IdKey(
    "location",
    "Location.@LocId",
    "Location.$",
    known={POOL[0]: (POOL[1], None)} | {id: (CORE_LOCATIONS[id][0], None) for id in HUBS},
    values=(POOL[0], *HUBS),
)

_INTERVAL = {"Interval Start": "interval_start_utc", "Interval End": "interval_end_utc"}


def _titled(*columns: str) -> dict[str, str]:
    return {title_case(column): column for column in columns}


_FUEL_ALIASES = {
    "Time": "interval_start_utc",
    "Fuel Category": "fuel",
    "Fuel Category Rollup": "fuel_group",
    "Gen Mw": "generation",
    "Marginal Flag": "marginal",
}
_INTERCHANGE_ALIASES = (
    _INTERVAL
    | _titled("location", "location_id")
    | {"Actual Interchange": "interchange"}
    | _titled("purchase", "sale")
)
_FLOW_ALIASES = (
    _INTERVAL
    | _titled("location", "location_id", "actual_flow", "import_limit", "export_limit")
    | _titled("current_schedule", "purchase", "sale")
    | {"Total Exports": "total_export_limit", "Total Imports": "total_import_limit"}
)
_DEMAND_ALIASES = _INTERVAL | _titled("location", "location_id", "load")

SUPPLY = (
    Dataset(
        name="fuel_mix",
        title="Generation by fuel",
        data_type="fuel",
        choice="mix",
        market=None,
        versions=("final",),
        request=Endpoint("genfuelmix/day/{day}"),
        wrapper=("GenFuelMixes", "GenFuelMix"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2020, 1, 1),  # the earliest that was seen
        publication_lag=_DAY_IS_OVER,
        times=Snapshots(dt.time(0, 30), dt.time(23, 30), dt.timedelta(hours=1)),
        key=(_FUEL,),
        values=_FUEL_COLUMNS,
        aliases=_FUEL_ALIASES,
        public_csv=PublicCsv(
            "transform/csv/genfuelmix?start={day}",
            {"FuelCategory": ("Fuel Category",), "GenMw": ("Gen Mw",)},
        ),
    ),
    Dataset(
        name="interchange_hourly",
        title="Hourly scheduled interchange",
        data_type="interchange",
        choice="hourly",
        market=None,
        versions=("final",),
        request=Endpoint("actualinterchange/day/{day}"),
        wrapper=("ActualInterchanges", "ActualInterchange"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2023, 1, 1),  # the earliest year that was seen
        publication_lag=_DAY_IS_OVER,
        times=Grid(60),
        key=(_INTERFACE,),
        values=_INTERCHANGE_COLUMNS,
        sums=(Sum("interchange", ("purchase", "sale"), _SCHEDULE_TOLERANCE),),
        aliases=_INTERCHANGE_ALIASES,
        public_csv=PublicCsv(
            "transform/csv/actualinterchange?start={day}&end={day}",
            {
                "ActInterchange": ("Actual Interchange",),
                "Purchase": ("Purchases", "Purchase"),
                "Sale": ("Sales", "Sale"),
            },
        ),
    ),
    Dataset(
        name="flows_5min",
        title="Five-minute external flows",
        data_type="interchange",
        choice="5min",
        market=None,
        versions=("final",),
        request=Endpoint("fiveminuteexternalflow/day/{day}"),
        wrapper=("ExternalFlows", "ExternalFlow"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2020, 1, 1),  # a record of February 2020 was seen
        publication_lag=_DAY_IS_OVER,
        times=Grid(5, grace=_GRACE),
        key=(_INTERFACE,),
        values=_FLOW_COLUMNS,
        sums=(Sum("current_schedule", ("purchase", "sale"), _SCHEDULE_TOLERANCE),),
        aliases=_FLOW_ALIASES,
    ),
    Dataset(
        name="demand_da_hourly",
        title="Day-ahead cleared demand",
        data_type="demand",
        choice="da",
        market="DAY_AHEAD_HOURLY",
        versions=("final",),
        request=Endpoint(
            "dayaheadhourlydemand/day/{day}/location/{location}", locations=(POOL[0], *HUBS)
        ),
        wrapper=("HourlyDaDemands", "HourlyDaDemand"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2017, 1, 1),  # the earliest that was seen
        publication_lag=_DAY_BEFORE,
        times=Grid(60),
        key=(_DEMAND_LOCATION,),
        values=(
            Column(
                "load",
                "Load",
                "MW",
                "what the market cleared, less virtual supply: the hub's may be below zero, and "
                "the pool (32) is not the sum of the others",
            ),
        ),
        aliases=_DEMAND_ALIASES,
    ),
    # `whlsecost/hourly/month` has settled load in 96 requests a year instead of 2,920, but a month
    # later, and no response of it was ever seen; as a row it would be that of a month by location
    Dataset(
        name="demand_rt_hourly",
        title="Real-time demand, settled",
        data_type="demand",
        choice="rt",
        market="REAL_TIME_HOURLY",
        versions=("final",),
        request=Endpoint(
            "realtimehourlydemand/day/{day}/location/{location}", locations=_LOAD_ZONES
        ),
        wrapper=("HourlyRtDemands", "HourlyRtDemand"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2020, 1, 1),  # not seen: of hourly load the earliest that was
        publication_lag=_SETTLED,
        times=Grid(60),
        key=(replace(_DEMAND_LOCATION, values=_LOAD_ZONES),),
        values=(
            Column(
                "load",
                "Load",
                "MW",
                "the zone's load as it was settled, which is not the system load of telemetry",
            ),
        ),
        aliases=_DEMAND_ALIASES,
    ),
)
"""Their rows."""
