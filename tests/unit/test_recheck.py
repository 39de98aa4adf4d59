"""A final day that ISO-NE corrects is found by asking again, and never silently overwritten."""

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from isone.datasets import DATASETS, HUBS, Part
from isone.download.client import Client
from isone.download.year import Downloader, download_year
from isone.recheck import jobs, outputs
from isone.sandbox import Sandbox
from isone.selection import Job
from isone.settings import read_settings
from isone.sources import Source
from isone.store import Store, sha256

DATASET = DATASETS["lmp_rt_hourly"]
FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 1, 5)
TODAY = dt.date(2026, 6, 15)


@contextmanager
def downloaded(store: Store) -> Iterator[tuple[Sandbox, Client]]:
    """Five days that were had from a sandbox, which still answers."""
    with (
        Sandbox(nodes=0, today=TODAY) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        job = Job(DATASET.name, 2024, FIRST, LAST, HUBS)
        download_year(Downloader(store, client, DATASET), job, newest_first=False)
        yield sandbox, client


def test_a_correction_is_recorded_and_the_reply_before_it_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    with downloaded(store):
        path = store.raw_path(Part(DATASET.name, dt.date(2024, 1, 4)))
        served = gzip.decompress(path.read_bytes())
        replies = tmp_path / "replies/api/v1.1/hourlylmp/rt/final/day"
        replies.mkdir(parents=True)
        corrected = json.loads(served)
        record = corrected["HourlyLmps"]["HourlyLmp"][0]
        record["LmpTotal"] += 3
        record["EnergyComponent"] += 3
        (replies / "20240104.json").write_text(json.dumps(corrected))
        spaced = json.dumps(json.loads(gzip.decompress(_day(store, 3).read_bytes())), indent=2)
        (replies / "20240103.json").write_text(spaced)
    old, before = path.read_bytes(), store.read_ledger(DATASET.name, 2024)["20240104"]
    with (
        Sandbox(nodes=0, today=TODAY, replay=tmp_path / "replies") as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        found = jobs.recheck_days(store, client, DATASET, dt.date(2024, 1, 3), LAST)
        again = jobs.recheck_days(store, client, DATASET, dt.date(2024, 1, 3), LAST)
        assert len(sandbox.requests) == 6
    assert found["compared"] == 3
    (correction,) = found["corrected"]
    assert correction["part"] == "20240104"
    assert (correction["changed_rows"], correction["largest_change"]) == (1, 3.0)
    assert correction["corrects"] == before.sha256 == sha256(old)
    assert correction["first_seen"] == before.fetched
    (kept,) = (tmp_path / "data" / "superseded" / DATASET.name).iterdir()
    assert kept.read_bytes() == old
    manifest = json.loads(store.marker_path(DATASET.name, "2024.through-20240105").read_text())
    entries = {part["part"]: part for part in manifest["parts"]}
    assert entries["20240104"] == correction
    assert sha256(path.read_bytes()) == correction["sha256"]
    assert again["corrected"] == []


def test_a_stored_reply_that_is_gone_or_damaged_is_named_and_not_asked_for(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    with downloaded(store) as (sandbox, client):
        flipped = bytearray(_day(store, 2).read_bytes())
        flipped[len(flipped) // 2] ^= 1
        _day(store, 2).write_bytes(flipped)
        _day(store, 3).write_bytes(b"cut off")
        _day(store, 4).unlink()
        sandbox._log.clear()
        found = jobs.recheck_days(store, client, DATASET, FIRST, LAST)
        assert [request.path[-8:] for request in sandbox.requests] == ["20240101", "20240105"]
    assert found["compared"] == 2
    assert sorted(found["failed"]) == ["20240102", "20240103", "20240104"]
    for day in (2, 3, 4):
        said = found["failed"][f"2024010{day}"]
        assert said.startswith(
            f"the stored reply {_day(store, day)} is gone or damaged; with refetch"
        )


def test_a_recheck_of_days_that_are_not_here_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"source": "sandbox", "data_dir": str(tmp_path), "log_dir": str(tmp_path / "logs")}
    days = "20240101-20240103.on-20240110"
    assert jobs.recheck_prices(config, DATASET.name, days, str(tmp_path / "x.log")) == 0
    said = "no final response of these days is here, so none was asked for again"
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_recheck_leaves_a_line_for_each_dataset_also_where_one_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"source": "sandbox", "data_dir": str(tmp_path), "log_dir": str(tmp_path / "logs"),
              "sandbox_nodes": 0, "data_types": "lmp", "markets": "da rt-hourly rt"}  # fmt: skip
    store = Store(tmp_path / "sandbox")
    with downloaded(store):
        _day(store, 2).unlink()
    days = "20240101-20240105.on-20240110"
    log_path = str(tmp_path / "x.log")
    assert jobs.recheck_prices(config, DATASET.name, days, log_path) == 1
    said = " ".join(capsys.readouterr().err.split())
    failed = f"{DATASET.name}, 2024-01-01 to 2024-01-05: 4 responses compared, 0 corrected, 1 could"
    assert failed in said
    newest = json.loads(outputs.newest_path(store, DATASET.name).read_text())
    assert list(newest["failed"]) == ["20240102"]
    assert not (store.root / "rechecked" / DATASET.name).exists()  # no note: the next run tries it
    assert jobs.recheck_prices(config, "lmp_da_hourly", days, log_path) == 0
    lines = outputs.summary_path(store).read_text().splitlines()
    assert [line.partition(",")[0] for line in lines[:2]] == ["lmp_da_hourly", DATASET.name]
    assert lines[1].startswith(failed)
    assert lines[2] == "lmp_rt_5min: not compared"
    another = "20240102-20240106.on-20240111"
    assert jobs.recheck_prices(config, "lmp_da_hourly", another, log_path) == 0
    lines = outputs.summary_path(store).read_text().splitlines()
    assert lines[1] == f"{DATASET.name}: not compared"  # that was the day before


def _day(store: Store, day: int) -> Path:
    return store.raw_path(Part(DATASET.name, dt.date(2024, 1, day)))


def test_the_days_to_ask_for_again_are_the_newest_that_have_to_be_final() -> None:
    settings = read_settings({"recheck_days": 3})
    at = dt.datetime(2026, 11, 20, 15, tzinfo=dt.UTC)
    assert outputs.days_to_recheck(DATASET, settings, at) == (
        dt.date(2026, 11, 12),
        dt.date(2026, 11, 14),
    )
