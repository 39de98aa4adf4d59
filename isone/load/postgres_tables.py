"""The tables in PostgreSQL: columns, keys, indexes, a year's partition, views and comments."""

import datetime as dt
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from isone.errors import UsageError
from isone.load import sql, views
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.schema import TableColumn, sort_key, table_columns

Connection = psycopg.Connection[tuple[object, ...]]

_LONGEST_WAIT_FOR_READERS = "10min"

BOOKS = {
    "about": (
        "What this schema is, by key",
        "key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL",
    ),
    "loads": (
        "The dataset-years that are loaded, and from which files",
        "dataset VARCHAR NOT NULL, year INTEGER NOT NULL, digest VARCHAR NOT NULL, "
        "rows BIGINT NOT NULL, days INTEGER NOT NULL, locations INTEGER NOT NULL, "
        "periods VARCHAR NOT NULL, source VARCHAR NOT NULL, "
        "synthetic_prices BOOLEAN NOT NULL, loaded TIMESTAMP WITH TIME ZONE NOT NULL, "
        "PRIMARY KEY (dataset, year)",
    ),
    "locations_by_year": (
        "The locations and reserve zones that have a price, by dataset and year",
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
    FROM locations_by_year
    GROUP BY location_id
    ORDER BY location_id
"""


def create_tables(connection: Connection, schema: str, extension: str, warning: str) -> None:
    """Make the tables that are not there, as hypertables where `extension` names its schema."""
    for table, (comment, definition) in BOOKS.items():
        connection.execute(own(f"CREATE TABLE IF NOT EXISTS {table} ({definition})"))
        comment_on(connection, "TABLE", Identifier(table), comment)
    for table, comment, columns in sql.all_tables():
        if table == "locations":  # here a view
            continue
        key = _key_of(table)
        partitioned = table in DATASETS and not extension
        connection.execute(
            own(
                f"CREATE TABLE IF NOT EXISTS {sql.name(table)} "
                f"({sql.definition(columns)}, PRIMARY KEY ({', '.join(key)}))"
                + (" PARTITION BY RANGE (interval_start_utc)" if partitioned else "")
            )
        )
        if table in DATASETS and extension:
            _create_hypertable(connection, extension, f"{schema}.{table}")
        comment_on(connection, "TABLE", Identifier(table), warning + comment)
        _comment_columns(connection, table, columns)


def _key_of(table: str) -> tuple[str, ...]:
    if table in DATASETS:
        return sort_key(DATASETS[table])
    return ("location_id",) if table == "listed_locations" else ("dataset", "operating_day")


def create_year(connection: Connection, dataset: Dataset, year: int) -> Identifier:
    """Make an empty table aside, to fill with a year; returns its name."""
    arriving = Identifier(f"{dataset.name}_{year}_arriving")
    connection.execute(
        SQL("CREATE TABLE {} ({})").format(arriving, own(sql.definition(table_columns(dataset))))
    )
    return arriving


def index_year(connection: Connection, dataset: Dataset, year: int) -> None:
    """Give the table aside, once it is filled, its primary key and its index by day."""
    arriving = Identifier(f"{dataset.name}_{year}_arriving")
    first, end = (Literal(bound) for bound in year_bounds(year))
    key = SQL(", ").join(map(Identifier, sort_key(dataset)))
    connection.execute("SET LOCAL maintenance_work_mem = '128MB'")
    connection.execute(
        SQL(
            "ALTER TABLE {} ADD PRIMARY KEY ({}), "
            "ADD CONSTRAINT in_year CHECK (interval_start_utc >= {} AND interval_start_utc < {})"
        ).format(arriving, key, first, end)
    )
    # Rows are some days at a time, by location within them: so this alone makes a day fast to read.
    connection.execute(
        SQL("CREATE INDEX {} ON {} USING brin (operating_day) WITH (pages_per_range = 32)").format(
            Identifier(f"{dataset.name}_{year}_arriving_days"), arriving
        )
    )


def attach_year(connection: Connection, dataset: Dataset, year: int) -> None:
    """Put the table aside in the place of the year's partition; this alone keeps readers waiting.

    PostgreSQL need not read the rows to see that they are of the year: `index_year` has added a
    constraint that says so.
    """
    parent, name = Identifier(dataset.name), f"{dataset.name}_{year}"
    first, end = (Literal(bound) for bound in year_bounds(year))
    connection.execute(
        SQL("SET LOCAL lock_timeout = {}").format(Literal(_LONGEST_WAIT_FOR_READERS))
    )
    there = connection.execute("SELECT to_regclass(%s)", [name]).fetchone()
    if there != (None,):
        connection.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(parent))
        connection.execute(SQL("DROP TABLE {}").format(Identifier(name)))
    rename = SQL("ALTER {} {} RENAME TO {}")
    arriving = Identifier(f"{name}_arriving")
    connection.execute(rename.format(SQL("TABLE"), arriving, Identifier(name)))
    connection.execute(
        SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            parent, Identifier(name), first, end
        )
    )
    connection.execute(SQL("ALTER TABLE {} DROP CONSTRAINT in_year").format(Identifier(name)))
    for index in ("pkey", "days"):
        arriving = Identifier(f"{name}_arriving_{index}")
        connection.execute(rename.format(SQL("INDEX"), arriving, Identifier(f"{name}_{index}")))


def year_bounds(year: int) -> tuple[dt.datetime, dt.datetime]:
    """When a year's operating days begin and end, in UTC."""
    first, _ = market_time.day_bounds(dt.date(year, 1, 1))
    end, _ = market_time.day_bounds(dt.date(year + 1, 1, 1))
    return dt.datetime.fromtimestamp(first, dt.UTC), dt.datetime.fromtimestamp(end, dt.UTC)


def partitions(connection: Connection) -> set[tuple[object, ...]]:
    """The partitions that are attached to the tables here: table and partition."""
    found = connection.execute(
        "SELECT parent.relname, partition.relname FROM pg_inherits "
        "JOIN pg_class AS parent ON parent.oid = inhparent "
        "JOIN pg_class AS partition ON partition.oid = inhrelid "
        "WHERE parent.relnamespace = current_schema()::regnamespace "
        "AND partition.relnamespace = parent.relnamespace"
    )
    return set(found.fetchall())


def _create_hypertable(connection: Connection, extension: str, table: str) -> None:
    """Have TimescaleDB take a table over; its functions are in the schema of the extension."""
    connection.execute(
        SQL("SELECT {}({}::regclass, {}({}, INTERVAL '1 year'), if_not_exists => true)").format(
            Identifier(extension, "create_hypertable"),
            Literal(table),
            Identifier(extension, "by_range"),
            Literal("interval_start_utc"),
        )
    )


def require_timescaledb(connection: Connection) -> str:
    """The schema that TimescaleDB is in; made in `public` where the database does not have it."""
    found = _timescaledb(connection)
    if found is None:
        available = connection.execute(
            "SELECT FROM pg_available_extensions WHERE name = 'timescaledb'"
        ).fetchone()
        if available is None:
            raise UsageError(
                "timescaledb: the server has no TimescaleDB extension; install it there, or set "
                "timescaledb=false, which partitions by year"
            )
        connection.execute("CREATE EXTENSION timescaledb SCHEMA public")
        found = _timescaledb(connection)
    if found is None or not found[2]:
        raise UsageError(
            f"timescaledb: version {found and found[1]} of the extension has no by_range; "
            "`ALTER EXTENSION timescaledb UPDATE` to 2.13 or later, or set timescaledb=false"
        )
    return str(found[0])


def _timescaledb(connection: Connection) -> tuple[object, ...] | None:
    """The extension's schema, its version, and whether it has `by_range`; None without it."""
    return connection.execute(
        "SELECT nspname, extversion, "
        "EXISTS (SELECT FROM pg_proc WHERE pronamespace = extnamespace AND proname = 'by_range') "
        "FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace "
        "WHERE extname = 'timescaledb'"
    ).fetchone()


def create_views(connection: Connection, warning: str) -> None:
    """Make every view again, the table of locations among them; `warning` opens their comments."""
    comment, columns = sql.TABLES["locations"]
    every = [views.View("locations", _LOCATIONS, comment), *views.all_views()]
    for view in reversed(every):
        connection.execute(SQL("DROP VIEW IF EXISTS {}").format(Identifier(view.name)))
    for view in every:
        connection.execute(own(f"CREATE VIEW {sql.name(view.name)} AS {view.query}"))
        comment_on(connection, "VIEW", Identifier(view.name), warning + view.comment)
        _comment_columns(connection, view.name, view.columns)
    _comment_columns(connection, "locations", columns)


def comment_on(connection: Connection, kind: LiteralString, target: Identifier, text: str) -> None:
    """Describe something, in letters that a database of any encoding holds."""
    text = text.replace("…", "...")
    connection.execute(SQL("COMMENT ON {} {} IS {}").format(SQL(kind), target, Literal(text)))


def _comment_columns(connection: Connection, table: str, columns: tuple[TableColumn, ...]) -> None:
    for column in columns:
        comment_on(connection, "COLUMN", Identifier(table, column.name), sql.describe(column))


def own(statement: str) -> Composed:
    """SQL made of this package's own names, which no input reaches."""
    return Composed([SQL(statement)])
