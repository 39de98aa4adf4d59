"""A final day that ISO-NE corrects is found by asking again, and never silently overwritten."""

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from running import run_script

from isone.audit.recheck import jobs, outputs, verdict
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.run import status
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.files import sha256
from isone.store.store import Store

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
        job = DatasetYear(DATASET.name, 2024, FIRST, LAST, HUBS)
        download_year(Downloader(store, client, DATASET), job, newest_first=False)
        yield sandbox, client


def test_a_correction_is_recorded_and_the_response_before_it_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    with downloaded(store):
        path = store.raw_path(Request(DATASET.name, dt.date(2024, 1, 4)))
        served = gzip.decompress(path.read_bytes())
        responses = tmp_path / "responses/api/v1.1/hourlylmp/rt/final/day"
        responses.mkdir(parents=True)
        corrected = json.loads(served)
        record = corrected["HourlyLmps"]["HourlyLmp"][0]
        record["LmpTotal"] += 3
        record["EnergyComponent"] += 3
        (responses / "20240104.json").write_text(json.dumps(corrected))
        spaced = json.dumps(json.loads(gzip.decompress(_day(store, 3).read_bytes())), indent=2)
        (responses / "20240103.json").write_text(spaced)
    old, before = path.read_bytes(), store.read_ledger(DATASET.name, 2024)["20240104"]
    marker = store.marker_path(DATASET.name, "2024.through-20240105")
    known = {"day": "2024-01-04", "flaw": "energy-differs", "what": "1 price", "reason": "known"}
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"flaws": [known]}))
    spoilt = store.marker_path(DATASET.name, "2023")
    spoilt.write_text("{")  # by whatever; it names no response that could be another
    with (
        Sandbox(nodes=0, today=TODAY, replay=tmp_path / "responses") as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        found = jobs.recheck_days(store, client, DATASET, dt.date(2024, 1, 3), LAST)
        again = jobs.recheck_days(store, client, DATASET, dt.date(2024, 1, 3), LAST)
        assert len(sandbox.requests) == 6
    assert found["compared"] == 3
    (correction,) = found["corrected"]
    assert correction["request"] == "20240104"
    assert (correction["changed_rows"], correction["largest_change"]) == (1, 3.0)
    assert correction["corrects"] == before.sha256 == sha256(old)
    assert correction["first_seen"] == before.fetched
    (kept,) = (tmp_path / "data" / "superseded" / DATASET.name).iterdir()
    assert kept.read_bytes() == old
    manifest = json.loads(store.marker_path(DATASET.name, "2024.through-20240105").read_text())
    entries = {request["request"]: request for request in manifest["requests"]}
    assert entries["20240104"] == json.loads(json.dumps(correction))
    assert [flaw["name"] for flaw in correction["flaws"]] == ["energy-differs"]
    assert [(each["day"], each["flaw"], each["reason"]) for each in manifest["flaws"]] == [
        ("2024-01-04", "energy-differs", "known")
    ]
    assert sha256(path.read_bytes()) == correction["sha256"]
    assert again["corrected"] == []


def test_a_stored_response_that_is_gone_or_damaged_is_named_and_not_asked_for(
    tmp_path: Path,
) -> None:
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
            f"the stored response {_day(store, day)} is gone or damaged; with refetch"
        )


def test_a_recheck_of_days_that_are_not_here_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"source": "sandbox", "data_dir": str(tmp_path), "log_dir": str(tmp_path / "logs")}
    days = "20240101-20240103"
    note = {"note": tmp_path / "note.json"}
    words = {"dataset": DATASET.name, "days": days}
    assert run_script("recheck_prices", config, outputs=note, **words) == 0
    said = "no final response of these days is here, so none was asked for again"
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_recheck_ends_with_a_sentence_also_where_it_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"source": "sandbox", "data_dir": str(tmp_path), "log_dir": str(tmp_path / "logs"),
              "sandbox_nodes": 0}  # fmt: skip
    store = Store(tmp_path / "sandbox")
    with downloaded(store):
        _day(store, 2).unlink()
    note = tmp_path / "note.json"
    words = {"dataset": DATASET.name, "days": "20240101-20240105"}
    assert run_script("recheck_prices", config, outputs={"note": note}, **words) == 1
    sentence = (
        f"{DATASET.name}, 2024-01-01 to 2024-01-05: 4 responses compared, 0 corrected, "
        "1 could not be compared: 20240102: the stored response "
    )
    assert sentence in " ".join(capsys.readouterr().err.split())
    assert not note.exists()
    (kept,) = (store.root / "rechecked" / DATASET.name).iterdir()
    assert list(json.loads(kept.read_text())["failed"]) == ["20240102"]
    name = f"recheck_{DATASET.name}_{words['days']}"
    facts = json.loads(status.status_path(store, name).read_text())
    assert facts["verdict_lines"][0].startswith(sentence)


def test_corrections_are_named_in_the_sentence() -> None:
    corrected = [{"request": f"2024010{day}", "changed_rows": day} for day in range(1, 6)]
    found = {"dataset": "lmp_da_hourly", "first_day": "2024-01-01", "last_day": "2024-01-07",
             "compared": 7, "corrected": corrected, "failed": {}}  # fmt: skip
    assert verdict.line(found) == (
        "lmp_da_hourly, 2024-01-01 to 2024-01-07: 7 responses compared, 5 corrected "
        "(20240101, 1 row; 20240102, 2 rows; 20240103, 3 rows; and 2 more)"
    )


def _day(store: Store, day: int) -> Path:
    return store.raw_path(Request(DATASET.name, dt.date(2024, 1, day)))


def test_the_days_to_ask_for_again_are_the_newest_that_have_to_be_final() -> None:
    settings = read_settings({"recheck_days": 3})
    at = dt.datetime(2026, 11, 20, 15, tzinfo=dt.UTC)
    assert outputs.days_to_recheck(DATASET, settings, at) == (
        dt.date(2026, 11, 12),
        dt.date(2026, 11, 14),
    )
