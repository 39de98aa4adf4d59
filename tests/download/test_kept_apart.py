"""Synthetic prices never lie among real ones, nor real ones among synthetic, however reached."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import SERVICE, run_script

from isone.audit.recheck.jobs import recheck_days
from isone.audit.reconcile.jobs import reconcile_year
from isone.download import location_list
from isone.download.client import Client
from isone.download.downloader import Downloader
from isone.errors import StopRunError
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.run.settings import read_settings
from isone.run.sources import REPORTS_PAGE, Source
from isone.sandbox import Sandbox
from isone.store.store import Store

DAY = dt.date(2024, 1, 2)
PATH = "hourlylmp/da/final/day/20240102"
SYNTHETIC = "is the sandbox: its prices are synthetic; say source=sandbox, and they are kept apart"
REAL = "is not the sandbox, .*: its prices may be real and are not stored among synthetic ones"


def client(source: Source) -> Client:
    return Client(source, read_settings({}).http)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(nodes=0) as running:
        yield running


@pytest.fixture
def service() -> Iterator[Sandbox]:
    with Sandbox(nodes=0, server_name=SERVICE) as running:
        yield running


def test_a_response_of_the_sandbox_stops_a_run_on_the_web_services(sandbox: Sandbox) -> None:
    source = Source("webservices", sandbox.url)
    with client(source) as asking, pytest.raises(StopRunError, match=SYNTHETIC):
        asking.fetch(PATH)
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("path", ["hourly_lmp.csv", "transform/csv/fiveminlmp"])
def test_a_response_of_the_sandbox_stops_a_run_on_the_public_csv(
    sandbox: Sandbox, path: str
) -> None:
    source = Source("reports", sandbox.reports_url, page=REPORTS_PAGE)
    with client(source) as asking, pytest.raises(StopRunError, match=SYNTHETIC):
        asking.fetch(path)
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("path", [PATH, "what/it/does/not/have"])
def test_another_service_is_not_taken_for_the_sandbox(service: Sandbox, path: str) -> None:
    source = Source("sandbox", service.url)
    with client(source) as asking, pytest.raises(StopRunError, match=REAL):
        asking.fetch(path)


def test_recorded_responses_alone_are_real_and_with_synthetic_ones_they_are_not(
    tmp_path: Path,
) -> None:
    recorded = tmp_path / "api" / "v1.1" / f"{PATH}.json"
    recorded.parent.mkdir(parents=True)
    recorded.write_text('{"HourlyLmps":""}')
    with Sandbox(nodes=0, replay=tmp_path, replay_only=True) as replay:
        with client(Source("webservices", replay.url)) as asking:
            assert asking.fetch(PATH)
        with client(Source("sandbox", replay.url)) as asking, pytest.raises(StopRunError):
            asking.fetch(PATH)
        replay.faults.add("null-price")
        replay.faults.add("empty")
        with client(Source("webservices", replay.url)) as asking, pytest.raises(StopRunError):
            asking.fetch(PATH)
    with (
        Sandbox(nodes=0, replay=tmp_path) as mixed,
        client(Source("webservices", mixed.url)) as asking,
        pytest.raises(StopRunError, match=SYNTHETIC),
    ):
        asking.fetch(PATH)


def test_a_server_of_recorded_responses_has_no_synthetic_public_csv(tmp_path: Path) -> None:
    report = DATASETS["lmp_da_hourly"].csv_path(Request("lmp_da_hourly", DAY))
    with Sandbox(nodes=0, replay=tmp_path, replay_only=True) as replay:
        assert replay.response(f"/{report}", "*/*", None, "isox_token=x").status == 404


@pytest.mark.parametrize("source", ["webservices", "reports"])
def test_nothing_of_the_sandbox_is_stored_as_real(
    sandbox: Sandbox, tmp_path: Path, source: str
) -> None:
    url = sandbox.url if source == "webservices" else sandbox.reports_url
    config: dict[str, Any] = {
        **{"source": source, "base_url": url, "years": 2024, "through": "2024-01-01"},
        **{"data_types": "lmp", "markets": "da", "locations": "all"},
        **{"data_dir": str(tmp_path / "data"), "log_dir": str(tmp_path / "logs")},
    }
    year = {"dataset": "lmp_da_hourly", "period": "2024.through-20240101"}
    assert run_script("download_prices", config, **year) == 2
    log = tmp_path / "logs" / "isone_lmp_da_hourly_2024.through-20240101.log"
    assert SYNTHETIC in log.read_text()
    assert list(tmp_path.rglob("*.gz")) == []
    assert len(sandbox.requests) == 1


def test_the_list_of_locations_rechecks_and_averages_are_held_to_the_same(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    store = Store(tmp_path / "data")
    dataset = DATASETS["lmp_da_hourly"]
    with Sandbox(nodes=0, server_name=SERVICE) as service:
        real = Source("webservices", service.url)
        with client(real) as asking:
            Downloader(store, asking, dataset).bring([DAY], HUBS)
    before = sorted(tmp_path.rglob("*.gz"))
    with client(Source("webservices", sandbox.url)) as asking:
        with pytest.raises(StopRunError, match=SYNTHETIC):
            location_list.require_known(store, asking, "all")
        with pytest.raises(StopRunError, match=SYNTHETIC):
            reconcile_year(store, asking, "da", 2024, {4000: {}})
        with pytest.raises(StopRunError, match=SYNTHETIC):
            recheck_days(store, asking, dataset, DAY, DAY)
    assert len(before) == 1
    assert sorted(tmp_path.rglob("*.gz")) == before
    assert len(sandbox.requests) == 3
