"""The list of locations is kept, entered in a table, and compared with the one before."""

import datetime as dt
import gzip
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import SERVICE

from isone import clock, places
from isone.datasets import CORE_LOCATIONS
from isone.download import jobs, locations
from isone.download.client import Client
from isone.errors import UsageError
from isone.run import Run, summary
from isone.sandbox import Sandbox
from isone.settings import read_settings
from isone.sources import REPORTS_PAGE, Source
from isone.store import Store


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(nodes=3, server_name=SERVICE) as running:
        yield running


def client(sandbox: Sandbox, *, public: bool = False) -> Client:
    source = Source("webservices", sandbox.url)
    if public:
        source = Source("reports", sandbox.reports_url, page=REPORTS_PAGE)
    return Client(source, read_settings({}).http)


def on(monkeypatch: pytest.MonkeyPatch, day: dt.date) -> None:
    noon = dt.datetime.combine(day, dt.time(12), clock.MARKET_ZONE)
    monkeypatch.setattr(clock, "now", lambda: noon)


@pytest.mark.parametrize("public", [False, True], ids=["web services", "public reports"])
def test_the_list_is_asked_for_once_a_day_and_entered_with_when_it_was_seen(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, public: bool
) -> None:
    store = Store(tmp_path)
    with client(sandbox, public=public) as asking:
        for day in (dt.date(2026, 5, 1), dt.date(2026, 5, 1), dt.date(2026, 5, 2)):
            on(monkeypatch, day)
            locations.refresh(store, asking)
    assert len(sandbox.requests) == 2
    table = {seen.id: seen for seen in places.read_table(store)}
    assert {id: (table[id].name, table[id].type) for id in CORE_LOCATIONS} == CORE_LOCATIONS
    assert (table[10001].first_seen, table[10001].last_seen) == ("2026-05-01", "2026-05-02")


def test_a_new_and_a_vanished_location_are_noted(
    tmp_path: Path,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Store(tmp_path)
    on(monkeypatch, dt.date(2026, 5, 2))
    with client(sandbox) as asking:
        locations.refresh(store, asking)
        kept = tmp_path / "raw" / "locations" / "20260502.json.gz"
        listed = json.loads(gzip.decompress(kept.read_bytes()))["Locations"]["Location"]
        gone = {"LocationID": 77, "LocationType": "NETWORK NODE", "LocationName": "OLD"}
        before = [each for each in listed if each["LocationID"] != 10001] + [gone]
        kept.write_bytes(gzip.compress(json.dumps({"Locations": {"Location": before}}).encode()))
        table = [seen for seen in places.read_table(store) if seen.id != 10001]
        old = places.Seen(77, "OLD", "NETWORK NODE", None, "2026-05-02", "2026-05-02")
        places.write_table(store, [*table, old])
        on(monkeypatch, dt.date(2026, 5, 3))
        with caplog.at_level(logging.WARNING):
            noted = locations.refresh(store, asking)
    seen = {seen.id: seen for seen in places.read_table(store)}
    assert (seen[77].last_seen, seen[77].gone) == ("2026-05-02", "2026-05-03")
    assert (seen[10001].first_seen, seen[10001].gone) == ("2026-05-03", "")
    assert noted == [record.message for record in caplog.records]
    name = next(seen.name for seen in places.read_table(store) if seen.id == 10001)
    assert [record.message for record in caplog.records] == [
        f"1 new location: 10001 {name}",
        "1 gone location: 77 OLD",
    ]


def test_an_id_that_is_known_is_not_asked_about_again(tmp_path: Path, sandbox: Sandbox) -> None:
    store = Store(tmp_path)
    with client(sandbox) as asking:
        locations.require_known(store, asking, (4000, 10001))
        locations.require_known(store, asking, (4000, 10002))
        locations.require_known(store, asking, (4000,))
        assert len(sandbox.requests) == 1
        with pytest.raises(UsageError, match="99 is no location of ISO-NE's"):
            locations.require_known(store, asking, (99,))


def test_the_list_behind_chosen_ids_is_brought_up_to_date_once_it_is_a_month_old(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    with client(sandbox) as asking:
        for day in (dt.date(2026, 5, 1), dt.date(2026, 5, 31), dt.date(2026, 6, 1)):
            on(monkeypatch, day)
            locations.require_known(store, asking, (4000, 10001))
            locations.require_known(store, asking, (4000,))
    assert len(sandbox.requests) == 2
    assert places.read_table(store)[0].last_seen == "2026-06-01"


def test_where_no_new_list_can_be_had_the_old_one_does(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    with client(sandbox) as asking:
        on(monkeypatch, dt.date(2026, 5, 1))
        locations.require_known(store, asking, (10001,))
        sandbox.faults.add("not-found:locations/all")
        on(monkeypatch, dt.date(2026, 7, 1))
        assert locations.require_known(store, asking, (10001,)) == []
        with pytest.raises(UsageError, match="has no list of locations"):
            locations.require_known(store, asking, (99,))


def test_a_list_that_was_cut_off_while_it_was_entered_is_asked_for_again(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    on(monkeypatch, dt.date(2026, 5, 1))
    with client(sandbox) as asking:
        with monkeypatch.context() as broken:
            broken.setattr(places, "write_table", lambda store, rows: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                locations.refresh(store, asking)
        locations.refresh(store, asking)
    assert len(places.read_table(store)) > 20


def test_a_location_that_is_gone_stands_in_the_summary_of_the_run(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    store = Store(tmp_path / "data")
    with client(sandbox) as asking:
        locations.refresh(store, asking)
    (kept,) = (store.root / "raw" / "locations").iterdir()
    before = json.loads(gzip.decompress(kept.read_bytes()))
    old = {"LocationID": 77, "LocationType": "NETWORK NODE", "LocationName": "OLD"}
    before["Locations"]["Location"].append(old)
    kept.unlink()
    (kept.parent / "20240101.json.gz").write_bytes(gzip.compress(json.dumps(before).encode()))
    config = {
        **{
            "source": "webservices",
            "base_url": sandbox.url,
            "years": 2024,
            "through": "2024-01-01",
        },
        **{"data_types": "lmp", "markets": "da", "locations": "all"},
        **{"data_dir": str(tmp_path / "data"), "log_dir": str(tmp_path / "logs")},
    }
    Run.of(config).start(1)
    log = tmp_path / "a.log"
    period = "2024.through-20240101"
    assert jobs.download_prices(config, "lmp_da_hourly", period, str(log), 1) == 0
    assert "   1 gone location: 77 OLD\n" in summary(store, ended=True)
