"""The main job on ISO-NE's real prices of January to March 2017, and on real examples of responses.

The recorded responses are not part of the project; without them these tests skip, by name.
"""

import csv
import datetime as dt
import io
import json
from collections import defaultdict
from pathlib import Path
from statistics import mean

import pytest
from reading import examine, records_of
from running import Snakemake

from isone.download import location_list
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import CORE_LOCATIONS, HUB, HUBS
from isone.market.requests import Request
from isone.response.table import read_table
from isone.sandbox import Sandbox
from isone.store import gzipped
from isone.store.store import Store

PUBLISHED = {  # means at the hub, January to March 2017; see API notes of the recorded responses
    ("lmp_da_hourly", "lmp"): (40.30, 30.02, 35.78),
    ("lmp_rt_hourly", "lmp"): (36.66, 28.05, 34.86),
    ("regulation_hourly", "reg_capacity_clearing_price"): (29.82, 31.54, 34.54),
    ("regulation_hourly", "reg_service_clearing_price"): (0.50, 0.28, 0.27),
}


@pytest.mark.workflow
def test_three_real_months_are_validated_and_their_means_are_those_that_iso_ne_published(
    replay_folder: Path, workflow: Path, snakemake: Snakemake
) -> None:
    with Sandbox(replay=replay_folder, replay_only=True) as sandbox:
        done = snakemake(
            f"base_url={sandbox.url}",
            "data_types=lmp as",
            "markets=da rt-hourly",
            "services=regulation-hourly",
            "years=2017",
            "through=2017-03-31",
        )
        assert len(sandbox.requests) == 270
    assert done.returncode == 0, done.stdout
    store = Store(workflow / "data")
    manifest = json.loads(store.marker_path("lmp_da_hourly", "2017.through-20170331").read_text())
    assert (manifest["days"], manifest["rows"]) == (90, 9 * (89 * 24 + 23))
    assert manifest["synthetic_prices"] is False
    for (name, column), published in PUBLISHED.items():
        january, february, march = hub_values(store, name, column)
        assert round(mean(january), 2) == published[0]
        assert round(mean(february), 2) == published[1]
        assert_mean_of_a_flat_day(march, published[2])


def assert_mean_of_a_flat_day(march: list[float], published: float) -> None:
    """March 2017 has 743 hours, but the published mean is taken over 744.

    The workbooks it comes from give the day on which clocks go forward 24 hours. So it is the true
    mean, or what becomes of it by one more hour with a price like those around it.
    """
    assert len(march) == 31 * 24 - 1
    hour_too_many = published * 744 - sum(march)
    rounding = 0.005 * 744
    around = march[11 * 24 : 12 * 24 - 1]
    assert round(mean(march), 2) == published or (
        min(around) - rounding <= hour_too_many <= max(around) + rounding
    )


def hub_values(store: Store, dataset_name: str, column: str) -> list[list[float]]:
    """A column hour by hour at the hub (or of the system): a list for each of three months."""
    dataset = DATASETS[dataset_name]
    months: list[list[float]] = [[], [], []]
    for path in sorted(store.raw_dir(dataset_name, 2017).glob("2*.json.gz")):
        for row in records_of(dataset, gzipped.inflate(path.read_bytes())):
            if dataset.id_key is None or row.place.id == HUB:
                months[int(row.begins[5:7]) - 1].append(getattr(row, column))
    return months


def test_the_real_day_of_23_hours_is_whole(replay_folder: Path) -> None:
    day = dt.date(2017, 3, 12)
    for name, path in (("lmp_da_hourly", "hourlylmp/da"), ("lmp_rt_hourly", "hourlylmp/rt")):
        body = (replay_folder / f"api/v1.1/{path}/final/day/20170312.json").read_bytes()
        finding = examine(DATASETS[name], Request(name, day), body)
        assert (finding.rows, finding.missing) == (23 * 9, ())


def test_real_five_minute_records_are_read(examples_folder: Path) -> None:
    body = (examples_folder / "fiveminutelmp_current.json").read_bytes()
    dataset = DATASETS["lmp_rt_5min"]
    assert read_table(dataset, body).unknown_fields == ()
    by_place = {row.place.id: row for row in records_of(dataset, body)}
    assert set(HUBS) <= set(by_place)
    for row in by_place.values():
        assert abs(row.energy + row.congestion + row.loss - row.lmp) < 0.011
        assert market_time.parse_timestamp(row.begins) % 300 == 0


def test_a_real_response_that_is_short_of_a_day_is_rejected_as_incomplete(
    examples_folder: Path,
) -> None:
    body = (examples_folder / "fiveminutelmp_current.json").read_bytes()
    request = Request("lmp_rt_5min", dt.date(2026, 7, 27), hour=17)
    finding = examine(DATASETS["lmp_rt_5min"], request, body)
    assert len(finding.missing) == finding.places * 11


def test_the_real_list_of_locations_is_read_and_has_the_hub_and_zones(
    examples_folder: Path,
) -> None:
    body = (examples_folder / "locations_all.json").read_bytes()
    found = {each.id: (each.name, each.type) for each in location_list.read_locations(body)}
    assert len(found) == 1302
    assert {id: found[id] for id in CORE_LOCATIONS} == CORE_LOCATIONS


def test_real_hours_on_the_days_when_clocks_change_are_as_many_as_counted(
    examples_folder: Path,
) -> None:
    text = (examples_folder / "dst_days_2023_hub_zones.csv").read_text()
    hours: dict[str, set[str]] = defaultdict(set)
    for row in csv.DictReader(io.StringIO(text)):
        hours[row["date"]].add(row["seq"])
    assert {len(found) for found in hours.values()} == {23, 25}
    for day, found in hours.items():
        assert len(market_time.interval_starts(dt.date.fromisoformat(day), 60)) == len(found)
