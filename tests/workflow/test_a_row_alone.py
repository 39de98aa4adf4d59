"""A dataset of another shape is a row of the table and nothing else.

For each shape a made-up row is added, and nothing beside it: it is downloaded, rejected where
something is missing, packed, loaded, verified, and its means are right.
"""

import datetime as dt
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import made_up
import pyarrow.parquet as pq
import pytest
import requests
from filled import TODAY, build_duckdb, fill, settings_for
from made_up import COSTS, FLOWS, FORECAST, FUELS, LOAD, OUTAGES, ROWS
from postgres_server import Server

from isone.audit.verify.verdict import DAMAGED, OK
from isone.audit.verify.year import verify_year
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import Outcome
from isone.load import packed, postgres
from isone.load.outputs import packed_names
from isone.load.views import all_views
from isone.market import flaws, market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.market.schema import table_columns
from isone.market.times import Snapshots
from isone.pack.dictionary import data_dictionary
from isone.report import data, page
from isone.report.day import State
from isone.run import complete
from isone.run.dataset_year import DatasetYear
from isone.run.selection import newest_days
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import FAULTS, Sandbox
from isone.store.store import Store
from isone.store.year_marker import read_manifest

DAYS = {row.name: ("2026-03-07", "2026-03-09") for row in ROWS} | {
    COSTS.name: ("2026-02-01", "2026-03-31")  # whole months; clocks change on 8 March
}
Record = dict[str, Any]
Spoil = Callable[[list[Record]], list[Record]]


@pytest.fixture(scope="module", autouse=True)
def added() -> Iterator[None]:
    """The rows in the table."""
    with pytest.MonkeyPatch.context() as patch:
        made_up.add(patch)
        yield


@pytest.fixture(scope="module")
def filled(added: None, tmp_path_factory: pytest.TempPathFactory) -> Store:  # noqa: ARG001
    """Some days of each, downloaded, packed and in DuckDB."""
    store = Store(tmp_path_factory.mktemp("rows") / "sandbox")
    for row in ROWS:
        fill(store, [row.name], *DAYS[row.name])
    build_duckdb(store)
    return store


def records_in(row: Dataset, content: Any) -> list[Record]:
    """The records in a response."""
    for key in row.wrapper:
        content = content[key] if content else []
    return [content] if isinstance(content, dict) else list(content)


def stored(store: Store, row: Dataset) -> list[Record]:
    """The records of every stored response of a dataset, read by the standard library alone."""
    return [
        record
        for path in sorted((store.root / "raw" / row.name).glob("*/2*.json.gz"))
        for record in records_in(row, json.loads(gzip.decompress(path.read_bytes())))
    ]


def begins(record: Record) -> dt.datetime:
    return dt.datetime.fromisoformat(record["BeginDate"])


def loaded(store: Store, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of a table or view of DuckDB."""
    with duckdb.connect(store.duckdb_path, read_only=True) as connection:
        return connection.table(table).project(", ".join(columns)).fetchall()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_all_it_takes_from_the_request_to_the_deep_check(
    filled: Store, row: Dataset
) -> None:
    served = stored(filled, row)
    assert served
    (path,) = (filled.root / "parquet" / row.name).glob("*.parquet")
    table = pq.read_table(path)
    assert table.schema.names == [column.name for column in table_columns(row)]
    assert table.num_rows == len(served)
    assert len(loaded(filled, row.name, "operating_day")) == len(served)
    assert sorted(table["interval_start_utc"].to_pylist()) == sorted(map(begins, served))
    days = [each.astimezone(market_time.MARKET_ZONE).date() for each in map(begins, served)]
    assert sorted(table["operating_day"].to_pylist()) == sorted(days)
    verdict = verify_year(filled, settings_for(filled), row.name, path.stem)
    assert (verdict.damage, verdict.verdict) == ((), OK)
    assert set(verdict.rows.values()) == {len(served)}


def test_a_set_without_a_market_or_without_intervals_has_no_column_of_them() -> None:
    names = {row.name: {column.name for column in table_columns(row)} for row in ROWS}
    assert "market" not in names[LOAD.name]
    assert "market" in names[FLOWS.name]
    assert "interval_end_utc" not in names[FUELS.name]
    assert {"location_id", "location"} < names[FLOWS.name]
    assert "location_type" not in names[FLOWS.name]


def test_values_inside_an_object_and_below_zero_come_through(filled: Store) -> None:
    served = {
        (begins(each).timestamp(), int(each["Location"]["@LocId"]), each["Settled"]["RTLO"])
        for each in stored(filled, COSTS)
    }
    columns = ("epoch(interval_start_utc)", "location_id", "load_obligation")
    assert set(loaded(filled, COSTS.name, *columns)) == served
    lowest = min(flow for (flow,) in loaded(filled, FLOWS.name, "actual_flow"))
    assert lowest == min(each["ActualFlow"] for each in stored(filled, FLOWS)) < 0


def test_a_month_is_one_request_for_each_location_and_has_all_of_its_days(filled: Store) -> None:
    names = sorted(path.name for path in (filled.root / "raw" / COSTS.name).glob("*/2*.json.gz"))
    assert names == [
        "20260201.month.4000.json.gz",
        "20260201.month.4001.json.gz",
        "20260301.month.4000.json.gz",
        "20260301.month.4001.json.gz",
    ]
    of_set = {
        day
        for name, day in loaded(filled, "operating_days", "dataset", "operating_day")
        if name == COSTS.name
    }
    assert len(of_set) == 28 + 31
    assert Request.named(COSTS.name, "20260301.month.4001") == Request(
        COSTS.name, dt.date(2026, 3, 1), location=4001, span="month"
    )


@pytest.mark.parametrize(
    ("at", "newest"),
    [
        pytest.param(dt.datetime(2026, 4, 2, 12), dt.date(2026, 2, 28), id="March is not out"),
        pytest.param(dt.datetime(2026, 4, 3, 12), dt.date(2026, 3, 31), id="March is out"),
    ],
)
def test_an_open_year_of_months_ends_with_a_whole_month(at: dt.datetime, newest: dt.date) -> None:
    now = at.replace(tzinfo=market_time.MARKET_ZONE)
    assert newest_days(COSTS, read_settings({}), now) == (newest, newest)
    pinned = read_settings({"through": "2026-03-15"})
    assert newest_days(COSTS, pinned, now)[0] == dt.date(2026, 2, 28)


# What is missing of a day


def record_spoilt(row: Dataset, request: Request, folder: Path, spoil: Spoil) -> Path:
    """Record the sandbox's response with its records changed."""
    path = row.request.url_path(request)
    with Sandbox(nodes=0, today=TODAY) as sandbox:
        content = requests.get(f"{sandbox.url}/{path}.json", timeout=10).json()
    spoilt = spoil(records_in(row, content))
    *outer, inner = row.wrapper
    body: Any = {inner: spoilt}
    for key in reversed(outer):
        body = {key: body}
    file = folder / "api" / "v1.1" / f"{path}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(body))
    return folder


def bring(store: Store, row: Dataset, day: dt.date, replay: Path | None) -> Outcome:
    """Download a day or month, some of it as recorded."""
    with (
        Sandbox(nodes=0, today=TODAY, replay=replay) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        request = row.day_requests(day, HUBS)[0]
        return Downloader(store, client, row).bring(request.days, HUBS)


def local(record: Record) -> dt.datetime:
    return dt.datetime.fromisoformat(record["BeginDate"]).astimezone(market_time.MARKET_ZONE)


def cut_at_noon(records: list[Record]) -> list[Record]:
    return [each for each in records if local(each).hour < 12]


def without_hours(first: int, last: int) -> Spoil:
    return lambda records: [each for each in records if not first <= local(each).hour < last]


def one_snapshot(records: list[Record]) -> list[Record]:
    return [each for each in records if each["BeginDate"] == records[0]["BeginDate"]]


def publication_without_hours(records: list[Record]) -> list[Record]:
    other = records[0]["CreationDate"]
    return [e for e in records if e["CreationDate"] == other or not 3 <= local(e).hour < 8]


def without_maine(records: list[Record]) -> list[Record]:
    return [each for each in records if each["ReliabilityRegion"] != ".Z.MAINE"]


def without_interface(id: int) -> Spoil:
    return lambda records: [each for each in records if each["Location"]["@LocId"] != str(id)]


def without_a_day(records: list[Record]) -> list[Record]:
    return [each for each in records if local(each).day != 17]


def with_a_wrong_sum(field: str) -> Spoil:
    return lambda records: [records[0] | {field: records[0][field] + 1}, *records[1:]]


@pytest.mark.parametrize(
    ("row", "spoil", "reason"),
    [
        pytest.param(LOAD, cut_at_noon, "lacks 2026-05-05 12:00 EDT", id="load-noon"),
        pytest.param(LOAD, with_a_wrong_sum("LoadMw"), "do not add up", id="load-sum"),
        pytest.param(FUELS, cut_at_noon, "lacks a snapshot after .* 23:30", id="fuels-noon"),
        pytest.param(FUELS, one_snapshot, "lacks a snapshot after", id="fuels-one-snapshot"),
        pytest.param(FUELS, without_hours(3, 5), "lacks any snapshot between", id="fuels-gap"),
        pytest.param(FUELS, without_hours(0, 1), "lacks a snapshot before", id="fuels-late"),
        pytest.param(
            FORECAST, publication_without_hours, "lacks 2026-05-05 03:00", id="forecast-hours"
        ),
        pytest.param(FORECAST, without_maine, "MAINE altogether", id="forecast-region"),
        pytest.param(FLOWS, cut_at_noon, "lacks 2026-05-05 12:00", id="flows-noon"),
        pytest.param(
            FLOWS, without_interface(4012), "lacks location 4012 altogether", id="flows-interface"
        ),
        pytest.param(FLOWS, with_a_wrong_sum("Sale"), "do not add up", id="flows-sum"),
        pytest.param(COSTS, without_a_day, "lacks 2026-05-17 00:00 EDT", id="costs-day"),
    ],
)
def test_a_day_or_month_that_lacks_something_is_rejected(
    tmp_path: Path, row: Dataset, spoil: Spoil, reason: str
) -> None:
    request = row.day_requests(dt.date(2026, 5, 5), HUBS)[0]
    replay = record_spoilt(row, request, tmp_path, spoil)
    store = Store(tmp_path / "sandbox")
    outcome = bring(store, row, request.day, replay)
    assert set(outcome.missing) == {request}
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(outcome.missing[request])
    assert store.rejected_path(request).exists()
    assert request.name not in store.read_ledger(row.name, 2026)


def test_a_fuel_that_is_in_no_snapshot_is_not_missed(tmp_path: Path) -> None:
    def without_nuclear(records: list[Record]) -> list[Record]:
        return [each for each in records if each["FuelCategory"] != "Nuclear"]

    request = FUELS.day_requests(dt.date(2026, 5, 5), HUBS)[0]
    replay = record_spoilt(FUELS, request, tmp_path, without_nuclear)
    assert not bring(Store(tmp_path / "sandbox"), FUELS, request.day, replay).missing


@pytest.mark.parametrize("day", [dt.date(2026, 1, 20), dt.date(2026, 5, 5)], ids=str)
def test_an_interface_that_came_later_owes_its_rows_from_then_on(
    tmp_path: Path, day: dt.date
) -> None:
    request = FLOWS.day_requests(day, HUBS)[0]
    replay = record_spoilt(FLOWS, request, tmp_path, without_interface(4018))
    outcome = bring(Store(tmp_path / "sandbox"), FLOWS, day, replay)
    assert bool(outcome.missing) == (day.month == 5)


def test_a_snapshot_is_never_moved_and_is_of_its_own_day(tmp_path: Path) -> None:
    late, early = "2026-05-05T23:59:59.000-04:00", "2026-05-04T23:59:59.000-04:00"
    request = FUELS.day_requests(dt.date(2026, 5, 5), HUBS)[0]
    for at, is_right in ((late, True), (early, False)):
        folder = tmp_path / at[:10]
        replay = record_spoilt(
            FUELS, request, folder, lambda r, at=at: [*r, r[0] | {"BeginDate": at}]
        )
        store = Store(folder / "sandbox")
        outcome = bring(store, FUELS, request.day, replay)
        assert bool(outcome.missing) is not is_right
        if not is_right:
            assert "not in 2026-05-05" in outcome.missing[request]


def test_the_deep_check_notices_snapshots_that_were_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "sandbox")
    with monkeypatch.context() as patch:
        patch.setattr(Snapshots, "interval_of", lambda _, instant: market_time.snap(instant, 5))
        ((name, period),) = fill(store, [FUELS.name], "2026-05-05", "2026-05-05")
    verdict = verify_year(store, settings_for(store), name, period)
    assert verdict.verdict == DAMAGED
    assert {damage.where for damage in verdict.damage} == {"parquet"}


# What may be missing


def test_a_single_gap_is_accepted_after_the_grace_and_named(tmp_path: Path) -> None:
    day = dt.date(2026, 5, 5)
    request = LOAD.day_requests(day, HUBS)[0]
    replay = record_spoilt(LOAD, request, tmp_path, lambda records: records[:100] + records[101:])
    store = Store(tmp_path / "sandbox")
    job = DatasetYear(LOAD.name, 2026, day, day, HUBS)
    with (
        Sandbox(nodes=0, today=TODAY, replay=replay) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        download_year(Downloader(store, client, LOAD), job, newest_first=False)
    entry = store.read_ledger(LOAD.name, 2026)[request.name]
    assert (entry.forgiven, entry.missing) == (True, ("2026-05-05 08:20 EDT",))
    (gap,) = read_manifest(store.marker_path(LOAD.name, job.period)).gaps
    assert (gap.day, gap.forgiven) == ("2026-05-05", True)
    assert gap.reason
    settings = settings_for(store, years=2026)
    assert not complete.drop_stale(store, settings)
    verdict = verify_year(store, settings, LOAD.name, job.period)
    assert (verdict.damage, verdict.verdict) == ((), OK)
    assert "accepted gap" in " ".join(verdict.notes)


@pytest.mark.parametrize(
    ("days_ago", "left_out"),
    [
        pytest.param(5, [100], id="before the grace is over"),
        pytest.param(200, [100, 101], id="two beside each other"),
        pytest.param(200, [10, 50, 100, 150], id="too many"),
    ],
)
def test_what_is_no_single_gap_is_rejected_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days_ago: int, left_out: list[int]
) -> None:
    day = dt.date(2026, 5, 5)
    now = dt.datetime(2026, 5, 5, 12, tzinfo=market_time.MARKET_ZONE) + dt.timedelta(days_ago)
    monkeypatch.setattr(market_time, "now", lambda: now)
    request = LOAD.day_requests(day, HUBS)[0]

    def spoil(records: list[Record]) -> list[Record]:
        return [each for number, each in enumerate(records) if number not in left_out]

    replay = record_spoilt(LOAD, request, tmp_path, spoil)
    outcome = bring(Store(tmp_path / "sandbox"), LOAD, day, replay)
    assert "2026-05-05 " in outcome.missing[request]


def test_an_empty_day_of_events_counts_where_its_partner_is_published(tmp_path: Path) -> None:
    day = dt.date(2026, 5, 5)
    for row, is_right in ((OUTAGES, True), (LOAD, False), (FUELS, False)):
        request = row.day_requests(day, HUBS)[0]
        store = Store(tmp_path / row.name / "sandbox")
        folder = record_spoilt(row, request, tmp_path / row.name, lambda records: records[:0])
        outcome = bring(store, row, day, folder)
        assert bool(outcome.missing) is not is_right
        assert (request.name in store.read_ledger(row.name, 2026)) == is_right


def test_rows_of_one_key_disagree_unless_they_may_occur_together(tmp_path: Path) -> None:
    def with_another(field: str) -> Spoil:
        return lambda records: [*records, records[0] | {field: records[0][field] + 100}]

    for row, field, is_right in ((FUELS, "GenMw", False), (OUTAGES, "OutMw", True)):
        request = row.day_requests(dt.date(2026, 5, 5), HUBS)[0]
        folder = record_spoilt(row, request, tmp_path / row.name, with_another(field))
        outcome = bring(Store(tmp_path / row.name / "sandbox"), row, request.day, folder)
        assert bool(outcome.missing) is not is_right


# Means


def test_the_mean_of_snapshots_is_over_time_and_absent_is_nothing(tmp_path: Path) -> None:
    """Coal runs for one hour of twenty-four, in which snapshots come three times as often."""
    start = dt.datetime(2026, 5, 5, tzinfo=market_time.MARKET_ZONE)
    served = []
    for minute in range(0, 1440, 5):
        runs = 18 * 60 <= minute < 19 * 60
        if minute % 15 and not runs:
            continue
        at = market_time.timestamp(int((start + dt.timedelta(minutes=minute)).timestamp()))
        for fuel, power in (("Coal", 120.0), ("Wind", 60.0)):
            if fuel == "Wind" or runs:
                flag = {"FuelCategory": fuel, "GenMw": power, "MarginalFlag": "N"}
                served.append({"BeginDate": at} | flag)
    request = FUELS.day_requests(start.date(), HUBS)[0]
    replay = record_spoilt(FUELS, request, tmp_path, lambda _: served)
    store = Store(tmp_path / "sandbox")
    fill(store, [FUELS.name], "2026-05-05", "2026-05-05", replay=replay)
    build_duckdb(store)
    means = sorted(loaded(store, f"{FUELS.name}_monthly", "fuel", "generation"))
    assert means == [("Coal", pytest.approx(120 / 24)), ("Wind", pytest.approx(60))]


def test_the_monthly_means_of_snapshots_are_those_of_a_sum_by_hand(filled: Store) -> None:
    lasting: dict[dt.datetime, float] = {}
    by_day: dict[dt.date, set[dt.datetime]] = defaultdict(set)
    for each in stored(filled, FUELS):
        by_day[local(each).date()].add(begins(each).astimezone(dt.UTC))
    for day, instants in by_day.items():
        bounds = [dt.datetime.fromtimestamp(t, dt.UTC) for t in market_time.day_bounds(day)]
        order = sorted(instants)
        edges = [bounds[0], *order[1:], bounds[1]]
        for number, at in enumerate(order):
            lasting[at] = (edges[number + 1] - edges[number]).total_seconds()
    sums: dict[str, float] = defaultdict(float)
    for each in stored(filled, FUELS):
        sums[each["FuelCategory"]] += each["GenMw"] * lasting[begins(each).astimezone(dt.UTC)]
    whole = sum(lasting.values())
    assert whole == (24 + 23 + 24) * 3600
    found = loaded(filled, f"{FUELS.name}_monthly", "fuel", "generation")
    assert dict(found) == {fuel: pytest.approx(total / whole) for fuel, total in sums.items()}


def test_the_monthly_means_of_intervals_are_those_of_their_rows(filled: Store) -> None:
    by_interface = defaultdict(list)
    for each in stored(filled, FLOWS):
        by_interface[int(each["Location"]["@LocId"])].append(each["ActualFlow"])
    found = loaded(filled, f"{FLOWS.name}_monthly", "location_id", "actual_flow")
    assert dict(found) == {id: pytest.approx(sum(v) / len(v)) for id, v in by_interface.items()}


def test_postgresql_has_the_same_rows_and_the_same_means(filled: Store, server: Server) -> None:
    with postgres.connect(server.new_database("rows")) as connection:
        tables = postgres.prepare(connection, synthetic=True)
        files = packed.packed_files(filled, packed_names(filled))
        rows = {
            dataset: postgres.load_year(connection, tables, filled, group).rows
            for dataset, _, group in packed.by_year(files)
        }
    assert rows == {row.name: len(stored(filled, row)) for row in ROWS}
    means = server.run("rows", "SELECT fuel, generation FROM isone_sandbox.other_fuel_mix_monthly")
    settings = settings_for(filled, database=server.address("rows"))
    for file in files:
        verdict = verify_year(filled, settings, file.dataset, file.period)
        assert (verdict.damage, verdict.verdict) == ((), OK)
        assert "postgresql" in verdict.rows
    by_fuel = dict(loaded(filled, f"{FUELS.name}_monthly", "fuel", "generation"))
    assert dict(means) == {fuel: pytest.approx(mean) for fuel, mean in by_fuel.items()}


# Around it


def test_gridstatuss_names_are_those_that_the_row_declares() -> None:
    views = {view.name: view.query for view in all_views()}
    assert '"load" AS "Total Load"' in views["other_load_5min_gridstatus"]
    assert '"interval_start_utc" AS "Time"' in views["other_fuel_mix_gridstatus"]


def test_the_dictionary_says_of_each_row_what_it_is() -> None:
    page = data_dictionary()
    sections = {part.partition("`")[0]: part for part in page.split("## `")}
    assert "one row for each snapshot and fuel" in sections["other_fuel_mix"]
    assert "the first before 00:30, the last after 23:30" in sections["other_fuel_mix"]
    assert "288 a day of each interface" in sections["other_flow_5min"]
    assert "within 1 day\n" in sections["other_load_5min"]
    assert "of no market" in sections["other_load_5min"]
    assert "otherwhlsecost/hourly/month/{month}" in sections["other_cost_hourly"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_fault_is_done_to_a_new_row_or_answered_and_never_ends_the_server(
    row: Dataset, capfd: pytest.CaptureFixture[str]
) -> None:
    request = row.day_requests(dt.date(2026, 5, 5), HUBS)[0]
    path = f"{row.request.url_path(request)}.json"
    for name, fault in FAULTS.items():
        if fault.on_wire is not None or name in {"huge", "gzip-bomb"}:
            continue
        with Sandbox(nodes=0, today=TODAY, faults=[name]) as sandbox:
            url = f"{sandbox.url}/{path}"
            response = requests.get(url, timeout=10, allow_redirects=False, stream=True)
        assert response.status_code in {200, 302, 400, 401, 403, 404, 429, 500, 502, 503, 504}
    assert "StopIteration" not in capfd.readouterr().err


def test_the_report_counts_the_days_of_sets_that_it_does_not_draw(filled: Store) -> None:
    found = data.gather(settings_for(filled, years=2026), filled)
    states = {
        row.name: {day.state for day in found.days if day.dataset == row.name} for row in ROWS
    }
    assert all(State.FINAL in each for each in states.values())
    page_text = page.write(found)
    assert all(row.title in page_text for row in ROWS)


def test_each_sum_is_one_flaw_by_name() -> None:
    assert flaws.SUM in flaws.REJECTED
    assert {row.name for row in DATASETS.values() if row.sums} >= {"lmp_da_hourly", LOAD.name}
