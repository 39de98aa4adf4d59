import datetime as dt
import json
import math
import os
from pathlib import Path
from statistics import mean
from typing import Any

import duckdb
import pytest
from filled import CLOCKS_BACK, CLOCKS_FORWARD, build_duckdb, days_filled, fill, settings_for

from isone.audit.verify.year import verify_year
from isone.errors import DamagedError, LoadError
from isone.load import duckdb_file, history, packed, sql, views
from isone.load.outputs import packed_names
from isone.market.datasets import DATASETS
from isone.market.schema import table_columns
from isone.pack.year import pack_year
from isone.report import data, page
from isone.run.settings import AcceptedFlaw
from isone.store import location_table
from isone.store.files import name_aside
from isone.store.ledger import Entry
from isone.store.store import Store
from isone.store.year_marker import Manifest

Rows = list[tuple[Any, ...]]
JANUARY = dt.date(2026, 1, 1)


def ask(store: Store, query: str) -> Rows:
    with duckdb_file.connect(store.root / "isone.duckdb") as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "sandbox")


def test_every_table_and_column_says_what_it_is_and_in_which_unit(both_changes: Store) -> None:
    tables = ask(both_changes, "SELECT table_name, comment FROM duckdb_tables()")
    ours = {name for name, _, _ in sql.all_tables()}
    columns = ask(both_changes, "SELECT table_name, column_name, comment FROM duckdb_columns()")
    assert {name for name, _ in tables} >= {*DATASETS, "locations", "operating_days"}
    assert all(comment for _, comment in tables)
    assert all(comment for table, _, comment in columns if table in ours)
    described = {(table, column): comment for table, column, comment in columns}
    assert described["lmp_da_hourly", "congestion"] == "congestion component [$/MWh]"
    assert described["lmp_da_hourly", "interval_start_utc"] == "beginning of the interval [UTC]"


def test_synthetic_prices_say_so_in_the_tables_the_views_and_about(both_changes: Store) -> None:
    comments = ask(
        both_changes,
        "SELECT comment FROM duckdb_tables() WHERE table_name IN ('lmp_da_hourly', 'locations') "
        "UNION ALL SELECT comment FROM duckdb_views() WHERE NOT internal",
    )
    assert comments
    assert all(comment.startswith("SYNTHETIC PRICES") for (comment,) in comments)
    about = dict(ask(both_changes, "SELECT * FROM about"))
    assert (about["synthetic_prices"], about["sources"]) == ("true", "sandbox")
    assert ask(both_changes, "SELECT bool_and(synthetic_prices) FROM packed_files") == [(True,)]


def test_operating_days_have_the_validation_of_every_day(both_changes: Store) -> None:
    days = ask(
        both_changes,
        "SELECT dataset, operating_day, verdict, revision, rows, files, length(digest), source, "
        "epoch(fetched) > 0 FROM operating_days",
    )
    assert len(days) == days_filled(CLOCKS_BACK, CLOCKS_FORWARD)
    assert {day[2:3] + day[6:] for day in days} == {("complete", 64, "sandbox", True)}
    assert all(day[3] == DATASETS[day[0]].versions[0] for day in days)
    found = {day[:2]: day[4:6] for day in days}
    rows, files = found["lmp_da_hourly", dt.date(2025, 11, 2)]
    assert (rows, files) == (18 * 25, "raw/lmp_da_hourly/2025/20251102.json.gz")
    rows, files = found["lmp_rt_5min", dt.date(2025, 11, 2)]
    assert (rows, len(files.split(", "))) == (9 * 300, 9)


def test_an_accepted_gap_stands_among_the_operating_days_with_its_reason(store: Store) -> None:
    gap = AcceptedFlaw("regulation_hourly", dt.date(2025, 11, 2), "never published")
    fill(
        store,
        ["regulation_hourly"],
        *("2025-11-01", "2025-11-03"),
        gaps=[gap],
        faults=["empty:*20251102*"],
    )
    build_duckdb(store)
    days = ask(
        store, "SELECT operating_day, verdict, rows, gap_reason FROM operating_days ORDER BY ALL"
    )
    assert days[1] == (gap.day, "nothing published", 0, "never published")
    assert [day[1] for day in days] == ["complete", "nothing published", "complete"]


def test_days_whose_manifest_is_gone_are_named_as_such(own_store: Store) -> None:
    for marker in (own_store.root / "complete" / "regulation_5min").glob("*.json"):
        marker.unlink()
    build_duckdb(own_store)
    query = "SELECT DISTINCT verdict FROM operating_days WHERE dataset = 'regulation_5min'"
    assert ask(own_store, query) == [("no manifest",)]


def test_locations_are_the_places_with_prices_under_their_names(both_changes: Store) -> None:
    places = ask(both_changes, "SELECT * FROM locations ORDER BY location_id")
    first, last = dt.date(2025, 11, 1), dt.date(2026, 3, 9)
    assert places[0] == (4000, ".H.INTERNAL_HUB", "HUB", first, last)
    assert places[-1] == (7003, "NEMABSTN", "RESERVE ZONE", first, last)
    assert len(places) == 9 + 4


def test_a_dataset_that_is_not_packed_has_an_empty_table_and_empty_views(store: Store) -> None:
    fill(store, ["lmp_da_hourly"], "2025-11-01", "2025-11-02")
    build_duckdb(store)
    for name in (*DATASETS, *(view.name for view in views.all_views())):
        rows = ask(store, f"SELECT count(*) FROM {name}")  # noqa: S608
        others = ("lmp_spread_hourly", "locations_gridstatus", "hours")
        assert bool(rows[0][0]) == (name.startswith("lmp_da") or name in others)


@pytest.mark.parametrize(
    ("dataset", "columns"),
    [
        pytest.param(
            "lmp_rt_5min",
            "Time|Interval Start|Interval End|Market|Location|Location Id|Location Type|LMP|"
            "Energy|Congestion|Loss",
            id="lmp",
        ),
        pytest.param(
            "regulation_5min",
            "Interval Start|Interval End|Reg Service Clearing Price|Reg Capacity Clearing Price|"
            "Hour End",
            id="regulation",
        ),
        pytest.param(
            "reserve_5min",
            "Interval Start|Interval End|Reserve Zone Id|Reserve Zone Name|"
            "Ten Min Spin Requirement|TMNSR Clearing Price|TMNSR Designated MW|"
            "TMOR Clearing Price|TMOR Designated MW|TMSR Clearing Price|TMSR Designated MW|"
            "Total 10 Min Requirement|Total 30 Min Requirement",
            id="reserve",
        ),
        pytest.param(
            "reserve_da_hourly",
            "Interval Start|Interval End|EIR Designation MW|FER Clearing Price|"
            "Forecasted Energy Req MW|Ten Min Spin Req MW|TMNSR Clearing Price|"
            "TMNSR Designation MW|TMOR Clearing Price|TMOR Designation MW|TMSR Clearing Price|"
            "TMSR Designation MW|Total Ten Min Req MW|Total Thirty Min Req MW",
            id="day-ahead",
        ),
        pytest.param(
            "strike_da_hourly",
            "Interval Start|Interval End|Publish Time|Expected Closeout Charge|"
            "Expected Closeout Charge Override|Expected RT Hub LMP|Percentile 10 RT Hub LMP|"
            "Percentile 25 RT Hub LMP|Percentile 75 RT Hub LMP|Percentile 90 RT Hub LMP|"
            "SPC Load Forecast MW|Strike Price|Expected RT Hub LMP Override",
            id="strike prices, and one column that gridstatus does not have",
        ),
        pytest.param(
            "constraints_da_hourly",
            "Interval Start|Interval End|Constraint Name|Contingency Name|Interface Flag|"
            "Marginal Value",
            id="day-ahead constraints",
        ),
        pytest.param(
            "constraints_rt_5min",
            "Interval Start|Interval End|Constraint Name|Marginal Value|Contingency Name|"
            "Interface Flag",
            id="real-time constraints, and two columns that gridstatus does not have",
        ),
    ],
)
def test_gridstatus_views_have_gridstatus_names_in_its_order(
    both_changes: Store, dataset: str, columns: str
) -> None:
    with duckdb_file.connect(both_changes.root / "isone.duckdb") as connection:
        described = connection.execute(f"SELECT * FROM {dataset}_gridstatus").description  # noqa: S608
    assert [column[0] for column in described] == columns.split("|")
    same = ask(
        both_changes,
        f"SELECT count(*) FROM {dataset}_gridstatus AS g JOIN {dataset} AS t "  # noqa: S608
        'ON g."Interval Start" = t.interval_start_utc',
    )
    assert same[0][0] > 0


def test_gridstatus_views_show_market_time_and_keep_both_hours_of_the_autumn_night(
    both_changes: Store,
) -> None:
    shown = ask(
        both_changes,
        'SELECT "Interval Start"::VARCHAR FROM lmp_da_hourly_gridstatus WHERE "Location Id" = 4000 '
        "AND \"Interval Start\" >= '2025-11-02 01:00:00-04' ORDER BY 1 LIMIT 2",
    )
    assert shown == [("2025-11-02 01:00:00-04",), ("2025-11-02 01:00:00-05",)]


def test_publish_time_is_the_instant_that_its_text_names(both_changes: Store) -> None:
    texts = ask(both_changes, "SELECT DISTINCT strike_price_timestamp FROM strike_da_hourly")
    shown = ask(
        both_changes, 'SELECT DISTINCT epoch_us("Publish Time") FROM strike_da_hourly_gridstatus'
    )
    instants = [dt.datetime.fromisoformat(text).timestamp() * 1e6 for (text,) in texts]
    assert sorted(shown) == [(int(instant),) for instant in sorted(instants)]
    assert len(shown) > 2


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-03-01T09:30:00.000-05:00", "2025-03-01T14:30:00+00:00"),
        ("2025-03-01T09:30:00+00:00", "2025-03-01T09:30:00+00:00"),
        ("2025-03-01T09:30:00Z", "2025-03-01T09:30:00+00:00"),
        ("2025-03-01T09:30:00", None),
        ("20250301", None),
        (None, None),
    ],
)
def test_a_text_without_an_offset_is_no_instant_and_breaks_no_view(
    text: str | None, instant: str | None
) -> None:
    (view,) = [view for view in views.all_views() if view.name == "strike_da_hourly_gridstatus"]
    columns = sql.definition(table_columns(DATASETS["strike_da_hourly"])).replace("NOT NULL", "")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        connection.execute(f"CREATE TABLE strike_da_hourly ({columns})")
        connection.execute(
            "INSERT INTO strike_da_hourly (strike_price_timestamp) VALUES (?)", [text]
        )
        connection.execute(f"CREATE VIEW v AS {view.query}")
        found = connection.execute('SELECT epoch_ms("Publish Time") FROM v').fetchall()
    expected = instant and int(dt.datetime.fromisoformat(instant).timestamp() * 1000)
    assert found == [(expected,)]


def test_locations_are_there_under_gridstatus_names_too(own_store: Store) -> None:
    seen = location_table.Seen(
        4001, ".Z.MAINE", "LOAD ZONE", "INTERNAL", "2026-01-01", "2026-05-01"
    )
    location_table.write_table(own_store, [seen])
    build_duckdb(own_store)
    query = "SELECT * FROM locations_gridstatus ORDER BY 1"
    with duckdb_file.connect(own_store.root / "isone.duckdb") as connection:
        names = [column[0] for column in connection.execute(query).description]
        rows = connection.fetchall()
    assert names == ["LocationID", "AreaType", "LocationType", "LocationName"]
    assert rows[:2] == [
        (4000, None, "HUB", ".H.INTERNAL_HUB"),
        (4001, "INTERNAL", "LOAD ZONE", ".Z.MAINE"),
    ]
    assert len(rows) == 9


def test_hourly_means_of_five_minute_prices_stand_beside_the_hourly_prices(
    both_changes: Store,
) -> None:
    rows = ask(
        both_changes,
        "SELECT epoch(interval_start_utc), location_id, lmp_mean_of_5min, intervals, lmp_hourly, "
        "difference FROM lmp_rt_hourly_from_5min",
    )
    fives: dict[tuple[int, int], list[float]] = {}
    for second, place, lmp in ask(
        both_changes, "SELECT epoch(interval_start_utc), location_id, lmp FROM lmp_rt_5min"
    ):
        fives.setdefault((second // 3600 * 3600, place), []).append(lmp)
    assert len(rows) == len(fives) == 9 * (6 * 24)
    for second, place, average, intervals, hourly, difference in rows:
        prices = fives[second, place]
        assert intervals == len(prices) == 12
        assert math.isclose(average, mean(prices))
        assert math.isclose(difference, average - hourly)
        assert abs(difference) < 0.02


def test_the_spread_is_day_ahead_less_real_time_and_says_where_that_comes_from(
    both_changes: Store, store: Store
) -> None:
    rows = ask(both_changes, "SELECT lmp_da, lmp_rt, spread, lmp_rt_from FROM lmp_spread_hourly")
    assert len(rows) == 9 * 6 * 24
    assert all(math.isclose(da - rt, spread) for da, rt, spread, _ in rows)
    assert {row[3] for row in rows} == {"lmp_rt_hourly"}
    fill(store, ["lmp_da_hourly", "lmp_rt_5min"], "2025-11-02", "2025-11-02")
    build_duckdb(store)
    rows = ask(store, "SELECT lmp_rt, lmp_rt_from FROM lmp_spread_hourly")
    assert len(rows) == 9 * 25
    assert {row[1] for row in rows} == {"lmp_rt_5min"}


def test_monthly_means_follow_the_months_of_the_market(both_changes: Store) -> None:
    rows = ask(
        both_changes,
        "SELECT market_month, intervals, lmp FROM lmp_da_hourly_monthly WHERE location_id = 4000 "
        "ORDER BY 1",
    )
    assert [row[:2] for row in rows] == [(dt.date(2025, 11, 1), 73), (dt.date(2026, 3, 1), 71)]
    prices = ask(
        both_changes,
        "SELECT lmp FROM lmp_da_hourly WHERE location_id = 4000 AND operating_day < '2026-01-01'",
    )
    assert math.isclose(rows[0][2], mean(price for (price,) in prices))


def test_files_of_one_year_that_overlap_double_no_row(store: Store) -> None:
    fill(store, ["lmp_da_hourly", "regulation_5min"], "2025-11-01", "2025-11-02")
    fill(store, ["lmp_da_hourly", "regulation_5min"], "2025-11-01", "2025-11-03")
    fill(store, ["lmp_da_hourly"], "2025-11-01", "2025-11-01", locations="all")
    build_duckdb(store)
    rows = ask(
        store,
        "SELECT operating_day, count(*), count(DISTINCT (interval_start_utc, location_id)) "
        "FROM lmp_da_hourly GROUP BY ALL ORDER BY ALL",
    )
    first = dt.date(2025, 11, 1)
    every = 18 * 24  # hub, zones, seven external nodes, two nodes
    assert rows == [
        (first, every, every),
        (first.replace(day=2), 9 * 25, 9 * 25),
        (first.replace(day=3), 9 * 24, 9 * 24),
    ]
    assert ask(store, "SELECT count(*) FROM regulation_5min") == [(288 + 300 + 288,)]
    assert ask(store, "SELECT count(*) FROM operating_days") == [(6,)]


def test_rows_are_in_order_within_a_year(both_changes: Store) -> None:
    rows = ask(both_changes, "SELECT year(operating_day), location_id, epoch(interval_start_utc) "
                             "FROM lmp_rt_5min ORDER BY rowid")  # fmt: skip
    assert rows == sorted(rows)


def test_a_reader_keeps_the_old_database_while_a_new_one_takes_its_place(own_store: Store) -> None:
    path = own_store.root / "isone.duckdb"
    with duckdb.connect(str(path), read_only=True) as reader:
        before = path.stat().st_ino
        build_duckdb(own_store)
        assert path.stat().st_ino != before
        found = reader.execute("SELECT count(*) FROM operating_days").fetchall()
        assert found == [(days_filled(CLOCKS_BACK, CLOCKS_FORWARD),)]
    assert [each.name for each in path.parent.glob(".isone.duckdb*")] == []


def test_a_build_that_fails_leaves_the_old_database(own_store: Store) -> None:
    path = own_store.root / "isone.duckdb"
    files = packed.packed_files(own_store, packed_names(own_store))
    before = path.read_bytes()
    content = files[3].path.read_bytes()
    files[3].path.write_bytes(content[: len(content) // 2])
    with pytest.raises(LoadError, match="could not be built"):
        duckdb_file.build(own_store, files)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.glob(".isone.duckdb*")] == []


def test_what_a_killed_build_left_is_cleared_away(own_store: Store) -> None:
    ours = name_aside(own_store.root / "isone.duckdb")
    left = ours.with_name(ours.name.replace(str(os.getpid()), "999999999"))
    left.write_bytes(b"half")
    spilled = left.with_name(f"{left.name}.tmp") / "block"
    spilled.parent.mkdir()
    spilled.touch()
    build_duckdb(own_store)
    assert not left.exists()
    assert not spilled.parent.exists()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-20]),
                     "not a whole Parquet file", id="cut off"),
        pytest.param(lambda path: path.write_bytes(b""), "not a whole Parquet file", id="empty"),
        pytest.param(lambda path: path.write_bytes(other_columns(path)),
                     "packed by another version", id="other columns"),
    ],
)  # fmt: skip
def test_a_packed_file_that_is_no_good_is_named_with_what_to_do(
    own_store: Store, spoil: Any, sentence: str
) -> None:
    name = ("lmp_da_hourly", "2025.through-20251103")
    path = own_store.parquet_path(*name)
    spoil(path)
    with pytest.raises(DamagedError, match=sentence) as raised:
        packed.packed_files(own_store, [name])
    assert str(path) in str(raised.value)
    assert "delete it and run `snakemake -j1 --config … -- pack`" in str(raised.value)


def other_columns(path: Path) -> bytes:
    aside = path.with_name("other")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS lmp) TO {sql.text(str(aside))} (FORMAT parquet)")
    return aside.read_bytes()


def test_a_folder_with_odd_characters_in_its_name_is_read(tmp_path: Path) -> None:
    store = Store(tmp_path / "it's [odd] *" / "sandbox")
    fill(store, ["regulation_hourly"], "2025-11-01", "2025-11-01")
    build_duckdb(store)
    assert ask(store, "SELECT count(*) FROM regulation_hourly") == [(24,)]


def test_every_location_that_was_listed_is_there_with_when_it_was_seen(own_store: Store) -> None:
    location_table.write_table(
        own_store,
        [
            location_table.Seen(4000, ".H.INTERNAL_HUB", "HUB", None, "2026-01-01", "2026-05-02"),
            location_table.Seen(
                77, "OLD", "NETWORK NODE", "INTERNAL", "2026-01-01", "2026-05-01", "2026-05-02"
            ),
        ],
    )
    build_duckdb(own_store)
    assert ask(own_store, "FROM listed_locations ORDER BY location_id") == [
        (77, "OLD", "NETWORK NODE", "INTERNAL", JANUARY, dt.date(2026, 5, 1), dt.date(2026, 5, 2)),
        (4000, ".H.INTERNAL_HUB", "HUB", None, JANUARY, dt.date(2026, 5, 2), None),
    ]


def test_each_day_says_its_revision_and_when_it_was_first_had(own_store: Store) -> None:
    period, name = "2026.through-20260309", "lmp_rt_hourly"
    marker = own_store.marker_path(name, period)
    content = json.loads(marker.read_text())
    content["requests"][0]["first_seen"] = "2026-03-08T06:00:00+00:00"
    marker.write_text(json.dumps(content))
    pack_year(own_store, name, period)
    build_duckdb(own_store)
    days = ask(
        own_store,
        "SELECT revision, epoch(first_seen), epoch(fetched) FROM operating_days "
        "WHERE dataset = 'lmp_rt_hourly' AND year(operating_day) = 2026 ORDER BY operating_day",
    )
    assert {revision for revision, _, _ in days} == {"final"}
    assert days[0][1] == dt.datetime(2026, 3, 8, 6, tzinfo=dt.UTC).timestamp()
    assert all(first == fetched for _, first, fetched in days[1:])
    assert len(days) == 3


def test_a_long_history_is_written_in_batches_and_holds_the_same(
    both_changes: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = packed.packed_files(both_changes, packed_names(both_changes))
    monkeypatch.setattr(duckdb_file, "BATCH_ROWS", 1)
    other = tmp_path / "in_batches.duckdb"
    loaded = duckdb_file.build(both_changes, files, path=other)
    with duckdb.connect(str(both_changes.root / "isone.duckdb"), read_only=True) as connection:
        connection.execute(f"ATTACH '{other}' AS other (READ_ONLY)")
        for table, count in loaded.rows.items():
            whole, batches = f'main."{table}"', f'other."{table}"'
            connection.execute(f"SELECT count(*) FROM {whole}")  # noqa: S608 - our own names
            assert connection.fetchall() == [(count,)]
            connection.execute(f"(FROM {whole} EXCEPT ALL FROM {batches})")
            assert connection.fetchall() == []


def test_a_location_without_a_name_is_in_every_table_and_on_the_page(nameless: Store) -> None:
    build_duckdb(nameless)
    first, last = dt.date(2025, 11, 1), dt.date(2025, 11, 2)
    name = ask(nameless, "SELECT any_value(location) FROM lmp_da_hourly WHERE location_id = 10001")
    query = "FROM locations WHERE location_id IN (4000, 10001, 10002) ORDER BY location_id"
    assert ask(nameless, query) == [
        (4000, ".H.INTERNAL_HUB", "HUB", first, last),
        (10001, name[0][0], "NETWORK NODE", first, last),
        (10002, None, None, first, last),
    ]
    assert ask(nameless, "FROM listed_locations") == [(10002, None, None, None, first, first, None)]
    rows = "SELECT count(*) FROM lmp_da_hourly WHERE location IS NULL"
    assert ask(nameless, rows) == [(24 + 3 * 25,)]
    monthly = "SELECT sum(intervals) FROM lmp_da_hourly_monthly WHERE location_id = 10002"
    assert ask(nameless, monthly) == [(49,)]
    settings = settings_for(nameless, years="2025")
    verdict = verify_year(nameless, settings, "lmp_da_hourly", "2025.through-20251102")
    assert verdict.damage == ()


def test_the_page_calls_a_location_without_a_name_by_its_id(nameless: Store) -> None:
    pack_year(nameless, "lmp_da_hourly", "2025.through-20251102", (10002,))
    build_duckdb(nameless)
    found = data.gather(settings_for(nameless, years="2025"), nameless)
    assert [place.name for place in found.locations] == ["location 10002"]
    assert "location 10002" in page.write(found)


def test_a_day_of_final_and_preliminary_requests_is_called_both() -> None:
    def request(name: str, revision: str, source: str) -> Entry:
        return Entry(name, 1, "00", 1, "2026-01-02T00:00:00+00:00", source, revision)

    manifest = Manifest(
        *("lmp_rt_hourly", "2026.through-20260102.final-20260101"),
        *("2026-01-01", "2026-01-02", "webservices", False, 3, ()),
        requests=(
            request("20260101.4000", "final", "webservices"),
            request("20260102.4000", "final", "webservices"),
            request("20260102.4001.prelim", "prelim", "reports"),
        ),
    )
    first, second = history.days_of(manifest)
    columns = [column.name for column in sql.OPERATING_DAYS]
    assert dict(zip(columns, first, strict=True))["revision"] == "final"
    both = dict(zip(columns, second, strict=True))
    assert both["revision"] == "final and prelim"
    assert both["source"] == "reports and webservices"
