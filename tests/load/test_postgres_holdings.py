"""Lost rows, another database behind one address, dropped tables: seen, and made good."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from filled import config_for, fill
from postgres_server import Server
from running import by_hand, run_script

from isone.errors import LoadError, UsageError
from isone.load import outputs, packed, postgres, postgres_holdings, postgres_owner
from isone.load.outputs import packed_names
from isone.load.postgres_holdings import Holdings
from isone.store.store import Store

NAME = ("lmp_da_hourly", 2025)
REBUILD = "python -m isone load --to postgres --rebuild"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "sandbox")
    fill(store, ["lmp_da_hourly", "regulation_5min"], "2025-11-01", "2025-11-01")
    return store


def load(store: Store, database: str, *, hypertables: bool = False) -> list[bool]:
    """Load all that is packed; for each year whether anything was changed."""
    with postgres.connect(database) as connection:
        tables = postgres.prepare(connection, synthetic=True, hypertables=hypertables)
        files = packed.packed_files(store, packed_names(store))
        return [
            postgres.load_year(connection, tables, store, group).changed
            for _, _, group in packed.by_year(files)
        ]


def held(database: str, **options: bool) -> Holdings:
    return postgres_holdings.holdings(database, synthetic=True, **options)


def run(database: str, statement: str) -> list[tuple[Any, ...]]:
    options = "-c search_path=isone_sandbox"
    with psycopg.connect(database, autocommit=True, options=options) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


LOSSES = [
    pytest.param("DROP TABLE lmp_da_hourly_2025", id="a partition was dropped"),
    pytest.param("TRUNCATE lmp_da_hourly_2025", id="a partition was emptied"),
    pytest.param("DELETE FROM lmp_da_hourly", id="its rows were deleted"),
    pytest.param(
        "ALTER TABLE lmp_da_hourly DETACH PARTITION lmp_da_hourly_2025",
        id="a partition was detached",
    ),
    pytest.param("DELETE FROM operating_days WHERE dataset = 'lmp_da_hourly'", id="its days"),
    pytest.param(
        "DELETE FROM locations_by_year WHERE location_id = 4001", id="one of its locations"
    ),
]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_year_whose_rows_are_lost_is_not_held_and_the_next_load_brings_it_back_alone(
    store: Store, database: str, loss: str
) -> None:
    assert load(store, database) == [True, True]
    before = held(database)
    assert set(before.years) == {NAME, ("regulation_5min", 2025)}
    run(database, loss)
    after = held(database)
    assert after.database_id == before.database_id
    assert set(after.years) == {("regulation_5min", 2025)}
    assert load(store, database) == [True, False]
    assert held(database) == before
    assert run(database, "SELECT count(*) FROM lmp_da_hourly") == [(216,)]
    assert run(database, "SELECT count(*) FROM operating_days") == [(2,)]
    assert run(database, "SELECT count(*) FROM locations_by_year") == [(9,)]


@pytest.mark.parametrize(
    ("loss", "changed"),
    [
        pytest.param("DROP TABLE lmp_da_hourly CASCADE", [True, False], id="a dataset's table"),
        pytest.param("DROP TABLE lmp_rt_5min CASCADE", [False, False], id="another one's table"),
        pytest.param("DROP TABLE operating_days CASCADE", [True, True], id="operating_days"),
        pytest.param("DROP TABLE locations_by_year CASCADE", [True, False], id="locations_by_year"),
        pytest.param("DROP TABLE listed_locations CASCADE", [False, False], id="listed_locations"),
        pytest.param("DROP TABLE loads", [True, True], id="loads"),
        pytest.param("DROP TABLE about", [False, False], id="about"),
        pytest.param("TRUNCATE about", [False, False], id="what is in about"),
        pytest.param("DROP VIEW lmp_spread_hourly", [False, False], id="a view"),
        pytest.param("DROP VIEW locations CASCADE", [False, False], id="locations"),
    ],
)
def test_a_table_or_view_of_ours_that_was_dropped_is_made_again_and_filled(
    store: Store, database: str, loss: str, changed: list[bool]
) -> None:
    load(store, database)
    before = held(database)
    views = run(database, "SELECT count(*) FROM pg_views WHERE schemaname = 'isone_sandbox'")
    run(database, loss)
    assert held(database) == Holdings(None, {})
    assert load(store, database) == changed
    assert held(database).years == before.years
    assert run(database, "SELECT count(*) FROM lmp_spread_hourly") == [(216,)]
    assert views == run(
        database, "SELECT count(*) FROM pg_views WHERE schemaname = 'isone_sandbox'"
    )


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE operating_days DROP COLUMN digest",
        "ALTER TABLE lmp_rt_hourly ADD COLUMN mine INTEGER",
        "ALTER TABLE regulation_5min ALTER COLUMN hour_end TYPE text",
        "ALTER TABLE loads DROP COLUMN periods",
        "ALTER TABLE locations_by_year RENAME COLUMN first_day TO since",
        "ALTER TABLE about RENAME COLUMN value TO worth",
        "DROP VIEW lmp_spread_hourly; CREATE TABLE lmp_spread_hourly (); TRUNCATE about",
    ],
)
def test_a_table_of_ours_that_was_altered_is_one_sentence_that_names_the_way_out(
    store: Store, database: str, change: str
) -> None:
    load(store, database)
    run(database, "DROP VIEW IF EXISTS regulation_5min_gridstatus, regulation_5min_monthly")
    run(database, change)
    run(database, "UPDATE loads SET digest = 'other'")
    with pytest.raises(UsageError) as raised:
        load(store, database)
    assert REBUILD in str(raised.value)
    with postgres.connect(database) as connection:
        postgres_owner.drop(connection, "isone_sandbox")
    assert load(store, database) == [True, True]


def test_a_schema_with_somebody_elses_about_is_not_ours(database: str) -> None:
    for columns in ("key text, value text", "what integer"):
        run(database, "DROP SCHEMA IF EXISTS isone_sandbox CASCADE; CREATE SCHEMA isone_sandbox")
        run(database, f"CREATE TABLE about ({columns})")
        for ask in (postgres.prepare, None):
            with (
                pytest.raises(UsageError, match="holds other tables, which are not this workflow"),
                postgres.connect(database) as connection,
            ):
                if ask:
                    ask(connection, synthetic=True)
                else:
                    postgres_owner.drop(connection, "isone_sandbox")
        with pytest.raises(UsageError, match="holds other tables, which are not this workflow"):
            held(database)


def test_an_empty_schema_made_by_somebody_for_us_is_ours_to_fill(
    store: Store, database: str
) -> None:
    run(database, "CREATE SCHEMA isone_sandbox")
    assert held(database) == Holdings(None, {})
    assert load(store, database) == [True, True]


def test_a_database_or_schema_that_is_not_there_holds_nothing(
    server: Server, database: str
) -> None:
    assert held(database) == Holdings(None, {})
    assert held(server.address("no_such")) == Holdings(None, {})
    assert run(database, "SELECT FROM pg_namespace WHERE nspname = 'isone_sandbox'") == []


def test_what_a_database_holds_is_asked_without_waiting_for_a_lock_for_long(
    store: Store, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(store, database)
    monkeypatch.setattr(postgres_holdings, "_LONGEST_WAIT", "50ms")
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE isone_sandbox.lmp_da_hourly_2025")
        with pytest.raises(LoadError, match="another session kept a table longer than"):
            held(database)


def test_asking_whether_a_year_is_there_keeps_no_other_loader_from_its_swap(
    store: Store, database: str
) -> None:
    load(store, database)
    with postgres.connect(database) as connection, connection.transaction():
        tables = postgres.prepare(connection, synthetic=True)
        assert postgres.years_held(connection, tables, only=NAME)
        locked = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() "
            "AND relation = 'isone_sandbox.lmp_da_hourly_2025'::regclass"
        )
        assert locked.fetchone() == (0,)


def test_another_layout_is_told_when_it_is_asked_what_is_held(store: Store, database: str) -> None:
    load(store, database)
    with pytest.raises(UsageError, match=f"set timescaledb as it was.*{REBUILD}"):
        held(database, hypertables=True)
    run(database, "UPDATE about SET value = '1' WHERE key = 'layout'")
    with pytest.raises(UsageError, match=f"tables of an older version.*{REBUILD}"):
        held(database)


@pytest.fixture
def two(server: Server) -> Iterator[str]:
    """The name of a database of its own."""
    yield "behind_one_address"
    server.run("postgres", "DROP DATABASE IF EXISTS behind_one_address")


def test_markers_are_stale_once_the_database_is_another_or_has_lost_the_year(
    store: Store, server: Server, two: str
) -> None:
    address = server.new_database(two)
    config = config_for(store, database=address)

    def stale() -> list[str]:
        holds = held(address)
        found = sorted((store.root / "loaded").glob("*/*/*.json"))
        return [path.parent.name for path in found if not holds.bear_out(path)]

    assert by_hand(config, "load", "--to", "postgres") == 0
    noted = sorted((store.root / "loaded").glob("*/*/*.json"))
    assert len(noted) == 2
    assert stale() == []
    run(address, "TRUNCATE lmp_da_hourly_2025")
    assert stale() == ["lmp_da_hourly"]
    assert by_hand(config, "load", "--to", "postgres") == 0
    assert stale() == []
    server.run("postgres", f"DROP DATABASE {two}")
    assert stale() == ["lmp_da_hourly", "regulation_5min"]
    server.new_database(two)
    assert stale() == ["lmp_da_hourly", "regulation_5min"]
    load(store, address)  # the same rows, in another database
    assert stale() == ["lmp_da_hourly", "regulation_5min"]
    assert by_hand(config, "load", "--to", "postgres") == 0
    assert stale() == []
    said = json.loads(noted[0].read_bytes())
    noted[0].write_text(json.dumps(said | {"digest": "other"}))
    noted[1].write_text("[")
    assert stale() == ["lmp_da_hourly", "regulation_5min"]


def require_loadable(database: str) -> None:
    postgres_holdings.require_loadable(database, synthetic=False)


def test_a_server_is_looked_for_before_it_is_needed(server: Server) -> None:
    require_loadable(server.address("postgres"))
    with pytest.raises(UsageError, match="it does not exist; make it with createdb"):
        require_loadable(server.address("no_such"))
    for ask in (require_loadable, held):
        refused = (
            r'/none cannot be reached: connection to server at "127\.0\.0\.1", port 1 failed: '
        )
        with pytest.raises(LoadError, match=rf"{refused}Connection refused; start the server, or"):
            ask("postgresql://me@127.0.0.1:1/none")


def test_a_schema_that_cannot_be_made_or_is_another_s_is_said_before_it_is_needed(
    server: Server, database: str
) -> None:
    name = database.partition("?")[0].rpartition("/")[2]
    server.run(name, "CREATE ROLE weak LOGIN")
    weak = server.address(name, "weak")
    right = f"may not make the schema isone; `GRANT CREATE ON DATABASE {name} TO weak`, or name"
    with pytest.raises(UsageError, match=right):
        require_loadable(weak)
    server.run(name, f"GRANT CREATE ON DATABASE {name} TO weak")
    require_loadable(weak)
    server.run(name, "CREATE SCHEMA isone; CREATE TABLE isone.about (x int)")
    with pytest.raises(UsageError, match="holds other tables, which are not this workflow's"):
        require_loadable(database)


def test_without_psycopg_one_sentence_says_what_to_install_and_none_that_the_run_stops(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    address = "postgresql://me@127.0.0.1:1/none"
    for ask in (require_loadable, held):
        with pytest.raises(LoadError, match="pip install 'psycopg.binary.'"):
            ask(address)
    assert outputs.target_digest(address)
    config = config_for(store, database=address)
    year = {"dataset": "lmp_da_hourly", "period": "2025.through-20251101"}
    assert run_script("load_postgres", config, **year) == 1
    log = Path(config["log_dir"]) / "load_postgres_lmp_da_hourly_2025.through-20251101.log"
    assert "needs the package psycopg" in log.read_text()
    assert "The run stops" not in log.read_text()
