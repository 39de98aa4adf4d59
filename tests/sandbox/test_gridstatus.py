"""gridstatus, as it is but for its base URLs, reads every dataset from the sandbox as we do.

It runs where gridstatus is installed (`make bench` adds it) and skips by name elsewhere. What
gridstatus itself cannot read, or has no method for, is named here.
"""

import datetime as dt
import urllib.request
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests
from reading import examine

from isone.audit.verify.raw import rows_of
from isone.download.client import Client
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import CORE_LOCATIONS
from isone.response.table import read_table
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store import gzipped

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the peer's own imports
    pytest.importorskip("gridstatus", reason="gridstatus is not installed: `make bench` adds it")
    from gridstatus import ISONE
    from gridstatus.base import NoDataFoundException
    from gridstatus.isone_api.isone_api import ISONEAPI

pytestmark = pytest.mark.filterwarnings("ignore")  # what the peer warns of is not ours to mend

TODAY = dt.date(2026, 6, 15)
SPRING, SUMMER, AUTUMN = dt.date(2026, 3, 8), dt.date(2025, 7, 15), dt.date(2025, 11, 2)
PUBLIC_HOST = "https://www.iso-ne.com"
DAYS = pytest.mark.parametrize("day", [SPRING, SUMMER, AUTUMN], ids=["spring", "summer", "autumn"])
Row = tuple[Any, ...]

_INTERVAL = {"Interval Start": "interval_start_utc", "Interval End": "interval_end_utc"}
_LMP = {
    "Location": "location",
    "Location Type": "location_type",
    "LMP": "lmp",
    "Energy": "energy",
    "Congestion": "congestion",
    "Loss": "loss",
}
_RESERVE = {
    "Reserve Zone Id": "location_id",
    "Reserve Zone Name": "location",
    "Ten Min Spin Requirement": "ten_min_spin_requirement",
    "Total 10 Min Requirement": "total_10_min_requirement",
    "Total 30 Min Requirement": "total_30_min_requirement",
    "TMSR Designated MW": "tmsr_designated_mw",
    "TMNSR Designated MW": "tmnsr_designated_mw",
    "TMOR Designated MW": "tmor_designated_mw",
    "TMSR Clearing Price": "tmsr_clearing_price",
    "TMNSR Clearing Price": "tmnsr_clearing_price",
    "TMOR Clearing Price": "tmor_clearing_price",
}
_PUBLIC_RESERVE = {
    "Reserve Zone ID": "location_id",
    "Reserve Zone Name": "location",
    "Ten Min Spin Requirement": "ten_min_spin_requirement",
    "Ten Min Requirement": "total_10_min_requirement",
    "Total Requirement": "total_30_min_requirement",
    "TMSR Designated MW": "tmsr_designated_mw",
    "TMNSR Designated MW": "tmnsr_designated_mw",
    "TMOR Designated MW": "tmor_designated_mw",
    "TMSR Clearing Price": "tmsr_clearing_price",
    "TMR Clearing Price": "tmnsr_clearing_price",
    "Total Reserve Clearing Price": "tmor_clearing_price",
}
_REGULATION = {
    "Reg Service Clearing Price": "reg_service_clearing_price",
    "Reg Capacity Clearing Price": "reg_capacity_clearing_price",
}
_DAY_AHEAD_RESERVE = {
    "Ten Min Spin Req MW": "ten_min_spin_req_mw",
    "Total Ten Min Req MW": "total_ten_min_req_mw",
    "Total Thirty Min Req MW": "total_thirty_min_req_mw",
    "Forecasted Energy Req MW": "forecasted_energy_req_mw",
    "TMSR Clearing Price": "tmsr_clearing_price",
    "TMNSR Clearing Price": "tmnsr_clearing_price",
    "TMOR Clearing Price": "tmor_clearing_price",
    "FER Clearing Price": "fer_clearing_price",
    "TMSR Designation MW": "tmsr_designation_mw",
    "TMNSR Designation MW": "tmnsr_designation_mw",
    "TMOR Designation MW": "tmor_designation_mw",
    "EIR Designation MW": "eir_designation_mw",
}
_STRIKE = {
    "Publish Time": "strike_price_timestamp",
    "Strike Price": "strike_price",
    "SPC Load Forecast MW": "spc_load_forecast_mw",
    "Expected RT Hub LMP": "expected_rt_hub_lmp",
    "Percentile 10 RT Hub LMP": "percentile_10_rt_hub_lmp",
    "Percentile 25 RT Hub LMP": "percentile_25_rt_hub_lmp",
    "Percentile 75 RT Hub LMP": "percentile_75_rt_hub_lmp",
    "Percentile 90 RT Hub LMP": "percentile_90_rt_hub_lmp",
    "Expected Closeout Charge": "expected_closeout_charge",
    "Expected Closeout Charge Override": "expected_closeout_charge_override",
}
_REAL_TIME_CONSTRAINT = {
    "Constraint Name": "constraint_name",
    "Marginal Value": "marginal_value",
}
_DAY_AHEAD_CONSTRAINT = {
    **_REAL_TIME_CONSTRAINT,
    "Contingency Name": "contingency_name",
    "Interface Flag": "interface_flag",
}
_LOAD = {"Load": "load", "Native Load": "native_load", "ARD Demand": "ard_demand"}
_FORECAST = {
    "Publish Time": "publish_time",
    "Load Forecast": "load_forecast",
    "Net Load Forecast": "net_load_forecast",
}
_INTERCHANGE = {
    "Location": "location",
    "Actual Interchange": "interchange",
    "Purchase": "purchase",
    "Sale": "sale",
}
_FLOWS = {
    "Location": "location",
    "Actual Flow": "actual_flow",
    "Import Limit": "import_limit",
    "Export Limit": "export_limit",
    "Current Schedule": "current_schedule",
    "Purchase": "purchase",
    "Sale": "sale",
    "Total Exports": "total_export_limit",
    "Total Imports": "total_import_limit",
}
_DEMAND = {"Location Id": "location_id", "Load": "load"}


@dataclass(frozen=True)
class Reading:
    """A method of gridstatus that reads a dataset, and what its columns are called here."""

    dataset: str
    method: str
    columns: Mapping[str, str]
    public: bool = False
    """Whether it reads the public reports; else the web services."""
    prelim: bool = False
    by_hour: bool = False
    """Whether it asks hour by hour, and has to be told where the day ends."""


READINGS = (
    Reading("lmp_da_hourly", "get_lmp_day_ahead_hourly", _LMP, public=True),
    Reading("lmp_rt_hourly", "get_lmp_real_time_hourly", _LMP, public=True, prelim=True),
    Reading("lmp_rt_hourly", "get_lmp_real_time_hourly_prelim", _LMP, prelim=True),
    Reading("lmp_rt_hourly", "get_lmp_real_time_hourly_final", _LMP),
    Reading("lmp_rt_5min", "get_lmp_real_time_5_min", _LMP, public=True, prelim=True),
    Reading("lmp_rt_5min", "get_lmp_real_time_5_min_prelim", _LMP, prelim=True, by_hour=True),
    Reading("lmp_rt_5min", "get_lmp_real_time_5_min_final", _LMP, by_hour=True),
    Reading("regulation_5min", "get_regulation_clearing_prices_real_time_5_min", _REGULATION),
    Reading("reserve_5min", "get_reserve_zone_prices_designations_real_time_5_min", _RESERVE),
    Reading(
        "reserve_5min",
        "get_reserve_zone_prices_designations_real_time_5_min_final",
        _PUBLIC_RESERVE,
        public=True,
    ),
    Reading(
        "reserve_hourly",
        "get_reserve_zone_prices_designations_real_time_hourly_prelim",
        _RESERVE,
        prelim=True,
    ),
    Reading(
        "reserve_hourly", "get_reserve_zone_prices_designations_real_time_hourly_final", _RESERVE
    ),
    Reading(
        "reserve_da_hourly",
        "get_reserve_requirements_prices_forecast_day_ahead",
        _DAY_AHEAD_RESERVE,
    ),
    Reading("strike_da_hourly", "get_ancillary_services_strike_prices_day_ahead", _STRIKE),
    Reading(
        "constraints_da_hourly", "get_binding_constraints_day_ahead_hourly", _DAY_AHEAD_CONSTRAINT
    ),
    Reading(
        "constraints_rt_5min",
        "get_binding_constraints_preliminary_real_time_5_min",
        _REAL_TIME_CONSTRAINT,
        prelim=True,
    ),
    Reading(
        "constraints_rt_5min",
        "get_binding_constraints_final_real_time_5_min",
        _REAL_TIME_CONSTRAINT,
    ),
    Reading(
        "constraints_rt_15min",
        "get_binding_constraints_final_real_time_15_min",
        _REAL_TIME_CONSTRAINT,
    ),
    Reading("lmp_rt_hourly_prelim", "get_lmp_real_time_hourly_prelim", _LMP),
    Reading("lmp_rt_5min_prelim", "get_lmp_real_time_5_min_prelim", _LMP, by_hour=True),
    Reading("load_5min", "get_load", {"Load": "native_load"}, public=True),
    Reading("load_hourly", "get_load_hourly", _LOAD),
    Reading("forecast_hourly", "get_load_forecast_hourly", _FORECAST),
    Reading("interchange_hourly", "get_interchange_hourly", _INTERCHANGE),
    Reading("flows_5min", "get_external_flows_5_min", _FLOWS),
    Reading("demand_da_hourly", "get_dayahead_hourly_demand", _DEMAND),
    Reading("demand_rt_hourly", "get_realtime_hourly_demand", _DEMAND),
)
WIDE = {"fuel_mix"}
"""gridstatus has a column for each fuel."""
WITHOUT_METHOD = {"regulation_hourly"}
"""gridstatus has a method for five-minute regulation prices only."""
LATEST = (
    "get_regulation_clearing_prices_real_time_5_min",
    "get_reserve_zone_prices_designations_real_time_5_min",
    "get_reserve_zone_prices_designations_real_time_hourly_prelim",
    "get_reserve_zone_prices_designations_real_time_hourly_final",
    "get_reserve_requirements_prices_forecast_day_ahead",
    "get_ancillary_services_strike_prices_day_ahead",
    "get_lmp_real_time_5_min_prelim",
    *("get_load_hourly", "get_fuel_mix", "get_interchange_hourly", "get_external_flows_5_min"),
    *("get_dayahead_hourly_demand", "get_realtime_hourly_demand"),
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The sandbox with its usual nodes, one of which is in no list of locations."""
    with Sandbox(today=TODAY) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_wrong(sandbox: Sandbox) -> None:
    sandbox.faults.clear()


@pytest.fixture
def ours(sandbox: Sandbox) -> Iterator[Client]:
    with Client(Source("sandbox", sandbox.url), read_settings({}).http) as client:
        yield client


@pytest.fixture
def services(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> ISONEAPI:
    """gridstatus's client of the web services, with another base URL."""
    monkeypatch.setenv("ISONE_API_USERNAME", "nobody")
    monkeypatch.setenv("ISONE_API_PASSWORD", "nothing")
    client = ISONEAPI()
    client.base_url = sandbox.url
    return client


@pytest.fixture
def public(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> ISONE:
    """gridstatus's client of the public reports: its addresses are in its code, so the host is
    exchanged where they are opened, by requests and, from pandas, by urllib."""
    request, urlopen = requests.Session.request, urllib.request.urlopen

    def request_here(self: requests.Session, method: str, url: str, **rest: Any) -> Any:
        return request(self, method, url.replace(PUBLIC_HOST, sandbox.reports_url), **rest)

    def urlopen_here(asked: urllib.request.Request, *args: Any, **rest: Any) -> Any:
        asked.full_url = asked.full_url.replace(PUBLIC_HOST, sandbox.reports_url)
        return urlopen(asked, *args, **rest)

    monkeypatch.setattr(requests.Session, "request", request_here)
    monkeypatch.setattr(urllib.request, "urlopen", urlopen_here)
    return ISONE()


def our_rows(client: Client, dataset: Dataset, reading: Reading, day: dt.date) -> list[Row]:
    """The rows of a day as we read them, each response examined first, in the reading's columns."""
    rows: list[Row] = []
    first, end = market_time.day_bounds(day)
    for request in dataset.day_requests(day, "all"):
        asked = replace(request, prelim=reading.prelim)
        body = gzipped.inflate(client.fetch(dataset.request.url_path(asked)))
        examine(dataset, asked, body).require_whole()
        table = rows_of(read_table(dataset, body), [asked]).to_pydict()
        names = (*_INTERVAL.values(), *reading.columns.values())
        rows += zip(*(map(_plain, table[name]) for name in names), strict=True)
    return [row for row in rows if first <= row[0] < end]  # of a month, the day


def their_rows(frame: Any, reading: Reading) -> list[Row]:
    """The rows of a frame of gridstatus's."""
    names = (*_INTERVAL, *reading.columns)
    return list(zip(*(map(_plain, frame[name].tolist()) for name in names), strict=True))


def _plain(value: Any) -> Any:
    """A value that compares: instants in UTC, numbers as floats, None for what is missing."""
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return value or None
    if isinstance(value, dt.datetime):
        return int(value.timestamp())
    return None if value is None or value != value else float(value)


@DAYS
@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.method)
def test_gridstatus_reads_the_same_rows_from_the_sandbox_as_we_do(
    ours: Client, services: ISONEAPI, public: ISONE, reading: Reading, day: dt.date
) -> None:
    dataset = DATASETS[reading.dataset]
    method = getattr(public if reading.public else services, reading.method)
    following = day + dt.timedelta(days=1)
    frame = method(str(day), **({"end": str(following)} if reading.by_hour else {}))
    expected = Counter(our_rows(ours, dataset, reading, day))
    if reading.by_hour and day == AUTUMN:  # it asks for the hour that comes twice, and gets both
        again = [row for row in expected if _in_repeated_hour(row)]
        assert len(again) == 24 * len(frame["Location"].unique())
        expected.update(again)
    assert expected
    assert Counter(their_rows(frame, reading)) == expected


def _in_repeated_hour(row: Row) -> bool:
    first = dt.datetime(AUTUMN.year, AUTUMN.month, AUTUMN.day, 5, tzinfo=dt.UTC).timestamp()
    return bool(first <= row[0] < first + 7200)


@DAYS
@pytest.mark.parametrize("is_public", [False, True], ids=["web services", "reports"])
def test_gridstatus_reads_the_same_fuel_mix_with_a_column_for_each_fuel(
    ours: Client, services: ISONEAPI, public: ISONE, day: dt.date, is_public: bool
) -> None:
    dataset = DATASETS["fuel_mix"]
    (request,) = dataset.day_requests(day, "all")
    body = gzipped.inflate(ours.fetch(dataset.request.url_path(request)))
    rows = rows_of(read_table(dataset, body), [request]).to_pylist()
    names = ("interval_start_utc", "fuel", "generation")
    made = {(_plain(row[names[0]]), row["fuel"]): row["generation"] for row in rows}
    flags = {(_plain(row[names[0]]), row["fuel"]) for row in rows if row["marginal"] == "Y"}
    assert made
    assert flags
    frame = (public if is_public else services).get_fuel_mix(str(day))
    assert _long(frame) == made
    assert len(frame) == len({start for start, _ in made})
    if not is_public:
        marginal = _long(services.get_marginal_fuel_type(str(day)))
        assert set(marginal) == flags


def _long(frame: Any) -> dict[tuple[Any, str], Any]:
    """What a wide frame has, by time and fuel, without what is absent or 0."""
    return {
        (_plain(row["Time"]), fuel): value
        for row in frame.to_dict("records")
        for fuel, value in row.items()
        if fuel != "Time" and value == value and value
    }


def test_every_dataset_is_read_by_a_method_of_gridstatus_or_named_as_having_none() -> None:
    assert {reading.dataset for reading in READINGS} == set(DATASETS) - WITHOUT_METHOD - WIDE
    regulation = [name for name in dir(ISONEAPI) + dir(ISONE) if "regulation" in name]
    assert regulation == ["get_regulation_clearing_prices_real_time_5_min"]


@pytest.mark.parametrize("method", LATEST)
def test_gridstatus_reads_the_latest_prices_from_the_sandbox(
    services: ISONEAPI, method: str
) -> None:
    assert len(getattr(services, method)("latest")) > 0


def test_gridstatus_reads_the_locations_from_the_sandbox(services: ISONEAPI) -> None:
    assert len(services.get_locations()) == len(CORE_LOCATIONS) + 7 + 4
    listed = services.get_locations_all()
    alone = services.get_location_by_id(4001)
    assert (
        alone.to_dict("records")[0].items()
        <= dict(listed.set_index("LocationID", drop=False).loc[4001]).items()
    )


def test_a_strike_price_of_a_market_day_in_a_list_is_read_by_gridstatus(
    sandbox: Sandbox, services: ISONEAPI
) -> None:
    method: Callable[[str], Any] = services.get_ancillary_services_strike_prices_day_ahead
    alone = method(str(SUMMER))
    sandbox.faults.add("groupedx1")
    assert method(str(SUMMER)).equals(alone)
    assert sandbox.requests[-1].fault == "grouped"


def test_gridstatus_takes_an_empty_day_for_one_without_data(services: ISONEAPI) -> None:
    with pytest.raises(NoDataFoundException):
        services.get_binding_constraints_day_ahead_hourly("2024-01-01")


def test_gridstatus_cannot_read_a_location_without_a_name(
    sandbox: Sandbox, services: ISONEAPI
) -> None:
    sandbox.faults.add("nameless-place")
    with pytest.raises(KeyError):
        services.get_lmp_real_time_hourly_final(str(SUMMER))
