"""Fuel mix, interchange, flows and demand: real responses are read, whole days are told."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reading import examine, records_of

from isone.errors import IncompleteError, ResponseError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import HUB, HUBS, INTERFACES
from isone.market.requests import Request
from isone.response.across_responses import Known
from isone.response.table import read_table
from isone.sandbox.synthetic import Synthetic

SIX_INTERFACES = "externalflow_six_interfaces_dashboard_20250326T0820"
QUEBEC = (4012, 4013, 4018)
AT = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)
SPRING, SUMMER, AUTUMN = dt.date(2026, 3, 8), dt.date(2025, 7, 15), dt.date(2025, 11, 2)
FUELS, INTERCHANGE, FLOWS, DAY_AHEAD, REAL_TIME = (
    DATASETS[name]
    for name in (
        *("fuel_mix", "interchange_hourly", "flows_5min"),
        *("demand_da_hourly", "demand_rt_hourly"),
    )
)
Record = dict[str, Any]


def wrapped(dataset: Dataset, records: list[Record]) -> bytes:
    content: Any = records
    for key in reversed(dataset.wrapper):
        content = {key: content}
    return json.dumps(content).encode()


def served(dataset: Dataset, day: dt.date, place: int | None = None) -> tuple[Request, Any]:
    """A request of a day, and the records that the sandbox answers it with."""
    request = next(
        each for each in dataset.day_requests(day, HUBS) if place in (None, each.location)
    )
    content = json.loads(Synthetic(0, 0).answer(dataset.request.url_path(request), AT).body)
    for key in dataset.wrapper:
        content = content[key]
    return request, content


# Real responses, and made-up twins of them


def place(id: int, name: str) -> Record:
    return {"@LocId": str(id), "$": name}


def interchange_twin() -> list[Record]:
    flows = {4010: (-2, 60), 4011: (-812.25, 1500.5), 4012: (0, 0), 4018: (-1100, 0)}
    return [
        {
            "Sale": sale,
            "Purchase": purchase,
            "ActInterchange": purchase + sale,
            "BeginDate": "2026-07-27T15:00:00.000-04:00",
            "Location": place(id, INTERFACES[id]),
        }
        for id, (purchase, sale) in flows.items()
    ]


def check_interchange(body: bytes) -> None:
    rows = records_of(INTERCHANGE, body)
    assert all(row.interchange == row.purchase + row.sale for row in rows)
    assert all(row.purchase <= 0 <= row.sale for row in rows)
    by_id = {row.place.id: row.interchange for row in rows}
    assert by_id[4018] < -1000
    assert sum(by_id.get(id, 0) for id in QUEBEC) == by_id[4018]


def test_interchange_is_read_with_imports_below_zero() -> None:
    check_interchange(wrapped(INTERCHANGE, interchange_twin()))


def test_the_recorded_interchange_is_read(explain: Path) -> None:
    body = (explain / "actualinterchange_current.json").read_bytes()
    check_interchange(body)
    assert {row.place.id: row.place.name for row in records_of(INTERCHANGE, body)} == INTERFACES


def fuel_twin() -> list[Record]:
    made = {"Hydro": (1841, "Y"), "Natural Gas": (14509, "Y"), "Refuse": (300, "N")}
    return [
        {
            "MarginalFlag": flag,
            "GenMw": power,
            "FuelCategoryRollup": "Renewables" if fuel == "Refuse" else fuel,
            "FuelCategory": fuel,
            "BeginDate": "2026-07-27T17:23:19.000-04:00",
        }
        for fuel, (power, flag) in made.items()
    ]


def check_fuels(body: bytes) -> None:
    rows = records_of(FUELS, body)
    assert sum(row.generation for row in rows) == 16650
    assert {row.fuel for row in rows if row.marginal == "Y"} == {"Hydro", "Natural Gas"}
    assert not {"Coal", "Oil"} & {row.fuel for row in rows}  # at zero: no row
    (refuse,) = (row for row in rows if row.fuel == "Refuse")
    assert refuse.fuel_group == "Renewables"
    assert {row.begins for row in rows} == {"2026-07-27T17:23:19.000-04:00"}


def test_a_snapshot_of_fuels_is_read() -> None:
    check_fuels(wrapped(FUELS, fuel_twin()))


def test_the_recorded_fuels_are_read(explain: Path) -> None:
    check_fuels((explain / "genfuelmix_current.json").read_bytes())
    (load,) = json.loads((explain / "fiveminutesystemload_current.json").read_text())[
        "FiveMinSystemLoad"
    ]
    assert 0 < load["LoadMw"] - 16650 < 500  # three minutes before; the rest is net import


def demand_twin() -> list[Record]:
    loads = {32: 17276, 4000: -107.8, 4001: 1228.4, 4004: 15911.3}
    names = {32: "NEPOOL AREA", 4000: ".H.INTERNAL_HUB", 4001: ".Z.MAINE", 4004: ".Z.CONNECTICUT"}
    return [
        {
            "Load": load,
            "BeginDate": "2026-07-27T17:00:00.000-04:00",
            "Location": place(id, names[id]),
        }
        for id, load in loads.items()
    ]


def check_demand(body: bytes) -> None:
    by_id = {row.place.id: row.load for row in records_of(DAY_AHEAD, body)}
    pool, hub = by_id.pop(32), by_id.pop(HUB)
    assert (pool, hub) == (17276, -107.8)
    assert sum(by_id.values()) == pytest.approx(17139.7)  # the pool is no sum of the others


def test_day_ahead_demand_is_read_with_a_hub_below_zero() -> None:
    check_demand(wrapped(DAY_AHEAD, demand_twin()))


def test_the_recorded_demand_is_read(explain: Path) -> None:
    check_demand((explain / "dayaheadhourlydemand_current.json").read_bytes())
    body = (explain / "realtimehourlydemand_current.json").read_bytes()
    rows = records_of(REAL_TIME, body)
    assert [row.place.id for row in rows] == list(range(4001, 4009))
    assert {row.begins for row in rows} == {"2026-07-22T23:00:00.000-04:00"}


def test_the_recorded_flows_have_the_limits_totals_on_each_row(explain: Path) -> None:
    """The dashboard's feed has other names for the same; the records of 2020 have the service's."""
    names = {"Actual": "ActualFlow", "Current": "CurrentSchedule"}
    names |= {"Import": "ImportLimit", "Export": "ExportLimit"}
    feed = [
        {names.get(key, key): value for key, value in record.items()}
        for record in json.loads(
            (explain / "externalflow_six_interfaces_dashboard_20250326T0820.json").read_text()
        )
    ]
    rows = records_of(FLOWS, wrapped(FLOWS, feed))
    assert {row.current_schedule - row.purchase - row.sale for row in rows} == {0}
    for begins in {row.begins for row in rows}:
        of_interval = [row for row in rows if row.begins == begins]
        assert len(of_interval) == 6
        totals = (
            sum(row.import_limit for row in of_interval),
            sum(row.export_limit for row in of_interval),
        )
        assert totals == (-5131, 1890)
        assert {(r.total_import_limit, r.total_export_limit) for r in of_interval} == {totals}
    raw = json.loads((explain / "raw_rows_20200202.json").read_text())
    (flow,) = records_of(FLOWS, wrapped(FLOWS, [raw["ExternalFlow"]]))
    assert (flow.actual_flow, flow.current_schedule) == (-370.829, -335)
    (wind,) = records_of(FUELS, wrapped(FUELS, [raw["GenFuelMix"]]))
    assert (wind.fuel, wind.fuel_group, wind.generation) == ("Wind", "Renewables", 160)


# Whole days


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (SUMMER, 24), (AUTUMN, 25)], ids=str)
def test_a_day_has_each_interval_for_each_interface_or_location(day: dt.date, hours: int) -> None:
    ties = 7 if day >= dt.date(2026, 2, 1) else 6
    expected = (
        *((INTERCHANGE, 1, ties), (FLOWS, 12, ties)),
        *((DAY_AHEAD, 1, 10), (REAL_TIME, 1, 8)),
    )
    for dataset, an_hour, places in expected:
        rows = 0
        for request in dataset.day_requests(day, HUBS):
            body = Synthetic(0, 0).answer(dataset.request.url_path(request), AT).body
            found = examine(dataset, request, body)
            found.require_whole()
            rows += found.rows
        assert rows == hours * an_hour * places


def test_requests_a_year_are_one_a_day_or_one_for_each_location() -> None:
    a_day = {
        row.name: len(row.day_requests(SUMMER, HUBS))
        for row in (FUELS, INTERCHANGE, FLOWS, DAY_AHEAD, REAL_TIME)
    }
    assert list(a_day.values()) == [1, 1, 1, 10, 8]


@pytest.mark.parametrize("dataset", [INTERCHANGE, FLOWS], ids=lambda each: each.name)
def test_necec_may_be_there_or_not_before_february_2026_and_has_to_be_from_then_on(
    dataset: Dataset,
) -> None:
    for day, is_owed in ((dt.date(2026, 1, 20), False), (dt.date(2026, 2, 1), True)):
        request, rows = served(dataset, day)
        without = [row for row in rows if row["Location"]["@LocId"] != "4018"]
        assert len(without) < len(rows)
        examine(dataset, request, wrapped(dataset, rows)).require_whole()
        found = examine(dataset, request, wrapped(dataset, without))
        assert bool(found.missing) is is_owed
        if is_owed:
            with pytest.raises(IncompleteError, match="location 4018 altogether"):
                found.require_whole()


@pytest.mark.parametrize("dataset", [INTERCHANGE, FLOWS], ids=lambda each: each.name)
def test_a_schedule_that_is_not_purchase_and_sale_is_rejected(dataset: Dataset) -> None:
    request, rows = served(dataset, SUMMER)
    rows[40]["Sale"] += 0.25
    with pytest.raises(ResponseError, match="do not add up"):
        examine(dataset, request, wrapped(dataset, rows))


def test_single_gaps_of_flows_are_forgiven_after_the_grace_and_of_interchange_never() -> None:
    later = SUMMER + dt.timedelta(days=31)
    for dataset, is_forgiven in ((FLOWS, True), (INTERCHANGE, False)):
        request, rows = served(dataset, SUMMER)
        body = wrapped(dataset, [*rows[:50], *rows[51:]])
        for today, expected in ((SUMMER, False), (later, is_forgiven)):
            found = examine(dataset, request, body, today=today)
            assert (len(found.missing), found.forgiven) == (1, expected)


def test_a_days_stamps_count_and_not_its_rows() -> None:
    request, rows = served(INTERCHANGE, SUMMER)
    doubled = [*rows[:-1], rows[0]]  # as many rows as ever, one interval missing
    found = examine(INTERCHANGE, request, wrapped(INTERCHANGE, doubled))
    assert (found.duplicates, len(found.missing)) == (1, 1)


def test_the_hubs_demand_that_comes_twice_is_there_once() -> None:
    request, rows = served(DAY_AHEAD, dt.date(2017, 7, 1), HUB)
    found = examine(DAY_AHEAD, request, wrapped(DAY_AHEAD, [each for r in rows for each in (r, r)]))
    assert (found.rows, found.duplicates, found.missing) == (24, 24, ())


Change = Callable[[list[Record]], None]


def new_fuel(rows: list[Record]) -> None:
    rows[5]["FuelCategory"] = rows[5]["FuelCategoryRollup"] = "Fusion"


def other_total(rows: list[Record]) -> None:
    rows[5]["TotalImports"] += 1


@pytest.mark.parametrize(
    ("dataset", "change", "flaw"),
    [
        pytest.param(FUELS, new_fuel, ("new-name", "fuel Fusion was not there before"), id="fuel"),
        pytest.param(
            FLOWS,
            other_total,
            (
                "energy-differs",
                "1 value unlike the others of that time, the first total_import_limit ",
            ),
            id="total of limits",
        ),
    ],
)
def test_what_is_new_or_odd_is_kept_and_suspect(
    dataset: Dataset, change: Change, flaw: tuple[str, str]
) -> None:
    request, rows = served(dataset, SUMMER)
    whole = read_table(dataset, wrapped(dataset, rows))
    assert Known().examine(whole, request)[1] == []
    change(rows)
    body = wrapped(dataset, rows)
    found = examine(dataset, request, body)
    found.require_whole()
    assert found.rows == len(rows)
    (suspect,) = Known().examine(read_table(dataset, body), request)[1]
    assert suspect.name == flaw[0]
    assert suspect.what.startswith(flaw[1])


def test_what_real_responses_leave_out_is_not_required() -> None:
    request, rows = served(FUELS, SUMMER)
    bare = [{key: row[key] for key in ("BeginDate", "FuelCategory", "GenMw")} for row in rows]
    found = examine(FUELS, request, wrapped(FUELS, bare))
    found.require_whole()
    assert found.flaws == ()


def test_batteries_that_charge_are_below_zero() -> None:
    request, rows = served(FUELS, dt.date(2026, 5, 20))
    rows[3] |= {"FuelCategory": "Batteries", "GenMw": -120}
    table = read_table(FUELS, wrapped(FUELS, rows))
    assert Known().examine(table, request)[1] == []
