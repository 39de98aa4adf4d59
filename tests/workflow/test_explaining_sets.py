"""The sets that explain prices: what their rows alone make of responses, made-up and recorded."""

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filled import TODAY, build_duckdb, fill, settings_for
from postgres_server import Server
from reading import examine, records_of

from isone.audit.recheck.jobs import recheck_days
from isone.audit.verify.verdict import OK
from isone.audit.verify.year import verify_year
from isone.download.client import Client
from isone.download.downloader import Downloader
from isone.download.outcome import Outcome
from isone.errors import ResponseError
from isone.load import packed, postgres
from isone.load.outputs import packed_names
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.response import within_response
from isone.response.table import read_table
from isone.run import plan
from isone.run.dataset_year import DatasetYear
from isone.run.selection import select
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.store import Store

LOAD, HOURLY, FORECAST = (DATASETS[n] for n in ("load_5min", "load_hourly", "forecast_hourly"))
QUARTERS = DATASETS["constraints_rt_15min"]
PRELIM, FINAL = DATASETS["lmp_rt_hourly_prelim"], DATASETS["lmp_rt_hourly"]
SPRING = ("2026-03-07", "2026-03-09")
Record = dict[str, Any]


def wrapped(dataset: Dataset, records: list[Record]) -> bytes:
    body: Any = records
    for key in reversed(dataset.wrapper):
        body = {key: body}
    return json.dumps(body).encode()


def served(dataset: Dataset, request: Request) -> list[Record]:
    """The sandbox's records of a request."""
    with Sandbox(nodes=0, today=TODAY) as sandbox, client_of(sandbox) as client:
        content: Any = json.loads(gzip.decompress(client.fetch(dataset.request.url_path(request))))
    for key in dataset.wrapper:
        content = content[key] if content else []
    return [content] if isinstance(content, dict) else list(content)


def client_of(sandbox: Sandbox) -> Client:
    return Client(Source("sandbox", sandbox.url), read_settings({}).http)


def record(folder: Path, dataset: Dataset, request: Request, records: list[Record]) -> None:
    """Have the sandbox answer a request with these records."""
    file = folder / "api" / "v1.1" / f"{dataset.request.url_path(request)}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(wrapped(dataset, records))


def bring(store: Store, dataset: Dataset, day: dt.date, **sandbox: Any) -> Outcome:
    with Sandbox(nodes=0, today=TODAY, **sandbox) as running, client_of(running) as client:
        return Downloader(store, client, dataset).bring([day], HUBS)


PUBLISHED = {
    "2026-03-17": ("2026-03-15T16:21:15", "2026-03-16T10:30:00", "2026-03-16T10:30:01"),
    "2026-03-18": ("2026-03-17T10:30:00.500", "2026-03-17T16:21:15", "2026-03-18T09:05:00"),
}
"""Days whose forecasts are recorded: one with a publication on the stroke, one with later ones."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Some days of each, over a change of clocks, in tables and in DuckDB."""
    store = Store(tmp_path_factory.mktemp("explaining") / "sandbox")
    fill(store, [LOAD.name, HOURLY.name, PRELIM.name, FINAL.name], *SPRING)
    fill(store, [QUARTERS.name], "2026-03-01", "2026-04-30")
    recorded = tmp_path_factory.mktemp("recorded")
    for text, times in PUBLISHED.items():
        request = Request(FORECAST.name, dt.date.fromisoformat(text))
        hours = served(FORECAST, request)[:24]
        made = [each | {"CreationDate": f"{time}-04:00"} for time in times for each in hours]
        record(recorded, FORECAST, request, made)
    fill(store, [FORECAST.name], "2026-03-07", "2026-03-18", replay=recorded)
    build_duckdb(store)
    return store


@pytest.fixture(scope="module")
def database(filled: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(filled.duckdb_path, read_only=True) as connection:
        yield connection


def ask(database: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return database.execute(query).fetchall()


# Load


def test_load_by_the_hour_is_the_mean_of_its_five_minutes(
    database: duckdb.DuckDBPyConnection,
) -> None:
    rows = ask(
        database,
        """
        SELECT count(*), max(abs(five.load - hourly.load)), count(DISTINCT operating_day)
        FROM load_hourly AS hourly JOIN (
            SELECT time_bucket(INTERVAL '1 hour', interval_start_utc) AS start, avg(load) AS load
            FROM load_5min GROUP BY ALL
        ) AS five ON start = interval_start_utc
        """,
    )
    assert rows == [(24 + 23 + 24, pytest.approx(0, abs=0.002), 3)]


def names_of(database: duckdb.DuckDBPyConnection, view: str) -> list[str]:
    return database.table(view).project("*").to_arrow_table().schema.names


def test_load_has_gridstatuss_names(database: duckdb.DuckDBPyConnection) -> None:
    five = names_of(database, "load_5min_gridstatus")
    assert five[2:] == [
        *("Total Load", "Native Load", "Storage Load"),
        *("Total Load With Estimated Solar", "Native Load With Estimated Solar"),
    ]
    hourly = names_of(database, "load_hourly_gridstatus")
    assert hourly[2:] == ["Load", "Native Load", "ARD Demand"]


RECORDED = {
    "SystemLoadBtmPv": 19358.383,
    "NativeLoadBtmPv": 19330.783,
    "NativeLoad": 17004.273,
    "LoadMw": 17031.873,
    "BeginDate": "2026-07-27T17:20:00.000-04:00",
    "ArdDemand": 27.6,
}


def load_row(record: Record) -> Any:
    """One row, validated as far as a row alone can be: its sums, and that it is of its day."""
    day = dt.date.fromisoformat(record["BeginDate"][:10])
    body = wrapped(LOAD, [record])
    found = examine(LOAD, Request(LOAD.name, day), body)
    assert not found.flaws
    (row,) = records_of(LOAD, body)
    return row


def test_a_real_row_of_load_reads_and_its_sums_hold() -> None:
    row = load_row(RECORDED)
    assert (row.load, row.ard_demand) == (17031.873, 27.6)
    assert row.load_with_estimated_solar - row.load == pytest.approx(2326.51)


@pytest.mark.parametrize("field", ["LoadMw", "SystemLoadBtmPv", "ArdDemand"])
def test_a_row_of_load_whose_parts_do_not_add_up_is_rejected(field: str) -> None:
    with pytest.raises(ResponseError, match="do not add up"):
        load_row(RECORDED | {field: RECORDED[field] + 0.01})


def test_the_recorded_rows_of_load_read_and_their_sums_hold(explain: Path) -> None:
    content = json.loads((explain / "fiveminutesystemload_current.json").read_text())
    assert load_row(content["FiveMinSystemLoad"][0]).load == 17031.873
    (feed,) = json.loads((explain / "emaps_systemload_dashboard_20250317.json").read_text())
    rows = feed["data"]["actual"]
    names = {"Mw": "NativeLoad", "PumpMw": "ArdDemand"}  # as the dashboard calls them
    for each in rows:
        load_row({names.get(field, field): value for field, value in each.items()})
    assert len(rows) == 131


def test_solar_may_be_absent_and_load_may_not() -> None:
    bare = {field: value for field, value in RECORDED.items() if "BtmPv" not in field}
    assert load_row(bare).load_with_estimated_solar is None
    with pytest.raises(ResponseError, match="LoadMw"):
        load_row({field: value for field, value in bare.items() if field != "LoadMw"})


def test_load_below_zero_and_load_that_stands_still_are_suspect() -> None:
    request = Request(LOAD.name, dt.date(2026, 3, 10))
    records = served(LOAD, request)
    still = [records[at % 12] | {"BeginDate": row["BeginDate"]} for at, row in enumerate(records)]
    below = [each | {"LoadMw": -each["LoadMw"]} for each in records[:1]]
    for spoilt, names in (
        ([*below, *records[1:]], ["negative-price"]),
        ([*still[:36], *records[36:]], ["repeated-hour"]),
        (records, []),
    ):
        table = read_table(LOAD, wrapped(LOAD, spoilt))
        found = within_response.find(LOAD, request, within_response.prices_of(table, request))
        assert [flaw.name for flaw in found] == names
        assert not any("price below" in flaw.what for flaw in found)


def test_the_public_report_of_load_gives_the_numbers_that_clients_saw() -> None:
    loads = (10867.729, 10835.519, 10742.174)
    lines = [
        '"C","Five-Minute System Load"',
        '"H","Date/Time","Total Load","Native Load","Asset Related Load"',
        '"H","Date","MW","MW","MW"',
        *(
            f'"D","08/01/2021 00:{5 * at:02d}:00","{load}","{load - 40:.3f}","40"'
            for at, load in enumerate(loads)
        ),
        '"T","3 lines"',
    ]
    rows = records_of(LOAD, "\r\n".join(lines).encode())
    assert tuple(row.load for row in rows) == loads
    assert [market_time.parse_timestamp(row.begins) for row in rows] == list(
        market_time.interval_starts(dt.date(2021, 8, 1), 5)[:3]
    )


# Forecasts


def test_every_publication_is_kept_each_whole(database: duckdb.DuckDBPyConnection) -> None:
    rows = ask(
        database,
        "SELECT operating_day, count(DISTINCT publish_time), count(*) FROM forecast_hourly "
        "GROUP BY ALL ORDER BY ALL LIMIT 3",
    )
    hours = (24, 23, 24)
    assert [row[1:] for row in rows] == [(4, 4 * each) for each in hours]


def day_ahead(rows: list[tuple[Any, ...]]) -> dict[str, tuple[str, int]]:
    """The publication of each day, with the number of its hours."""
    return {str(day): (published, hours) for day, published, hours in rows}


KNOWN = """
    SELECT operating_day, publish_time, count(*) FROM {}forecast_day_ahead
    GROUP BY operating_day, publish_time ORDER BY operating_day
"""


def test_the_forecast_that_the_market_had_is_the_last_by_half_past_ten_of_the_day_before(
    database: duckdb.DuckDBPyConnection,
) -> None:
    known = day_ahead(ask(database, KNOWN.format("")))
    assert known["2026-03-07"] == ("2026-03-06T09:19:15.000-05:00", 24)
    assert known["2026-03-08"] == ("2026-03-07T09:19:15.000-05:00", 23)
    assert known["2026-03-09"] == ("2026-03-08T09:19:15.000-04:00", 24)
    assert known["2026-03-17"] == ("2026-03-16T10:30:00-04:00", 24)
    assert "2026-03-18" not in known  # all of its publications came later
    columns = names_of(database, "forecast_day_ahead")
    assert columns[-3:] == ["load_forecast", "net_load_forecast", "load_adjustment"]


def test_postgresql_has_the_same_rows_and_the_same_forecast(
    filled: Store, database: duckdb.DuckDBPyConnection, server: Server
) -> None:
    with postgres.connect(server.new_database("explaining")) as connection:
        tables = postgres.prepare(connection, synthetic=True)
        files = packed.packed_files(filled, packed_names(filled))
        for _, _, group in packed.by_year(files):
            postgres.load_year(connection, tables, filled, group)
    known = server.run("explaining", KNOWN.format("isone_sandbox."))
    settings = settings_for(filled, database=server.address("explaining"))
    for file in files:
        verdict = verify_year(filled, settings, file.dataset, file.period)
        assert (verdict.damage, verdict.verdict) == ((), OK)
        assert {"postgresql", "duckdb"} <= set(verdict.rows)
    assert day_ahead(known) == day_ahead(ask(database, KNOWN.format("")))


def test_a_publication_that_lacks_an_hour_rejects_the_day(tmp_path: Path) -> None:
    request = Request(FORECAST.name, dt.date(2026, 3, 10))
    records = served(FORECAST, request)
    record(tmp_path, FORECAST, request, records[:30] + records[31:])
    store = Store(tmp_path / "sandbox")
    outcome = bring(store, FORECAST, request.day, replay=tmp_path)
    assert "lacks 2026-03-10 06:00 EDT of 2026-03-09T09:19:15" in outcome.missing[request]


def test_a_publication_that_is_stored_is_never_given_up_and_a_new_one_is_added(
    tmp_path: Path,
) -> None:
    request = Request(FORECAST.name, dt.date(2026, 3, 10))
    records = served(FORECAST, request)
    store = Store(tmp_path / "sandbox")
    found = []
    for number, now in enumerate((records[:72], records[24:], records)):
        folder = tmp_path / str(number)
        record(folder, FORECAST, request, now)
        with Sandbox(nodes=0, today=TODAY, replay=folder) as sandbox, client_of(sandbox) as client:
            if not number:
                Downloader(store, client, FORECAST).bring([request.day], HUBS)
            found.append(recheck_days(store, client, FORECAST, request.day, request.day))
    same, fewer, more = found
    assert not same["corrected"] and not same["failed"]
    assert "lacks 1 publication now, of 2026-03-08T16:21:15" in fewer["failed"][request.name]
    assert [each["changed_rows"] for each in more["corrected"]] == [24]
    assert store.read_ledger(FORECAST.name, 2026)[request.name].rows == 4 * 24


def test_a_forecast_that_is_no_time_s_is_rejected() -> None:
    request = Request(FORECAST.name, dt.date(2026, 3, 10))
    records = served(FORECAST, request)
    for odd, words in (("soon", "'soon' for CreationDate"), ("", "without a name")):
        body = wrapped(FORECAST, [*records, records[0] | {"CreationDate": odd}])
        with pytest.raises(ResponseError, match=words):
            examine(FORECAST, request, body)


def test_the_recorded_row_of_the_forecast_reads(explain: Path) -> None:
    content = json.loads((explain / "hourlyloadforecast_current.json").read_text())
    (row,) = records_of(FORECAST, wrapped(FORECAST, content["HourlyLoadForecast"]))
    assert (row.load_forecast, row.net_load_forecast) == (13320, 13320)
    assert row.publish_time == "2026-07-27T16:21:15.000-04:00"


# Preliminary prices as sets of their own


def test_preliminary_prices_stay_beside_the_final_ones_and_are_called_so(
    filled: Store, database: duckdb.DuckDBPyConnection
) -> None:
    versions = ask(
        database,
        "SELECT DISTINCT dataset, revision FROM operating_days "
        "WHERE dataset LIKE 'lmp%' ORDER BY dataset",
    )
    assert versions == [(FINAL.name, "final"), (PRELIM.name, "prelim")]
    ((both, others),) = ask(
        database,
        "SELECT count(*), count(*) FILTER (p.lmp <> f.lmp) FROM lmp_rt_hourly_prelim AS p "
        "JOIN lmp_rt_hourly AS f USING (interval_start_utc, location_id)",
    )
    assert both == (24 + 23 + 24) * 9
    assert 0 < others < both
    assert filled.raw_path(Request(PRELIM.name, dt.date(2026, 3, 8))).name == "20260308.json.gz"


def test_preliminary_prices_that_are_the_final_ones_are_nothing_suspect(tmp_path: Path) -> None:
    request = Request(FINAL.name, dt.date(2026, 3, 10))
    prices = served(FINAL, request)
    record(tmp_path, PRELIM, Request(PRELIM.name, request.day), prices)
    store = Store(tmp_path / "sandbox")
    for dataset in (FINAL, PRELIM):
        outcome = bring(store, dataset, request.day, replay=tmp_path)
        assert not outcome.missing
        (entry,) = store.read_ledger(dataset.name, 2026).values()
        assert entry.flaws == ()


def test_preliminary_sets_are_out_before_the_final_ones_whatever_revision_says() -> None:
    at = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)
    config = {"years": 2026, "data_types": "lmp prelim", "markets": "rt-hourly"}
    final, prelim = select(read_settings(config | {"revision": "final"}), at).dataset_years
    assert (final.dataset, prelim.dataset) == (FINAL.name, PRELIM.name)
    assert final.last < prelim.last == dt.date(2026, 6, 14)
    assert prelim.final_through is None


# Constraints by fifteen minutes


def test_constraints_come_by_month_and_keep_each_of_their_times(
    filled: Store, database: duckdb.DuckDBPyConnection
) -> None:
    files = {path.name for path in (filled.root / "raw" / QUARTERS.name).glob("*/2*.json.gz")}
    assert files == {"20260301.month.json.gz", "20260401.month.json.gz"}
    months = [
        each
        for month in (3, 4)
        for each in served(QUARTERS, Request(QUARTERS.name, dt.date(2026, month, 1), span="month"))
    ]
    ((rows, several),) = ask(
        database,
        "SELECT sum(n), max(n) FROM (SELECT count(*) AS n FROM constraints_rt_15min "
        "GROUP BY interval_start_utc, constraint_name)",
    )
    assert (rows, several) == (len(months), 3)
    rows_of_days = ask(
        database,
        "SELECT count(*), max(rows) FROM operating_days WHERE dataset = 'constraints_rt_15min'",
    )
    assert rows_of_days == [(31 + 30, None)]  # a response does not say how many of them a day has


def test_an_empty_month_is_believed_and_two_in_a_row_are_not(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox")
    empty = [f"empty:fifteenminuteconstraints/*/{month}" for month in ("202603", "202604")]
    days = [dt.date(2026, 3, 1), dt.date(2026, 4, 1)]
    alone = bring(store, QUARTERS, days[0], faults=empty)
    assert not alone.missing
    both = bring(store, QUARTERS, days[1], faults=empty)
    (reason,) = both.missing.values()
    assert "one of 61 such days running" in reason


# What it costs


def test_the_plan_says_how_many_requests_a_year_of_each_set_takes(tmp_path: Path) -> None:
    config = {
        "years": 2025,
        "data_types": "forecast load prelim constraints",
        "markets": "rt rt-hourly rt-15min",
        "data_dir": str(tmp_path),
        "source": "sandbox",
    }
    settings = read_settings(config)
    store = Store(settings.store_dir)
    at = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)
    jobs: dict[str, DatasetYear] = {job.dataset: job for job in select(settings, at).dataset_years}
    assert {
        name: plan.planned_year(store, job, settings).requests for name, job in jobs.items()
    } == {
        "constraints_rt_5min": 365,
        "constraints_rt_15min": 12,
        "lmp_rt_hourly_prelim": 365,
        "lmp_rt_5min_prelim": 9 * 365,
        "forecast_hourly": 365,
        "load_5min": 365,
        "load_hourly": 365,
    }
