import datetime as dt
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from filled import config_for, fill
from postgres_server import GUARDED, PASSWORD, Server
from running import by_hand, run_script

from isone.errors import IsoneError, LoadError, UsageError
from isone.load import outputs, packed, postgres, postgres_owner, sql, views
from isone.load.outputs import packed_names
from isone.market.datasets import DATASETS
from isone.store import location_table
from isone.store.store import Store

DA_2025 = ("lmp_da_hourly", "2025.through-20251103")


def load(store: Store, database: str, *names: tuple[str, str]) -> list[postgres.YearLoaded]:
    with postgres.connect(database) as connection:
        tables = postgres.prepare(connection, synthetic=True)
        files = packed.packed_files(store, names or packed_names(store))
        return [
            postgres.load_year(connection, tables, store, group)
            for _, _, group in packed.by_year(files)
        ]


def ask(database: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database, options="-c search_path=isone_sandbox") as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.fixture
def small(tmp_path: Path) -> Store:
    store = Store(tmp_path / "sandbox")
    fill(store, ["lmp_da_hourly"], "2025-11-01", "2025-11-01")
    return store


def longer(store: Store) -> None:
    """Pack the same year with one day more, in place of what was packed."""
    for path in (store.root / "parquet" / "lmp_da_hourly").iterdir():
        path.unlink()
    fill(store, ["lmp_da_hourly"], "2025-11-01", "2025-11-02")


def test_loading_again_changes_nothing(small: Store, database: str) -> None:
    first = load(small, database)
    table = "SELECT oid, relfilenode FROM pg_class WHERE relname = 'lmp_da_hourly_2025'"
    before = ask(database, table), ask(database, "SELECT * FROM loads")
    again = load(small, database)
    assert ([each.changed for each in first], [each.changed for each in again]) == ([True], [False])
    assert again[0].rows == first[0].rows == 216
    assert (ask(database, table), ask(database, "SELECT * FROM loads")) == before


def test_a_year_that_was_packed_again_takes_the_old_ones_place(small: Store, database: str) -> None:
    load(small, database)
    longer(small)
    assert [each.changed for each in load(small, database)] == [True]
    assert ask(database, "SELECT count(*) FROM lmp_da_hourly") == [(9 * 49,)]
    assert ask(database, "SELECT count(*) FROM operating_days") == [(2,)]
    assert ask(database, "SELECT dataset, year, rows, periods, synthetic_prices FROM loads") == [
        ("lmp_da_hourly", 2025, 9 * 49, "2025.through-20251102", True)
    ]


def test_a_partition_that_was_dropped_is_loaded_again(small: Store, database: str) -> None:
    load(small, database)
    with psycopg.connect(database) as connection:
        connection.execute("DROP TABLE isone_sandbox.lmp_da_hourly_2025")
    assert [each.changed for each in load(small, database)] == [True]
    assert ask(database, "SELECT count(*) FROM lmp_da_hourly") == [(216,)]


def test_tables_are_partitioned_by_market_year_with_the_key_of_the_dataset(loaded: str) -> None:
    partitions = ask(
        loaded,
        "SELECT inhrelid::regclass::text, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits "
        "JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'lmp_da_hourly'::regclass "
        "ORDER BY 1",
    )
    assert [name for name, _ in partitions] == ["lmp_da_hourly_2025", "lmp_da_hourly_2026"]
    assert "'2025-01-01 05:00:00+00'" in partitions[0][1]
    keys = ask(
        loaded,
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'lmp_da_hourly_2025' "
        "AND schemaname = 'isone_sandbox' ORDER BY 1",
    )
    assert len(keys) == 2
    assert "INDEX lmp_da_hourly_2025_days " in keys[0][0]
    assert "USING brin (operating_day)" in keys[0][0]
    assert "UNIQUE INDEX lmp_da_hourly_2025_pkey" in keys[1][0]
    assert keys[1][0].endswith("(location_id, interval_start_utc)")


def test_tables_columns_and_views_have_comments_with_units(small: Store, database: str) -> None:
    load(small, database)
    comments = {
        (table, column): comment
        for table, column, comment in ask(
            database,
            "SELECT relname, attname, col_description(c.oid, attnum) FROM pg_class c "
            "JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 "
            "WHERE relnamespace = 'isone_sandbox'::regnamespace AND relkind IN ('p', 'r')",
        )
    }
    for table, _, columns in sql.all_tables():
        if table != "locations":
            for column in columns:
                described = sql.describe(column).replace("…", "...")
                assert comments[table, column.name] == described
    tables = ask(
        database,
        "SELECT obj_description(oid) FROM pg_class WHERE relkind IN ('p', 'v') "
        "AND relnamespace = 'isone_sandbox'::regnamespace",
    )
    assert len(tables) > 20
    assert all(text.startswith("SYNTHETIC PRICES of the sandbox. ") for (text,) in tables)


def test_views_and_the_tables_beside_the_prices_are_those_of_duckdb(
    both_changes: Store, loaded: str
) -> None:
    import duckdb

    queries = [
        "SELECT location_id, location, location_type, first_day, last_day FROM locations",
        "SELECT dataset, operating_day, verdict, revision, rows, files, digest, source "
        "FROM operating_days",
        "SELECT dataset, operating_day, CAST(extract(epoch FROM first_seen) AS BIGINT) "
        "FROM operating_days",
        "SELECT location_id, lmp_da, lmp_rt, spread, lmp_rt_from FROM lmp_spread_hourly",
        "SELECT location_id, intervals, difference FROM lmp_rt_hourly_from_5min",
        "SELECT market_month, location, intervals, tmor_clearing_price FROM reserve_5min_monthly",
        'SELECT "Market", "Location", "LMP", "Loss" FROM lmp_da_hourly_gridstatus',
        'SELECT "LocationID", "AreaType", "LocationType", "LocationName" FROM locations_gridstatus',
        'SELECT CAST(extract(epoch FROM "Publish Time") AS BIGINT), "SPC Load Forecast MW", '
        '"Strike Price" FROM strike_da_hourly_gridstatus',
    ]
    with duckdb.connect(str(both_changes.root / "isone.duckdb"), read_only=True) as connection:
        for query in queries:
            expected = connection.execute(query).fetchall()
            assert expected
            found = ask(loaded, query)
            assert sorted(map(_plain, found)) == sorted(map(_plain, expected)), query


def test_every_view_has_the_columns_in_duckdbs_order(both_changes: Store, loaded: str) -> None:
    import duckdb

    query = (
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = '{}' ORDER BY table_name, ordinal_position"
    )
    names = [view.name for view in views.all_views()]
    with duckdb.connect(str(both_changes.root / "isone.duckdb"), read_only=True) as connection:
        expected = connection.execute(query.format("main")).fetchall()
    found = ask(loaded, query.format("isone_sandbox"))
    for name in names:
        columns = [column for table, column in expected if table == name]
        assert columns
        assert [column for table, column in found if table == name] == columns


def _plain(row: tuple[Any, ...]) -> str:
    return repr(
        tuple(round(value, 6) + 0.0 if isinstance(value, float) else value for value in row)
    )


def test_real_prices_and_synthetic_ones_never_share_a_schema(small: Store, database: str) -> None:
    load(small, database)
    with postgres.connect(database) as connection:
        tables = postgres.prepare(connection, synthetic=False)
        assert tables.schema == "isone"
        assert connection.execute("SELECT count(*) FROM isone.lmp_da_hourly").fetchone() == (0,)
        about = dict(connection.execute("SELECT key, value FROM isone.about").fetchall())
    assert about["synthetic_prices"] == "false"


def test_a_load_that_is_cut_off_leaves_what_was_there(
    small: Store, database: str, server: Server
) -> None:
    load(small, database)
    before = ask(database, "SELECT * FROM lmp_da_hourly"), ask(database, "SELECT * FROM loads")
    longer(small)
    outcome: list[BaseException] = []

    def load_and_keep() -> None:
        try:
            load(small, database)
        except IsoneError as error:
            outcome.append(error)

    with psycopg.connect(database) as reader:  # its lock stops the loader before the swap
        reader.execute("SELECT count(*) FROM isone_sandbox.lmp_da_hourly")
        loader = threading.Thread(target=load_and_keep)
        loader.start()
        _cut_off(
            server,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'isone-prices' AND wait_event_type = 'Lock'",
        )
        loader.join()
    assert len(outcome) == 1
    assert isinstance(outcome[0], LoadError)
    assert "what was there is still there" in str(outcome[0])
    assert (
        ask(database, "SELECT * FROM lmp_da_hourly"),
        ask(database, "SELECT * FROM loads"),
    ) == before
    assert ask(database, "SELECT count(*) FROM pg_tables WHERE tablename LIKE '%arriving'") == [
        (0,)
    ]
    assert [each.changed for each in load(small, database)] == [True]


def _cut_off(server: Server, statement: str) -> None:
    for _ in range(2000):
        if server.run("postgres", statement):
            return
        threading.Event().wait(0.005)
    raise AssertionError("the loader never came to wait")


def test_a_load_with_rows_that_cannot_be_leaves_what_was_there(small: Store, database: str) -> None:
    import duckdb

    load(small, database)
    path = small.parquet_path("lmp_da_hourly", "2025.through-20251101")
    doubled = path.with_name("doubled")
    with duckdb.connect() as connection:
        source = sql.text(str(path))
        connection.execute(
            f"COPY (FROM {source} UNION ALL FROM {source}) TO {sql.text(str(doubled))} "
            "(FORMAT parquet)"
        )
    doubled.replace(path)
    with pytest.raises(LoadError, match="could not create unique index.*still there"):
        load(small, database)
    assert ask(database, "SELECT count(*) FROM lmp_da_hourly") == [(216,)]


def test_years_and_datasets_load_side_by_side(both_changes: Store, database: str) -> None:
    names = [
        (dataset, period)
        for dataset in ("lmp_da_hourly", "regulation_5min")
        for period in (DA_2025[1], "2026.through-20260309")
    ]
    failed: list[BaseException] = []

    def run(name: tuple[str, str]) -> None:
        try:
            for _ in range(2):
                load(both_changes, database, name)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(name,)) for name in names for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert ask(database, "SELECT count(*) FROM loads") == [(4,)]
    assert ask(database, "SELECT count(*) FROM lmp_da_hourly") == [(9 * 6 * 24,)]


@pytest.mark.parametrize(
    ("address", "kind", "sentence"),
    [
        pytest.param(
            lambda server: server.address("no_such"),
            UsageError,
            r"no_such: it does not exist; make it with createdb",
            id="no such database",
        ),
        pytest.param(
            lambda server: server.address("postgres", "nobody_here"),
            UsageError,
            r"there is no such user",
            id="no such user",
        ),
        pytest.param(
            lambda server: f"postgresql://postgres@/postgres?host={server.folder}/nowhere",
            LoadError,
            r"cannot be reached: ",
            id="no server",
        ),
        pytest.param(
            lambda server: "service=no_such_service",
            UsageError,
            r"there is no such service",
            id="no such service",
        ),
    ],
)
def test_a_database_that_cannot_be_had_is_one_sentence(
    server: Server, address: Callable[[Server], str], kind: type[IsoneError], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence) as raised, postgres.connect(address(server)):
        raise AssertionError("connected")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("password", [None, "wrong-canary-9Zt4"])
def test_a_wrong_password_is_one_sentence_without_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, password: str | None
) -> None:
    if password:
        monkeypatch.setenv("PGPASSWORD", password)
    else:
        monkeypatch.delenv("PGPASSWORD", raising=False)
    with (
        pytest.raises(UsageError, match="set PGPASSWORD") as raised,
        postgres.connect(server.address("postgres", GUARDED)),
    ):
        raise AssertionError("connected")
    assert "\n" not in str(raised.value)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("place", ["PGPASSWORD", "password file", "service file"])
def test_the_password_is_found_where_libpq_looks_for_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    address = server.address("postgres", GUARDED)
    if place == "PGPASSWORD":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
    elif place == "password file":
        file = tmp_path / "pgpass"
        file.write_text(f"*:*:*:{GUARDED}:{PASSWORD}\n")
        file.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(file))
    else:
        file = tmp_path / "services"
        file.write_text(
            f"[prices]\nhost={server.folder}\nuser={GUARDED}\npassword={PASSWORD}\ndbname=postgres\n"
        )
        monkeypatch.setenv("PGSERVICEFILE", str(file))
        address = "service=prices"
    with postgres.connect(address) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (GUARDED,)


LIMITS = [
    pytest.param(
        "statement_timeout = '1ms'",
        "SELECT pg_sleep(5)",
        LoadError,
        "its statement_timeout ended the load; raise it for this user",
        id="statement_timeout",
    ),
    pytest.param(
        "lock_timeout = '20ms'",
        "LOCK TABLE isone_sandbox.lmp_da_hourly",
        LoadError,
        "another session kept a table longer than lock_timeout allows; run again",
        id="lock_timeout",
    ),
    pytest.param(
        "idle_in_transaction_session_timeout = '20ms'",
        "idle",
        LoadError,
        "its idle_in_transaction_session_timeout ended the load; raise it for this user",
        id="idle in transaction",
    ),
    pytest.param(
        "transaction_timeout = '20ms'",
        "idle",
        LoadError,
        "its transaction_timeout ended the load; raise it for this user",
        id="transaction_timeout",
    ),
    pytest.param(
        "default_transaction_read_only = on",
        "CREATE TABLE isone_sandbox.x ()",
        UsageError,
        "it takes no changes: name the primary server",
        id="read-only",
    ),
    pytest.param(
        "work_mem = '1MB'",
        "SELECT pg_terminate_backend(pg_backend_pid())",
        LoadError,
        "it was shut down, or an administrator ended the session; run again once it is up",
        id="shut down",
    ),
    pytest.param(
        "work_mem = '1MB'",
        "SELECT pg_cancel_backend(pg_backend_pid())",
        LoadError,
        "it was cancelled .canceling statement due to user request.",
        id="cancelled",
    ),
    *(
        pytest.param(
            "work_mem = '1MB'",
            f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$",
            kind,
            sentence,
            id=state,
        )
        for state, kind, sentence in [
            ("53100", LoadError, "its disk is full"),
            ("57P02", LoadError, "it broke down; run again once it is up"),
            ("08006", LoadError, "the connection ended"),
            ("2BP01", UsageError, "something of your own depends on what has to be replaced"),
            ("42P01", UsageError, "not as this version makes them .*--rebuild"),
            ("53200", LoadError, r"/prices: [^;]*; what was there"),
        ]
    ),
]


@pytest.fixture(scope="session")
def unlimited(server: Server) -> str:
    """The address of another user, whom no limit of `postgres` ends on a busy machine."""
    server.run("postgres", "CREATE ROLE unlimited SUPERUSER LOGIN")
    return server.address("postgres", "unlimited")


@pytest.mark.parametrize(("limit", "statement", "kind", "sentence"), LIMITS)
def test_whatever_ends_a_load_is_called_by_its_name(
    small: Store,
    database: str,
    server: Server,
    unlimited: str,
    limit: str,
    statement: str,
    kind: type[IsoneError],
    sentence: str,
) -> None:
    load(small, database)
    reader = psycopg.connect(database)
    reader.execute("SELECT count(*) FROM isone_sandbox.lmp_da_hourly")
    try:
        server.run("postgres", f"ALTER ROLE postgres SET {limit}")
        with (
            pytest.raises(kind, match=sentence) as raised,
            postgres.connect(database) as connection,
            connection.transaction(),
        ):
            connection.execute("SELECT 1")
            if statement == "idle":
                threading.Event().wait(0.2)
                statement = "SELECT 1"
            connection.execute(statement.encode())
    except psycopg.errors.UndefinedObject:
        pytest.skip("this PostgreSQL has no such limit")  # before 17
    finally:
        reader.close()
        with psycopg.connect(unlimited, autocommit=True) as mender:
            mender.execute("ALTER ROLE postgres RESET ALL")
    if kind is LoadError:
        assert "what was there is still there" in str(raised.value)
    assert "connection ended" not in str(raised.value) or "08006" in statement


def test_a_server_without_room_for_another_connection_says_so(server: Server) -> None:
    server.run("postgres", "CREATE ROLE few LOGIN CONNECTION LIMIT 0")
    with (
        pytest.raises(LoadError, match="it takes no more connections now .too many connections"),
        postgres.connect(server.address("postgres", "few")),
    ):
        raise AssertionError("connected")


def test_a_view_of_ones_own_on_a_view_that_has_to_be_renewed_is_named(
    small: Store, database: str
) -> None:
    load(small, database)
    with psycopg.connect(database, options="-c search_path=isone_sandbox") as connection:
        connection.execute("CREATE VIEW public.mine AS SELECT * FROM lmp_spread_hourly")
        connection.execute("UPDATE about SET value = 'old' WHERE key = 'content'")
    with pytest.raises(
        UsageError, match="something of your own depends on what has to be replaced"
    ):
        load(small, database)
    with psycopg.connect(database) as connection:
        connection.execute("DROP VIEW public.mine")
    assert [each.changed for each in load(small, database)] == [False]


def test_a_database_in_latin_1_takes_all_that_its_letters_can_write(
    small: Store, server: Server
) -> None:
    server.run(
        "postgres",
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'",
    )
    address = server.address("latin")
    assert [each.changed for each in load(small, address)] == [True]
    location_table.write_table(
        small, [location_table.Seen(77, "LÉVIS", "NODE", None, "2026-01-01", "2026-01-01")]
    )
    with postgres.connect(address) as connection:
        tables = postgres.prepare(connection, synthetic=True)
        postgres.list_locations(connection, tables, small)
    assert ask(address, "SELECT location FROM listed_locations") == [("LÉVIS",)]
    location_table.write_table(
        small, [location_table.Seen(77, "Łódź", "NODE", None, "2026-01-01", "2026-01-01")]
    )
    with (
        pytest.raises(UsageError, match="its encoding does not hold this text: .* --encoding=UTF8"),
        postgres.connect(address) as connection,
    ):
        postgres.list_locations(connection, tables, small)


@pytest.mark.usefixtures("database")
def test_a_schema_that_belongs_to_somebody_else_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    server.run("prices", "CREATE SCHEMA isone")
    with (
        pytest.raises(UsageError, match="schema isone of .* belongs to postgres, not to guarded"),
        postgres.connect(server.address("prices", GUARDED)) as connection,
    ):
        postgres.prepare(connection, synthetic=False)


def test_a_user_who_may_not_make_the_schema_is_told_so(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with (
        pytest.raises(UsageError, match="may not do that: .* .permission denied for database"),
        postgres.connect(server.address("postgres", GUARDED)) as connection,
    ):
        postgres.prepare(connection, synthetic=False)


def test_a_schema_with_other_tables_in_it_is_left_alone(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE SCHEMA isone")
        connection.execute("CREATE TABLE isone.theirs ()")
    with (
        pytest.raises(UsageError, match="holds other tables, which are not this workflow's"),
        postgres.connect(database) as connection,
    ):
        postgres.prepare(connection, synthetic=False)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(
            "UPDATE about SET value = '0' WHERE key = 'layout'",
            f"tables of an older version .layout 0, now {sql.LAYOUT}.; load again",
            id="older",
        ),
        pytest.param(
            "UPDATE about SET value = '99' WHERE key = 'layout'", "newer version", id="newer"
        ),
        pytest.param(
            "ALTER TABLE lmp_da_hourly RENAME COLUMN loss TO losses",
            "the columns of lmp_da_hourly are not those that this version makes; load again",
            id="other columns",
        ),
        pytest.param(
            "UPDATE about SET value = 'hypertables' WHERE key = 'tables'",
            "has hypertables, not partitions by year: set timescaledb as it was",
            id="other kind",
        ),
    ],
)
def test_tables_of_another_layout_are_recognised_and_the_sentence_says_what_to_run(
    small: Store, database: str, change: str, sentence: str
) -> None:
    load(small, database)
    with psycopg.connect(database, options="-c search_path=isone_sandbox") as connection:
        connection.execute(change.encode())
    with pytest.raises(UsageError, match=sentence) as raised:
        load(small, database)
    assert "python -m isone load --to postgres --rebuild" in str(raised.value)
    with postgres.connect(database) as connection:
        postgres_owner.drop(connection, "isone_sandbox")
    assert [each.changed for each in load(small, database)] == [True]


def test_asking_for_timescaledb_where_it_is_not_is_one_sentence(database: str) -> None:
    with (
        pytest.raises(UsageError, match="the server has no TimescaleDB extension"),
        postgres.connect(database) as connection,
    ):
        postgres.prepare(connection, synthetic=False, hypertables=True)
    assert ask(database, "SELECT count(*) FROM pg_namespace WHERE nspname = 'isone'") == [(0,)]


def test_views_and_comments_are_renewed_without_loading_again(small: Store, database: str) -> None:
    load(small, database)
    with psycopg.connect(database, options="-c search_path=isone_sandbox") as connection:
        connection.execute("UPDATE about SET value = 'old' WHERE key = 'content'")
        connection.execute("DROP VIEW lmp_spread_hourly")
    assert [each.changed for each in load(small, database)] == [False]
    assert ask(database, "SELECT count(*) FROM lmp_spread_hourly") == [(216,)]


@pytest.mark.usefixtures("database")
def test_the_marker_says_what_is_loaded_where_and_holds_no_secret(
    own_store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    server.run("postgres", f"GRANT CREATE ON DATABASE prices TO {GUARDED}")
    address = server.address("prices", GUARDED)
    config = config_for(own_store, database=address)
    dataset, period = DA_2025
    assert run_script("load_postgres", config, dataset=dataset, period=period) == 0
    marker = outputs.postgres_marker(own_store, address, *DA_2025)
    marked = json.loads(marker.read_text())
    assert marked["rows"] == 9 * 73
    assert (marked["schema"], marked["year"]) == ("isone_sandbox", 2025)
    assert marked["database"] == f"{server.folder}:5432/prices"
    files = [p for folder in (own_store.root, Path(config["log_dir"])) for p in folder.rglob("*")]
    assert not [p for p in files if p.is_file() and PASSWORD.encode() in p.read_bytes()]
    assert by_hand(config, "load", "--to", "postgres") == 0
    assert by_hand(config, "load", "--to", "postgres", "--rebuild") == 0
    found = list(marker.parent.parent.rglob("*.json"))
    assert len(found) == 2 * len(DATASETS)


def test_without_a_database_the_script_says_how_to_name_one(own_store: Store) -> None:
    assert by_hand(config_for(own_store), "load", "--to", "postgres") == 2


def test_duckdb_is_built_by_its_job_with_a_marker(own_store: Store) -> None:
    (own_store.root / "isone.duckdb").unlink()
    assert by_hand(config_for(own_store), "load") == 0
    marker = json.loads(own_store.duckdb_marker.read_text())
    assert marker["rows"]["lmp_da_hourly"] == 9 * 6 * 24
    assert len(marker["made_from"]["tables"]) == 2 * len(DATASETS)


def test_the_locations_that_were_listed_are_those_of_the_store(small: Store, database: str) -> None:
    config = config_for(small, database=database, years="2025")
    first = location_table.Seen(77, "OLD", "NETWORK NODE", "INTERNAL", "2026-01-01", "2026-05-01")
    location_table.write_table(small, [first])
    assert by_hand(config, "load", "--to", "postgres") == 0
    query = "SELECT location_id, location, first_seen, last_seen, gone FROM listed_locations"
    seen = (77, "OLD", dt.date(2026, 1, 1), dt.date(2026, 5, 1))
    assert ask(database, query) == [(*seen, None)]
    versions = "SELECT xmin::text FROM listed_locations"
    before = ask(database, versions)
    assert by_hand(config, "load", "--to", "postgres") == 0
    assert ask(database, versions) == before, "what has not changed is not written"
    location_table.write_table(small, [msgspec.structs.replace(first, gone="2026-05-02")])
    assert by_hand(config, "load", "--to", "postgres") == 0
    assert ask(database, query) == [(*seen, dt.date(2026, 5, 2))]


def test_a_location_without_a_name_is_in_every_table(nameless: Store, database: str) -> None:
    config = config_for(nameless, database=database, years="2025")
    assert by_hand(config, "load", "--to", "postgres") == 0
    first, last = dt.date(2025, 11, 1), dt.date(2025, 11, 2)
    locations = "SELECT * FROM locations WHERE location_id IN (4000, 10002) ORDER BY location_id"
    assert ask(database, locations) == [
        (4000, ".H.INTERNAL_HUB", "HUB", first, last),
        (10002, None, None, first, last),
    ]
    locations_by_year = "SELECT location FROM locations_by_year WHERE location_id = 10002"
    assert ask(database, locations_by_year) == [(None,)]
    listed = "SELECT location_id, location, location_type FROM listed_locations"
    assert ask(database, listed) == [(10002, None, None)]
    assert ask(database, "SELECT count(*) FROM lmp_da_hourly WHERE location IS NULL") == [(99,)]


def test_the_newest_name_is_that_of_the_last_year_that_has_one(small: Store, database: str) -> None:
    load(small, database)
    with psycopg.connect(database, options="-c search_path=isone_sandbox") as connection:
        connection.execute(
            "INSERT INTO locations_by_year SELECT dataset, year + number, location_id, name, NULL, "
            "first_day, last_day + number FROM locations_by_year, "
            "(VALUES (1, 'NEWER'), (2, NULL)) AS later (number, name) WHERE location_id = 4001"
        )
    query = "SELECT location, location_type FROM locations WHERE location_id = 4001"
    assert ask(database, query) == [("NEWER", "LOAD ZONE")]
