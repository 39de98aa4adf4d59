"""PostgreSQL: a partition a year, each year replaced in one transaction or not at all.

A year is copied into a table aside, which takes the old partition's place at the end; a load that
is cut off leaves nothing but what was there. What is loaded stands in the table `loads`, written in
the same transaction, so loading the same files again changes nothing.
"""

import contextlib
import datetime as dt
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import psycopg
from psycopg import errors
from psycopg.sql import SQL, Identifier, Literal

from isone import clock
from isone.database import binary_copy, history, packed, sql
from isone.database.address import target
from isone.database.duckdb_file import MEMORY_LIMIT, first_line
from isone.database.packed import PackedFile
from isone.database.postgres_schema import Connection, Tables, own, require_layout, schema_name
from isone.datasets import DATASETS, Dataset
from isone.errors import LoadError, UsageError
from isone.settings import require_no_password
from isone.store import Store
from isone.tables import sort_key, table_columns

_BATCH_ROWS = 65_536
_CONNECT_SECONDS = 15
_LONGEST_WAIT_FOR_READERS = "10min"


@dataclass(frozen=True)
class YearLoaded:
    """What loading a dataset-year came to."""

    digest: str
    rows: int
    changed: bool


@contextlib.contextmanager
def connect(database: str) -> Iterator[Connection]:
    """A connection for as long as it is needed; the password comes from where libpq looks for one.

    Whatever the server or the connection refuses, inside too, becomes one sentence: UsageError
    where a person has to mend it, LoadError where running again may do.
    """
    where = target(require_no_password(database))
    try:
        connection = psycopg.connect(
            database,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="isone-prices",
            client_encoding="utf8",
        )
    except psycopg.Error as error:
        raise _refusal(error, where) from None
    try:
        with contextlib.closing(connection):
            yield connection
    except psycopg.Error as error:
        raise _failure(error, where) from None


def prepare(connection: Connection, *, invented: bool, hypertables: bool = False) -> Tables:
    """See to the schema: made where it is not there, refused where it is not ours to fill."""
    return require_layout(connection, schema_name(invented=invented), hypertables=hypertables)


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
        held = connection.execute(
            "SELECT digest, rows FROM loads WHERE dataset = %s AND year = %s",
            [dataset.name, year],
        ).fetchone()
        if held and held[0] == digest and _is_there(connection, tables, dataset, year):
            return YearLoaded(digest, int(str(held[1])), changed=False)
        rows = (
            _replace_rows(connection, dataset, year, files)
            if tables.hypertables
            else _replace_partition(connection, dataset, year, files)
        )
        _replace_days(connection, store, dataset, year, files)
        _replace_places(connection, dataset, year, files)
        connection.execute(
            """
            INSERT INTO loads VALUES (%s, %s, %s, %s, %s, %s, %s, now())
            ON CONFLICT (dataset, year) DO UPDATE SET
                digest = excluded.digest, rows = excluded.rows, periods = excluded.periods,
                source = excluded.source, invented_prices = excluded.invented_prices,
                loaded = excluded.loaded
            """,
            [
                *(dataset.name, year, digest, rows, ", ".join(file.period for file in files)),
                *(", ".join(sorted({f.source for f in files})), any(f.invented for f in files)),
            ],
        )
    return YearLoaded(digest, rows, changed=True)


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
        with (
            connection.cursor() as cursor,
            cursor.copy(SQL("COPY listed_locations ({}) FROM STDIN").format(names)) as copy,
        ):
            for row in rows:
                copy.write_row(row)


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
    """A year's rows as CSV in pieces; instants in microseconds since 1970, NULL unquoted."""
    columns = SQL(", ").join(
        SQL("CAST(extract(epoch FROM {}) * 1000000 AS BIGINT)").format(Identifier(column.name))
        if column.type == "timestamp"
        else Identifier(column.name)
        for column in table_columns(dataset)
    )
    first, end = (Literal(instant) for instant in year_bounds(year))
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
    """What a dataset-year's rows, days and places hang on, as one digest."""
    seen = hashlib.sha256(f"layout {sql.LAYOUT}".encode())
    for file in files:
        seen.update(f"{file.period} {file.digest}\n".encode())
    return seen.hexdigest()


def year_bounds(year: int) -> tuple[dt.datetime, dt.datetime]:
    """The instants at which a year's operating days begin and end."""
    first, _ = clock.day_bounds(dt.date(year, 1, 1))
    end, _ = clock.day_bounds(dt.date(year + 1, 1, 1))
    return dt.datetime.fromtimestamp(first, dt.UTC), dt.datetime.fromtimestamp(end, dt.UTC)


def _is_there(connection: Connection, tables: Tables, dataset: Dataset, year: int) -> bool:
    return tables.hypertables or _table_exists(connection, f"{dataset.name}_{year}")


def _table_exists(connection: Connection, table: str) -> bool:
    found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
    return bool(found and found[0])


def _wait_for_other_loaders(connection: Connection, name: str) -> None:
    """Hold a name until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _replace_partition(
    connection: Connection, dataset: Dataset, year: int, files: Sequence[PackedFile]
) -> int:
    """Copy a year into a table aside and swap it in; only the swap keeps readers waiting."""
    parent = Identifier(dataset.name)
    aside = Identifier(f"{dataset.name}_{year}_arriving")
    partition_name = f"{dataset.name}_{year}"
    partition = Identifier(partition_name)
    first, end = (Literal(instant) for instant in year_bounds(year))
    connection.execute(
        SQL("CREATE TABLE {} ({})").format(aside, own(sql.definition(table_columns(dataset))))
    )
    rows = _copy(connection, dataset, files, aside, SQL("(FORMAT binary, FREEZE)"))
    key = SQL(", ").join(map(Identifier, sort_key(dataset)))
    connection.execute("SET LOCAL maintenance_work_mem = '128MB'")
    connection.execute(
        SQL(
            "ALTER TABLE {} ADD PRIMARY KEY ({}), "
            "ADD CONSTRAINT in_year CHECK (interval_start_utc >= {} AND interval_start_utc < {})"
        ).format(aside, key, first, end)
    )
    # Rows lie some days at a time, by place within them: so this alone makes one day fast to read.
    arriving_days = Identifier(f"{dataset.name}_{year}_arriving_days")
    connection.execute(
        SQL("CREATE INDEX {} ON {} USING brin (operating_day) WITH (pages_per_range = 32)").format(
            arriving_days, aside
        )
    )
    connection.execute(
        SQL("SET LOCAL lock_timeout = {}").format(Literal(_LONGEST_WAIT_FOR_READERS))
    )
    held = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [partition_name]).fetchone()
    if held and held[0]:
        connection.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(parent))
        connection.execute(SQL("DROP TABLE {}").format(partition))
    connection.execute(SQL("ALTER TABLE {} RENAME TO {}").format(aside, Identifier(partition_name)))
    connection.execute(
        SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            parent, partition, first, end
        )
    )
    connection.execute(SQL("ALTER TABLE {} DROP CONSTRAINT in_year").format(partition))
    connection.execute(
        SQL("ALTER INDEX {} RENAME TO {}").format(
            Identifier(f"{dataset.name}_{year}_arriving_pkey"),
            Identifier(f"{partition_name}_pkey"),
        )
    )
    days = Identifier(f"{partition_name}_days")
    connection.execute(SQL("ALTER INDEX {} RENAME TO {}").format(arriving_days, days))
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
        yield reader


def _replace_days(
    connection: Connection, store: Store, dataset: Dataset, year: int, files: Sequence[PackedFile]
) -> None:
    connection.execute(
        "DELETE FROM operating_days WHERE dataset = %s AND operating_day BETWEEN %s AND %s",
        [dataset.name, dt.date(year, 1, 1), dt.date(year, 12, 31)],
    )
    columns = SQL(", ").join(Identifier(column.name) for column in sql.OPERATING_DAYS)
    statement = SQL("COPY operating_days ({}) FROM STDIN").format(columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in history.operating_days(store, files):
            copy.write_row(row)


def _replace_places(
    connection: Connection, dataset: Dataset, year: int, files: Sequence[PackedFile]
) -> None:
    connection.execute(
        "DELETE FROM places_by_year WHERE dataset = %s AND year = %s", [dataset.name, year]
    )
    if not dataset.place:
        return
    with _reader() as reader:
        reader.execute(packed.places_query(dataset, f"({packed.rows_query(files)})"))
        places = reader.fetchall()
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY places_by_year FROM STDIN") as copy,
    ):
        for place in places:
            copy.write_row((dataset.name, year, *place))


def _refusal(error: psycopg.Error, where: str) -> UsageError | LoadError:
    """Why a connection did not come about, as a sentence."""
    message = _cleaned(error)
    known = {
        "password authentication failed": "the password is wrong: set PGPASSWORD, ~/.pgpass or a "
        "service file",
        "no password supplied": "it asks for a password: set PGPASSWORD, ~/.pgpass or a service "
        "file",
        "definition of service": "there is no such service: see ~/.pg_service.conf",
        "no pg_hba.conf entry": "it lets nobody in from here: see its pg_hba.conf",
    }
    for sign, meaning in known.items():
        if sign in message:
            return UsageError(f"database {where}: {meaning} ({message})")
    if "database" in message and "does not exist" in message:
        return UsageError(f"database {where}: it does not exist; make it with createdb ({message})")
    if "role" in message and "does not exist" in message:
        return UsageError(f"database {where}: there is no such user ({message})")
    return LoadError(f"database {where} cannot be reached: {message}")


def _failure(error: psycopg.Error, where: str) -> UsageError | LoadError:
    """What went wrong with the server in mid-work, as a sentence; the transaction is undone."""
    message = _cleaned(error)
    undone = "what was there is still there"
    match error:
        case errors.InsufficientPrivilege():
            return UsageError(f"database {where}: the user may not do that ({message})")
        case errors.DiskFull():
            return LoadError(f"database {where}: its disk is full ({message}); {undone}")
        case errors.LockNotAvailable():
            return LoadError(
                f"database {where}: another session kept the table for "
                f"{_LONGEST_WAIT_FOR_READERS}; {undone}, run again"
            )
        case psycopg.OperationalError():
            return LoadError(f"database {where}: the connection ended ({message}); {undone}")
        case _:
            return LoadError(f"database {where}: {message}; {undone}")


def _cleaned(error: psycopg.Error) -> str:
    """The server's message as one line, without the addresses that were tried or any password."""
    text = error.diag.message_primary or str(error)
    line = " ".join(text.split("Multiple connection attempts failed")[0].split())
    line = line.rpartition("FATAL: ")[2].strip().removeprefix("connection is bad: ")
    secret = os.environ.get("PGPASSWORD")
    return line.replace(secret, "***") if secret else line
