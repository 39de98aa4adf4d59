"""What is in the way of a run is said before its first request, all of it at once."""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from isone.errors import IsoneError, LoadError, StopRunError, UsageError
from isone.market.datasets import DATASETS
from isone.run import preflight, space
from isone.run.settings import read_settings
from isone.run.targets import Run
from isone.store import location_table
from isone.store.ledger import Entry
from isone.store.store import Store

DOWNLOADS = ("download_prices", "download_custom")


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    folders = {"data_dir": str(tmp_path / "data"), "log_dir": str(tmp_path / "logs")}
    return {"years": 2024, "markets": "da", "data_types": "lmp", "source": "sandbox", **folders}


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the disk have so much room."""

    def has(size: float) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=int(size)))

    return has


def failing(error: IsoneError) -> preflight.Check:
    def check() -> None:
        raise error

    return check


def test_one_trouble_is_said_as_it_is() -> None:
    preflight.require([lambda: None])
    with pytest.raises(LoadError, match="^no server$"):
        preflight.require([lambda: None, failing(LoadError("no server"))])


def test_several_are_said_together_each_once() -> None:
    checks = [failing(LoadError("no server")), failing(UsageError("no account"))]
    with pytest.raises(StopRunError) as ended:
        preflight.require([*checks, failing(UsageError("no account"))])
    assert str(ended.value) == "2 things are in the way: (1) no server; (2) no account"


def test_database_account_custom_downloads_and_disk_are_looked_at_together(
    config: dict[str, Any], tmp_path: Path, free: Callable[[float], None]
) -> None:
    words = ["--start-date", "2024-01-01", "--end-date", "2024-01-02"]
    custom = [
        {"name": "mine", "script": "scripts/download_ancillary_services.py"},
        {"name": "yours", "script": "scripts/download_lmp.py"},
    ]
    sources = {"mine": "reports", "yours": "sandbox"}
    entries = [each | {"args": [*words, "--source", sources[each["name"]]]} for each in custom]
    (tmp_path / "mine.json").write_text(json.dumps(entries))
    config |= {"source": "webservices", "downloads": str(tmp_path / "mine.json")}
    free(1e6)
    run = Run.of(config)
    with pytest.raises(StopRunError) as ended:
        run.start(1, DOWNLOADS, checks=[failing(LoadError("no server"))])
    said = str(ended.value)
    assert said.startswith("4 things are in the way: (1) no server; (2) no ISO-NE account is set: ")
    assert "(3) downloads: mine: regulation_5min is in no public CSV report; leave" in said
    assert "(4) data_dir: what is left to download takes about 22" in said
    assert "has 1.0 MB free" in said
    assert not run.store.run_dir("").exists(), "nothing is begun"


def test_a_run_without_downloads_needs_no_account_and_no_room(
    config: dict[str, Any], free: Callable[[float], None]
) -> None:
    free(0)
    assert Run.of(config | {"source": "webservices"}).start(1, ["pack_prices"]) == ""


@pytest.mark.parametrize(
    ("room", "note"), [(1e9, False), (0.7e6, True)], ids=["plenty of room", "a scarce disk"]
)
def test_a_disk_that_may_become_full_is_a_note(
    config: dict[str, Any], free: Callable[[float], None], room: float, note: bool
) -> None:
    free(room)
    said = Run.of(config | {"through": "2024-01-31"}).start(1, DOWNLOADS)
    assert ("# Note: the disk of " in said) is note
    assert said.startswith("# Max retries per download: 1\n# Started: ")


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [
        pytest.param({"source": "reports"}, 150e6, 350e6, id="all locations of hourly days"),
        pytest.param({}, 5e6, 8e6, id="those of a small sandbox"),
        pytest.param({"markets": "rt", "base_url": "https://x/y", "source": "webservices"},
                     13e6, 20e6, id="five minutes by location"),
        pytest.param({"data_types": "as", "services": "reserves"}, 7e6, 11e6, id="reserves"),
    ],
)  # fmt: skip
def test_room_is_estimated_by_rows(
    config: dict[str, Any], given: dict[str, Any], least: float, most: float
) -> None:
    assert least < Run.of(config | given).plan.bytes < most


def test_room_is_estimated_by_what_is_stored_where_something_is(config: dict[str, Any]) -> None:
    settings = read_settings(config)
    dataset = DATASETS["lmp_rt_5min"]
    day, other = (
        dataset.day_requests(date, (4000, 4001))
        for date in (dt.date(2024, 1, 1), dt.date(2024, 1, 2))
    )
    entries = {
        request.name: Entry(request.name, size, "", 288, "2026-06-12T04:00Z", "sandbox", "final")
        for request, size in zip(day, (5000, 7000), strict=True)
    }
    whole = {
        "20240103.h05": Entry(
            "20240103.h05", 10**6, "", 288, "2026-06-12T04:00Z", "sandbox", "final"
        )
    }
    assert space.estimate(dataset, other, entries | whole, settings) == 2 * 6000
    assert space.estimate(dataset, other, whole, settings) == 2 * 288 * 20
    assert space.estimate(dataset, [], entries, settings) == 0


def test_an_id_that_no_list_had_is_a_note_where_there_is_a_list(config: dict[str, Any]) -> None:
    config |= {"locations": "hubs,4011,5910"}
    assert "Note" not in Run.of(config).start(1, DOWNLOADS)
    seen = [
        location_table.Seen(id, f"N{id}", "NODE", None, "2024-01-01", "2024-01-01")
        for id in (591, 4011)
    ]
    location_table.write_table(Store(read_settings(config).store_dir), seen)
    said = Run.of(config).start(1, DOWNLOADS)
    assert "# Note: locations: 5910 is in no list of locations seen so far, so it is " in said
    assert "did you mean '591'?" in said
    assert "4011 is" not in said


def test_a_workbook_that_is_not_there_is_said_before_anything_begins(
    config: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="smd: there is no file .*smd.xlsx; say where"):
        Run.of(config | {"smd": str(tmp_path / "smd.xlsx")})
