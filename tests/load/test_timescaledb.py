"""Hypertables, on a server where an extension of our own making stands in for TimescaleDB.

Its functions have TimescaleDB's names and parameters, and lie where those would: in the schema that
the extension was made in. What they do is only to be called.
"""

from pathlib import Path

import psycopg
import pytest
from filled import fill
from postgres_server import Server
from psycopg.sql import SQL, Identifier

from isone.errors import UsageError
from isone.load import packed, postgres, postgres_holdings, postgres_owner
from isone.load.outputs import packed_names
from isone.market.datasets import DATASETS
from isone.store.store import Store

CONTROL = """
comment = 'stands in for TimescaleDB'
default_version = '2.19.3'
relocatable = false
"""
FUNCTIONS = """
CREATE TYPE @extschema@.dimension_info AS (column_name name, width interval);
CREATE TABLE @extschema@.called (relation text, dimension @extschema@.dimension_info);
CREATE FUNCTION @extschema@.by_range(
    column_name name, partition_interval anyelement DEFAULT NULL::bigint,
    partition_func regproc DEFAULT NULL
) RETURNS @extschema@.dimension_info LANGUAGE sql
    AS $$ SELECT column_name, partition_interval::text::interval $$;
CREATE FUNCTION @extschema@.create_hypertable(
    relation regclass, dimension @extschema@.dimension_info,
    create_default_indexes boolean DEFAULT true, if_not_exists boolean DEFAULT false,
    migrate_data boolean DEFAULT false
) RETURNS TABLE (hypertable_id int, created boolean) LANGUAGE sql
    AS $$
        INSERT INTO @extschema@.called VALUES (relation::text, dimension) RETURNING 1, true
    $$;
"""


@pytest.fixture
def extension(server: Server) -> Path:
    """The folder of the extension's script, where the server may read it."""
    folder = server.folder / "share" / "extension"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "timescaledb.control").write_text(CONTROL)
    (folder / "timescaledb--2.19.3.sql").write_text(FUNCTIONS)
    return folder


@pytest.fixture
def database(server: Server, extension: Path, request: pytest.FixtureRequest) -> str:
    """A database of a server on which the extension can be made."""
    name = f"timescale_{request.node.name.encode().hex()[:20]}"
    server.run("postgres", SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)).as_string())
    address = server.new_database(name)
    where = SQL("ALTER DATABASE {} SET extension_control_path = {}").format(
        Identifier(name), f"$system:{extension.parent}"
    )
    server.run("postgres", where.as_string())
    return address


def ask(database: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def load(store: Store, database: str) -> list[bool]:
    with postgres.connect(database) as connection:
        tables = postgres.prepare(connection, synthetic=True, hypertables=True)
        files = packed.packed_files(store, packed_names(store))
        return [
            postgres.load_year(connection, tables, store, group).changed
            for _, _, group in packed.by_year(files)
        ]


@pytest.mark.parametrize("schema", [None, "public", "Its own"])
def test_hypertables_are_made_wherever_the_extension_lies(
    database: str, tmp_path: Path, schema: str | None
) -> None:
    store = Store(tmp_path / "sandbox")
    fill(store, ["lmp_da_hourly"], "2025-11-01", "2025-11-02")
    if schema:
        ask(database, f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        ask(database, f'CREATE EXTENSION timescaledb SCHEMA "{schema}"')
    assert load(store, database) == [True]
    where = Identifier(schema or "public", "called").as_string()
    called = ask(database, f"SELECT relation, dimension::text FROM {where} ORDER BY 1")  # noqa: S608
    assert called == [(name, '(interval_start_utc,"1 year")') for name in sorted(DATASETS)]
    assert load(store, database) == [False]
    held = postgres_holdings.holdings(database, synthetic=True, hypertables=True)
    assert set(held.years) == {("lmp_da_hourly", 2025)}
    ask(database, "DELETE FROM isone_sandbox.lmp_da_hourly")
    lost = postgres_holdings.holdings(database, synthetic=True, hypertables=True)
    assert (lost.database_id, lost.years) == (held.database_id, {})
    assert load(store, database) == [True]
    assert ask(database, "SELECT count(*) FROM isone_sandbox.lmp_da_hourly") == [(9 * 49,)]
    with postgres.connect(database) as connection:
        postgres_owner.drop(connection, "isone_sandbox")
    assert load(store, database) == [True]
    assert postgres_holdings.holdings(database, synthetic=True, hypertables=True) != held


def test_a_version_without_by_range_is_one_sentence(database: str, extension: Path) -> None:
    (extension / "timescaledb--2.19.3.sql").write_text("CREATE TABLE old ()")
    with (
        pytest.raises(UsageError, match=r"version 2\.19\.3 of the extension has no by_range"),
        postgres.connect(database) as connection,
    ):
        postgres.prepare(connection, synthetic=True, hypertables=True)
