"""The sandbox's supply meets the load as New England's does, and has the service's fields."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS, POOL
from isone.sandbox import load
from isone.sandbox.supply import generation
from isone.sandbox.synthetic import Synthetic

AT = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)
DAY = dt.date(2026, 5, 20)
FIELDS = {
    "genfuelmix": {"BeginDate", "FuelCategory", "FuelCategoryRollup", "GenMw", "MarginalFlag"},
    "actualinterchange": {"BeginDate", "Location", "ActInterchange", "Purchase", "Sale"},
    "dayaheadhourlydemand": {"BeginDate", "Location", "Load"},
    "realtimehourlydemand": {"BeginDate", "Location", "Load"},
}
"""Of real records of July 2026."""


def records(name: str, path: str) -> list[dict[str, Any]]:
    content = json.loads(Synthetic(0, 0).answer(path, AT).body)
    for key in DATASETS[name].wrapper:
        content = content[key]
    assert isinstance(content, list)
    return content


def of_day(name: str, day: dt.date = DAY) -> list[dict[str, Any]]:
    row = DATASETS[name]
    paths = [row.request.url_path(request) for request in row.day_requests(day, HUBS)]
    return [record for path in paths for record in records(name, path)]


@pytest.mark.parametrize("day", [DAY, dt.date(2026, 1, 20), dt.date(2025, 7, 15)], ids=str)
def test_what_plants_make_and_ties_bring_is_the_load(day: dt.date) -> None:
    flows: dict[int, float] = {}
    for record in of_day("flows_5min", day):
        start = market_time.parse_timestamp(record["BeginDate"])
        flows[start] = flows.get(start, 0) + record["ActualFlow"]
    for start, exported in list(flows.items())[::12]:
        system_load = (load.native(0, start) + load.pumping(0, start)) / 1000
        made = generation(0, start)
        assert made["Natural Gas"] == 800 or sum(made.values()) - exported == pytest.approx(
            system_load, abs=1
        )


def test_fuels_are_whole_and_above_zero_and_batteries_are_their_own_since_may() -> None:
    rows = of_day("fuel_mix")
    assert all(isinstance(row["GenMw"], int) and row["GenMw"] > 0 for row in rows)
    assert "Batteries" in {row["FuelCategory"] for row in rows}
    before = of_day("fuel_mix", dt.date(2026, 4, 20))
    assert "Batteries" not in {row["FuelCategory"] for row in before}
    evening = [r["GenMw"] for r in before if r["FuelCategory"] == "Other"]
    assert max(evening) > min(evening) == 10
    renewable = {row["FuelCategory"] for row in rows if row["FuelCategoryRollup"] == "Renewables"}
    assert renewable == {"Landfill Gas", "Refuse", "Solar", "Wind", "Wood"}


def test_demand_of_the_pool_is_none_of_the_sums_day_ahead() -> None:
    loads: dict[str, dict[int, float]] = {}
    for row in of_day("demand_da_hourly"):
        loads.setdefault(row["BeginDate"], {})[int(row["Location"]["@LocId"])] = row["Load"]
    for of_hour in loads.values():
        pool, hub = of_hour.pop(POOL[0]), of_hour.pop(4000)
        assert hub < 0
        assert pool != pytest.approx(sum(of_hour.values()) + hub, abs=1)
        assert pool == pytest.approx(sum(of_hour.values()), rel=0.02)


def newest(base: str) -> list[dict[str, Any]]:
    (name,) = (row.name for row in DATASETS.values() if row.request.base == base)
    return records(name, f"{base}/current")


@pytest.mark.parametrize("base", FIELDS)
def test_the_newest_records_have_the_fields_of_real_ones(base: str) -> None:
    found = newest(base)
    assert {frozenset(record) for record in found} == {frozenset(FIELDS[base])}
    assert len({record["BeginDate"] for record in found}) == 1


@pytest.mark.parametrize("base", FIELDS)
def test_so_are_the_real_ones_that_were_recorded(base: str, explain: Path) -> None:
    content = json.loads((explain / f"{base}_current.json").read_text())
    ((real,),) = (each.values() for each in content.values())
    assert {frozenset(record) for record in real} == {frozenset(FIELDS[base])}
    if "Location" in FIELDS[base]:
        ours, theirs = (
            {each["Location"]["@LocId"]: each["Location"]["$"] for each in some}
            for some in (newest(base), real)
        )
        assert ours == theirs
