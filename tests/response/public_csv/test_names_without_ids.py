"""Preliminary hourly public CSV names its locations and has no ids: hub and zones need none."""

import datetime as dt
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from reading import examine

from isone.audit.verify.raw import rows_of
from isone.audit.verify.year import verify_year
from isone.download import location_list
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.errors import ResponseError
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import ALL_LOCATIONS, CORE_LOCATIONS, HUBS, Locations
from isone.market.requests import Request
from isone.pack.year import Packed, pack_year
from isone.response import report_places, revisions
from isone.response.table import read_table
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.sandbox import Sandbox
from isone.store import gzipped, location_table
from isone.store.store import Store

HOURLY = DATASETS["lmp_rt_hourly"]
FIRST, FINAL, LAST = (dt.date(2026, 6, day) for day in (7, 8, 9))
OTHERS = 9
"""Nodes and external nodes of the sandbox, beside the hub and eight zones."""
ALL = 9 + OTHERS


@pytest.fixture(autouse=True)
def nothing_is_learned(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins like a new process, which knows the hub and zones alone."""
    _forget(monkeypatch)
    yield


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    noon = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)
    monkeypatch.setattr(market_time, "now", lambda: noon)


def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_places, "_learned", dict(CORE_LOCATIONS))
    monkeypatch.setattr(
        report_places, "_ids", {name: id for id, (name, _) in CORE_LOCATIONS.items()}
    )


def bring(
    store: Store, client: Client, *, first: dt.date = FIRST, chosen: Locations = HUBS
) -> DatasetYear:
    """A year of which the last days are preliminary, as a download job brings it."""
    job = DatasetYear(HOURLY.name, 2026, first, LAST, chosen, final_through=min(FINAL, LAST))
    location_list.require_known(store, client, chosen)
    download_year(Downloader(store, client, HOURLY), job, newest_first=True)
    return job


def only_preliminary(sandbox: Sandbox) -> None:
    """Let no day be final yet, so that nothing tells the ids."""
    sandbox.faults.add("not-found:*lmp_rt_final*")


def pack(store: Store, job: DatasetYear, chosen: Locations = HUBS) -> Packed:
    return pack_year(store, HOURLY.name, job.period, chosen)


def test_a_preliminary_day_is_stored_for_hub_and_zones_where_nobody_knows_the_other_names(
    tmp_path: Path, sandbox: Sandbox, public: Client, caplog: pytest.LogCaptureFixture
) -> None:
    only_preliminary(sandbox)
    store = Store(tmp_path)
    with caplog.at_level(logging.WARNING):
        job = bring(store, public, first=LAST)
    entry = store.read_ledger(HOURLY.name, 2026)[f"{LAST:%Y%m%d}.prelim"]
    assert (entry.rows, entry.places) == (24 * ALL, ALL)
    assert len(entry.unknown_locations) == OTHERS
    (warning,) = [r.message for r in caplog.records if "without a known id" in r.message]
    assert all(name in warning for name in entry.unknown_locations)
    packed = pack(store, job)
    assert (packed.rows, packed.left_out, packed.absent) == (24 * 9, 24 * OTHERS, ())


def test_a_day_is_packed_and_checked_alike_once_its_names_are_known(
    tmp_path: Path,
    sandbox: Sandbox,
    public: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    only_preliminary(sandbox)
    store = Store(tmp_path)
    job = bring(store, public, first=LAST)
    with caplog.at_level(logging.WARNING):
        before = pack(store, job, ALL_LOCATIONS)
    assert (before.rows, before.left_out) == (24 * 9, 24 * OTHERS)
    assert "without a known id" in caplog.text
    location_list.refresh(store, public)
    _forget(monkeypatch)
    settings = read_settings({"data_dir": str(tmp_path), "source": "reports"})
    verdict = verify_year(store, settings, HOURLY.name, job.period)
    assert {damage.where for damage in verdict.damage} & {"raw", "parquet"} == set()
    _forget(monkeypatch)
    after = pack(store, job, ALL_LOCATIONS)
    assert (after.rows, after.left_out) == (before.rows, before.left_out)


def test_ids_are_learned_from_final_days_of_the_same_run_without_a_request(
    tmp_path: Path, sandbox: Sandbox, public: Client, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path)
    sandbox.faults.add(f"not-found:*lmp_rt_final_{LAST:%Y%m%d}*")
    with caplog.at_level(logging.WARNING):
        job = bring(store, public)
    assert sorted({request.path.rpartition("/")[2] for request in sandbox.requests}) == [
        *("lmp_rt_final_20260607.csv", "lmp_rt_final_20260608.csv"),
        *("lmp_rt_final_20260609.csv", "lmp_rt_prelim_20260609.csv"),
    ]
    assert "without a known id" not in caplog.text
    assert pack(store, job, ALL_LOCATIONS).rows == 3 * 24 * ALL


def test_ids_are_learned_from_day_ahead_prices_of_an_earlier_run(
    tmp_path: Path, sandbox: Sandbox, public: Client, api: Client
) -> None:
    store = Store(tmp_path)
    day_ahead = DATASETS["lmp_da_hourly"]
    Downloader(store, api, day_ahead).bring([FINAL], HUBS)
    only_preliminary(sandbox)
    bring(store, public, first=LAST)
    (entry,) = store.read_ledger(HOURLY.name, 2026).values()
    assert entry.unknown_locations == ()
    assert [request.path for request in sandbox.requests if "locations" in request.path] == []


def test_with_all_locations_the_list_is_asked_for_and_no_row_is_left_out(
    tmp_path: Path, sandbox: Sandbox, public: Client
) -> None:
    only_preliminary(sandbox)
    store = Store(tmp_path)
    job = bring(store, public, first=LAST, chosen=ALL_LOCATIONS)
    assert pack(store, job, ALL_LOCATIONS).rows == 24 * ALL


def test_a_name_that_a_retired_location_had_before_is_the_one_listed_last(
    tmp_path: Path, public: Client
) -> None:
    body = fetch(public, prelim=True)
    name = unknown_name(body)
    days = ("2026-01-01", "2026-05-01"), ("2026-05-02", "2026-06-15")
    old, new = (
        location_table.Seen(id, name, None, None, *seen)
        for id, seen in zip((77, 12345), days, strict=True)
    )
    store = Store(tmp_path)
    for known in ([old], [old, new]):
        location_table.write_table(store, known)
        report_places.learn_from(store)
        found = rows_of(read_table(HOURLY, body), [Request(HOURLY.name, LAST, prelim=True)])
        assert set(found["location_id"].to_pylist()) == {*HUBS, known[-1].id}


def test_nothing_that_is_learned_moves_the_hub(public: Client) -> None:
    body = fetch(public, prelim=True)
    report_places.learn([(77, ".H.INTERNAL_HUB", "HUB"), (4000, "OTHER", None)])
    found = rows_of(read_table(HOURLY, body), [Request(HOURLY.name, LAST, prelim=True)])
    assert set(found["location_id"].to_pylist()) == set(HUBS)


def fetch(client: Client, *, prelim: bool) -> bytes:
    return gzipped.inflate(client.fetch(HOURLY.csv_path(Request(HOURLY.name, LAST, prelim=prelim))))


def test_a_final_price_with_an_id_is_no_change_to_a_preliminary_one_without(public: Client) -> None:
    before, after = (fetch(public, prelim=prelim) for prelim in (True, False))
    hub_and_zones = [
        line for line in after.decode().splitlines() if not re.search(r'^"D".*"1000\d"', line)
    ]
    only_these = "\r\n".join(hub_and_zones).encode()
    first, final, few = (read_table(HOURLY, body) for body in (before, after, only_these))
    changes = revisions.compare(first, final)
    assert changes == revisions.compare(first, few)
    assert 0 < changes.rows <= 24 * 9


def test_the_deep_check_reads_the_rows_that_packing_reads(public: Client) -> None:
    body = fetch(public, prelim=True)
    request = Request(HOURLY.name, LAST, prelim=True)
    assert rows_of(read_table(HOURLY, body), [request]).num_rows == 24 * 9
    report_places.learn([(10001, unknown_name(body), None)])
    assert rows_of(read_table(HOURLY, body), [request]).num_rows == 24 * 10


def unknown_name(body: bytes) -> str:
    finding = examine(HOURLY, Request(HOURLY.name, LAST, prelim=True), body)
    return finding.unknown_locations[0]


def test_an_hour_that_a_nameless_location_lacks_is_named(public: Client) -> None:
    body = fetch(public, prelim=True)
    name = unknown_name(body)
    lines = body.decode().splitlines(keepends=True)
    cut = next(i for i, line in enumerate(lines) if f'"{name}"' in line)
    finding = examine(
        HOURLY,
        Request(HOURLY.name, LAST, prelim=True),
        "".join(lines[:cut] + lines[cut + 1 :]).encode(),
    )
    assert finding.missing == (f"2026-06-09 00:00 EDT at location {name}",)


def test_a_row_of_public_csv_without_id_and_name_is_rejected(public: Client) -> None:
    body = fetch(public, prelim=True).replace(b'".Z.MAINE"', b'""', 1)
    with pytest.raises(ResponseError, match="without the name of its location"):
        read_table(HOURLY, body)


def test_an_empty_id_in_json_is_rejected(api: Client) -> None:
    body = gzipped.inflate(api.fetch(HOURLY.request.url_path(Request(HOURLY.name, FIRST))))
    body = body.replace(b'"@LocId":"10001"', b'"@LocId":""')
    with pytest.raises(ResponseError, match="'' for a location id"):
        examine(HOURLY, Request(HOURLY.name, FIRST), body)
