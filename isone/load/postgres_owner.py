"""The schema in PostgreSQL: whose it is, which layout it has, and what it says of itself."""

import uuid
from dataclasses import dataclass

from psycopg.sql import SQL, Identifier

from isone import __version__
from isone.errors import UsageError
from isone.load import layout, postgres_tables, sql, views
from isone.load.postgres_tables import Connection
from isone.market.schema import TableColumn

REAL, SYNTHETIC = "isone", "isone_sandbox"
"""The schemas: synthetic prices are never beside real ones."""
REBUILD = "python -m isone load --to postgres --rebuild"
_MADE_BY = "isone-prices"
_COMMENT = f"ISO New England price history, loaded by {_MADE_BY}"


@dataclass(frozen=True)
class Tables:
    """The tables to load into: their schema, their kind, and the id that they got when made."""

    schema: str
    hypertables: bool
    database_id: str

    def enter(self, connection: Connection) -> None:
        """Until the transaction ends, find these tables by their plain names."""
        _enter(connection, self.schema)


def schema_name(*, synthetic: bool) -> str:
    """The schema for real or for synthetic prices."""
    return SYNTHETIC if synthetic else REAL


def require_layout(connection: Connection, schema: str, *, hypertables: bool) -> Tables:
    """See to it that the schema is there, ours and of this layout.

    Tables and views that are not there are made, views and comments are renewed. Raises UsageError
    where it belongs to somebody else, has other tables, or TimescaleDB is asked for where it is
    not.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('isone/schema', 0))")
        connection.execute("SET LOCAL client_min_messages = 'warning'")
        extension = postgres_tables.require_timescaledb(connection) if hypertables else ""
        if not _is_there(connection, schema):
            connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        known = _about(connection, schema)
        wanted = _wanted(schema, hypertables=hypertables)
        _require_same_layout(connection, schema, known, wanted)
        wanted["database_id"] = known.get("database_id") or uuid.uuid4().hex
        _enter(connection, schema)
        if not wanted.items() <= known.items() or _missing(connection, schema):
            postgres_tables.comment_on(connection, "SCHEMA", Identifier(schema), _COMMENT)
            warning = "SYNTHETIC PRICES of the sandbox. " if schema == SYNTHETIC else ""
            postgres_tables.create_tables(connection, schema, extension, warning)
            postgres_tables.create_views(connection, warning)
            for item in wanted.items():
                connection.execute(
                    "INSERT INTO about VALUES (%s, %s) "
                    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    item,
                )
    return Tables(schema, hypertables, wanted["database_id"])


def find(connection: Connection, schema: str, *, hypertables: bool) -> Tables | None:
    """The tables that are there, changing nothing; None where a load has to make some or all.

    Raises UsageError as `require_layout` does.
    """
    if not _is_there(connection, schema):
        return None
    known = _about(connection, schema)
    _require_same_layout(connection, schema, known, _wanted(schema, hypertables=hypertables))
    if "database_id" not in known or _missing(connection, schema):
        return None
    return Tables(schema, hypertables, known["database_id"])


def drop(connection: Connection, schema: str) -> None:
    """Remove a schema, if it is ours. Raises UsageError where it is not."""
    with connection.transaction():
        if _is_there(connection, schema):
            connection.execute("SET LOCAL client_min_messages = 'warning'")
            connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))


def _enter(connection: Connection, schema: str) -> None:
    connection.execute(SQL("SET LOCAL search_path = {}").format(Identifier(schema)))


def _wanted(schema: str, *, hypertables: bool) -> dict[str, str]:
    """What `about` says of a schema that is as this version makes it."""
    return {
        "layout": str(sql.LAYOUT),
        "tables": "hypertables" if hypertables else "partitions by year",
        "content": layout.digest(),
        "made_by": f"{_MADE_BY} {__version__}",
        "synthetic_prices": str(schema == SYNTHETIC).lower(),
    }


def require_right_to_make(connection: Connection, schema: str) -> None:
    """Raise UsageError where the schema is not there and the user may not make it."""
    may, user, database = connection.execute(
        "SELECT has_database_privilege(current_database(), 'CREATE') "
        "OR EXISTS (SELECT FROM pg_namespace WHERE nspname = %s), "
        "quote_ident(current_user), quote_ident(current_database())",
        [schema],
    ).fetchone() or (True, "", "")
    if not may:
        raise UsageError(
            f"database {database}: the user may not make the schema {schema}; "
            f"`GRANT CREATE ON DATABASE {database} TO {user}`, or name another user"
        )


def _is_there(connection: Connection, schema: str) -> bool:
    """Whether the schema is there; refused where it is another's or was filled by something else.

    Ours says so in its comment or in `about`; one without tables is anybody's to fill.
    """
    found = connection.execute(
        "SELECT pg_get_userbyid(nspowner), pg_has_role(nspowner, 'USAGE'), current_user, "
        "current_database(), obj_description(oid, 'pg_namespace') IS NOT DISTINCT FROM %s, "
        "EXISTS (SELECT FROM pg_class WHERE relnamespace = pg_namespace.oid "
        "AND relkind IN ('r', 'p', 'v', 'm', 'f')) "
        "FROM pg_namespace WHERE nspname = %s",
        [_COMMENT, schema],
    ).fetchone()
    if found is None:
        return False
    owner, may_fill, user, database, has_comment, has_tables = found
    if not may_fill:
        raise UsageError(
            f"schema {schema} of database {database} belongs to {owner}, not to {user}; load as "
            f"{owner}, or into a database of your own"
        )
    made_by = _about(connection, schema).get("made_by", "")
    if has_tables and not has_comment and not made_by.startswith(f"{_MADE_BY} "):
        raise UsageError(
            f"schema {schema} of database {database} holds other tables, which are not this "
            "workflow's; load into a database of your own"
        )
    return True


def _about(connection: Connection, schema: str) -> dict[str, str]:
    """What the schema says of itself; nothing where `about` is not there, or not as we make it."""
    columns = _columns(connection, schema).get("about", [])
    if {"key", "value"} - {column for column, _ in columns}:
        return {}
    query = SQL("SELECT CAST(key AS VARCHAR), CAST(value AS VARCHAR) FROM {}")
    found = connection.execute(query.format(Identifier(schema, "about"))).fetchall()
    return {str(key): str(value) for key, value in found}


def _columns(connection: Connection, schema: str) -> dict[str, list[tuple[str, str]]]:
    """Every table and view of a schema, with the names and types of its columns, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.execute(
        "SELECT relname, attname, format_type(atttypid, NULL) FROM pg_class "
        "LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped "
        "WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s) "
        "AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY attnum",
        [schema],
    ).fetchall():
        found.setdefault(str(table), []).append((str(column), str(kind)))
    return found


def _require_same_layout(
    connection: Connection, schema: str, known: dict[str, str], wanted: dict[str, str]
) -> None:
    if known.get("tables", wanted["tables"]) != wanted["tables"]:
        raise UsageError(
            f"schema {schema} has {known['tables']}, not {wanted['tables']}: set timescaledb "
            f"as it was, or load again with `{REBUILD}`, which needs no download"
        )
    said = known.get("layout", "")
    held, mine = int(said) if said.isdecimal() else sql.LAYOUT, sql.LAYOUT
    if held > mine:
        raise UsageError(
            f"schema {schema} was loaded by a newer version ({known.get('made_by')}, layout "
            f"{held}); use that version, or load again with `{REBUILD}`"
        )
    if held < mine:
        raise UsageError(
            f"schema {schema} has the tables of an older version (layout {held}, now {mine}); "
            f"load again with `{REBUILD}`, which needs no download"
        )
    found = _columns(connection, schema)
    for table, _, columns in sql.all_tables():
        if table in found and table != "locations" and found[table] != _as_made(columns):
            raise UsageError(
                f"schema {schema}: the columns of {table} are not those that this version makes; "
                f"load again with `{REBUILD}`, which needs no download"
            )


def _as_made(columns: tuple[TableColumn, ...]) -> list[tuple[str, str]]:
    """Columns as PostgreSQL names them and their types."""
    types = {"VARCHAR": "character varying"}
    made = [(column.name, column.sql) for column in columns]
    return [(name, types.get(kind, kind.lower())) for name, kind in made]


def _missing(connection: Connection, schema: str) -> set[str]:
    """The tables and views of ours that are not there."""
    tables = {table for table, _, _ in sql.all_tables()} | set(postgres_tables.BOOKS)
    every = tables | {view.name for view in views.all_views()}
    return every - set(_columns(connection, schema))
