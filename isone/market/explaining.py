"""The datasets that explain prices, one row each, as `datasets` has those of the prices.

Source of the facts: ISO-NE's web services v1.1 and its published XML schema, and what public
clients and real responses show where those differ.
"""

import datetime as dt
from dataclasses import replace

from isone.market.columns import Column
from isone.market.dataset import Dataset
from isone.market.keys import TextKey
from isone.market.requests import Endpoint, PublicCsv
from isone.market.sums import Sum
from isone.market.times import Grid

_BEGIN_DATE = ("BeginDate",)
_INTERVAL = {"Interval Start": "interval_start_utc", "Interval End": "interval_end_utc"}
_DAY_IS_OVER = dt.timedelta(hours=26)  # what is published as it happens, two hours later
_GRACE = 30  # days; the sources of load miss an interval now and then for good
_EARLIEST_LOAD = dt.date(2020, 1, 1)
"""The earliest day that was seen; ISO-NE promises seven years."""

_LOAD_COLUMNS = (
    Column(
        "load",
        "LoadMw",
        "MW",
        "all load: native load and what pumps and other storage take; already lower by what solar "
        "panels behind the meter make",
        never_negative=True,
        steady_hours=1,
    ),
    Column("native_load", "NativeLoad", "MW", "load without pumping and other storage"),
    Column(
        "ard_demand",
        "ArdDemand",
        "MW",
        "load of pumps and other storage that buys from the market (asset related demand)",
    ),
)
_LOAD_SUM = Sum("load", ("native_load", "ard_demand"), tolerance=0.002)  # MW
_LOAD_WITH_SOLAR = (
    Column(
        "load_with_estimated_solar",
        "SystemLoadBtmPv",
        "MW",
        "all load and, with it, ISO-NE's estimate of solar behind the meter",
        required=False,
    ),
    Column(
        "native_load_with_estimated_solar",
        "NativeLoadBtmPv",
        "MW",
        "native load and, with it, ISO-NE's estimate of solar behind the meter",
        required=False,
    ),
)
_SOLAR_SUM = Sum(
    "load_with_estimated_solar",
    ("native_load_with_estimated_solar", "ard_demand"),
    tolerance=0.002,  # MW; so both estimates of solar are one
)
_LOAD_ALIASES = _INTERVAL | {
    "Load": "load",
    "Native Load": "native_load",
    "ARD Demand": "ard_demand",
}
_LOAD_5MIN_ALIASES = _INTERVAL | {
    "Total Load": "load",
    "Native Load": "native_load",
    "Storage Load": "ard_demand",
    "Total Load With Estimated Solar": "load_with_estimated_solar",
    "Native Load With Estimated Solar": "native_load_with_estimated_solar",
}

_PUBLICATION = TextKey(
    "publication",
    Column(
        "publish_time",
        "CreationDate",
        "",
        "when ISO-NE published the forecast, as served",
        type="string",
        is_instant=True,
    ),
)
_FORECAST_COLUMNS = (
    Column("load_forecast", "LoadMw", "MW", "load that is expected", never_negative=True),
    Column(
        "net_load_forecast",
        "NetLoadMw",
        "MW",
        "net load that is expected; the same as load_forecast wherever it was seen",
        required=False,
    ),
    Column(
        "load_adjustment",
        "LoadAdjustmentMw",
        "MW",
        "what ISO-NE adjusted the forecast by; mostly absent",
        required=False,
    ),
)
_FORECAST_ALIASES = _INTERVAL | {
    "Publish Time": "publish_time",
    "Load Forecast": "load_forecast",
    "Net Load Forecast": "net_load_forecast",
}

EXPLAINING = (
    Dataset(
        name="load_5min",
        title="Five-minute system load",
        data_type="load",
        choice="5min",
        market=None,
        versions=("final",),
        request=Endpoint("fiveminutesystemload/day/{day}"),
        wrapper=("FiveMinSystemLoads", "FiveMinSystemLoad"),
        begins=_BEGIN_DATE,
        first_day=_EARLIEST_LOAD,
        publication_lag=_DAY_IS_OVER,
        times=Grid(5, grace=_GRACE),
        values=(*_LOAD_COLUMNS, *_LOAD_WITH_SOLAR),
        sums=(_LOAD_SUM, _SOLAR_SUM),
        aliases=_LOAD_5MIN_ALIASES,
        public_csv=PublicCsv(
            "transform/csv/fiveminutesystemload?start={day}&end={day}",
            {
                "LoadMw": ("Total Load",),
                "NativeLoad": ("Native Load",),
                "ArdDemand": ("Asset Related Load", "Storage Load"),
                "SystemLoadBtmPv": ("Total Load With Estimated Solar",),
                "NativeLoadBtmPv": ("Native Load With Estimated Solar",),
            },
        ),
    ),
    Dataset(
        name="load_hourly",
        title="Hourly system load",
        data_type="load",
        choice="hourly",
        market=None,
        versions=("final",),
        request=Endpoint("hourlysysload/day/{day}"),
        wrapper=("HourlySystemLoads", "HourlySystemLoad"),
        begins=_BEGIN_DATE,
        first_day=_EARLIEST_LOAD,
        publication_lag=_DAY_IS_OVER,
        times=Grid(60, grace=_GRACE),
        values=(
            replace(_LOAD_COLUMNS[0], field="Load"),
            *(replace(c, required=False) for c in _LOAD_COLUMNS[1:]),  # public CSV has not
        ),
        sums=(_LOAD_SUM,),
        aliases=_LOAD_ALIASES,
        ignored=("Location",),  # always the whole pool, id 32
        public_csv=PublicCsv(
            "transform/csv/hourlysystemdemand?start={day}&end={day}", {"Load": ("Total Load",)}
        ),
    ),
    Dataset(
        name="forecast_hourly",
        title="Hourly load forecast, every publication",
        data_type="forecast",
        choice="hourly",
        market=None,
        versions=("final",),
        request=Endpoint("hourlyloadforecast/all/day/{day}"),
        wrapper=("HourlyLoadForecasts", "HourlyLoadForecast"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2024, 1, 1),
        publication_lag=_DAY_IS_OVER,
        times=Grid(60),
        key=(_PUBLICATION,),
        values=_FORECAST_COLUMNS,
        aliases=_FORECAST_ALIASES,
    ),
)
"""Their rows."""
