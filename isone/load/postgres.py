"""PostgreSQL: a partition a year, each year replaced in one transaction or not at all.

A year is copied into a table aside, which takes the old partition's place at the end; a load that
is cut off leaves nothing but what was there. What is loaded is in the table `loads`, written in
the same transaction, so loading the same files again changes nothing.
"""

import contextlib
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb
import psycopg
from psycopg.sql import SQL, Composable, Identifier, Literal

from isone.errors import LoadError
from isone.load import binary_copy, history, packed, postgres_errors, postgres_tables, sql
from isone.load.duckdb_file import MEMORY_LIMIT, first_line
from isone.load.packed import PackedFile
from isone.load.postgres_owner import Tables, require_layout, schema_name
from isone.load.postgres_tables import Connection, partitions, year_bounds
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.schema import table_columns
from isone.run.address import target
from isone.run.settings import require_no_password
from isone.store.store import Store

_BATCH_ROWS = 65_536
_CONNECT_SECONDS = 15


@dataclass(frozen=True)
class YearLoaded:
    """What loading a dataset-year came to."""

    digest: str
    rows: int
    changed: bool


@dataclass(frozen=True)
class YearHeld:
    """A dataset-year that a database holds, and the digest of the files it was loaded from."""

    dataset: str
    year: int
    digest: str
    rows: int

    @property
    def partition(self) -> str:
        """The name of its partition."""
        return f"{self.dataset}_{self.year}"


@contextlib.contextmanager
def connect(database: str, *, seconds: int = _CONNECT_SECONDS) -> Iterator[Connection]:
    """A connection for as long as it is needed; the password comes from where libpq looks for one.

    `seconds` are waited for a server to answer, at each of its addresses.

    Whatever the server or the connection refuses, inside too, becomes one sentence: UsageError
    where a person has to fix it, LoadError where running again may do.
    """
    where = target(require_no_password(database))
    try:
        connection = psycopg.connect(
            database,
            autocommit=True,
            connect_timeout=seconds,
            application_name="isone-prices",
            client_encoding="utf8",
        )
    except psycopg.Error as error:
        raise postgres_errors.refusal(error, where) from None
    try:
        with contextlib.closing(connection):
            yield connection
    except psycopg.Error as error:
        raise postgres_errors.failure(error, where) from None


def prepare(connection: Connection, *, synthetic: bool, hypertables: bool = False) -> Tables:
    """See to the schema: made where it is not there, refused where it is not ours to fill."""
    return require_layout(connection, schema_name(synthetic=synthetic), hypertables=hypertables)


def load_year(
    connection: Connection, tables: Tables, store: Store, files: Sequence[PackedFile]
) -> YearLoaded:
    """Have a dataset-year hold the rows of these files, and nothing else.

    `files` are all that are packed of one dataset and year, as `packed.packed_files` gives them.
    """
    dataset, year = DATASETS[files[0].dataset], files[0].year
    digest = digest_of(files)
    with connection.transaction():
        tables.enter(connection)
        _wait_for_other_loaders(connection, f"{tables.schema}/{dataset.name}/{year}")
        for held in years_held(connection, tables, only=(dataset.name, year)):
            if held.digest == digest:
                return YearLoaded(digest, held.rows, changed=False)
        rows = (
            _replace_rows(connection, dataset, year, files)
            if tables.hypertables
            else _replace_partition(connection, dataset, year, files)
        )
        days = _replace_days(connection, store, dataset, year, files)
        locations = _replace_locations(connection, dataset, year, files)
        connection.execute(
            """
            INSERT INTO loads VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, now())
            ON CONFLICT (dataset, year) DO UPDATE SET
                digest = excluded.digest, rows = excluded.rows, days = excluded.days,
                locations = excluded.locations, periods = excluded.periods,
                source = excluded.source, synthetic_prices = excluded.synthetic_prices,
                loaded = excluded.loaded
            """,
            [
                *(dataset.name, year, digest, rows, days, locations),
                ", ".join(file.period for file in files),
                *(", ".join(sorted({f.source for f in files})), any(f.synthetic for f in files)),
            ],
        )
    return YearLoaded(digest, rows, changed=True)


def years_held(
    connection: Connection, tables: Tables, *, only: tuple[str, int] | None = None
) -> list[YearHeld]:
    """The dataset-years that were loaded and are still there: their rows, days and locations.

    Of the prices it is asked whether there are any, not how many: this is no deep check.
    """
    with connection.transaction(force_rollback=True):  # lets go of locks that a swap waits for
        tables.enter(connection)
        noted = connection.execute(
            """
            SELECT dataset, year, digest, rows FROM loads
            WHERE digest <> '' AND (%s::varchar IS NULL OR (dataset = %s AND year = %s))
            AND days = (
                SELECT count(*) FROM operating_days WHERE operating_days.dataset = loads.dataset
                AND operating_day BETWEEN make_date(year, 1, 1) AND make_date(year, 12, 31)
            )
            AND locations = (
                SELECT count(*) FROM locations_by_year AS held
                WHERE held.dataset = loads.dataset AND held.year = loads.year
            )
            ORDER BY dataset, year
            """,
            [only and only[0], *(only or (None, None))],
        ).fetchall()
        loads = [YearHeld(str(d), int(str(y)), str(g), int(str(n))) for d, y, g, n in noted]
        if not tables.hypertables:
            attached = partitions(connection)
            loads = [load for load in loads if (load.dataset, load.partition) in attached]
        empty = _without_rows(connection, tables, [load for load in loads if load.rows])
        return [load for load in loads if load.partition not in empty]


def list_locations(connection: Connection, tables: Tables, store: Store) -> None:
    """Have the table of all locations that were ever listed hold what the store knows of them."""
    rows = history.listed_locations(store)
    names = SQL(", ").join(Identifier(column.name) for column in sql.LISTED_LOCATIONS)
    with connection.transaction():
        tables.enter(connection)
        _wait_for_other_loaders(connection, f"{tables.schema}/listed_locations")
        statement = SQL("SELECT {} FROM listed_locations ORDER BY location_id").format(names)
        if connection.execute(statement).fetchall() == rows:
            return
        connection.execute("DELETE FROM listed_locations")
        _insert(connection, SQL("listed_locations ({})").format(names), rows)


def loaded_digest(connection: Connection, tables: Tables, dataset: str, year: int) -> str | None:
    """The digest of the files that a dataset-year was loaded from; None where it is not loaded."""
    with connection.transaction():
        tables.enter(connection)
        found = connection.execute(
            "SELECT digest FROM loads WHERE dataset = %s AND year = %s", [dataset, year]
        ).fetchone()
    return str(found[0]) if found else None


@contextlib.contextmanager
def rows_as_csv(
    connection: Connection, tables: Tables, dataset: Dataset, year: int
) -> Iterator[Iterator[memoryview]]:
    """A year's rows as CSV in pieces; timestamps in microseconds since 1970, NULL unquoted."""
    columns = SQL(", ").join(
        SQL("CAST(extract(epoch FROM {}) * 1000000 AS BIGINT)").format(Identifier(column.name))
        if column.type == "timestamp"
        else Identifier(column.name)
        for column in table_columns(dataset)
    )
    first, end = (Literal(bound) for bound in year_bounds(year))
    statement = SQL(
        "COPY (SELECT {} FROM {} WHERE interval_start_utc >= {} AND interval_start_utc < {}) "
        "TO STDOUT (FORMAT csv)"
    ).format(columns, Identifier(dataset.name), first, end)
    with connection.transaction(), connection.cursor() as cursor:
        tables.enter(connection)
        connection.execute("SET LOCAL extra_float_digits = 1; SET LOCAL datestyle = 'ISO'")
        with cursor.copy(statement) as copy:
            yield iter(copy)  # type: ignore[arg-type]  # psycopg says bytes or memoryview


def forget_year(connection: Connection, tables: Tables, dataset: str, year: int) -> None:
    """Let the next load of a dataset-year load it, whatever is there."""
    with connection.transaction():
        tables.enter(connection)
        connection.execute(
            "UPDATE loads SET digest = '' WHERE dataset = %s AND year = %s", [dataset, year]
        )


def digest_of(files: Sequence[PackedFile]) -> str:
    """What a dataset-year's rows, days and locations depend on, as one digest."""
    seen = hashlib.sha256(f"layout {sql.LAYOUT}".encode())
    for file in files:
        seen.update(f"{file.period} {file.digest}\n".encode())
    return seen.hexdigest()


def _without_rows(connection: Connection, tables: Tables, loads: Sequence[YearHeld]) -> set[object]:
    """The partitions of these loads that have no row; of hypertables, as if they were such."""
    if not loads:
        return set()
    first_row = SQL("SELECT FROM {} WHERE interval_start_utc >= {} AND interval_start_utc < {}")
    questions = []
    for load in loads:
        table = Identifier(load.dataset if tables.hypertables else load.partition)
        bounds = (Literal(bound) for bound in year_bounds(load.year))
        questions.append(
            SQL("SELECT {} WHERE NOT EXISTS ({})").format(
                Literal(load.partition), first_row.format(table, *bounds)
            )
        )
    return {name for (name,) in connection.execute(SQL(" UNION ALL ").join(questions)).fetchall()}


def _wait_for_other_loaders(connection: Connection, name: str) -> None:
    """Hold a name until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _replace_partition(
    connection: Connection, dataset: Dataset, year: int, files: Sequence[PackedFile]
) -> int:
    """Copy a year into a table aside and swap it in."""
    arriving = postgres_tables.create_year(connection, dataset, year)
    rows = _copy(connection, dataset, files, arriving, SQL("(FORMAT binary, FREEZE)"))
    postgres_tables.index_year(connection, dataset, year)
    postgres_tables.attach_year(connection, dataset, year)
    return rows


def _replace_rows(
    connection: Connection, dataset: Dataset, year: int, files: Sequence[PackedFile]
) -> int:
    """In a hypertable: take the year's rows out and copy the new ones in."""
    table = Identifier(dataset.name)
    connection.execute(
        SQL("DELETE FROM {} WHERE interval_start_utc >= %s AND interval_start_utc < %s").format(
            table
        ),
        year_bounds(year),
    )
    return _copy(connection, dataset, files, table, SQL("(FORMAT binary)"))


def _copy(
    connection: Connection,
    dataset: Dataset,
    files: Sequence[PackedFile],
    table: Identifier,
    options: SQL,
) -> int:
    """Copy the rows of the files into a table; returns how many the server has taken."""
    columns = table_columns(dataset)
    sent = 0
    statement = SQL("COPY {} FROM STDIN {}").format(table, options)
    try:
        with _reader() as reader, connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                copy.write(binary_copy.HEADER)
                query = packed.rows_query(files)
                for batch in reader.sql(query).to_arrow_reader(_BATCH_ROWS):
                    sent += batch.num_rows
                    for piece in binary_copy.encode(batch, columns):
                        copy.write(piece)
                copy.write(binary_copy.TRAILER)
            taken = cursor.rowcount
    except duckdb.Error as error:
        raise LoadError(f"the packed {dataset.name} cannot be read: {first_line(error)}") from error
    if taken != sent:
        raise LoadError(f"the server took {taken} rows of {sent}; nothing was changed")
    return taken


@contextlib.contextmanager
def _reader() -> Iterator[duckdb.DuckDBPyConnection]:
    with contextlib.closing(duckdb.connect()) as reader:
        reader.execute(f"SET memory_limit = '{MEMORY_LIMIT}'; SET TimeZone = 'UTC'")
        reader.execute("SET enable_progress_bar = false")  # it would write to stdout
        yield reader


def _replace_days(
    connection: Connection, store: Store, dataset: Dataset, year: int, files: Sequence[PackedFile]
) -> int:
    """Have the days of these files in place of the year's; returns how many they are."""
    connection.execute(
        "DELETE FROM operating_days WHERE dataset = %s AND operating_day BETWEEN %s AND %s",
        [dataset.name, dt.date(year, 1, 1), dt.date(year, 12, 31)],
    )
    columns = SQL(", ").join(Identifier(column.name) for column in sql.OPERATING_DAYS)
    days = history.operating_days(store, files)
    _insert(connection, SQL("operating_days ({})").format(columns), days)
    return len(days)


def _replace_locations(
    connection: Connection, dataset: Dataset, year: int, files: Sequence[PackedFile]
) -> int:
    """Have the locations of these files in place of the year's; returns how many they are."""
    connection.execute(
        "DELETE FROM locations_by_year WHERE dataset = %s AND year = %s", [dataset.name, year]
    )
    if not dataset.prices_locations:
        return 0
    with _reader() as reader:
        reader.execute(packed.locations_query(dataset, f"({packed.rows_query(files)})"))
        locations = reader.fetchall()
    rows = [(dataset.name, year, *location) for location in locations]
    _insert(connection, SQL("locations_by_year"), rows)
    return len(rows)


def _insert(connection: Connection, table: Composable, rows: Iterable[tuple[object, ...]]) -> None:
    """Add rows to a table, named with its columns where they are not all or in another order."""
    with (
        connection.cursor() as cursor,
        cursor.copy(SQL("COPY {} FROM STDIN").format(table)) as copy,
    ):
        for row in rows:
            copy.write_row(row)
