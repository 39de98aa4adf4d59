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

from isone.errors import LoadError, UsageError
from isone.load import binary_copy, history, packed, sql
from isone.load.duckdb_file import MEMORY_LIMIT, first_line
from isone.load.packed import PackedFile
from isone.load.postgres_schema import REBUILD, Connection, Tables, own, require_layout, schema_name
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.schema import sort_key, table_columns
from isone.run.address import target
from isone.run.settings import require_no_password
from isone.store.store import Store

_BATCH_ROWS = 65_536
_CONNECT_SECONDS = 15
_LONGEST_WAIT_FOR_READERS = "10min"
_NO_ROOM = ("too many connections", "too many clients", "connection slots are reserved")
_FOR_A_PERSON = {
    errors.InsufficientPrivilege.sqlstate: "the user may not do that",
    errors.ReadOnlySqlTransaction.sqlstate: "it takes no changes: name the primary server, and a "
    "user without default_transaction_read_only",
    errors.UntranslatableCharacter.sqlstate: "its encoding does not hold this text: make it with "
    "`createdb --encoding=UTF8 --template=template0`",
    errors.DependentObjectsStillExist.sqlstate: "something of your own depends on what has to be "
    "replaced: drop it, load, and make it again",
}
_PASSING = {
    errors.DiskFull.sqlstate: "its disk is full",
    errors.LockNotAvailable.sqlstate: "another session kept a table longer than lock_timeout "
    "allows; run again",
    errors.IdleInTransactionSessionTimeout.sqlstate: "its idle_in_transaction_session_timeout "
    "ended the load; raise it for this user",
    "25P04": "its transaction_timeout ended the load; raise it for this user",
    errors.AdminShutdown.sqlstate: "it was shut down, or an administrator ended the session; run "
    "again once it is up",
    errors.CrashShutdown.sqlstate: "it broke down; run again once it is up",
}
"""What the server says by its code, and what that means here."""


class NoDatabaseError(UsageError):
    """The server answers and has no database of that name."""


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
    where a person has to mend it, LoadError where running again may do.
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
        raise _refusal(error, where) from None
    try:
        with contextlib.closing(connection):
            yield connection
    except psycopg.Error as error:
        raise _failure(error, where) from None


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
        places = _replace_places(connection, dataset, year, files)
        connection.execute(
            """
            INSERT INTO loads VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, now())
            ON CONFLICT (dataset, year) DO UPDATE SET
                digest = excluded.digest, rows = excluded.rows, days = excluded.days,
                places = excluded.places, periods = excluded.periods,
                source = excluded.source, synthetic_prices = excluded.synthetic_prices,
                loaded = excluded.loaded
            """,
            [
                *(dataset.name, year, digest, rows, days, places),
                ", ".join(file.period for file in files),
                *(", ".join(sorted({f.source for f in files})), any(f.synthetic for f in files)),
            ],
        )
    return YearLoaded(digest, rows, changed=True)


def years_held(
    connection: Connection, tables: Tables, *, only: tuple[str, int] | None = None
) -> list[YearHeld]:
    """The dataset-years that were loaded and are still there: their rows, days and places.

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
            AND places = (
                SELECT count(*) FROM places_by_year
                WHERE places_by_year.dataset = loads.dataset AND places_by_year.year = loads.year
            )
            ORDER BY dataset, year
            """,
            [only and only[0], *(only or (None, None))],
        ).fetchall()
        loads = [YearHeld(str(d), int(str(y)), str(g), int(str(n))) for d, y, g, n in noted]
        if not tables.hypertables:
            partitions = _partitions(connection)
            loads = [load for load in loads if (load.dataset, load.partition) in partitions]
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
    first, _ = market_time.day_bounds(dt.date(year, 1, 1))
    end, _ = market_time.day_bounds(dt.date(year + 1, 1, 1))
    return dt.datetime.fromtimestamp(first, dt.UTC), dt.datetime.fromtimestamp(end, dt.UTC)


def _partitions(connection: Connection) -> set[tuple[object, ...]]:
    """The partitions that are attached to the tables here: table and partition."""
    found = connection.execute(
        "SELECT parent.relname, partition.relname FROM pg_inherits "
        "JOIN pg_class AS parent ON parent.oid = inhparent "
        "JOIN pg_class AS partition ON partition.oid = inhrelid "
        "WHERE parent.relnamespace = current_schema()::regnamespace "
        "AND partition.relnamespace = parent.relnamespace"
    )
    return set(found.fetchall())


def _without_rows(connection: Connection, tables: Tables, loads: Sequence[YearHeld]) -> set[object]:
    """The partitions of these loads that have no row; of hypertables, as if they were such."""
    if not loads:
        return set()
    first_row = SQL("SELECT FROM {} WHERE interval_start_utc >= {} AND interval_start_utc < {}")
    questions = []
    for load in loads:
        table = Identifier(load.dataset if tables.hypertables else load.partition)
        bounds = (Literal(instant) for instant in year_bounds(load.year))
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
    there = connection.execute("SELECT to_regclass(%s)", [partition_name]).fetchone()
    if there != (None,):
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
    statement = SQL("COPY operating_days ({}) FROM STDIN").format(columns)
    days = history.operating_days(store, files)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in days:
            copy.write_row(row)
    return len(days)


def _replace_places(
    connection: Connection, dataset: Dataset, year: int, files: Sequence[PackedFile]
) -> int:
    """Have the places of these files in place of the year's; returns how many they are."""
    connection.execute(
        "DELETE FROM places_by_year WHERE dataset = %s AND year = %s", [dataset.name, year]
    )
    if not dataset.id_key:
        return 0
    with _reader() as reader:
        reader.execute(packed.places_query(dataset, f"({packed.rows_query(files)})"))
        places = reader.fetchall()
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY places_by_year FROM STDIN") as copy,
    ):
        for place in places:
            copy.write_row((dataset.name, year, *place))
    return len(places)


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
        return NoDatabaseError(
            f"database {where}: it does not exist; make it with createdb ({message})"
        )
    if "role" in message and "does not exist" in message:
        return UsageError(f"database {where}: there is no such user ({message})")
    if any(sign in message for sign in _NO_ROOM):
        return LoadError(f"database {where}: it takes no more connections now ({message})")
    return LoadError(f"database {where} cannot be reached: {message}")


def _failure(error: psycopg.Error, where: str) -> UsageError | LoadError:
    """What went wrong with the server in mid-work, as a sentence; the transaction is undone."""
    state, message = error.sqlstate or "", _cleaned(error)
    undone = "what was there is still there"
    if state in _FOR_A_PERSON:
        return UsageError(f"database {where}: {_FOR_A_PERSON[state]} ({message})")
    if state in _PASSING:
        return LoadError(f"database {where}: {_PASSING[state]} ({message}); {undone}")
    if state == "57014":  # the same for whatever ends a statement
        by = (
            "its statement_timeout ended the load; raise it for this user"
            if "timeout" in message
            else "it was cancelled"
        )
        return LoadError(f"database {where}: {by} ({message}); {undone}")
    if state.startswith("42"):  # a name that is not there, or of another kind or type
        return UsageError(
            f"database {where}: its tables are not as this version makes them ({message}); load "
            f"again with `{REBUILD}`, which needs no download"
        )
    if not state or state.startswith("08"):
        return LoadError(f"database {where}: the connection ended ({message}); {undone}")
    return LoadError(f"database {where}: {message}; {undone}")


def _cleaned(error: psycopg.Error) -> str:
    """The server's message as one line, without the addresses that were tried or any password."""
    text = error.diag.message_primary or str(error)
    line = " ".join(text.split("Multiple connection attempts failed")[0].split())
    line = line.rpartition("FATAL: ")[2].strip().removeprefix("connection is bad: ")
    secret = os.environ.get("PGPASSWORD")
    return line.replace(secret, "***") if secret else line
