import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.pack.year import pack_year
from isone.store.store import Store

Bring = Callable[..., str]
RawRows = Callable[[str], set[tuple[Any, ...]]]

SPRING, AUTUMN = "2024-03-10", "2024-11-03"


def packed_rows(store: Store, dataset: str, period: str) -> list[tuple[Any, ...]]:
    table = pq.read_table(store.parquet_path(dataset, period))
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def assert_packed_is_raw(store: Store, raw_rows: RawRows, dataset: str, period: str) -> None:
    packed = packed_rows(store, dataset, period)
    assert len(packed) == len(set(packed))
    assert set(packed) == raw_rows(dataset)


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_row_of_every_dataset_is_packed_as_it_was_served(
    store: Store, bring: Bring, raw_rows: RawRows, dataset: str
) -> None:
    period = bring(dataset, "2025-03-08", "2025-03-10")
    packed = pack_year(store, dataset, period)
    manifest = json.loads(store.marker_path(dataset, period).read_text())
    assert (packed.rows, packed.left_out, packed.absent) == (manifest["rows"], 0, ())
    assert_packed_is_raw(store, raw_rows, dataset, period)


@pytest.mark.parametrize(
    "day", [pytest.param(SPRING, id="spring"), pytest.param(AUTUMN, id="autumn")]
)
@pytest.mark.parametrize(
    "dataset", ["lmp_da_hourly", "lmp_rt_5min", "regulation_hourly", "reserve_5min"]
)
def test_both_days_when_clocks_change_are_packed_row_by_row(
    store: Store, bring: Bring, raw_rows: RawRows, dataset: str, day: str
) -> None:
    period = bring(dataset, day)
    pack_year(store, dataset, period)
    assert_packed_is_raw(store, raw_rows, dataset, period)
    table = pq.read_table(store.parquet_path(dataset, period))
    hours = 23 if day == SPRING else 25
    starts = table["interval_start_utc"].unique().to_pylist()
    assert len(starts) == hours * 60 // DATASETS[dataset].interval_minutes
    assert max(starts) - min(starts) < dt.timedelta(hours=hours)


@pytest.mark.parametrize("dataset", ["lmp_da_hourly", "lmp_rt_hourly", "regulation_hourly"])
def test_real_prices_of_the_days_around_a_change_of_clocks_are_packed_row_by_row(
    store: Store, bring: Bring, raw_rows: RawRows, replay_folder: Path, dataset: str
) -> None:
    replay = {"replay": replay_folder, "replay_only": True}
    period = bring(dataset, "2017-03-10", "2017-03-14", **replay)
    pack_year(store, dataset, period)
    assert_packed_is_raw(store, raw_rows, dataset, period)


@pytest.mark.parametrize("fault", ["doubled-row", "timestamp-off", "new-field", "byte-order-mark"])
@pytest.mark.parametrize("dataset", ["lmp_rt_hourly", "regulation_5min", "reserve_5min"])
def test_a_response_that_is_odd_but_right_is_packed_all_the_same(
    store: Store, bring: Bring, raw_rows: RawRows, dataset: str, fault: str
) -> None:
    period = bring(dataset, "2024-01-01", "2024-01-02", faults=[fault])
    pack_year(store, dataset, period)
    assert_packed_is_raw(store, raw_rows, dataset, period)


def test_days_that_came_hour_by_hour_are_packed_with_all_their_locations(
    store: Store, bring: Bring, raw_rows: RawRows
) -> None:
    period = bring("lmp_rt_5min", AUTUMN, locations="all")
    assert period.endswith(".all")
    assert pack_year(store, "lmp_rt_5min", period).rows == 300 * (9 + 7 + 2)
    assert_packed_is_raw(store, raw_rows, "lmp_rt_5min", period)


def test_a_missing_value_is_null(store: Store, bring: Bring) -> None:
    period = bring("reserve_5min", "2024-01-01")
    pack_year(store, "reserve_5min", period)
    table = pq.read_table(store.parquet_path("reserve_5min", period))
    assert table["ten_min_spin_requirement"].null_count == 3 * 288
    assert table["tmsr_clearing_price"].null_count == 0


def test_only_the_chosen_locations_are_packed_and_absent_ones_are_named(
    store: Store, bring: Bring, raw_rows: RawRows
) -> None:
    period = bring("lmp_da_hourly", "2024-01-01", "2024-01-02")
    chosen = (4003, 4000, 10001, 555)
    packed = pack_year(store, "lmp_da_hourly", period, chosen)
    everything = raw_rows("lmp_da_hourly")
    expected = {row for row in everything if row[4] in chosen}
    assert set(packed_rows(store, "lmp_da_hourly", period)) == expected
    assert (packed.rows, packed.left_out) == (3 * 48, len(everything) - 3 * 48)
    assert packed.absent == (555,)


def test_locations_do_not_narrow_a_dataset_that_has_none(store: Store, bring: Bring) -> None:
    for dataset in ("regulation_5min", "reserve_5min"):
        period = bring(dataset, "2024-01-01")
        assert pack_year(store, dataset, period, (4000,)).left_out == 0


def test_rows_are_ordered_by_place_then_time_in_each_chunk_of_days(
    store: Store, bring: Bring
) -> None:
    period = bring("lmp_da_hourly", "2024-03-08", "2024-03-11")
    pack_year(store, "lmp_da_hourly", period, HUBS)
    whole = packed_rows(store, "lmp_da_hourly", period)
    assert whole == sorted(whole, key=lambda row: (row[4], row[0]))
    pack_year(store, "lmp_da_hourly", period, HUBS, chunk_rows=400, group_rows=50)
    in_chunks = packed_rows(store, "lmp_da_hourly", period)
    assert in_chunks == sorted(
        in_chunks, key=lambda row: (row[2] > dt.date(2024, 3, 9), row[4], row[0])
    )
    assert set(in_chunks) == set(whole)
    metadata = pq.read_metadata(store.parquet_path("lmp_da_hourly", period))
    assert metadata.num_row_groups == 2 * 9


def test_names_that_come_as_numbers_or_not_at_all_are_texts_and_copies_are_there_once(
    store: Store, bring: Bring, tmp_path: Path
) -> None:
    record = {"ConstraintName": "LINE", "MarginalValue": -2.5, "InterfaceFlag": "N"}
    record |= {"BeginDate": "2024-01-02T05:00:00.000-05:00"}
    records = [record | {"ContingencyName": 3271}, record, record, record | {"InterfaceFlag": "N"}]
    folder = tmp_path / "responses/api/v1.1/dayaheadconstraints/day"
    folder.mkdir(parents=True)
    content = {"DayAheadConstraints": {"DayAheadConstraint": records}}
    (folder / "20240102.json").write_text(json.dumps(content))
    name = "constraints_da_hourly"
    period = bring(name, "2024-01-01", "2024-01-02", replay=tmp_path / "responses")
    assert pack_year(store, name, period).rows == 2
    table = pq.read_table(store.parquet_path(name, period))
    assert table["contingency_name"].to_pylist() == ["", "3271"]
    assert table["marginal_value"].to_pylist() == [-2.5, -2.5]


def test_a_year_of_empty_days_is_a_table_without_rows(store: Store, bring: Bring) -> None:
    name = "constraints_rt_5min"
    period = bring(name, "2024-01-16", "2024-01-17")
    assert pack_year(store, name, period).rows == 0
    table = pq.read_table(store.parquet_path(name, period))
    assert table.num_rows == 0
    assert "marginal_value" in table.column_names
