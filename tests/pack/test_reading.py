import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from filled import fill, record_nameless

import isone
from isone.errors import DamagedError, UsageError
from isone.pack.year import pack_year
from isone.store.store import Store

PROJECT = Path(__file__).resolve().parents[2]
Bring = Callable[..., str]


@pytest.fixture
def packed(store: Store, bring: Bring) -> Path:
    """Two years of two days each at 18 locations, a regulation and a reserve day."""
    for day in ("2023-12-30", "2024-01-01"):
        period = bring("lmp_da_hourly", day, f"{day[:-2]}{int(day[-2:]) + 1:02}")
        pack_year(store, "lmp_da_hourly", period)
    for dataset in ("regulation_5min", "reserve_5min"):
        pack_year(store, dataset, bring(dataset, "2024-01-01"))
    return store.root


def test_everything_that_is_packed_comes_ordered_by_place_then_time(packed: Path) -> None:
    table = isone.read("lmp_da_hourly", data_dir=packed)
    rows = list(
        zip(*(table[n].to_pylist() for n in ("location_id", "interval_start_utc")), strict=True)
    )
    assert len(rows) == 18 * 4 * 24
    assert rows == sorted(rows)


@pytest.mark.parametrize(
    ("locations", "found"),
    [
        pytest.param(4000, {4000}, id="an id"),
        pytest.param("4003", {4003}, id="an id as text"),
        pytest.param(".Z.MAINE", {4001}, id="a zone's name"),
        pytest.param([10002, ".Z.MAINE"], {10002, 4001}, id="a list"),
        pytest.param("hubs", set(range(4000, 4009)), id="hub and zones"),
        pytest.param("all", None, id="all"),
    ],
)
def test_locations_narrow_what_is_read(
    packed: Path, locations: Any, found: set[int] | None
) -> None:
    table = isone.read("lmp_da_hourly", 2024, locations, data_dir=packed)
    ids = set(table["location_id"].to_pylist())
    assert len(ids) == 18 if found is None else ids == found
    assert table.num_rows == len(ids) * 48


def test_a_node_is_found_by_its_name(packed: Path) -> None:
    everything = isone.read("lmp_da_hourly", 2024, data_dir=packed)
    names = dict(
        zip(everything["location_id"].to_pylist(), everything["location"].to_pylist(), strict=True)
    )
    table = isone.read("lmp_da_hourly", 2024, [names[10002], 4000], data_dir=packed)
    assert set(table["location_id"].to_pylist()) == {10002, 4000}


@pytest.mark.parametrize(
    ("years", "days"), [(2023, 2), ("2023-2024", 4), (["2024", 2023], 4), (None, 4)]
)
def test_years_narrow_what_is_read(packed: Path, years: Any, days: int) -> None:
    table = isone.read("lmp_da_hourly", years, 4000, data_dir=packed)
    assert len(table["operating_day"].unique()) == days


def test_columns_come_in_the_order_asked_for(packed: Path) -> None:
    table = isone.read(
        "lmp_da_hourly", locations=4000, columns=["lmp", "location"], data_dir=packed
    )
    assert table.column_names == ["lmp", "location"]


def test_the_table_says_that_prices_are_synthetic_and_what_their_unit_is(packed: Path) -> None:
    schema = isone.read("reserve_5min", locations="ROS", data_dir=packed).schema
    assert schema.metadata[b"isone.synthetic_prices"] == b"true"
    assert schema.field("tmsr_clearing_price").metadata[b"unit"] == b"$/MWh"


def test_reading_years_with_other_places_gives_the_right_names(packed: Path) -> None:
    table = isone.read("lmp_da_hourly", data_dir=packed)
    pairs = table.select(["location_id", "location"]).group_by(["location_id", "location"])
    assert pairs.aggregate([]).num_rows == 18
    assert table.schema.field("location").type == pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        pytest.param({"dataset": "lmp_da_hour"}, "did you mean 'lmp_da_hourly'", id="dataset"),
        pytest.param({"years": 2022}, "2022: nothing is packed in .* there are", id="year"),
        pytest.param({"years": "24"}, "'24' is neither a year nor a range", id="no year"),
        pytest.param({"locations": 4999}, "nothing is packed for location 4999", id="id"),
        pytest.param({"locations": ".Z.MAIN"}, "did you mean '.Z.MAINE'", id="name"),
        pytest.param({"locations": []}, "the list of locations is empty", id="no location"),
        pytest.param({"columns": ["lpm"]}, "did you mean 'lmp'", id="column"),
        pytest.param(
            {"dataset": "regulation_5min", "locations": 4000}, "no locations", id="no place"
        ),
        pytest.param({"dataset": "lmp_rt_5min"}, "there are lmp_da_hourly 2023", id="not packed"),
    ],
)
def test_what_is_not_there_is_named(packed: Path, asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        isone.read(**({"dataset": "lmp_da_hourly", "data_dir": packed} | asked))


def test_an_empty_folder_says_what_to_do_and_the_sandbox_is_pointed_at(
    packed: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="run the workflow for it first"):
        isone.read("lmp_da_hourly", data_dir=tmp_path / "elsewhere")
    packed.rename(tmp_path / "sandbox")
    with pytest.raises(UsageError, match="prices are in .*/sandbox: name it .* --data-dir"):
        isone.read("lmp_da_hourly", data_dir=tmp_path)


def test_a_file_that_was_cut_off_is_named(packed: Path) -> None:
    path = next((packed / "parquet" / "lmp_da_hourly").glob("2024*"))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DamagedError, match=f"{path.name} is not a whole Parquet file"):
        isone.read("lmp_da_hourly", data_dir=packed)


def test_importing_the_package_loads_no_arrow() -> None:
    program = "import sys, isone; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT).returncode == 0


def test_the_example_runs_and_says_that_prices_are_synthetic(packed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, PROJECT / "docs/examples/read_prices.py", "--data-dir", packed],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "synthetic" in done.stdout
    assert [line[:7] for line in done.stdout.splitlines()[3:]] == ["2023-12", "2024-01"]


def test_sets_without_places_come_ordered_by_name_then_time(store: Store, bring: Bring) -> None:
    name = "constraints_da_hourly"
    pack_year(store, name, bring(name, "2023-12-30", "2023-12-31"))
    pack_year(store, name, bring(name, "2024-01-01", "2024-01-04"))
    table = isone.read(name, data_dir=store.root)
    key = ("constraint_name", "contingency_name", "interval_start_utc")
    rows = list(zip(*(table[column].to_pylist() for column in key), strict=True))
    assert len({row[0] for row in rows}) > 1
    assert rows == sorted(rows)
    with pytest.raises(UsageError, match="constraints_da_hourly has no locations"):
        isone.read(name, locations="hubs", data_dir=store.root)


def test_a_location_without_a_name_is_found_by_its_id_and_hinders_no_hint(tmp_path: Path) -> None:
    store, name = Store(tmp_path / "sandbox"), "lmp_da_hourly"
    recorded = record_nameless(tmp_path / "recorded", name, {"2025-07-01": (10002,)})
    fill(store, [name], "2025-07-01", "2025-07-01", locations="all", replay=recorded)
    table = isone.read(name, locations=10002, data_dir=store.root)
    assert set(table["location"].to_pylist()) == {None}
    with pytest.raises(UsageError, match=r"did you mean '\.Z\.MAINE'"):
        isone.read(name, locations=".Z.MAIN", data_dir=store.root)
