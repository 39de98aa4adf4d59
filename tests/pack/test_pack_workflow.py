import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from forked import Starter
from running import Snakemake, jobs_run, run_workflow

pytestmark = pytest.mark.workflow

SMALL = ("years=2024", "through=2024-01-02", "source=sandbox", "markets=da", "services=regulation")
PACK = {"targets": ("pack",), "options": ("--quiet", "rules")}
PARQUET = Path("data/sandbox/parquet")


@pytest.fixture(scope="module")
def packed(starter: Starter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder in which everything is packed; not to be changed."""
    folder = tmp_path_factory.mktemp("packed") / "work"
    ended = run_workflow(starter, folder, *SMALL, **PACK)
    assert ended.returncode == 0, ended.stdout
    return folder


@pytest.fixture
def begun(packed: Path, workflow: Path) -> Path:
    """The same to go on in."""
    return Path(shutil.copytree(packed, workflow, dirs_exist_ok=True))


def test_packing_follows_the_choice_of_locations_and_downloads_nothing_for_it(
    begun: Path, snakemake: Snakemake
) -> None:
    path = begun / PARQUET / "lmp_da_hourly" / "2024.through-20240102.parquet"
    assert pq.read_metadata(path).num_rows == 9 * 48
    package = json.loads((begun / PARQUET / "datapackage.json").read_text())
    assert {resource["rows"] for resource in package["resources"]} == {9 * 48, 2 * 288}
    log = begun / "logs" / "pack_lmp_da_hourly_2024.through-20240102.log"
    assert f"left out of other locations: {19 * 48} rows" in log.read_text()

    again = snakemake(*SMALL, **PACK)
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout

    all_of_them = snakemake(*SMALL, "locations=all", **PACK)
    assert all_of_them.returncode == 0, all_of_them.stdout
    assert jobs_run(all_of_them.stdout).keys() >= {"pack_prices"}
    assert "download_prices" not in jobs_run(all_of_them.stdout)
    assert pq.read_metadata(path).num_rows > 9 * 48


def test_a_table_that_cannot_be_packed_again_stays_as_it_was(
    begun: Path, snakemake: Snakemake
) -> None:
    path = begun / PARQUET / "lmp_da_hourly" / "2024.through-20240102.parquet"
    old = path.read_bytes()
    raw = begun / "data/sandbox/raw/lmp_da_hourly/2024/20240102.json.gz"
    whole = raw.read_bytes()
    raw.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    failed = snakemake(*SMALL, "locations=all", **PACK)
    assert failed.returncode == 1
    assert "is not the response that was validated: its SHA-256 differs" in failed.stdout
    assert path.read_bytes() == old
    raw.write_bytes(whole)
    assert snakemake(*SMALL, "locations=all", **PACK).returncode == 0
    assert pq.read_metadata(path).num_rows > 9 * 48


def test_what_was_removed_is_made_again_once(begun: Path, snakemake: Snakemake) -> None:
    load = PACK | {"targets": ("pack", "load")}
    assert snakemake(*SMALL, **load).returncode == 0
    table = begun / PARQUET / "lmp_da_hourly" / "2024.through-20240102.parquet"
    database = begun / "data/sandbox/isone.duckdb"
    for removed, rules in (
        (table, {"pack_prices": 1, "describe_tables": 1, "load_duckdb": 1}),
        (database, {"load_duckdb": 1}),
    ):
        removed.unlink()
        again = snakemake(*SMALL, **load)
        assert again.returncode == 0, again.stdout
        run = jobs_run(again.stdout)
        assert {rule: run[rule] for rule in run if rule not in {"pack", "load", "total"}} == rules
        assert removed.exists()
        assert "Nothing to be done" in snakemake(*SMALL, **load).stdout


def test_a_damaged_day_fails_its_own_year_only_and_is_named(
    begun: Path, snakemake: Snakemake
) -> None:
    for packed in ("parquet", "packed"):
        shutil.rmtree(begun / "data/sandbox" / packed)
    raw = begun / "data/sandbox/raw/lmp_da_hourly/2024/20240102.json.gz"
    whole = raw.read_bytes()
    raw.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    done = snakemake(*SMALL, targets=("pack",))
    assert done.returncode == 1
    assert "20240102.json.gz is not the response that was validated" in done.stdout
    assert "Traceback" not in done.stdout
    folders = {path.parent.name for path in (begun / PARQUET).glob("*/*")}
    assert folders == {"regulation_5min"}
