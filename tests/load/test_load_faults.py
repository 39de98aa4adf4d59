"""What befalls a build of the DuckDB file that is not the build's own doing."""

import shutil
from pathlib import Path

import duckdb
import pytest
from filled import build_duckdb, fill
from torture.machine import can_mount, mount, tmpfs

from isone.errors import LoadError
from isone.load import duckdb_file
from isone.store.store import Store

STEP = 448  # kilobytes; DuckDB's files grow by 256


def rows(store: Store) -> int:
    with duckdb.connect(str(store.duckdb_path), read_only=True) as connection:
        found = connection.execute("SELECT count(*) FROM lmp_da_hourly").fetchall()
    return int(found[0][0])


def test_wherever_the_disk_becomes_full_the_old_database_stays_and_the_sentence_says_why(
    tmp_path: Path,
) -> None:
    if not can_mount():
        pytest.skip("no file system can be mounted here")
    filled = Store(tmp_path / "filled")
    fill(filled, ["lmp_da_hourly"], "2025-01-01", "2025-01-03")
    duckdb_file.build(filled, [])  # the old database has no rows
    disk = tmp_path / "disk"
    disk.mkdir()
    rejected = []
    with tmpfs(disk, 64 << 10):
        store = Store(disk / "data")
        shutil.copytree(filled.root, store.root)
        used = sum(path.stat().st_blocks for path in disk.rglob("*")) // 2
        # what does not fit is found out when the file is written out, not when it is closed
        for spare in range(STEP // 4, 64 << 10, STEP):
            mount("-o", f"remount,size={used + spare}k", str(disk))
            try:
                build_duckdb(store)
            except LoadError as error:
                rejected.append(str(error))
                assert rows(store) == 0
                assert not list(store.root.glob(".isone.duckdb*"))
            else:
                break
        assert rows(store) == 3 * 24 * 9
    assert len(rejected) > 2, rejected
    assert all("No space left on device" in sentence for sentence in rejected)
