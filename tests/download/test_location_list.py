"""The list of locations is kept, entered in a table, and compared with the one before."""

import datetime as dt
import gzip
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import SERVICE, run_script

from isone.download import location_list
from isone.download.client import Client
from isone.errors import UsageError
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import CORE_LOCATIONS
from isone.market.requests import Request
from isone.pack.year import pack_year
from isone.run import status
from isone.run.settings import read_settings
from isone.run.sources import REPORTS_PAGE, Source
from isone.run.summary import summary
from isone.run.targets import Run
from isone.sandbox import Sandbox
from isone.store import location_table
from isone.store.store import Store


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(nodes=3, server_name=SERVICE) as running:
        yield running


@pytest.fixture
def synthetic() -> Iterator[Sandbox]:
    """The same, saying that it is the sandbox."""
    with Sandbox(nodes=3) as running:
        yield running


def client(sandbox: Sandbox, *, public: bool = False) -> Client:
    source = Source("webservices", sandbox.url)
    if public:
        source = Source("reports", sandbox.reports_url, page=REPORTS_PAGE)
    return Client(source, read_settings({}).http)


def on(monkeypatch: pytest.MonkeyPatch, day: dt.date) -> None:
    noon = dt.datetime.combine(day, dt.time(12), market_time.MARKET_ZONE)
    monkeypatch.setattr(market_time, "now", lambda: noon)


@pytest.mark.parametrize("public", [False, True], ids=["web services", "public reports"])
def test_the_list_is_asked_for_once_a_day_and_entered_with_when_it_was_seen(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, public: bool
) -> None:
    store = Store(tmp_path)
    with client(sandbox, public=public) as asking:
        for day in (dt.date(2026, 5, 1), dt.date(2026, 5, 1), dt.date(2026, 5, 2)):
            on(monkeypatch, day)
            location_list.refresh(store, asking)
    assert len(sandbox.requests) == 2
    table = {seen.id: seen for seen in location_table.read_table(store)}
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
        location_list.refresh(store, asking)
        kept = tmp_path / "raw" / "locations" / "20260502.json.gz"
        listed = json.loads(gzip.decompress(kept.read_bytes()))["Locations"]["Location"]
        gone = {"LocationID": 77, "LocationType": "NETWORK NODE", "LocationName": "OLD"}
        before = [each for each in listed if each["LocationID"] != 10001] + [gone]
        kept.write_bytes(gzip.compress(json.dumps({"Locations": {"Location": before}}).encode()))
        table = [seen for seen in location_table.read_table(store) if seen.id != 10001]
        old = location_table.Seen(77, "OLD", "NETWORK NODE", None, "2026-05-02", "2026-05-02")
        location_table.write_table(store, [*table, old])
        on(monkeypatch, dt.date(2026, 5, 3))
        with caplog.at_level(logging.WARNING):
            noted = location_list.refresh(store, asking)
    seen = {seen.id: seen for seen in location_table.read_table(store)}
    assert (seen[77].last_seen, seen[77].gone) == ("2026-05-02", "2026-05-03")
    assert (seen[10001].first_seen, seen[10001].gone) == ("2026-05-03", "")
    assert noted == [record.message for record in caplog.records]
    name = next(seen.name for seen in location_table.read_table(store) if seen.id == 10001)
    assert [record.message for record in caplog.records] == [
        f"1 new location: 10001 {name}",
        "1 gone location: 77 OLD",
    ]


def test_an_id_that_is_known_is_not_asked_about_again(tmp_path: Path, sandbox: Sandbox) -> None:
    store = Store(tmp_path)
    with client(sandbox) as asking:
        location_list.require_known(store, asking, (4000, 10001))
        location_list.require_known(store, asking, (4000, 10002))
        location_list.require_known(store, asking, (4000,))
        assert len(sandbox.requests) == 1


def test_an_id_that_no_list_has_is_a_warning_and_not_rejected(
    tmp_path: Path, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with client(sandbox) as asking, caplog.at_level(logging.WARNING):
        noted = location_list.require_known(Store(tmp_path), asking, (4000, 591, 40000))
    assert noted == [record.message for record in caplog.records]
    retired, misspelt = noted
    assert "591 is not in ISO-NE's list of locations, so it is retired or misspelt" in retired
    assert "40000 is not in" in misspelt and "(did you mean '4000'" in misspelt


def with_retired(sandbox: Sandbox, dataset: str, request: Request) -> bytes:
    """A day that has prices of location 591 where the sandbox has those of 10001."""
    with client(sandbox) as asking:
        body = gzip.decompress(asking.fetch(DATASETS[dataset].request.url_path(request)))
    return gzip.compress(body.replace(b'"@LocId":"10001"', b'"@LocId":"591"'))


@pytest.mark.parametrize("dataset", ["lmp_da_hourly", "lmp_rt_hourly", "lmp_rt_5min"])
def test_an_id_in_a_stored_response_is_known_without_a_warning(
    tmp_path: Path, sandbox: Sandbox, dataset: str
) -> None:
    store = Store(tmp_path)
    request = Request(dataset, dt.date(2019, 5, 1), hour=0 if dataset == "lmp_rt_5min" else None)
    path = store.raw_path(request)
    path.parent.mkdir(parents=True)
    path.write_bytes(with_retired(sandbox, dataset, request))
    with client(sandbox) as asking:
        assert location_list.require_known(store, asking, (4000, 591)) == []


def test_an_id_whose_five_minute_prices_are_stored_is_known_without_a_warning(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    store = Store(tmp_path)
    path = store.raw_path(Request("lmp_rt_5min", dt.date(2019, 5, 1), location=591))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not read")
    with client(sandbox) as asking:
        assert location_list.require_known(store, asking, (4000, 591)) == []


def test_a_damaged_response_tells_no_ids_and_stops_nothing(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    store = Store(tmp_path)
    path = store.raw_path(Request("lmp_da_hourly", dt.date(2019, 5, 1)))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    with client(sandbox) as asking:
        (doubt,) = location_list.require_known(store, asking, (591,))
    assert "591 is not in" in doubt


def test_a_location_that_a_list_leaves_without_name_or_type_keeps_the_ones_it_had(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    on(monkeypatch, dt.date(2026, 5, 1))
    with client(sandbox) as asking:
        location_list.refresh(store, asking)
        named = {seen.id: seen.name for seen in location_table.read_table(store)}
        listed = location_list.read_locations(kept_list(store))
        nameless = [{"LocationID": each.id} for each in listed] + [{"LocationID": 77}]
        body = json.dumps({"Locations": {"Location": nameless}}).encode()
        monkeypatch.setattr(location_list, "_fetch", lambda client: gzip.compress(body))
        on(monkeypatch, dt.date(2026, 5, 2))
        assert location_list.refresh(store, asking) == ["1 new location: 77"]
    table = {seen.id: seen for seen in location_table.read_table(store)}
    assert {id: table[id].name for id in named} == named
    assert (table[77].name, table[77].type) == (None, None)


def kept_list(store: Store) -> bytes:
    (kept,) = (store.root / "raw" / "locations").iterdir()
    return gzip.decompress(kept.read_bytes())


def test_the_list_behind_chosen_ids_is_brought_up_to_date_once_it_is_a_month_old(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    with client(sandbox) as asking:
        for day in (dt.date(2026, 5, 1), dt.date(2026, 5, 31), dt.date(2026, 6, 1)):
            on(monkeypatch, day)
            location_list.require_known(store, asking, (4000, 10001))
            location_list.require_known(store, asking, (4000,))
    assert len(sandbox.requests) == 2
    assert location_table.read_table(store)[0].last_seen == "2026-06-01"


def test_where_no_new_list_can_be_had_the_old_one_does(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    with client(sandbox) as asking:
        on(monkeypatch, dt.date(2026, 5, 1))
        location_list.require_known(store, asking, (10001,))
        sandbox.faults.add("not-found:locations/all")
        on(monkeypatch, dt.date(2026, 7, 1))
        assert location_list.require_known(store, asking, (10001,)) == []
        with pytest.raises(UsageError, match="has no list of locations"):
            location_list.require_known(store, asking, (99,))


def test_a_list_that_was_cut_off_while_it_was_entered_is_asked_for_again(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    on(monkeypatch, dt.date(2026, 5, 1))
    with client(sandbox) as asking:
        with monkeypatch.context() as broken:
            broken.setattr(location_table, "write_table", lambda store, rows: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                location_list.refresh(store, asking)
        location_list.refresh(store, asking)
    assert len(location_table.read_table(store)) > 20


def test_a_location_that_is_gone_stands_in_the_summary_of_the_run(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    store = Store(tmp_path / "data")
    with client(sandbox) as asking:
        location_list.refresh(store, asking)
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
    period = "2024.through-20240101"
    assert run_script("download_prices", config, dataset="lmp_da_hourly", period=period) == 0
    assert "   1 gone location: 77 OLD\n" in summary(store, ended=True)


def test_an_unknown_id_stands_in_the_summary_and_days_of_the_others_are_stored(
    tmp_path: Path, synthetic: Sandbox
) -> None:
    store = Store(tmp_path / "data" / "sandbox")
    config = {
        **{"source": "sandbox", "base_url": synthetic.url, "years": 2024, "through": "2024-01-01"},
        **{"data_types": "lmp", "markets": "da", "locations": "4000,591"},
        **{"data_dir": str(tmp_path / "data"), "log_dir": str(tmp_path / "logs")},
    }
    Run.of(config).start(1)
    period = "2024.through-20240101"
    assert run_script("download_prices", config, dataset="lmp_da_hourly", period=period) == 0
    assert "   locations: 591 is not in ISO-NE's list of locations" in summary(store, ended=True)
    packed = pack_year(store, "lmp_da_hourly", period, (591, 4000))
    assert (packed.rows, packed.absent) == (24, (591,))


def test_a_download_that_ends_before_its_days_are_counted_has_done_none(
    tmp_path: Path, synthetic: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "stop", lambda store, name, reason: None)  # it ends this process
    store = Store(tmp_path / "data" / "sandbox")
    config = {
        **{"source": "sandbox", "base_url": synthetic.url, "years": 2024, "locations": "9999999"},
        **{"data_types": "lmp", "markets": "da"},
        **{"data_dir": str(tmp_path / "data"), "log_dir": str(tmp_path / "logs")},
    }
    Run.of(config).start(1)
    synthetic.faults.add("not-found:locations/all")
    assert run_script("download_prices", config, dataset="lmp_da_hourly", period="2024") == 2
    assert "   0 of 366 days, 1 request\n" in summary(store, ended=True)


def test_real_prices_of_a_node_that_is_on_no_list_any_more_tell_its_id(
    tmp_path: Path, sandbox: Sandbox, examples_folder: Path
) -> None:
    case = examples_folder.parents[1] / "cases" / "05-retired-location"
    if not case.exists():
        pytest.skip(f"no recorded case at {case}")
    listed = (case / "replay/api/v1.1/locations/all.json").read_bytes()
    assert 591 not in {each.id for each in location_list.read_locations(listed)}
    records = (case / "five_real_records_20260503.json").read_bytes()
    store = Store(tmp_path)
    path = store.raw_path(Request("lmp_rt_5min", dt.date(2026, 5, 3), hour=13))
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(records))
    with client(sandbox) as asking:
        assert location_list.require_known(store, asking, (591, 4000)) == []
        (doubt,) = location_list.require_known(store, asking, (4000, 593))
    assert "593 is not in" in doubt
