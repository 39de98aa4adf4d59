"""The synthetic prices: consistent to the cent, the same everywhere, and like New England's."""

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from isone.market import market_time
from isone.sandbox.places import CONSTRAINTS
from isone.sandbox.synthetic import Synthetic

NODES = 1184
AT = dt.datetime(2030, 1, 1, tzinfo=market_time.MARKET_ZONE)
ROOT = Path(__file__).resolve().parents[2]
SAMPLE = (
    "hourlylmp/da/final/day/20240115",
    "hourlylmp/rt/prelim/day/20240310",
    "fiveminutelmp/final/day/20251102/location/4001",
    "fiveminutercp/prelim/day/20240115",
    "fiveminutereserveprice/final/day/20240115",
    "hourlyfinalreserveprice/day/20060101",
    "daasreservedata/day/20250715",
    "locations/all",
)
DIGEST = """
import datetime as dt, hashlib, sys
from isone.market import market_time
from isone.sandbox.synthetic import Synthetic
synthetic = Synthetic(7, 40)
at = dt.datetime(2030, 1, 1, tzinfo=market_time.MARKET_ZONE)
for path in sys.argv[1:]:
    print(hashlib.sha256(synthetic.answer(path, at).body).hexdigest())
"""


@pytest.fixture(scope="module")
def full() -> Synthetic:
    """The network at full scale: 1,200 priced locations."""
    return Synthetic(0, NODES)


def records(synthetic: Synthetic, path: str) -> list[dict[str, Any]]:
    content = json.loads(synthetic.answer(path, AT).body)
    while isinstance(content, dict):
        (content,) = content.values()
    assert isinstance(content, list)
    return content


@pytest.mark.parametrize(
    ("constraints", "lmp"),
    [
        pytest.param(
            "dayaheadconstraints/day/20251102", "hourlylmp/da/final/day/20251102", id="day-ahead"
        ),
        pytest.param(
            "fiveminuteconstraints/prelim/day/20240310",
            "fiveminutelmp/prelim/day/20240310/location/4001",
            id="five-minute",
        ),
    ],
)
def test_what_binds_makes_the_congestion_of_the_prices(constraints: str, lmp: str) -> None:
    synthetic = Synthetic(0, 0)
    names = [name for name, _, _ in CONSTRAINTS]
    binding: dict[str, dict[str, float]] = {}
    for row in records(synthetic, constraints):
        assert row["MarginalValue"] < 0
        binding.setdefault(row["BeginDate"], {})[row["ConstraintName"]] = row["MarginalValue"]
    shares = {str(place.id): place.shares for place in synthetic.places}
    assert binding
    for row in records(synthetic, lmp):
        of_place = zip(names, shares[row["Location"]["@LocId"]], strict=True)
        values = binding.get(row["BeginDate"], {})
        congestion = -sum(share / 1000 * values.get(name, 0) for name, share in of_place)
        assert row["CongestionComponent"] == pytest.approx(congestion, abs=0.0051)


def cents(value: float) -> int:
    return round(100 * value)


@pytest.mark.parametrize(
    "path",
    [
        "hourlylmp/da/final/day/20240115",
        "hourlylmp/rt/final/day/20250310",
        "hourlylmp/rt/prelim/day/20241103",
        "fiveminutelmp/final/day/20240115/starthour/17",
    ],
)
def test_at_every_place_the_price_is_the_sum_of_its_components_to_the_cent(
    full: Synthetic, path: str
) -> None:
    rows = records(full, path)
    assert len(rows) >= 12 * 1200
    for row in rows:
        assert cents(row["LmpTotal"]) == (
            cents(row["EnergyComponent"])
            + cents(row["CongestionComponent"])
            + cents(row["LossComponent"])
        )


def test_energy_is_one_price_for_the_system_in_each_interval(full: Synthetic) -> None:
    by_hour: dict[str, set[float]] = {}
    for row in records(full, "hourlylmp/rt/final/day/20240115"):
        by_hour.setdefault(row["BeginDate"], set()).add(row["EnergyComponent"])
    assert all(len(prices) == 1 for prices in by_hour.values())
    assert len(by_hour) == 24


@pytest.mark.parametrize("version", ["final", "prelim"])
@pytest.mark.parametrize("day", ["20240115", "20250309", "20251102", "20240421"])
@pytest.mark.parametrize("place", [4000, 4001, 4008, 4010, 10007])
def test_an_hour_s_components_are_within_a_cent_of_the_mean_of_its_five_minutes(
    full: Synthetic, version: str, day: str, place: int
) -> None:
    hours = records(full, f"hourlylmp/rt/{version}/day/{day}/location/{place}")
    requests = records(full, f"fiveminutelmp/{version}/day/{day}/location/{place}")
    assert len(requests) == 12 * len(hours)
    for number, hour in enumerate(hours):
        within = requests[12 * number : 12 * number + 12]
        assert within[0]["BeginDate"] == hour["BeginDate"]
        for field in ("EnergyComponent", "CongestionComponent", "LossComponent"):
            mean = sum(cents(request[field]) for request in within) / 12
            assert abs(cents(hour[field]) - mean) <= 1


@pytest.mark.parametrize(
    ("hourly", "five_minute", "fields"),
    [
        (
            "hourlyrcp/final",
            "fiveminutercp/final",
            ["RegServiceClearingPrice", "RegCapacityClearingPrice"],
        ),
        (
            "hourlyfinalreserveprice",
            "fiveminutereserveprice/final",
            ["TmsrClearingPrice", "TmnsrClearingPrice", "TmorClearingPrice"],
        ),
        (
            "hourlyprelimreserveprice",
            "fiveminutereserveprice/prelim",
            ["TmsrClearingPrice", "TmsrDesignatedMw"],
        ),
    ],
)
def test_hourly_services_are_the_means_of_the_five_minute_ones(
    full: Synthetic, hourly: str, five_minute: str, fields: list[str]
) -> None:
    for day in market_time.days(dt.date(2024, 7, 1), dt.date(2024, 7, 8)):
        sums: dict[tuple[str, Any], list[dict[str, Any]]] = {}
        for row in records(full, f"{five_minute}/day/{day:%Y%m%d}"):
            sums.setdefault((row["BeginDate"][:13], row.get("ReserveZoneId")), []).append(row)
        for row in records(full, f"{hourly}/day/{day:%Y%m%d}"):
            within = sums[row["BeginDate"][:13], row.get("ReserveZoneId")]
            assert len(within) == 12
            for field in fields:
                mean = sum(cents(request[field]) for request in within) / 12
                assert abs(cents(row[field]) - mean) <= 0.5 + 1e-9


def test_another_process_with_another_hash_seed_invents_the_same_prices() -> None:
    def run(seed: str, paths: tuple[str, ...]) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", DIGEST, *paths],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    own = [hashlib.sha256(Synthetic(7, 40).answer(p, AT).body).hexdigest() for p in SAMPLE]
    assert run("1", SAMPLE) == own
    assert run("2", SAMPLE[::-1]) == own[::-1]


def test_the_prices_have_not_changed_from_one_version_to_the_next() -> None:
    # pinned: benchmarks and stored sandbox data of different machines are compared by it
    whole = hashlib.sha256(b"".join(Synthetic(7, 40).answer(p, AT).body for p in SAMPLE))
    pinned = "7f6abbd7ccd095b1171784200eb32ae55bf354eff8cfbd3a7976a913c5f6e9c8"
    assert whole.hexdigest() == pinned


def test_another_seed_invents_other_prices() -> None:
    path = "hourlylmp/da/final/day/20240115/location/4000"
    assert Synthetic(0, 0).answer(path, AT).body != Synthetic(1, 0).answer(path, AT).body


def test_the_number_of_nodes_does_not_change_the_prices_of_the_others(full: Synthetic) -> None:
    path = "hourlylmp/da/final/day/20240115/location/10003"
    assert Synthetic(0, 12).answer(path, AT).body == full.answer(path, AT).body


def test_the_final_prices_correct_some_hours_of_the_preliminary_ones_by_a_few_cents(
    full: Synthetic,
) -> None:
    off = []
    for day in market_time.days(dt.date(2024, 1, 1), dt.date(2024, 1, 31)):
        final = records(full, f"hourlylmp/rt/final/day/{day:%Y%m%d}/location/4000")
        prelim = records(full, f"hourlylmp/rt/prelim/day/{day:%Y%m%d}/location/4000")
        off += [
            abs(cents(a["LmpTotal"]) - cents(b["LmpTotal"]))
            for a, b in zip(final, prelim, strict=True)
        ]
    assert 0.05 < sum(1 for size in off if size) / len(off) < 0.3
    assert max(off) <= 10


def monthly(synthetic: Synthetic, market: str, year: int) -> list[float]:
    path = f"lmpIndex/monthly/{market}/year/{year}/location/4000"
    return [month["Average"] for month in records(synthetic, path)]


def test_annual_hub_means_lie_between_20_and_90_dollars_and_winter_is_dearer_than_spring() -> None:
    synthetic = Synthetic(0, 0)
    for year in (2004, 2015, 2024):
        for market in ("da", "rt"):
            months = monthly(synthetic, market, year)
            assert 20 < sum(months) / 12 < 90
            assert months[0] + months[1] > months[3] + months[4]


def test_a_year_has_spikes_negative_hours_and_two_daily_peaks(full: Synthetic) -> None:
    path = "hourlylmp/rt/final/day/{:%Y%m%d}/location/4000"
    rows = [
        row
        for day in market_time.days(dt.date(2024, 1, 1), dt.date(2024, 12, 31))
        for row in records(full, path.format(day))
    ]
    prices = [row["LmpTotal"] for row in rows]
    assert max(prices) > 150
    negative = sum(1 for price in prices if price < 0)
    assert 20 < negative < 400
    winter = [0.0] * 24
    for row in rows[: 60 * 24]:
        winter[int(row["BeginDate"][11:13])] += row["LmpTotal"]
    peaks = [h for h in range(1, 23) if winter[h - 1] < winter[h] > winter[h + 1]]
    assert any(5 <= hour <= 9 for hour in peaks)
    assert any(16 <= hour <= 20 for hour in peaks)


def test_congestion_is_mostly_nothing_and_maine_s_losses_are_negative(full: Synthetic) -> None:
    rows = [
        row
        for day in market_time.days(dt.date(2024, 2, 1), dt.date(2024, 2, 29))
        for row in records(full, f"hourlylmp/da/final/day/{day:%Y%m%d}/location/4001")
    ]
    congested = sum(1 for row in rows if row["CongestionComponent"])
    assert 0 < congested < len(rows) / 2
    assert all(row["LossComponent"] <= 0 for row in rows if row["EnergyComponent"] > 0)


def test_five_minute_prices_move_without_tearing(full: Synthetic) -> None:
    rows = records(full, "fiveminutelmp/final/day/20240115/location/4000")
    steps = [abs(b["EnergyComponent"] - a["EnergyComponent"]) for a, b in pairwise(rows)]
    assert sorted(steps)[len(steps) // 2] < 10


def test_reserve_prices_are_mostly_zero_and_sometimes_scarce(full: Synthetic) -> None:
    prices = [
        row["TmsrClearingPrice"]
        for day in market_time.days(dt.date(2024, 6, 1), dt.date(2024, 7, 30))
        for row in records(full, f"hourlyfinalreserveprice/day/{day:%Y%m%d}")
    ]
    assert sum(1 for price in prices if price == 0) > 0.7 * len(prices)
    assert max(prices) > 10


@pytest.mark.parametrize(
    "path", ["hourlylmp/da/final/day", "hourlylmp/rt/final/day", "hourlylmp/rt/prelim/day"]
)
def test_no_hour_of_a_year_has_the_energy_price_of_the_hour_before_it(path: str) -> None:
    synthetic = Synthetic(0, 0)
    for day in market_time.days(dt.date(2024, 1, 1), dt.date(2024, 12, 31)):
        rows = records(synthetic, f"{path}/{day:%Y%m%d}")
        hours = {row["BeginDate"]: row["EnergyComponent"] for row in rows}
        assert all(one != other for one, other in pairwise(hours.values())), day
