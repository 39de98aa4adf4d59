"""The datasets, one row each: everything that differs between them stands in this table.

URLs, record shapes, columns with unit and meaning, what a day must hold, and what one request
gives: client, checks, tables, documentation and sandbox all read it from here. The rows of what
explains prices are in `explaining` and `supply`.
Source of the facts: ISO-NE's web services v1.1 and its published XML schema.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from isone.market.columns import Column
from isone.market.dataset import Dataset, DataType, title_case
from isone.market.explaining import EXPLAINING
from isone.market.keys import IdKey, TextKey
from isone.market.locations import CORE_LOCATIONS, HUBS, RESERVE_ZONES
from isone.market.requests import Endpoint, PublicCsv, of_version
from isone.market.sums import Sum
from isone.market.supply import SUPPLY
from isone.market.times import Events, Grid

REPORTS_PAGE = "isoexpress/web/reports/operations/-/tree/ancillary-hourly-rzpd-final"
"""The public page that hands out the cookie for reports made on request."""

_ALL_BUT_THE_DAY = 22  # hours; the shortest day has 23

_LMP_COLUMNS = (
    Column(
        "lmp",
        "LmpTotal",
        "$/MWh",
        "locational marginal price: energy + congestion + loss",
        steady_hours=1,
        whole_cents=True,
    ),
    Column(
        "energy",
        "EnergyComponent",
        "$/MWh",
        "energy component, one value for the system",
        steady_hours=_ALL_BUT_THE_DAY,
        whole_cents=True,
        system_wide=True,
    ),
    Column(
        "congestion",
        "CongestionComponent",
        "$/MWh",
        "congestion component",
        whole_cents=True,
    ),
    Column(
        "loss",
        "LossComponent",
        "$/MWh",
        "marginal loss component",
        steady_hours=_ALL_BUT_THE_DAY,
        whole_cents=True,
    ),
)

_LMP_HEADINGS = {
    "LmpTotal": ("Locational Marginal Price", "LMP"),
    "EnergyComponent": ("Energy Component",),
    "CongestionComponent": ("Congestion Component",),
    "LossComponent": ("Marginal Loss Component", "Loss Component"),
}

_REGULATION_STEADY = 3  # hours; as many in real days of 2017, four times in three months

_REGULATION_COLUMNS = (
    Column(
        "reg_service_clearing_price",
        "RegServiceClearingPrice",
        "$/MW",
        "regulation service clearing price, per MW of movement",
        steady_hours=_ALL_BUT_THE_DAY,
        never_negative=True,
    ),
    Column(
        "reg_capacity_clearing_price",
        "RegCapacityClearingPrice",
        "$/MWh",
        "regulation capacity clearing price",
        steady_hours=_REGULATION_STEADY,
        never_negative=True,
    ),
)

_HOUR_END = Column(
    "hour_end",
    "HourEnd",
    "",
    "hour ending in market time, 01 to 24",
    required=False,
    type="string",
    is_hour_end=True,
)

_RESERVE_COLUMNS = (
    Column(
        "ten_min_spin_requirement",
        "TenMinSpinRequirement",
        "MW",
        "requirement of ten-minute spinning reserve; absent for local zones",
        required=False,
    ),
    Column(
        "total_10_min_requirement",
        "Total10MinRequirement",
        "MW",
        "requirement of ten-minute reserve in all; absent for local zones",
        required=False,
    ),
    Column(
        "total_30_min_requirement",
        "Total30MinRequirement",
        "MW",
        "requirement of thirty-minute reserve in all",
        required=False,
    ),
    Column(
        "tmsr_designated_mw",
        "TmsrDesignatedMw",
        "MW",
        "ten-minute spinning reserve designated",
        required=False,
    ),
    Column(
        "tmnsr_designated_mw",
        "TmnsrDesignatedMw",
        "MW",
        "ten-minute non-spinning reserve designated",
        required=False,
    ),
    Column(
        "tmor_designated_mw",
        "TmorDesignatedMw",
        "MW",
        "thirty-minute operating reserve designated",
        required=False,
    ),
    Column(
        "tmsr_clearing_price",
        "TmsrClearingPrice",
        "$/MWh",
        "clearing price of ten-minute spinning reserve (TMSR)",
        never_negative=True,
    ),
    Column(
        "tmnsr_clearing_price",
        "TmnsrClearingPrice",
        "$/MWh",
        "clearing price of ten-minute non-spinning reserve (TMNSR)",
        never_negative=True,
    ),
    Column(
        "tmor_clearing_price",
        "TmorClearingPrice",
        "$/MWh",
        "clearing price of thirty-minute operating reserve (TMOR)",
        never_negative=True,
    ),
)

_RESERVE_HEADINGS = {
    "TenMinSpinRequirement": (
        "Ten-Minute Spinning Requirement",
        "Ten Minute Spinning Reserve Requirement",
    ),
    "Total10MinRequirement": ("Ten-Minute Requirement", "Total Ten Minute Reserve Requirement"),
    "Total30MinRequirement": ("Total Requirement", "Total Thirty Minute Reserve Requirement"),
    "TmsrDesignatedMw": ("Ten Minute Spinning Reserve Designated MW", "TMSR Designated MW"),
    "TmnsrDesignatedMw": ("Ten Minute Non Spinning Reserve Designated MW", "TMNSR Designated MW"),
    "TmorDesignatedMw": ("Thirty Minute OperatingReserve Designated MW", "TMOR Designated MW"),
    "TmsrClearingPrice": ("Ten-Minute Spinning Reserve Clearing Price", "TMSR Clearing Price"),
    "TmnsrClearingPrice": ("Ten-Minute Reserve Clearing Price", "TMNSR Clearing Price"),
    "TmorClearingPrice": (
        "Total Reserve Clearing Price",
        "Total Thirty Reserve Clearing Price",
        "TMOR Clearing Price",
    ),
}

_DAY_AHEAD_RESERVE_COLUMNS = (
    Column(
        "ten_min_spin_req_mw",
        "ten_min_spin_req_mw",
        "MW",
        "requirement of ten-minute spinning reserve",
        required=False,
    ),
    Column(
        "total_ten_min_req_mw",
        "total_ten_min_req_mw",
        "MW",
        "requirement of ten-minute reserve in all",
        required=False,
    ),
    Column(
        "total_thirty_min_req_mw",
        "total_thirty_min_req_mw",
        "MW",
        "requirement of thirty-minute reserve in all",
        required=False,
    ),
    Column(
        "forecasted_energy_req_mw",
        "forecasted_energy_req_mw",
        "MW",
        "forecast energy requirement",
        required=False,
    ),
    Column(
        "tmsr_clearing_price",
        "tmsr_clearing_price",
        "$/MWh",
        "day-ahead clearing price of ten-minute spinning reserve (TMSR)",
        never_negative=True,
    ),
    Column(
        "tmnsr_clearing_price",
        "tmnsr_clearing_price",
        "$/MWh",
        "day-ahead clearing price of ten-minute non-spinning reserve (TMNSR)",
        never_negative=True,
    ),
    Column(
        "tmor_clearing_price",
        "tmor_clearing_price",
        "$/MWh",
        "day-ahead clearing price of thirty-minute operating reserve (TMOR)",
        never_negative=True,
    ),
    Column(
        "fer_clearing_price",
        "fer_clearing_price",
        "$/MWh",
        "forecast energy requirement price (FER)",
        never_negative=True,
    ),
    Column(
        "tmsr_designation_mw",
        "tmsr_designation_mw",
        "MW",
        "ten-minute spinning reserve designated",
        required=False,
    ),
    Column(
        "tmnsr_designation_mw",
        "tmnsr_designation_mw",
        "MW",
        "ten-minute non-spinning reserve designated",
        required=False,
    ),
    Column(
        "tmor_designation_mw",
        "tmor_designation_mw",
        "MW",
        "thirty-minute operating reserve designated",
        required=False,
    ),
    Column(
        "eir_designation_mw",
        "eir_designation_mw",
        "MW",
        "energy imbalance reserve designated",
        required=False,
    ),
)

_DAY_AHEAD_RESERVE_HEADINGS = {
    "ten_min_spin_req_mw": ("Ten Minute Spinning Reserve Requirement",),
    "total_ten_min_req_mw": ("Total Ten Minute Reserve Requirement",),
    "total_thirty_min_req_mw": ("Total Thirty Minute Reserve Requirement",),
    "forecasted_energy_req_mw": ("Forecasted MW Requirement",),
    "tmsr_clearing_price": ("Ten Minute Spinning Reserve Clearing Price",),
    "tmnsr_clearing_price": ("Ten Minute Reserve Clearing Price",),
    "tmor_clearing_price": ("Total Thirty Reserve Clearing Price",),
    "fer_clearing_price": ("FER Price", "FER Clearing Price"),
    "tmsr_designation_mw": ("TMSR Designated MW",),
    "tmnsr_designation_mw": ("TMNSR Designated MW",),
    "tmor_designation_mw": ("TMOR Designated MW",),
    "eir_designation_mw": ("EIR Designated MW",),
}

_STRIKE_PRICE_COLUMNS = (
    Column(
        "strike_price_timestamp",
        "strike_price_timestamp",
        "",
        "when the strike price was set, as served",
        required=False,
        type="string",
        is_instant=True,
    ),
    Column(
        "strike_price",
        "strike_price",
        "$/MWh",
        "strike price of the day-ahead options",
        steady_hours=_ALL_BUT_THE_DAY,
    ),
    Column(
        "spc_load_forecast_mw",
        "spc_load_forecast_mw",
        "MW",
        "load forecast that the strike price was made with",
        required=False,
    ),
    Column(
        "expected_rt_hub_lmp",
        "expected_rt_hub_lmp",
        "$/MWh",
        "expected real-time price at the hub",
        required=False,
    ),
    Column(
        "expected_rt_hub_lmp_override",
        "expected_rt_hub_lmp_override",
        "$/MWh",
        "what stood in for the expected real-time price, where anything did",
        required=False,
    ),
    *(
        Column(
            f"percentile_{percent}_rt_hub_lmp",
            f"percentile_{percent}_rt_hub_lmp",
            "$/MWh",
            f"expected {percent}th percentile of the real-time price at the hub",
            required=False,
        )
        for percent in (10, 25, 75, 90)
    ),
    Column(
        "expected_closeout_charge",
        "expected_closeout_charge",
        "$/MWh",
        "expected charge for closing the option out",
        required=False,
    ),
    Column(
        "expected_closeout_charge_override",
        "expected_closeout_charge_override",
        "$/MWh",
        "what stood in for the expected charge, where anything did",
        required=False,
    ),
)

_CONSTRAINT_KEY = (
    TextKey(
        "constraint",
        Column(
            "constraint_name",
            "ConstraintName",
            "",
            "the interface or line that binds",
            type="string",
        ),
    ),
    TextKey(
        "contingency",
        Column(
            "contingency_name",
            "ContingencyName",
            "",
            "the outage against which it is held; empty where ISO-NE names none",
            required=False,
            type="string",
        ),
    ),
)

_CONSTRAINT_15MIN_KEY = (
    _CONSTRAINT_KEY[0],
    TextKey(
        "interval",
        Column(
            "marginal_value_interval",
            "MarginalValueInterval",
            "",
            "the time that the marginal value is of, as served; empty where ISO-NE names none",
            required=False,
            type="string",
            is_instant=True,
        ),
    ),
)

_CONSTRAINT_COLUMNS = (
    Column(
        "interface_flag",
        "InterfaceFlag",
        "",
        "Y for an interface, N for a single element",
        required=False,
        type="string",
    ),
    Column(
        "marginal_value",
        "MarginalValue",
        "$/MWh",
        "what one more MW of the limit would change the cost by; mostly below 0",
        required=False,
        unbounded=True,  # a limit may be given up at a penalty of any size
    ),
)

_LOCATION = IdKey(
    "location",
    "Location.@LocId",
    "Location.$",
    "Location.@LocType",
    noun="pricing location",
    known=CORE_LOCATIONS,
    values=HUBS,
    chosen=True,
)
_RESERVE_ZONE = IdKey(
    "reserve zone",
    "ReserveZoneId",
    "ReserveZoneName",
    known={id: (name, None) for id, name in RESERVE_ZONES.items()},
    values=tuple(RESERVE_ZONES),
)

_LMP_SUM = Sum("lmp", ("energy", "congestion", "loss"), tolerance=0.01)  # $/MWh


def _titled(*columns: str) -> dict[str, str]:
    return {title_case(column): column for column in columns}


_INTERVAL = {"Interval Start": "interval_start_utc", "Interval End": "interval_end_utc"}
_LMP_ALIASES = (
    {"Time": "interval_start_utc"}
    | _INTERVAL
    | _titled("market", "location", "location_id", "location_type")
)
_RESERVE_ALIASES = (
    _INTERVAL
    | {"Reserve Zone Id": "location_id", "Reserve Zone Name": "location"}
    | _titled(
        *("ten_min_spin_requirement", "tmnsr_clearing_price", "tmnsr_designated_mw"),
        *("tmor_clearing_price", "tmor_designated_mw", "tmsr_clearing_price"),
        *("tmsr_designated_mw", "total_10_min_requirement", "total_30_min_requirement"),
    )
)
_DAY_AHEAD_RESERVE_ALIASES = _INTERVAL | _titled(
    *("eir_designation_mw", "fer_clearing_price", "forecasted_energy_req_mw"),
    *("ten_min_spin_req_mw", "tmnsr_clearing_price", "tmnsr_designation_mw"),
    *("tmor_clearing_price", "tmor_designation_mw", "tmsr_clearing_price"),
    *("tmsr_designation_mw", "total_ten_min_req_mw", "total_thirty_min_req_mw"),
)
_STRIKE_PRICE_ALIASES = (
    _INTERVAL
    | {"Publish Time": "strike_price_timestamp"}
    | _titled(
        *("expected_closeout_charge", "expected_closeout_charge_override"),
        "expected_rt_hub_lmp",
        *(f"percentile_{percent}_rt_hub_lmp" for percent in (10, 25, 75, 90)),
        *("spc_load_forecast_mw", "strike_price"),
    )
)
_CONSTRAINT_ALIASES = _INTERVAL | _titled("constraint_name", "marginal_value")

_DAY_AHEAD_IGNORED = ("market_day", "gmt_begin_date", "local_hour_end")
_RESERVE_IGNORED = ("IntervalBeginDate",)

_STATIC = "static-transform/csv/histRpts"
_BEGIN_DATE = ("BeginDate",)
_MARKETS_OPENED = dt.date(2003, 3, 1)
_DAY_BEFORE_AT_NOON = dt.timedelta(hours=-10)  # 14:00 the day before; published about 13:00
_FINAL_AFTER_DAYS = dt.timedelta(days=6)  # usually one to five days after the operating day

PRELIM_AFTER = dt.timedelta(hours=30)
"""From the beginning of an operating day to when its preliminary prices are out."""

_PRICES = (
    Dataset(
        name="lmp_da_hourly",
        title="Day-ahead hourly LMP",
        data_type="lmp",
        choice="da",
        market="DAY_AHEAD_HOURLY",
        versions=("final",),
        request=Endpoint("hourlylmp/da/final/day/{day}"),
        wrapper=("HourlyLmps", "HourlyLmp"),
        begins=_BEGIN_DATE,
        first_day=_MARKETS_OPENED,
        publication_lag=_DAY_BEFORE_AT_NOON,
        times=Grid(60),
        key=(_LOCATION,),
        values=_LMP_COLUMNS,
        sums=(_LMP_SUM,),
        aliases=_LMP_ALIASES,
        public_csv=PublicCsv(
            f"{_STATIC}/da-lmp/WW_DALMP_ISO_{{day}}.csv",
            _LMP_HEADINGS,
            first_day=dt.date(2016, 1, 1),
        ),
    ),
    Dataset(
        name="lmp_rt_hourly",
        title="Real-time hourly LMP, final",
        data_type="lmp",
        choice="rt-hourly",
        market="REAL_TIME_HOURLY",
        versions=("final", "prelim"),
        request=Endpoint("hourlylmp/rt/{version}/day/{day}"),
        wrapper=("HourlyLmps", "HourlyLmp"),
        begins=_BEGIN_DATE,
        first_day=_MARKETS_OPENED,
        publication_lag=_FINAL_AFTER_DAYS,
        times=Grid(60),
        key=(_LOCATION,),
        values=_LMP_COLUMNS,
        sums=(_LMP_SUM,),
        aliases=_LMP_ALIASES,
        public_csv=PublicCsv(f"{_STATIC}/rt-lmp/lmp_rt_{{version}}_{{day}}.csv", _LMP_HEADINGS),
    ),
    Dataset(
        name="lmp_rt_5min",
        title="Real-time five-minute LMP, final",
        data_type="lmp",
        choice="rt",
        market="REAL_TIME_5_MIN",
        versions=("final", "prelim"),
        request=Endpoint(
            "fiveminutelmp/{version}/day/{day}/location/{location}",
            by_hour="fiveminutelmp/{version}/day/{day}/starthour/{hour}",
        ),
        wrapper=("FiveMinLmps", "FiveMinLmp"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2017, 3, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        times=Grid(5),
        key=(_LOCATION,),
        values=_LMP_COLUMNS,
        sums=(_LMP_SUM,),
        aliases=_LMP_ALIASES,
        public_csv=PublicCsv(
            f"{_STATIC}/5min-rt-{{version}}/lmp_5min_{{day}}_{{hours}}.csv",
            _LMP_HEADINGS,
            block_hours=4,
        ),
    ),
    Dataset(
        name="regulation_5min",
        title="Five-minute regulation clearing prices, final",
        data_type="as",
        choice="regulation",
        market="REAL_TIME_5_MIN",
        versions=("final", "prelim"),
        request=Endpoint("fiveminutercp/{version}/day/{day}"),
        wrapper=("FiveMinRcps", "FiveMinRcp"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2017, 12, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        times=Grid(5),
        values=(*_REGULATION_COLUMNS, _HOUR_END),
    ),
    Dataset(
        name="reserve_5min",
        title="Five-minute reserve prices by zone, final",
        data_type="as",
        choice="reserves",
        market="REAL_TIME_5_MIN",
        versions=("final", "prelim"),
        request=Endpoint("fiveminutereserveprice/{version}/day/{day}"),
        wrapper=("FiveMinReservePrices", "FiveMinReservePrice"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2017, 3, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        times=Grid(5),
        key=(_RESERVE_ZONE,),
        values=_RESERVE_COLUMNS,
        aliases=_RESERVE_ALIASES,
        ignored=_RESERVE_IGNORED,
        public_csv=PublicCsv(
            "transform/csv/fiveminreserveprice?type={version}&start={day}&end={day}",
            _RESERVE_HEADINGS,
        ),
    ),
    Dataset(
        name="reserve_da_hourly",
        title="Day-ahead ancillary service prices",
        data_type="as",
        choice="day-ahead",
        market="DAY_AHEAD_HOURLY",
        versions=("final",),
        request=Endpoint("daasreservedata/day/{day}"),
        wrapper=("isone_web_services", "day_ahead_reserves", "day_ahead_reserve"),
        begins=("market_hour", "local_day"),
        first_day=dt.date(2025, 3, 1),
        publication_lag=_DAY_BEFORE_AT_NOON,
        times=Grid(60),
        values=_DAY_AHEAD_RESERVE_COLUMNS,
        aliases=_DAY_AHEAD_RESERVE_ALIASES,
        ignored=_DAY_AHEAD_IGNORED,
        public_csv=PublicCsv(
            "transform/csv/daasreservedata?start={day}&end={day}", _DAY_AHEAD_RESERVE_HEADINGS
        ),
    ),
    Dataset(
        name="strike_da_hourly",
        title="Day-ahead ancillary service strike prices",
        data_type="as",
        choice="day-ahead-strikes",
        market="DAY_AHEAD_HOURLY",
        versions=("final",),
        request=Endpoint("daasstrikeprices/day/{day}"),
        wrapper=("isone_web_services", "day_ahead_strike_prices", "day_ahead_strike_price"),
        begins=("market_hour", "local_day"),
        first_day=dt.date(2025, 3, 1),
        publication_lag=_DAY_BEFORE_AT_NOON,
        times=Grid(60),
        values=_STRIKE_PRICE_COLUMNS,
        aliases=_STRIKE_PRICE_ALIASES,
        ignored=_DAY_AHEAD_IGNORED,
    ),
    Dataset(
        name="regulation_hourly",
        title="Hourly regulation clearing prices, final",
        data_type="as",
        choice="regulation-hourly",
        market="REAL_TIME_HOURLY",
        versions=("final", "prelim"),
        request=Endpoint("hourlyrcp/{version}/day/{day}"),
        wrapper=("HourlyRcps", "HourlyRcp"),
        begins=_BEGIN_DATE,
        first_day=_MARKETS_OPENED,
        publication_lag=_FINAL_AFTER_DAYS,
        times=Grid(60),
        values=(
            *(
                replace(c, meaning=f"{c.meaning}; from 2015-03-31", required=False)
                for c in _REGULATION_COLUMNS
            ),
            Column(
                "reg_clearing_price",
                "RegClearingPrice",
                "$/MWh",
                "the one regulation clearing price there was before 2015-03-31",
                required=False,
                steady_hours=_ALL_BUT_THE_DAY,
                never_negative=True,
            ),
            _HOUR_END,
        ),
        price_alternatives=(
            tuple(column.name for column in _REGULATION_COLUMNS),
            ("reg_clearing_price",),
        ),
    ),
    Dataset(
        name="reserve_hourly",
        title="Hourly reserve prices by zone, final",
        data_type="as",
        choice="reserves-hourly",
        market="REAL_TIME_HOURLY",
        versions=("final", "prelim"),
        request=Endpoint("hourly{version}reserveprice/day/{day}"),
        wrapper=("FinalHourlyReservePrices", "FinalHourlyReservePrice"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2006, 10, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        times=Grid(60),
        key=(_RESERVE_ZONE,),
        values=_RESERVE_COLUMNS,
        aliases=_RESERVE_ALIASES,
        ignored=_RESERVE_IGNORED,
        public_csv=PublicCsv(
            "transform/csv/{version}hourlyreserveprice?start={day}&end={day}", _RESERVE_HEADINGS
        ),
    ),
    Dataset(
        name="constraints_da_hourly",
        title="Day-ahead binding constraints",
        data_type="constraints",
        choice="da",
        market="DAY_AHEAD_HOURLY",
        versions=("final",),
        request=Endpoint("dayaheadconstraints/day/{day}"),
        wrapper=("DayAheadConstraints", "DayAheadConstraint"),
        begins=_BEGIN_DATE,
        first_day=_MARKETS_OPENED,
        publication_lag=_DAY_BEFORE_AT_NOON,
        times=Events(60, published_with="lmp_da_hourly"),
        key=_CONSTRAINT_KEY,
        occurrence=True,
        values=_CONSTRAINT_COLUMNS,
    ),
    Dataset(
        name="constraints_rt_5min",
        title="Real-time binding constraints, final",
        data_type="constraints",
        choice="rt",
        market="REAL_TIME_5_MIN",
        versions=("final", "prelim"),
        request=Endpoint("fiveminuteconstraints/{version}/day/{day}"),
        wrapper=("RealTimeConstraints", "RealTimeConstraint"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2017, 3, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        times=Events(5, published_with="lmp_rt_5min"),
        key=_CONSTRAINT_KEY,
        occurrence=True,
        values=_CONSTRAINT_COLUMNS,
        aliases=_CONSTRAINT_ALIASES,
    ),
    Dataset(
        name="constraints_rt_15min",
        title="Real-time binding constraints by fifteen minutes, final",
        data_type="constraints",
        choice="rt-15min",
        market="REAL_TIME_15_MIN",
        versions=("final",),
        request=Endpoint("fifteenminuteconstraints/final/month/{month}"),
        wrapper=("FifteenMinBcs", "FifteenMinBc"),
        begins=_BEGIN_DATE,
        first_day=dt.date(2017, 3, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        times=Events(15, published_with="lmp_rt_5min"),
        key=_CONSTRAINT_15MIN_KEY,
        occurrence=True,
        values=(_CONSTRAINT_COLUMNS[1], _HOUR_END),
        aliases=_CONSTRAINT_ALIASES,
        ignored=("Type",),  # the version once more
    ),
)

_BY_NAME = {row.name: row for row in _PRICES}


def _preliminary(name: str, title: str) -> Dataset:
    """The preliminary version of a dataset as one of its own, which final prices never replace."""
    row = _BY_NAME[name]
    assert row.public_csv is not None  # noqa: S101 - for the type checker
    return replace(
        row,
        name=f"{name}_prelim",
        title=title,
        data_type="prelim",
        versions=("prelim",),
        request=row.request.of_version("prelim"),
        publication_lag=PRELIM_AFTER,
        public_csv=replace(row.public_csv, path=of_version(row.public_csv.path, "prelim")),
    )


_PRELIMINARY = (
    _preliminary("lmp_rt_hourly", "Real-time hourly LMP, preliminary"),
    _preliminary("lmp_rt_5min", "Real-time five-minute LMP, preliminary"),
)

DATASETS = {row.name: row for row in (*_PRICES, *_PRELIMINARY, *EXPLAINING, *SUPPLY)}

DATA_TYPES = {
    each.name: each
    for each in (
        DataType(
            name="lmp",
            short="energy prices",
            what="energy prices (LMP)",
            in_all=True,
            script="scripts/download_lmp.py",
            chosen_by="markets",
            option="--market-types",
        ),
        DataType(
            name="as",
            short="ancillary services",
            what="ancillary service prices",
            in_all=True,
            script="scripts/download_ancillary_services.py",
            chosen_by="services",
            option="--services",
        ),
        DataType(
            name="constraints",
            short="what binds in the grid",
            what="binding constraints",
            in_all=True,
            script="scripts/download_constraints.py",
            chosen_by="markets",
            option="--market-types",
        ),
        DataType(
            name="prelim",
            short="preliminary real-time LMP",
            what="preliminary real-time energy prices (LMP)",
            chosen_by="markets",
            option="--market-types",
        ),
        DataType(name="forecast", short="load forecasts", what="load forecasts"),
        DataType(name="load", short="system load", what="system load"),
        DataType(name="fuel", short="generation by fuel", what="generation by fuel"),
        DataType(name="interchange", short="imports, exports", what="imports and exports"),
        DataType(name="demand", short="demand by zone", what="demand by zone"),
    )
}
"""The types of data: the configuration's words and the scripts by hand follow from them."""

ALL, EVERYTHING = "all", "everything"
"""The words for several data types: those of prices and what makes them, and every one."""


def data_types(words: Iterable[str]) -> tuple[str, ...]:
    """The data types that a configuration's words mean, in the order of the table."""
    said = set(words)
    return tuple(
        each.name
        for each in DATA_TYPES.values()
        if said & {each.name, EVERYTHING} or (each.in_all and ALL in said)
    )


def choices(data_type: str) -> tuple[str, ...]:
    """The markets or services by which the datasets of a type are chosen."""
    return tuple(row.choice for row in DATASETS.values() if row.data_type == data_type)


def words_of(key: str) -> tuple[str, ...]:
    """What a key of the configuration can choose, each word once, in the order of the table."""
    types = [each.name for each in DATA_TYPES.values() if each.chosen_by == key]
    return tuple(dict.fromkeys(word for name in types for word in choices(name)))
