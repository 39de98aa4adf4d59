"""Finished tables handed over to a real S3 server, by Snakemake's own storage plugin."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest
from filled import build_duckdb, fill
from running import PROJECT
from workflow.storage.conftest import SECRET, ObjectStore

from isone.store.store import Store

pytestmark = pytest.mark.workflow

NAMES = {
    "prices/isone/isone.duckdb",
    "prices/isone/parquet/lmp_da_hourly/2026.parquet",
    "prices/isone/parquet/regulation_5min/2026.parquet",
}


@pytest.fixture
def store(workflow: Path) -> Store:
    store = Store(workflow / "data" / "sandbox")
    fill(store, ["lmp_da_hourly", "regulation_5min"], "2026-03-07", "2026-03-09")
    build_duckdb(store)
    return store


def deliver(
    folder: Path, *config: str, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    snakefile = str(PROJECT / "rules" / "deliver.smk")
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "-s", snakefile, "-j4", "--config", *config],
        cwd=folder,
        env=os.environ | (environ or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
    )


def test_tables_are_handed_over_once_and_read_from_there(
    workflow: Path, store: Store, object_store: ObjectStore
) -> None:
    config = ("source=sandbox", "to=s3://prices/isone")
    done = deliver(workflow, *config, environ=object_store.environ)
    assert done.returncode == 0, done.stdout
    assert object_store.names().keys() == NAMES
    assert not [
        path
        for path in workflow.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert SECRET not in done.stdout

    (local,) = (store.root / "parquet" / "lmp_da_hourly").glob("*.parquet")
    hub = pads.field("location_id") == 4000
    folder = pads.dataset("prices/isone/parquet/lmp_da_hourly", filesystem=object_store.files)
    assert folder.to_table(filter=hub).equals(pq.read_table(local, filters=hub))
    assert folder.count_rows(filter=hub) == 24 + 23 + 24

    again = deliver(workflow, *config, environ=object_store.environ)
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout


def test_a_longer_open_year_takes_the_place_of_the_shorter_one(
    workflow: Path, store: Store, object_store: ObjectStore
) -> None:
    config = ("source=sandbox", "to=s3://prices/isone/")
    assert deliver(workflow, *config, environ=object_store.environ).returncode == 0
    before = object_store.names()
    for old in (store.root / "parquet" / "lmp_da_hourly").glob("*.parquet"):
        old.unlink()
    fill(store, ["lmp_da_hourly"], "2026-03-07", "2026-03-10")
    grown = deliver(workflow, *config, environ=object_store.environ)
    assert grown.returncode == 0, grown.stdout
    after = object_store.names()
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"prices/isone/parquet/lmp_da_hourly/2026.parquet"}
    assert after.keys() == NAMES


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ((), "to: needs an address such as s3://bucket/isone, and none is given"),
        (("to=prices",), "to: needs an address such as s3://bucket/isone, and 'prices' is none"),
        (("to=s3://prices",), "there is nothing to hand over in data/sandbox yet"),
    ],
    ids=["no address", "no such address", "nothing there"],
)
@pytest.mark.usefixtures("object_store")
def test_a_mistake_gets_one_sentence(
    workflow: Path, config: tuple[str, ...], sentence: str
) -> None:
    done = deliver(workflow, "source=sandbox", *config)
    assert done.returncode == 1
    assert f"error: {sentence}" in done.stdout
    assert "Traceback" not in done.stdout
