import datetime as dt
import gzip
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isone.errors import DamagedError
from isone.market.datasets import DATASETS
from isone.market.schema import table_columns
from isone.pack import datapackage
from isone.pack.year import pack_year, remove_superseded
from isone.store.files import name_aside, sha256
from isone.store.store import Store

PROJECT = Path(__file__).resolve().parents[2]
Bring = Callable[..., str]
DAY = "2024-01-02"


@pytest.fixture
def period(bring: Bring) -> str:
    return bring("lmp_da_hourly", "2024-01-01", "2024-01-03")


@pytest.fixture
def target(store: Store, period: str) -> Path:
    return store.parquet_path("lmp_da_hourly", period)


@pytest.fixture
def response(store: Store) -> Path:
    return store.raw_dir("lmp_da_hourly", 2024) / "20240102.json.gz"


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_says_what_it_is_and_where_it_comes_from(
    store: Store, period: str, target: Path
) -> None:
    pack_year(store, "lmp_da_hourly", period, (4000, 4008))
    facts = {key.decode(): value.decode() for key, value in pq.read_schema(target).metadata.items()}
    assert facts == {
        "isone.dataset": "lmp_da_hourly",
        "isone.title": "Day-ahead hourly LMP",
        "isone.period": "2024.through-20240103",
        "isone.first_day": "2024-01-01",
        "isone.last_day": "2024-01-03",
        "isone.locations": "4000 4008",
        "isone.source": "sandbox",
        "isone.synthetic_prices": "true",
        "isone.revision": "final",
        "isone.manifest_sha256": sha256(store.marker_path("lmp_da_hourly", period).read_bytes()),
        "isone.created_by": facts["isone.created_by"],
    }


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_file_has_the_declared_columns_with_unit_and_meaning(
    store: Store, bring: Bring, dataset: str
) -> None:
    period = bring(dataset, "2025-03-08")
    pack_year(store, dataset, period)
    schema = pq.read_schema(store.parquet_path(dataset, period))
    declared = table_columns(DATASETS[dataset])
    types = {
        "timestamp": pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
        "integer": pa.int32(),
        "double": pa.float64(),
        "string": pa.dictionary(pa.int32(), pa.string()),
    }
    assert [(f.name, f.type, f.nullable) for f in schema] == [
        (column.name, types[column.type], column.nullable) for column in declared
    ]
    for field, column in zip(schema, declared, strict=True):
        assert field.metadata[b"meaning"].decode() == column.meaning
        assert field.metadata.get(b"unit", b"").decode() == column.unit


def test_packing_again_gives_the_same_bytes(store: Store, period: str, target: Path) -> None:
    pack_year(store, "lmp_da_hourly", period)
    first = target.read_bytes()
    pack_year(store, "lmp_da_hourly", period)
    assert target.read_bytes() == first


def changed_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def other_prices(path: Path) -> None:
    body = gzip.decompress(path.read_bytes()).replace(b'"LmpTotal":2', b'"LmpTotal":3', 1)
    path.write_bytes(gzip.compress(body))


@pytest.mark.parametrize("damage", [changed_byte, cut_off, other_prices, Path.unlink])
def test_a_response_that_is_not_the_validated_one_is_named_and_the_old_file_stays(
    store: Store, period: str, target: Path, response: Path, damage: Callable[[Path], Any]
) -> None:
    pack_year(store, "lmp_da_hourly", period)
    before = target.read_bytes()
    damage(response)
    with pytest.raises(DamagedError, match=f"lmp_da_hourly {DAY}: .*20240102.json.gz .* verify"):
        pack_year(store, "lmp_da_hourly", period)
    assert target.read_bytes() == before
    assert files_in(target.parent) == [target.name]


def test_a_response_with_fewer_rows_than_were_validated_is_named(store: Store, period: str) -> None:
    marker = store.marker_path("lmp_da_hourly", period)
    manifest = json.loads(marker.read_text())
    manifest["requests"][1]["rows"] += 1
    marker.write_text(json.dumps(manifest))
    with pytest.raises(
        DamagedError, match=f"{DAY}: the response has 432 rows where 433 were validated"
    ):
        pack_year(store, "lmp_da_hourly", period)


def test_a_marker_that_was_cut_off_is_named(store: Store, period: str) -> None:
    marker = store.marker_path("lmp_da_hourly", period)
    marker.write_bytes(marker.read_bytes()[:200])
    with pytest.raises(
        DamagedError, match=r"complete/lmp_da_hourly/2024\.through.* not the marker"
    ):
        pack_year(store, "lmp_da_hourly", period)


def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(
    store: Store, period: str, target: Path
) -> None:
    program = (
        "import sys; from pathlib import Path; from isone.run.job import sentences; "
        "from isone.pack.year import pack_year; "
        "from isone.store.store import Store\n"
        "with sentences(): pack_year(Store(Path(sys.argv[1])), *sys.argv[2:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, store.root, "lmp_da_hourly", period],
        cwd=PROJECT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: File too large") and str(target) in done.stderr
    assert done.stderr.count("\n") == 1
    assert files_in(target.parent) == []


def test_what_a_killed_attempt_left_behind_is_cleared_away(
    store: Store, period: str, target: Path
) -> None:
    target.parent.mkdir(parents=True)
    ours = name_aside(target)
    left = ours.with_name(ours.name.replace(str(os.getpid()), "999999999"))
    left.write_bytes(b"half")
    pack_year(store, "lmp_da_hourly", period)
    assert files_in(target.parent) == [target.name]


def test_a_longer_year_or_another_choice_takes_the_place_of_the_file_before(
    store: Store, bring: Bring
) -> None:
    periods = []
    for days, chosen in (
        (["2024-01-01"], {}),
        (["2024-01-01", "2024-01-02"], {}),
        (["2024-01-01", "2024-01-02"], {"locations": (4000,)}),
        (["2025-01-01"], {}),
    ):
        periods.append(bring("lmp_rt_5min", *days, **chosen))
        pack_year(store, "lmp_rt_5min", periods[-1])
    removed = remove_superseded(store, "lmp_rt_5min", periods[2])
    assert [path.stem for path in removed] == periods[:2]
    folder = store.parquet_path("lmp_rt_5min", "any").parent
    assert files_in(folder) == sorted(f"{period}.parquet" for period in periods[2:])


def test_the_data_package_describes_every_table(
    store: Store, bring: Bring, period: str, target: Path
) -> None:
    pack_year(store, "lmp_da_hourly", period)
    pack_year(store, "reserve_5min", bring("reserve_5min", "2024-01-01"))
    assert datapackage.write_datapackage(store) == 2
    package = json.loads((store.root / "parquet" / "datapackage.json").read_text())
    assert "synthetic" in package["description"]
    prices, reserves = package["resources"]
    assert prices["path"] == f"lmp_da_hourly/{period}.parquet"
    assert prices["hash"] == f"sha256:{sha256(target.read_bytes())}"
    assert prices["rows"] == pq.read_metadata(target).num_rows
    fields = {field["name"]: field for field in prices["schema"]["fields"]}
    assert fields["lmp"] == {
        "name": "lmp",
        "type": "number",
        "description": "locational marginal price: energy + congestion + loss",
        "unit": "$/MWh",
    }
    assert [fields[name]["type"] for name in ("operating_day", "location_id", "location")] == [
        "date",
        "integer",
        "string",
    ]
    names = [field["name"] for field in reserves["schema"]["fields"]]
    assert names == [column.name for column in table_columns(DATASETS["reserve_5min"])]


def test_a_parquet_file_that_was_cut_off_is_named(store: Store, period: str, target: Path) -> None:
    pack_year(store, "lmp_da_hourly", period)
    cut_off(target)
    with pytest.raises(DamagedError, match="is not a whole Parquet file; delete it"):
        datapackage.write_datapackage(store)


def test_a_year_without_any_published_day_is_an_empty_table(store: Store, bring: Bring) -> None:
    period = bring("regulation_5min", "2024-01-01")
    marker = store.marker_path("regulation_5min", period)
    manifest = json.loads(marker.read_text())
    gap = {"day": str(dt.date(2024, 1, 1)), "reason": "never published", "nothing_published": True}
    marker.write_text(json.dumps(manifest | {"requests": [], "rows": 0, "gaps": [gap]}))
    assert pack_year(store, "regulation_5min", period).rows == 0
    assert pq.read_table(store.parquet_path("regulation_5min", period)).num_rows == 0
