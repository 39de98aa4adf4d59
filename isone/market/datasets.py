"""The datasets, one row each: everything that differs between them stands in this table.

URLs, record shapes, columns with unit and meaning, how many rows a day must hold, and what one
request gives: client, checks, tables, documentation and sandbox all read it from here.
Source of the facts: ISO-NE's web services v1.1 and its published XML schema.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from isone.market import clock

TypeName = Literal["double", "integer", "string"]
DataType = Literal["lmp", "as", "constraints"]

HUB = 4000
CORE_LOCATIONS = {
    4000: (".H.INTERNAL_HUB", "HUB"),
    4001: (".Z.MAINE", "LOAD ZONE"),
    4002: (".Z.NEWHAMPSHIRE", "LOAD ZONE"),
    4003: (".Z.VERMONT", "LOAD ZONE"),
    4004: (".Z.CONNECTICUT", "LOAD ZONE"),
    4005: (".Z.RHODEISLAND", "LOAD ZONE"),
    4006: (".Z.SEMASS", "LOAD ZONE"),
    4007: (".Z.WCMASS", "LOAD ZONE"),
    4008: (".Z.NEMASSBOST", "LOAD ZONE"),
}
"""The hub and the eight load zones: id → (name, type). `locations=hubs` means these."""

RESERVE_ZONES = {7000: "ROS", 7001: "SWCT", 7002: "CT", 7003: "NEMABSTN"}

ALL_LOCATIONS: Final = "all"
Locations = tuple[int, ...] | Literal["all"]
HUBS: tuple[int, ...] = tuple(CORE_LOCATIONS)

OCCURRENCE: Final = "occurrence"
"""The column that tells rows of the same names in one interval apart, where names are the key."""
_SECONDS_OFF = 2

REPORTS_PAGE = "isoexpress/web/reports/operations/-/tree/ancillary-hourly-rzpd-final"
"""The public page that hands out the cookie for reports made on request."""


@dataclass(frozen=True)
class Column:
    """One value of a record: our name, ISO-NE's field, unit and meaning.

    `required=False` marks what ISO-NE may leave out; it is then NULL, never 0.
    """

    name: str
    field: str
    unit: str
    meaning: str
    required: bool = True
    type: TypeName = "double"
    is_instant: bool = False
    """Whether its text is an instant in ISO 8601, kept as it is served."""
    steady_hours: int | None = None
    """How many hours running may have the same values; more are suspect. None: any number."""
    never_negative: bool = False
    """Whether a value below zero is suspect."""


_REQUEST_NAME = re.compile(r"(\d{8})(?:\.h(\d{2})|\.b(\d{2})|\.(\d+))?(\.prelim)?")


@dataclass(frozen=True)
class Request:
    """What one request gives: a day, or the share of a day that one location or hour has."""

    dataset: str
    day: dt.date
    location: int | None = None
    hour: int | None = None
    block: int | None = None
    """The first hour of a public report that holds some hours of all locations."""
    prelim: bool = False
    """Whether it is the preliminary version, which comes first."""

    @cached_property
    def name(self) -> str:
        """The request's name on disk, unique within its dataset: `20240101`, `20240101.4000`."""
        scope = ""
        if self.location is not None:
            scope = f".{self.location}"
        elif self.hour is not None:
            scope = f".h{self.hour:02d}"
        elif self.block is not None:
            scope = f".b{self.block:02d}"
        return f"{self.day:%Y%m%d}{scope}{'.prelim' if self.prelim else ''}"

    @property
    def preliminary(self) -> "Request":
        """Its preliminary version."""
        return replace(self, prelim=True)

    @classmethod
    def named(cls, dataset: str, name: str) -> "Request | None":
        """The request whose file has this name; None for a name that is no part's."""
        match = _REQUEST_NAME.fullmatch(name)
        if not match:
            return None
        try:
            day = dt.datetime.strptime(match[1], "%Y%m%d").date()
        except ValueError:
            return None
        hour, block, location = (int(text) if text else None for text in match.groups()[1:4])
        prelim = match[5] is not None
        request = cls(dataset, day, location=location, hour=hour, block=block, prelim=prelim)
        return request if request.name == name else None

    def __str__(self) -> str:
        """Read as in a sentence: `2024-01-01`, `2024-01-01 at location 4000`."""
        prelim = ", preliminary" if self.prelim else ""
        if self.location is not None:
            return f"{self.day} at location {self.location}{prelim}"
        first = self.hour if self.hour is not None else self.block
        if first is not None:
            return f"{self.day} from {first:02d}:00{prelim}"
        return f"{self.day}{prelim}"


@dataclass(frozen=True)
class Report:
    """A public report of a dataset: comma-separated text, no account needed."""

    path: str
    """Below the public host; takes `{day}` (YYYYMMDD) and, for a share of a day, `{hours}`."""
    headings: Mapping[str, tuple[str, ...]]
    """The record's fields, each with the headings under which it may stand."""
    block_hours: int = 24
    """How many hours of a day one file holds."""
    first_day: dt.date | None = None
    """The first operating day that is there; None where nothing later than the dataset's own first
    day is known."""


@dataclass(frozen=True)
class Dataset:
    """A price series of ISO-NE's and how the service hands it out."""

    name: str
    title: str
    data_type: DataType
    choice: str
    """The market (`da`, `rt`, `rt-hourly`) or service that selects it."""
    market: str
    """gridstatus's name of the market."""
    path: str
    """Below the base URL; takes `{day}` (YYYYMMDD) and, by location, `{location}`."""
    wrapper: tuple[str, ...]
    """The nested keys around the list of records."""
    begins: tuple[str, ...]
    """The keys that lead to the timestamp of an interval's beginning."""
    interval_minutes: int
    first_day: dt.date
    publication_lag: dt.timedelta
    """From the beginning of an operating day to when its final prices are out."""
    place: Literal["location", "reserve_zone"] | None
    columns: tuple[Column, ...]
    hour_path: str | None = None
    """Where one request gives all locations of one hour: takes `{day}` and `{hour}`."""
    price_alternatives: tuple[tuple[str, ...], ...] = ()
    """Of columns that may be absent, the sets of which each row must hold one whole."""
    report: Report | None = None
    """Where the same prices are published for everybody; None where they are not."""
    names: tuple[str, ...] = ()
    """The columns of names that, in place of a location, tell the rows of an interval apart."""
    published_with: str | None = None
    """For a set that owes no row, as of events: the dataset whose publication tells a day that
    has none from one that is not out. None where every interval owes its rows."""
    ignored: tuple[str, ...] = ()
    """Keys that are known and of no use, wherever in a response they are."""

    @property
    def owes_rows(self) -> bool:
        """Whether a whole day has a number of rows that the calendar tells."""
        return self.published_with is None

    @property
    def has_prelim(self) -> bool:
        """Whether preliminary prices come before the final ones, as they do in real time."""
        return self.market != "DAY_AHEAD_HOURLY"

    @property
    def public_since(self) -> dt.date:
        """The first operating day that public CSV has, where there is any, as far as is known."""
        begins = self.report.first_day if self.report else None
        return max(begins or self.first_day, self.first_day)

    @property
    def per_location(self) -> bool:
        """Whether the service answers for one location (or one hour) at a time."""
        return self.hour_path is not None

    @property
    def required_places(self) -> tuple[int, ...]:
        """The ids that every whole day must contain."""
        if self.place == "location":
            return HUBS
        return tuple(RESERVE_ZONES) if self.place == "reserve_zone" else ()

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell one row from every other."""
        if self.names:
            return ("interval_start_utc", *self.names, OCCURRENCE)
        return ("interval_start_utc", *(("location_id",) if self.place else ()))

    def interval_of(self, instant: int) -> int:
        """The beginning of the interval (UTC seconds) that a timestamp means.

        Where every interval owes its rows, a timestamp means the nearest one. What happens at any
        time keeps its own, but for a second or two.
        """
        within = None if self.owes_rows else _SECONDS_OFF
        return clock.snap(instant, self.interval_minutes, within)

    def intervals(self, request: Request) -> Sequence[int]:
        """The interval beginnings (UTC seconds) that a request must hold for every place in it."""
        hours: Sequence[int] = ()
        if request.hour is not None:
            hours = [request.hour]
        elif request.block is not None and self.report is not None:
            hours = range(request.block, request.block + self.report.block_hours)
        else:
            return clock.interval_starts(request.day, self.interval_minutes)
        return [t for h in hours for t in clock.hour_starts(request.day, h, self.interval_minutes)]

    def day_requests(self, day: dt.date, locations: Locations) -> list[Request]:
        """The fewest requests that bring a day at these locations from the web services."""
        if not self.per_location:
            return [Request(self.name, day)]
        hours = clock.start_hours(day)
        if isinstance(locations, str) or len(locations) > len(hours):
            return [Request(self.name, day, hour=hour) for hour in hours]
        return [Request(self.name, day, location=location) for location in locations]

    def report_requests(self, day: dt.date) -> list[Request]:
        """The public reports that bring a day, at all locations; none where there are none."""
        if self.report is None:
            return []
        if self.report.block_hours == 24:
            return [Request(self.name, day)]
        return [Request(self.name, day, block=b) for b in range(0, 24, self.report.block_hours)]

    def report_path(self, request: Request) -> str:
        """The path of a request's public report below the public host."""
        if self.report is None:
            raise ValueError(f"{self.name} has no public report")
        first = request.block or 0
        hours = f"{first:02d}-{first + self.report.block_hours:02d}"
        return _version(self.report.path, request).format(day=f"{request.day:%Y%m%d}", hours=hours)

    def info_path(self, request: Request) -> str:
        """Where the service says up to when the version of a request is published."""
        return f"{_version(self.path, request).partition('/day/')[0]}/info"

    def url_path(self, request: Request) -> str:
        """The path of a request's request below the base URL."""
        if request.hour is not None and self.hour_path is not None:
            path = _version(self.hour_path, request)
            return path.format(day=f"{request.day:%Y%m%d}", hour=f"{request.hour:02d}")
        return _version(self.path, request).format(
            day=f"{request.day:%Y%m%d}", location=request.location
        )


def _version(path: str, request: Request) -> str:
    """A path as declared, or that of the preliminary version."""
    return path.replace("final", "prelim") if request.prelim else path


_ALL_BUT_THE_DAY = 22  # hours; the shortest day has 23

_LMP_COLUMNS = (
    Column(
        "lmp",
        "LmpTotal",
        "$/MWh",
        "locational marginal price: energy + congestion + loss",
        steady_hours=1,
    ),
    Column(
        "energy",
        "EnergyComponent",
        "$/MWh",
        "energy component, one value for the system",
        steady_hours=_ALL_BUT_THE_DAY,
    ),
    Column("congestion", "CongestionComponent", "$/MWh", "congestion component"),
    Column(
        "loss",
        "LossComponent",
        "$/MWh",
        "marginal loss component",
        steady_hours=_ALL_BUT_THE_DAY,
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
    "hour_end", "HourEnd", "", "hour ending in market time, 01 to 24", required=False, type="string"
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

_CONSTRAINT_COLUMNS = (
    Column(
        "constraint_name", "ConstraintName", "", "the interface or line that binds", type="string"
    ),
    Column(
        "contingency_name",
        "ContingencyName",
        "",
        "the outage against which it is held; empty where ISO-NE names none",
        required=False,
        type="string",
    ),
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
    ),
)

_CONSTRAINT_NAMES = ("constraint_name", "contingency_name")

_DAY_AHEAD_IGNORED = ("market_day", "gmt_begin_date", "local_hour_end")
_RESERVE_IGNORED = ("IntervalBeginDate",)

_STATIC = "static-transform/csv/histRpts"
_BEGIN_DATE = ("BeginDate",)
_MARKETS_OPENED = dt.date(2003, 3, 1)
_DAY_BEFORE_AT_NOON = dt.timedelta(hours=-10)  # 14:00 the day before; published about 13:00
_FINAL_AFTER_DAYS = dt.timedelta(days=6)  # usually one to five days after the operating day

PRELIM_AFTER = dt.timedelta(hours=30)
"""From the beginning of an operating day to when its preliminary prices are out."""

_ROWS = (
    Dataset(
        name="lmp_da_hourly",
        title="Day-ahead hourly LMP",
        data_type="lmp",
        choice="da",
        market="DAY_AHEAD_HOURLY",
        path="hourlylmp/da/final/day/{day}",
        wrapper=("HourlyLmps", "HourlyLmp"),
        begins=_BEGIN_DATE,
        interval_minutes=60,
        first_day=_MARKETS_OPENED,
        publication_lag=_DAY_BEFORE_AT_NOON,
        place="location",
        columns=_LMP_COLUMNS,
        report=Report(
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
        path="hourlylmp/rt/final/day/{day}",
        wrapper=("HourlyLmps", "HourlyLmp"),
        begins=_BEGIN_DATE,
        interval_minutes=60,
        first_day=_MARKETS_OPENED,
        publication_lag=_FINAL_AFTER_DAYS,
        place="location",
        columns=_LMP_COLUMNS,
        report=Report(f"{_STATIC}/rt-lmp/lmp_rt_final_{{day}}.csv", _LMP_HEADINGS),
    ),
    Dataset(
        name="lmp_rt_5min",
        title="Real-time five-minute LMP, final",
        data_type="lmp",
        choice="rt",
        market="REAL_TIME_5_MIN",
        path="fiveminutelmp/final/day/{day}/location/{location}",
        hour_path="fiveminutelmp/final/day/{day}/starthour/{hour}",
        wrapper=("FiveMinLmps", "FiveMinLmp"),
        begins=_BEGIN_DATE,
        interval_minutes=5,
        first_day=dt.date(2017, 3, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        place="location",
        columns=_LMP_COLUMNS,
        report=Report(
            f"{_STATIC}/5min-rt-final/lmp_5min_{{day}}_{{hours}}.csv", _LMP_HEADINGS, block_hours=4
        ),
    ),
    Dataset(
        name="regulation_5min",
        title="Five-minute regulation clearing prices, final",
        data_type="as",
        choice="regulation",
        market="REAL_TIME_5_MIN",
        path="fiveminutercp/final/day/{day}",
        wrapper=("FiveMinRcps", "FiveMinRcp"),
        begins=_BEGIN_DATE,
        interval_minutes=5,
        first_day=dt.date(2017, 12, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        place=None,
        columns=(*_REGULATION_COLUMNS, _HOUR_END),
    ),
    Dataset(
        name="reserve_5min",
        title="Five-minute reserve prices by zone, final",
        data_type="as",
        choice="reserves",
        market="REAL_TIME_5_MIN",
        path="fiveminutereserveprice/final/day/{day}",
        wrapper=("FiveMinReservePrices", "FiveMinReservePrice"),
        begins=_BEGIN_DATE,
        interval_minutes=5,
        first_day=dt.date(2017, 3, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        place="reserve_zone",
        columns=_RESERVE_COLUMNS,
        ignored=_RESERVE_IGNORED,
        report=Report(
            "transform/csv/fiveminreserveprice?type=final&start={day}&end={day}", _RESERVE_HEADINGS
        ),
    ),
    Dataset(
        name="reserve_da_hourly",
        title="Day-ahead ancillary service prices",
        data_type="as",
        choice="day-ahead",
        market="DAY_AHEAD_HOURLY",
        path="daasreservedata/day/{day}",
        wrapper=("isone_web_services", "day_ahead_reserves", "day_ahead_reserve"),
        begins=("market_hour", "local_day"),
        interval_minutes=60,
        first_day=dt.date(2025, 3, 1),
        publication_lag=_DAY_BEFORE_AT_NOON,
        place=None,
        columns=_DAY_AHEAD_RESERVE_COLUMNS,
        ignored=_DAY_AHEAD_IGNORED,
        report=Report(
            "transform/csv/daasreservedata?start={day}&end={day}", _DAY_AHEAD_RESERVE_HEADINGS
        ),
    ),
    Dataset(
        name="strike_da_hourly",
        title="Day-ahead ancillary service strike prices",
        data_type="as",
        choice="day-ahead-strikes",
        market="DAY_AHEAD_HOURLY",
        path="daasstrikeprices/day/{day}",
        wrapper=("isone_web_services", "day_ahead_strike_prices", "day_ahead_strike_price"),
        begins=("market_hour", "local_day"),
        interval_minutes=60,
        first_day=dt.date(2025, 3, 1),
        publication_lag=_DAY_BEFORE_AT_NOON,
        place=None,
        columns=_STRIKE_PRICE_COLUMNS,
        ignored=_DAY_AHEAD_IGNORED,
    ),
    Dataset(
        name="regulation_hourly",
        title="Hourly regulation clearing prices, final",
        data_type="as",
        choice="regulation-hourly",
        market="REAL_TIME_HOURLY",
        path="hourlyrcp/final/day/{day}",
        wrapper=("HourlyRcps", "HourlyRcp"),
        begins=_BEGIN_DATE,
        interval_minutes=60,
        first_day=_MARKETS_OPENED,
        publication_lag=_FINAL_AFTER_DAYS,
        place=None,
        columns=(
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
        path="hourlyfinalreserveprice/day/{day}",
        wrapper=("FinalHourlyReservePrices", "FinalHourlyReservePrice"),
        begins=_BEGIN_DATE,
        interval_minutes=60,
        first_day=dt.date(2006, 10, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        place="reserve_zone",
        columns=_RESERVE_COLUMNS,
        ignored=_RESERVE_IGNORED,
        report=Report(
            "transform/csv/finalhourlyreserveprice?start={day}&end={day}", _RESERVE_HEADINGS
        ),
    ),
    Dataset(
        name="constraints_da_hourly",
        title="Day-ahead binding constraints",
        data_type="constraints",
        choice="da",
        market="DAY_AHEAD_HOURLY",
        path="dayaheadconstraints/day/{day}",
        wrapper=("DayAheadConstraints", "DayAheadConstraint"),
        begins=_BEGIN_DATE,
        interval_minutes=60,
        first_day=_MARKETS_OPENED,
        publication_lag=_DAY_BEFORE_AT_NOON,
        place=None,
        columns=_CONSTRAINT_COLUMNS,
        names=_CONSTRAINT_NAMES,
        published_with="lmp_da_hourly",
    ),
    Dataset(
        name="constraints_rt_5min",
        title="Real-time binding constraints, final",
        data_type="constraints",
        choice="rt",
        market="REAL_TIME_5_MIN",
        path="fiveminuteconstraints/final/day/{day}",
        wrapper=("RealTimeConstraints", "RealTimeConstraint"),
        begins=_BEGIN_DATE,
        interval_minutes=5,
        first_day=dt.date(2017, 3, 1),
        publication_lag=_FINAL_AFTER_DAYS,
        place=None,
        columns=_CONSTRAINT_COLUMNS,
        names=_CONSTRAINT_NAMES,
        published_with="lmp_rt_5min",
    ),
)

DATASETS = {row.name: row for row in _ROWS}
CHOSEN_BY: Final[dict[DataType, str]] = {
    "lmp": "markets",
    "as": "services",
    "constraints": "markets",
}
"""The key of the configuration that chooses among the datasets of a data type."""


def choices(data_type: DataType) -> tuple[str, ...]:
    """The markets or services by which the datasets of a type are chosen."""
    return tuple(row.choice for row in _ROWS if row.data_type == data_type)


MARKETS = choices("lmp")
SERVICES = choices("as")
