"""The schema in PostgreSQL: whose it is, which layout it has, its tables, views and comments."""

from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from isone import __version__
from isone.database import layout, sql, views
from isone.datasets import DATASETS
from isone.errors import UsageError
from isone.tables import TableColumn, sort_key, table_columns

Connection = psycopg.Connection[tuple[object, ...]]

REAL, INVENTED = "isone", "isone_sandbox"
"""The schemas: invented prices never stand beside real ones."""
REBUILD = "python scripts/load_postgres.py --rebuild"

_BOOKS = {
    "about": (
        "What this schema is, by key",
        "key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL",
    ),
    "loads": (
        "The dataset-years that are loaded, and from which files",
        "dataset VARCHAR NOT NULL, year INTEGER NOT NULL, digest VARCHAR NOT NULL, "
        "rows BIGINT NOT NULL, periods VARCHAR NOT NULL, source VARCHAR NOT NULL, "
        "invented_prices BOOLEAN NOT NULL, loaded TIMESTAMP WITH TIME ZONE NOT NULL, "
        "PRIMARY KEY (dataset, year)",
    ),
    "places_by_year": (
        "The places that have a price, by dataset and year",
        "dataset VARCHAR NOT NULL, year INTEGER NOT NULL, location_id INTEGER NOT NULL, "
        "location VARCHAR, location_type VARCHAR, first_day DATE NOT NULL, "
        "last_day DATE NOT NULL, PRIMARY KEY (dataset, year, location_id)",
    ),
}
"""Tables that only PostgreSQL has: comment and definition."""

_LOCATIONS = """
    SELECT
        location_id,
        (array_agg(location ORDER BY last_day DESC) FILTER (WHERE location IS NOT NULL))[1]
            AS location,
        (array_agg(location_type ORDER BY last_day DESC)
            FILTER (WHERE location_type IS NOT NULL))[1] AS location_type,
        min(first_day) AS first_day, max(last_day) AS last_day
    FROM places_by_year
    GROUP BY location_id
    ORDER BY location_id
"""


@dataclass(frozen=True)
class Tables:
    """The tables to load into: their schema, and their kind."""

    schema: str
    hypertables: bool

    def enter(self, connection: Connection) -> None:
        """Until the transaction ends, find these tables by their plain names."""
        connection.execute(SQL("SET LOCAL search_path = {}").format(Identifier(self.schema)))


def schema_name(*, invented: bool) -> str:
    """The schema for real or for invented prices."""
    return INVENTED if invented else REAL


def require_layout(connection: Connection, schema: str, *, hypertables: bool) -> Tables:
    """See to it that the schema is there, ours and of this layout; views and comments are renewed.

    Raises UsageError where it belongs to somebody else, has an older layout, or TimescaleDB is
    asked for where it is not.
    """
    tables = Tables(schema, hypertables)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('isone/schema', 0))")
        connection.execute("SET LOCAL client_min_messages = 'warning'")
        if hypertables:
            _require_timescaledb(connection)
        _require_own_schema(connection, schema)
        tables.enter(connection)
        known = _about(connection, schema)
        wanted = {
            "layout": str(sql.LAYOUT),
            "tables": "hypertables" if hypertables else "partitions by year",
            "content": layout.digest(),
            "made_by": f"isone-prices {__version__}",
            "invented_prices": str(schema == INVENTED).lower(),
        }
        if known:
            _require_same_layout(connection, schema, known, wanted)
        if known.get("content") != wanted["content"]:
            warning = "INVENTED PRICES of the sandbox. " if schema == INVENTED else ""
            _create_tables(connection, tables, warning)
            _create_views(connection, warning)
            for item in wanted.items():
                connection.execute(
                    "INSERT INTO about VALUES (%s, %s) "
                    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    item,
                )
    return tables


def drop(connection: Connection, schema: str) -> None:
    """Remove a schema, if it is ours. Raises UsageError where it is not."""
    with connection.transaction():
        _require_own_schema(connection, schema)
        connection.execute("SET LOCAL client_min_messages = 'warning'")
        connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))


def _require_own_schema(connection: Connection, schema: str) -> None:
    """Make the schema, or refuse one that belongs to another or was made by something else."""
    found = connection.execute(
        "SELECT pg_get_userbyid(nspowner), pg_has_role(nspowner, 'USAGE'), current_user, "
        "current_database() FROM pg_namespace WHERE nspname = %s",
        [schema],
    ).fetchone()
    if found is None:
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        text = "ISO New England price history, loaded by isone-prices"
        _comment(connection, "SCHEMA", Identifier(schema), text)
        return
    owner, is_ours, user, database = found
    if not is_ours:
        raise UsageError(
            f"schema {schema} of database {database} belongs to {owner}, not to {user}; load as "
            f"{owner}, or into a database of your own"
        )
    tables = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE tablename = 'about') FROM pg_tables "
        "WHERE schemaname = %s",
        [schema],
    ).fetchone()
    if tables and tables[0] and not tables[1]:
        raise UsageError(
            f"schema {schema} of database {database} holds other tables, which are not this "
            "workflow's; load into a database of your own"
        )


def _about(connection: Connection, schema: str) -> dict[str, str]:
    there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{schema}.about"]).fetchone()
    if not there or not there[0]:
        return {}
    return {
        str(key): str(value)
        for key, value in connection.execute("SELECT key, value FROM about").fetchall()
    }


def _require_same_layout(
    connection: Connection, schema: str, known: dict[str, str], wanted: dict[str, str]
) -> None:
    if known.get("tables") != wanted["tables"]:
        raise UsageError(
            f"schema {schema} has {known.get('tables')}, not {wanted['tables']}: set timescaledb "
            f"as it was, or load anew with `{REBUILD}`, which needs no download"
        )
    held, mine = int(known.get("layout", 0)), sql.LAYOUT
    if held > mine:
        raise UsageError(
            f"schema {schema} was loaded by a newer version ({known.get('made_by')}, layout "
            f"{held}); use that version, or load anew with `{REBUILD}`"
        )
    if held < mine or _other_columns(connection, schema):
        raise UsageError(
            f"schema {schema} has the tables of an older version (layout {held}, now {mine}); "
            f"load anew with `{REBUILD}`, which needs no download"
        )


def _other_columns(connection: Connection, schema: str) -> bool:
    """Whether a dataset's table is not as this version would make it."""
    found: dict[object, list[object]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = %s ORDER BY ordinal_position",
        [schema],
    ).fetchall():
        found.setdefault(table, []).append(column)
    return any(
        name in found and found[name] != [column.name for column in table_columns(dataset)]
        for name, dataset in DATASETS.items()
    )


def _create_tables(connection: Connection, tables: Tables, warning: str) -> None:
    for table, (comment, definition) in _BOOKS.items():
        connection.execute(own(f"CREATE TABLE IF NOT EXISTS {table} ({definition})"))
        _comment(connection, "TABLE", Identifier(table), comment)
    for table, comment, columns in sql.all_tables():
        if table == "locations":  # here a view
            continue
        key = _key_of(table)
        partitioned = table in DATASETS and not tables.hypertables
        connection.execute(
            own(
                f"CREATE TABLE IF NOT EXISTS {sql.name(table)} "
                f"({sql.definition(columns)}, PRIMARY KEY ({', '.join(key)}))"
                + (" PARTITION BY RANGE (interval_start_utc)" if partitioned else "")
            )
        )
        if table in DATASETS and tables.hypertables:
            connection.execute(
                "SELECT create_hypertable(%s::regclass, by_range('interval_start_utc', "
                "INTERVAL '1 year'), if_not_exists => true)",
                [f"{tables.schema}.{table}"],
            )
        _comment(connection, "TABLE", Identifier(table), warning + comment)
        _comment_columns(connection, table, columns)


def _key_of(table: str) -> tuple[str, ...]:
    if table in DATASETS:
        return sort_key(DATASETS[table])
    return ("location_id",) if table == "listed_locations" else ("dataset", "operating_day")


def _create_views(connection: Connection, warning: str) -> None:
    every = list(views.all_views())
    comment, columns = sql.TABLES["locations"]
    every.append(views.View("locations", _LOCATIONS, comment))
    for view in reversed(every):
        connection.execute(SQL("DROP VIEW IF EXISTS {}").format(Identifier(view.name)))
    for view in every:
        connection.execute(own(f"CREATE VIEW {sql.name(view.name)} AS {view.query}"))
        _comment(connection, "VIEW", Identifier(view.name), warning + view.comment)
    _comment_columns(connection, "locations", columns)


def _comment(connection: Connection, kind: LiteralString, target: Identifier, text: str) -> None:
    connection.execute(SQL("COMMENT ON {} {} IS {}").format(SQL(kind), target, Literal(text)))


def _comment_columns(connection: Connection, table: str, columns: tuple[TableColumn, ...]) -> None:
    for column in columns:
        _comment(connection, "COLUMN", Identifier(table, column.name), sql.describe(column))


def _require_timescaledb(connection: Connection) -> None:
    found = connection.execute(
        "SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb'"
    ).fetchone()
    if not found or not found[0]:
        raise UsageError(
            "timescaledb: the server has no TimescaleDB extension; install it there, or set "
            "timescaledb=false, which partitions by year"
        )
    connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")


def own(statement: str) -> Composed:
    """SQL made of this package's own names, which no input reaches."""
    return Composed([SQL(statement)])
