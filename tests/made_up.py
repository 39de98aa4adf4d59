"""Made-up rows of the table of datasets, one for each shape that a day can have.

They have names and paths of their own, so that nothing is there for them but what a row brings.
"""

import datetime as dt
from collections.abc import Iterable

import pytest

from isone.market.columns import Column
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.keys import IdKey, TextKey
from isone.market.locations import CORE_LOCATIONS, INTERFACES, INTERFACES_SINCE
from isone.market.requests import Endpoint
from isone.market.sums import Sum
from isone.market.times import Events, Grid, Snapshots
from isone.sandbox.feeds import FEEDS, feeds_of

FIRST = dt.date(2026, 1, 1)
HOURS_LATER = dt.timedelta(hours=26)


def _text(name: str, field: str, meaning: str, *, required: bool = True) -> Column:
    return Column(name, field, "", meaning, required=required, type="string")


def _mw(name: str, field: str, meaning: str = "of something") -> Column:
    return Column(name, field, "MW", meaning)


LOAD = Dataset(
    name="other_load_5min",
    title="Five-minute system load",
    data_type="as",
    choice="load",
    market=None,
    versions=("final",),
    request=Endpoint("otherfiveminutesystemload/day/{day}"),
    wrapper=("FiveMinSystemLoads", "FiveMinSystemLoad"),
    begins=("BeginDate",),
    first_day=FIRST,
    publication_lag=HOURS_LATER,
    times=Grid(5, grace=30),
    values=(
        _mw("load", "LoadMw", "all load"),
        _mw("native_load", "NativeLoad"),
        _mw("ard_demand", "ArdDemand"),
    ),
    sums=(Sum("load", ("native_load", "ard_demand"), tolerance=0.002),),
    aliases={"Interval Start": "interval_start_utc", "Total Load": "load"},
)
FUELS = Dataset(
    name="other_fuel_mix",
    title="Fuel mix",
    data_type="as",
    choice="fuels",
    market=None,
    versions=("final",),
    request=Endpoint("othergenfuelmix/day/{day}"),
    wrapper=("GenFuelMixes", "GenFuelMix"),
    begins=("BeginDate",),
    first_day=FIRST,
    publication_lag=HOURS_LATER,
    times=Snapshots(dt.time(0, 30), dt.time(23, 30), dt.timedelta(hours=1)),
    key=(TextKey("fuel", _text("fuel", "FuelCategory", "the fuel")),),
    values=(_mw("generation", "GenMw"), _text("marginal", "MarginalFlag", "Y or N")),
)
OUTAGES = Dataset(
    name="other_outages_hourly",
    title="Outages",
    data_type="as",
    choice="outages",
    market=None,
    versions=("final",),
    request=Endpoint("otheroutages/day/{day}"),
    wrapper=("Outages", "Outage"),
    begins=("BeginDate",),
    first_day=FIRST,
    publication_lag=HOURS_LATER,
    times=Events(60, published_with="other_load_5min"),
    key=(TextKey("contingency", _text("station", "Station", "what is out")),),
    occurrence=True,
    values=(_mw("out", "OutMw"),),
)
FORECAST = Dataset(
    name="other_load_forecast_hourly",
    title="Load forecast, every publication",
    data_type="as",
    choice="forecast",
    market=None,
    versions=("final",),
    request=Endpoint("otherhourlyloadforecast/all/day/{day}"),
    wrapper=("HourlyLoadForecasts", "HourlyLoadForecast"),
    begins=("BeginDate",),
    first_day=FIRST,
    publication_lag=HOURS_LATER,
    times=Grid(60),
    key=(
        TextKey("publication", _text("published", "CreationDate", "when it was published")),
        TextKey(
            "region",
            _text("region", "ReliabilityRegion", "the region"),
            values=(".Z.MAINE", ".Z.VERMONT"),
        ),
    ),
    values=(_mw("load", "LoadMw"),),
)
FLOWS = Dataset(
    name="other_flow_5min",
    title="External flows",
    data_type="as",
    choice="flows",
    market="REAL_TIME_5_MIN",
    versions=("final",),
    request=Endpoint("otherfiveminuteexternalflow/day/{day}"),
    wrapper=("ExternalFlows", "ExternalFlow"),
    begins=("BeginDate",),
    first_day=FIRST,
    publication_lag=HOURS_LATER,
    times=Grid(5),
    key=(
        IdKey(
            "interface",
            "Location.@LocId",
            "Location.$",
            known={id: (name, None) for id, name in INTERFACES.items()},
            values=tuple(INTERFACES),
            since=INTERFACES_SINCE,
        ),
    ),
    values=(
        _mw("actual_flow", "ActualFlow", "imports are negative"),
        _mw("current_schedule", "CurrentSchedule"),
        _mw("purchase", "Purchase"),
        _mw("sale", "Sale"),
    ),
    sums=(Sum("current_schedule", ("purchase", "sale"), tolerance=0.002),),
)
COSTS = Dataset(
    name="other_cost_hourly",
    title="Wholesale costs",
    data_type="as",
    choice="costs",
    market="REAL_TIME_HOURLY",
    versions=("final",),
    request=Endpoint(
        "otherwhlsecost/hourly/month/{month}/location/{location}", locations=(4000, 4001)
    ),
    wrapper=("WhlseCosts", "WhlseCost"),
    begins=("BeginDate",),
    first_day=FIRST,
    publication_lag=dt.timedelta(days=3),
    times=Grid(60),
    key=(
        IdKey(
            "location",
            "Location.@LocId",
            "Location.$",
            "Location.@LocType",
            known=CORE_LOCATIONS,
            values=(4000, 4001),
        ),
    ),
    values=(
        Column("lmp", "Lmp", "$/MWh", "the price"),
        Column("load_obligation", "Settled.RTLO", "MWh", "inside an object of the record"),
        Column("on_peak", "Settled.OnOff", "", "too", required=False, type="string"),
    ),
)
ROWS = (LOAD, FUELS, OUTAGES, FORECAST, FLOWS, COSTS)


def add(patch: pytest.MonkeyPatch, rows: Iterable[Dataset] = ROWS) -> None:
    """Add rows to the table, and to the sandbox's, which is made of it when it is imported."""
    for row in rows:
        patch.setitem(DATASETS, row.name, row)
        for base, feed in feeds_of(row).items():
            patch.setitem(FEEDS, base, feed)
