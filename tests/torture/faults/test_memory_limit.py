"""Too little memory, as a container or a cluster gives it: the kernel kills the job outright."""

import hashlib
import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from filled import build_duckdb, config_for, fill
from forked import Starter
from memory_group import MemoryGroup, memory_group
from running import PROJECT, command_line, run_script, run_workflow

from isone.store.store import Store

TOO_LITTLE = 165 << 20
"""Bytes: Snakemake itself takes 80 MB here, and a job 110 MB or more on top of it."""
pytestmark = [pytest.mark.slow(12), pytest.mark.workflow]
CONFIG = ("source=sandbox", "years=2024", "data_types=lmp", "markets=da", "locations=all")
NODES = 100


@pytest.fixture(scope="module")
def group() -> Iterator[MemoryGroup]:
    if importlib.util.find_spec("snakemake_storage_plugin_s3"):
        pytest.skip("with the plugins of `make plugins` Snakemake itself takes as much as a job")
    with memory_group() as made:
        if made is None:
            pytest.skip("this system lets nobody here make a control group with a memory limit")
        yield made


@pytest.fixture(scope="module")
def year(group: MemoryGroup, tmp_path_factory: pytest.TempPathFactory) -> Store:  # noqa: ARG001
    """A year of all locations, downloaded and packed."""
    store = Store(tmp_path_factory.mktemp("year") / "data" / "sandbox")
    fill(store, ["lmp_da_hourly"], "2024-01-01", "2024-12-31", locations="all", nodes=NODES)
    config = config_for(store, locations="all")
    assert run_script("pack_prices", config, dataset="lmp_da_hourly", period="2024") == 0
    return store


@pytest.fixture
def workflow() -> Iterator[Path]:
    """A working folder on a disk, for what lies in memory would count as the job's."""
    with tempfile.TemporaryDirectory(prefix="isone-test-", dir="/var/tmp") as folder:  # noqa: S108
        shutil.copy(PROJECT / "config.yaml", folder)
        yield Path(folder)


@pytest.fixture
def own(year: Store, workflow: Path) -> Store:
    """The same in a working folder of the test's own."""
    return Store(Path(shutil.copytree(year.root, workflow / "data" / "sandbox")))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def hidden(store: Store) -> list[str]:
    return [path.name for path in store.root.rglob(".*") if path.name != ".downloading"]


def starve(group: MemoryGroup, target: str, workflow: Path) -> str:
    """Run a target with too little memory; what is said when the kernel has killed its job."""
    group.limit(TOO_LITTLE)
    before = group.killed
    ended = group.run(command_line(*CONFIG, targets=(target,)), workflow)
    assert ended.returncode == 1, ended.stderr
    assert group.killed == before + 1
    assert "FAILED" in ended.stderr
    assert "it ended before it could say how" in ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


def feed(starter: Starter, target: str, workflow: Path) -> None:
    """The same command with memory enough, which is outside of the group."""
    ended = run_workflow(starter, workflow, *CONFIG, targets=(target,))
    assert ended.returncode == 0, ended.stdout


def told(job: str) -> str:
    return (
        f"And {job}: INTERRUPTED (attempts: 1)\n   it ended before it could say how: somebody "
        "killed it, the machine went down, or memory or disk ran out"
    )


def test_a_pack_that_is_killed_for_memory_leaves_the_old_table_and_the_same_command_finishes(
    group: MemoryGroup, starter: Starter, own: Store, workflow: Path
) -> None:
    path = own.parquet_path("lmp_da_hourly", "2024")
    whole = digest(path)
    raw = sorted((own.root / "raw").rglob("*"))
    path.write_bytes(b"the old one")
    own.packed_marker("lmp_da_hourly", "2024").unlink()
    assert told("pack_lmp_da_hourly_2024") in starve(group, "pack", workflow)
    assert path.read_bytes() == b"the old one"
    assert sorted((own.root / "raw").rglob("*")) == raw
    assert own.marker_path("lmp_da_hourly", "2024").exists()
    feed(starter, "pack", workflow)
    assert digest(path) == whole
    assert hidden(own) == []


def test_a_load_that_is_killed_for_memory_leaves_the_old_database_and_the_same_command_finishes(
    group: MemoryGroup, starter: Starter, own: Store, workflow: Path, tmp_path: Path
) -> None:
    path = own.root / "isone.duckdb"
    shutil.copy(build_duckdb(Store(tmp_path / "empty")), path)
    old = digest(path)
    assert told("load_duckdb") in starve(group, "load", workflow)
    assert digest(path) == old
    feed(starter, "load", workflow)
    with duckdb.connect(str(path), read_only=True) as database:
        (rows,) = database.execute("SELECT count(*) FROM lmp_da_hourly").fetchall()
        (places,) = database.execute(
            "SELECT count(DISTINCT location_id) FROM lmp_da_hourly"
        ).fetchall()
    assert places[0] > NODES
    assert rows[0] == places[0] * 366 * 24
    assert hidden(own) == []
