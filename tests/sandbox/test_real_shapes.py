"""The sandbox sends what ISO-NE sends: envelopes, oddities, paths that clients use, who it is."""

import csv
import datetime as dt
import io
import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import CORE_LOCATIONS, RESERVE_ZONES
from isone.market.requests import Request
from isone.sandbox import Sandbox
from isone.sandbox.feeds import FEEDS
from isone.sandbox.places import priced_places
from isone.sandbox.synthetic import Synthetic

Get = Callable[[str], Any]
AT = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)
SPRING, SUMMER, AUTUMN = dt.date(2026, 3, 8), dt.date(2025, 7, 15), dt.date(2025, 11, 2)
REAL_DAY = "01-daas-market-day/replay/api/v1.1/daasreservedata/day/20250624.json"
RECORDED = """{"isone_web_services": {"day_ahead_reserves": {
  "market_day": "2025-06-24T00:00:00.000-04:00",
  "day_ahead_reserve": [{
    "market_hour": {"gmt_begin_date": "2025-06-24T00:00:00.000-04:00",
      "local_day": "2025-06-24T01:00:00.000-04:00", "local_hour_end": "02"},
    "ten_min_spin_req_mw": 374.4, "total_ten_min_req_mw": 1497.6, "total_thirty_min_req_mw": 2278.1,
    "forecasted_energy_req_mw": 15730.0, "tmsr_clearing_price": 9.25, "tmnsr_clearing_price": 9.25,
    "tmor_clearing_price": 8.39, "fer_clearing_price": 0.0, "tmsr_designation_mw": 806.0,
    "tmnsr_designation_mw": 1497.6, "tmor_designation_mw": 2278.1, "eir_designation_mw": 0.0}]}}}"""


def text_of(synthetic: Synthetic, path: str, at: dt.datetime = AT) -> str:
    return synthetic.answer(path, at).body.decode()


def records(content: Any) -> list[dict[str, Any]]:
    """The records of a response, whatever is around them."""
    while isinstance(content, dict) and "BeginDate" not in content:
        content = [value for key, value in content.items() if key != "market_day"][0]
    return [content] if isinstance(content, dict) else list(content)


def shape(value: Any) -> Any:
    """What JSON is made of: keys in their order, kinds of values, the first of each list."""
    if isinstance(value, dict):
        return [(key, shape(each)) for key, each in value.items()]
    return [shape(value[0])] if isinstance(value, list) else type(value)


def same_shape_as(recorded: str) -> None:
    real = json.loads(recorded)
    own = json.loads(text_of(Synthetic(0, 0), "daasreservedata/day/20250624"))
    assert shape(own) == shape(real)
    theirs, ours = records(real)[0]["market_hour"], records(own)
    (same,) = [
        row["market_hour"] for row in ours if row["market_hour"]["local_day"] == theirs["local_day"]
    ]
    assert same == theirs


def test_day_ahead_services_come_in_the_recorded_envelope_with_the_same_numbers() -> None:
    same_shape_as(RECORDED)


def test_day_ahead_services_have_the_shape_of_a_real_day(shared: Path) -> None:
    file = shared.parent / "cases" / REAL_DAY
    if not file.exists():
        pytest.skip(f"the recorded response {file} is not here")
    same_shape_as(file.read_text())


@pytest.mark.parametrize("path", ["daasreservedata", "daasstrikeprices"])
@pytest.mark.parametrize("day", [SPRING, SUMMER, AUTUMN], ids=["spring", "summer", "autumn"])
def test_a_market_day_is_the_same_local_midnight_everywhere(path: str, day: dt.date) -> None:
    text = text_of(Synthetic(0, 0), f"{path}/day/{day:%Y%m%d}")
    midnight = market_time.timestamp(market_time.interval_starts(day, 60)[0])
    ((envelope,),) = [each.values() for each in json.loads(text).values()]
    assert envelope["market_day"] == midnight
    hours = [row["market_hour"] for row in records(json.loads(text))]
    assert {hour["gmt_begin_date"] for hour in hours} == {midnight}
    starts = [market_time.parse_timestamp(hour["local_day"]) for hour in hours]
    assert starts == list(market_time.interval_starts(day, 60))
    numbers: list[str] = []
    json.loads(text, parse_int=lambda number: pytest.fail(f"{number} has no decimal point"))
    json.loads(text, parse_float=lambda number: numbers.append(number) or 0.0)
    assert any(number.endswith(".0") for number in numbers)


def test_every_strike_price_says_what_overrides_the_charge_and_mostly_that_is_null() -> None:
    found = [
        row["expected_closeout_charge_override"]
        for day in market_time.days(SUMMER, SUMMER + dt.timedelta(days=9))
        for row in records(
            json.loads(text_of(Synthetic(0, 0), f"daasstrikeprices/day/{day:%Y%m%d}"))
        )
    ]
    numbers = [value for value in found if value is not None]
    assert 0 < len(numbers) < len(found) / 5
    assert all(isinstance(value, float) for value in numbers)


@pytest.mark.parametrize(("nodes", "retired"), [(12, 1), (1184, 4)])
def test_some_priced_nodes_are_in_no_list_of_locations(nodes: int, retired: int) -> None:
    synthetic = Synthetic(0, nodes)
    listed = {row["LocationID"] for row in records(json.loads(text_of(synthetic, "locations/all")))}
    gone = [place for place in priced_places(0, nodes) if place.id not in listed]
    assert len(gone) == retired
    assert [p.id for p in gone] == [p.id for p in priced_places(9, nodes) if p.id not in listed]
    path = "hourlylmp/da/final/day/20250715"
    priced = {row["Location"]["@LocId"] for row in records(json.loads(text_of(synthetic, path)))}
    assert {str(place.id) for place in gone} <= priced
    assert synthetic.answer(f"locations/{gone[0].id}", AT).status == 404


def test_a_contingency_is_named_day_ahead_alone_by_text_or_by_number() -> None:
    synthetic = Synthetic(0, 0)
    days = [f"{day:%Y%m%d}" for day in market_time.days(dt.date(2024, 1, 2), dt.date(2024, 1, 20))]
    texts = [text_of(synthetic, f"dayaheadconstraints/day/{day}") for day in days]
    rows = [row for text in texts if "MarginalValue" in text for row in records(json.loads(text))]
    assert {type(row["ContingencyName"]) for row in rows} == {str, int}
    for day in days[:3]:
        text = text_of(synthetic, f"fiveminuteconstraints/final/day/{day}")
        assert "ConstraintName" in text
        assert "ContingencyName" not in text


def test_a_quiet_day_of_constraints_is_an_empty_text() -> None:
    text = text_of(Synthetic(0, 0), "dayaheadconstraints/day/20240101")
    assert text == '{"DayAheadConstraints":""}'


# paths


@pytest.mark.parametrize("base", ["fiveminutercp", "fiveminutereserveprice", "fiveminutelmp"])
def test_a_path_without_a_type_has_the_final_prices_where_they_are_out_else_preliminary_ones(
    base: str,
) -> None:
    synthetic = Synthetic(0, 0)
    place = "/location/4000" if base == "fiveminutelmp" else ""
    for day, version in (("20260601", "final"), ("20260613", "prelim")):
        typed = text_of(synthetic, f"{base}/{version}/day/{day}{place}")
        assert text_of(synthetic, f"{base}/day/{day}{place}") == typed
        assert len(records(json.loads(typed))) > 200
    assert len(records(json.loads(text_of(synthetic, f"{base}/final/day/20260613{place}")))) == 0
    assert text_of(synthetic, f"{base}/info") == text_of(synthetic, f"{base}/prelim/info")


@pytest.mark.parametrize("id", [4000, 4018, 7000, 10003])
def test_a_location_comes_alone_by_its_id(get: Get, id: int) -> None:
    listed = get("locations/all")["Locations"]["Location"]
    assert get(f"locations/{id}") == {"Location": next(x for x in listed if x["LocationID"] == id)}


@pytest.mark.parametrize("base", ["fiveminutelmp/prelim", "fiveminutelmp", "hourlylmp/rt/prelim"])
def test_current_has_the_newest_interval_at_the_core_everywhere_or_at_one_place(
    get: Get, base: str
) -> None:
    newest = get(f"{base}/info")["ServiceInfo"]["LatestBeginDate"]
    everywhere = records(get(f"{base}/current/all"))
    assert {row["BeginDate"] for row in everywhere} == {newest}
    assert len(everywhere) == len(CORE_LOCATIONS) + 7 + 5
    assert records(get(f"{base}/current")) == everywhere[: len(CORE_LOCATIONS) + 7]
    (key,) = {"FiveMinLmp", "HourlyLmp"} & set(get(f"{base}/current/location/4001"))
    assert get(f"{base}/current/location/4001") == {key: everywhere[1]}


def test_a_day_ahead_price_is_current_in_its_hour(get: Get) -> None:
    rows = records(get("hourlylmp/da/final/current"))
    assert {row["BeginDate"] for row in rows} == {"2026-06-15T12:00:00.000-04:00"}


def test_a_single_current_record_of_a_set_without_places_is_in_a_list(get: Get) -> None:
    newest = get("fiveminutercp/prelim/info")["ServiceInfo"]["LatestBeginDate"]
    ((content,),) = [each.values() for each in get("fiveminutercp/current").values()]
    assert [row["BeginDate"] for row in content] == [newest]


def test_current_of_reserve_zones_has_all_of_them_or_one_without_the_outer_wrapper(
    get: Get,
) -> None:
    rows = records(get("fiveminutereserveprice/final/current"))
    assert [row["ReserveZoneId"] for row in rows] == list(RESERVE_ZONES)
    one = get("fiveminutereserveprice/final/current/reserveZone/7002")
    assert one == {"FiveMinReservePrice": rows[2]}


@pytest.mark.parametrize("base", ["daasreservedata", "daasstrikeprices"])
def test_current_of_day_ahead_services_is_the_newest_market_day(get: Get, base: str) -> None:
    assert get(f"{base}/current") == get(f"{base}/day/20260615")


def test_one_hour_of_all_locations_can_be_asked_for(get: Get) -> None:
    day = records(get("hourlylmp/da/final/day/20251102"))
    hour = records(get("hourlylmp/da/final/day/20251102/hour/01"))
    assert hour == [row for row in day if row["BeginDate"][11:13] == "01"]
    assert len(hour) == 2 * (len(CORE_LOCATIONS) + 7 + 5)


LEFT_OUT = re.compile(
    "locationType|/previous|/current/hour|/day/latest|lmpIndex/(weekly|monthly/../current)"
    "|fifteenminuteconstraints/[{]Type[}]/current|fuelCategoryRollup"
    "|hourlyloadforecast/(current|day|info)|hourlysysload/.*/(hour|location)"
)
DEFAULTS = re.compile(
    "(hourly|fiveminute|fifteenminute)[a-z]+(/(final|prelim|rt|da|[{]Type[}]))*|lmpIndex/[a-z]+"
    "|dayaheadconstraints|(dayahead|realtime)hourlydemand|actualinterchange|genfuelmix"
)
"""Paths that lead on to those of `info`."""


def test_the_paths_of_iso_ne_s_own_list_are_answered_but_for_those_named_here(shared: Path) -> None:
    sets = {base.partition("/")[0] for base in FEEDS} | {"lmpIndex", "locations"}
    values = {"Type": "final", "day": "20250715", "locationId": "4000", "reserveZoneId": "7001"}
    values |= {"sh": "07", "year": "2025", "locationType": "HUB", "month": "202506"}
    values["fuelCategoryRollup"] = "Renewables"
    synthetic = Synthetic(0, 0)
    asked = 0
    for line in (shared / "spec" / "paths.txt").read_text().splitlines():
        path = line.partition(" |")[0].strip("/")
        if path.partition("/")[0] not in sets or path == "hourlylmp":
            continue
        answered = synthetic.answer(path.format_map(values), AT).status == 200
        left_out = bool(LEFT_OUT.search(path) or DEFAULTS.fullmatch(path))
        assert answered != left_out, path
        asked += answered
    assert asked > 40


# public reports


def sheet(sandbox: Sandbox, path: str) -> tuple[list[str], list[dict[str, str]], str]:
    """Headings, rows and trailer of a report, got as clients do: a page first."""
    with requests.Session() as session:
        page = "isoexpress/web/reports/operations/-/tree/gen-fuel-mix"
        session.get(f"{sandbox.reports_url}/{page}", timeout=60)
        response = session.get(f"{sandbox.reports_url}/{path}", timeout=60)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/csv")
    lines = list(csv.reader(io.StringIO(response.text, newline="")))
    headings = next(line for line in lines if line[0] == "H")
    rows = [dict(zip(headings, line, strict=True)) for line in lines if line[0] == "D"]
    assert lines[-1][0] == "T"
    return headings[1:], rows, lines[-1][1]


@pytest.mark.parametrize(
    "page",
    [
        "operations/-/tree/gen-fuel-mix",
        "operations/-/tree/ancillary-hourly-rzpd-final",
        "load-and-demand/-/tree/dmnd-rt-hourly-sys",
    ],
)
def test_any_page_of_reports_hands_out_the_cookie_for_those_made_on_request(
    sandbox: Sandbox, page: str
) -> None:
    report = f"{sandbox.reports_url}/transform/csv/daasreservedata?start=20250715&end=20250715"
    with requests.Session() as session:
        assert session.get(report, timeout=60).status_code == 403
        session.get(f"{sandbox.reports_url}/isoexpress/web/reports/{page}", timeout=60)
        assert "isox_token" in session.cookies
        assert session.get(report, timeout=60).status_code == 200


@pytest.mark.parametrize("folder", ["static-transform/csv/histRpts", "histRpts"])
def test_a_static_report_needs_no_cookie(sandbox: Sandbox, folder: str) -> None:
    url = f"{sandbox.reports_url}/{folder}/da-lmp/WW_DALMP_ISO_20250715.csv"
    assert requests.get(url, timeout=60).text.startswith('"C"')


def test_day_ahead_reports_begin_in_2016_and_prices_before(sandbox: Sandbox) -> None:
    folder = f"{sandbox.reports_url}/static-transform/csv/histRpts/da-lmp"
    before = requests.get(f"{folder}/WW_DALMP_ISO_20151231.csv", timeout=60)
    assert (before.status_code, before.text) == (200, "No data exists for this period.")
    assert requests.get(f"{folder}/WW_DALMP_ISO_20160101.csv", timeout=60).text.startswith('"C"')
    prices = requests.get(f"{sandbox.url}/hourlylmp/da/final/day/20151231.json", timeout=60)
    assert len(records(prices.json())) > 0


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(SPRING, ["01", "02", "04", "05"], id="spring"),
        pytest.param(AUTUMN, ["01", "02", "02", "03"], id="autumn"),
    ],
)
def test_day_ahead_services_report_twelve_columns_of_the_system_and_count_their_lines(
    sandbox: Sandbox, day: dt.date, hours: list[str]
) -> None:
    path = f"transform/csv/daasreservedata?start={day:%Y%m%d}&end={day:%Y%m%d}"
    headings, rows, trailer = sheet(sandbox, path)
    assert headings[:3] == ["Local Date", "Hour Ending", "Location ID"]
    assert len(headings) == 3 + 12
    assert {row["Location ID"] for row in rows} == {"7000"}
    assert [row["Hour Ending"] for row in rows][:4] == hours
    assert trailer == f"{len(rows)} lines"


def test_day_ahead_services_before_there_were_any_are_a_report_without_lines(
    sandbox: Sandbox,
) -> None:
    path = "transform/csv/daasreservedata?start=20250101&end=20250131"
    headings, rows, trailer = sheet(sandbox, path)
    assert (len(headings), rows, trailer) == (15, [], "0 lines")


def test_hourly_reserve_prices_report_ids_prices_and_megawatts_and_mark_the_hour_that_comes_twice(
    sandbox: Sandbox,
) -> None:
    path = "transform/csv/finalhourlyreserveprice?start=20251101&end=20251103"
    headings, rows, _ = sheet(sandbox, path)
    assert headings[:3] == ["Date", "Hour Ending", "Location ID"]
    assert [heading.rpartition(" ")[2] for heading in headings[3:]] == ["Price"] * 3 + ["MW"] * 3
    assert len(rows) == 4 * (24 + 25 + 24)
    again = [row for row in rows if row["Hour Ending"] == "02X"]
    assert {row["Date"] for row in again} == {"11/02/2025"}
    assert [row["Location ID"] for row in again] == ["7000", "7001", "7002", "7003"]


def test_five_minute_reserve_prices_tell_the_hour_that_comes_twice_by_order_in_blank_headings(
    sandbox: Sandbox,
) -> None:
    path = "transform/csv/fiveminreserveprice?type=final&start=20251102&end=20251102"
    headings, rows, _ = sheet(sandbox, path)
    assert headings[:2] == [' "Local Time"', ' "Reserve Zone ID"']
    times = [row[headings[0]] for row in rows if row[headings[1]] == "7001"]
    assert len(times) == 300
    assert times[12:24] == times[24:36]


def test_preliminary_hours_name_locations_without_ids(sandbox: Sandbox) -> None:
    path = "static-transform/csv/histRpts/rt-lmp/lmp_rt_prelim_20260613.csv"
    headings, rows, _ = sheet(sandbox, path)
    assert headings[:3] == ["Date", "Hour Ending", "Location"]
    assert ".H.INTERNAL_HUB" in {row["Location"] for row in rows}


# who it is


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1.1/hourlylmp/da/final/day/20250715",
        "/api/v1.1/nothing/here",
        "/api/v1.1/hourlylmp/da/final/day/2025",
        "/isoexpress/web/reports/operations/-/tree/gen-fuel-mix",
        "/static-transform/csv/histRpts/da-lmp/WW_DALMP_ISO_20250715.csv",
        "/transform/csv/daasreservedata?start=20250715&end=20250715",
        "/login",
        "/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_every_answer_names_the_sandbox(sandbox: Sandbox, method: str, path: str) -> None:
    response = requests.request(method, f"{sandbox.reports_url}{path}", timeout=60)
    assert response.headers["Server"].startswith("isone-sandbox")


def test_an_answer_under_login_limit_or_fault_names_the_sandbox_too() -> None:
    url = "api/v1.1/locations"
    with Sandbox(nodes=0, username="u", password="p") as closed:
        servers = [requests.get(f"{closed.reports_url}/{url}", timeout=60).headers["Server"]]
    with Sandbox(nodes=0, rate_limit=1) as busy:
        for _ in range(2):
            response = requests.get(f"{busy.reports_url}/{url}", timeout=60)
        assert response.status_code == 429
        servers.append(response.headers["Server"])
    for fault in ("server-error", "html", "login-redirect", "not-found", "wrong-type"):
        with Sandbox(nodes=0, faults=[fault]) as faulty:
            response = requests.get(
                f"{faulty.reports_url}/{url}", timeout=60, allow_redirects=False
            )
            servers.append(response.headers["Server"])
    assert set(servers) == {"isone-sandbox"}


def test_a_request_that_cannot_be_read_is_answered_in_the_sandbox_s_name(sandbox: Sandbox) -> None:
    port = int(sandbox.url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 431 ")
    assert b"\r\nServer: isone-sandbox\r\n" in received


def test_reserve_records_of_five_minutes_say_once_more_when_the_interval_begins(get: Get) -> None:
    request = Request("reserve_5min", SUMMER)
    for row in records(get(DATASETS["reserve_5min"].request.url_path(request))):
        assert row["IntervalBeginDate"] == row["BeginDate"]
