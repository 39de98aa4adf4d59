"""The DuckDB file: every dataset's table, the days behind them, the views; built aside, renamed."""

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from isone import __version__
from isone.errors import LoadError
from isone.load import history, packed, sql, views
from isone.load.history import DayRow
from isone.load.packed import PackedFile
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.schema import TableColumn
from isone.run.progress import Advance, unseen
from isone.store.files import make_folder, name_aside, sync
from isone.store.store import Store

MEMORY_LIMIT = "320MB"
BATCH_ROWS = 50_000_000
"""Written between opening the file and closing it; a larger year is written whole."""


@dataclass(frozen=True)
class Loaded:
    """What a database holds: its files with their digests, and the rows of each table."""

    files: dict[str, str]
    rows: dict[str, int]


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a finished database for reading, with timestamps shown in market time.

    A view in it may read no other file: somebody else may have made it.
    """
    connection = duckdb.connect(
        str(path), read_only=True, config={"enable_external_access": "false"}
    )
    connection.execute(f"SET TimeZone = {sql.text(market_time.MARKET_ZONE.key)}")
    return connection


def build(
    store: Store,
    files: Sequence[PackedFile],
    *,
    threads: int = 1,
    path: Path | None = None,
    advance: Advance = unseen,
) -> Loaded:
    """Build the database again from these files, and put it in the old one's place in one step.

    `files` as `packed.packed_files` gives them. Whoever has the old file open keeps reading the old
    one. `advance` is told how many rows are in it. Raises LoadError where a file turns out to be
    damaged, or is no year of its dataset.
    """
    path = path or store.duckdb_path
    make_folder(path.parent)
    aside = name_aside(path)
    try:
        rows = _fill(aside, store, files, threads, advance)
        sync(aside)
        aside.replace(path)
        sync(path.parent)
    except duckdb.OutOfMemoryException as error:
        raise LoadError(
            f"{path} could not be built in {MEMORY_LIMIT} of memory: {error}"
        ) from error
    except duckdb.Error as error:
        why = first_line(error)
        if "Could not set lock on file" in why:  # nobody else knows the file's name
            why = "its file system has no locks, which DuckDB needs; put data_dir on another"
        raise LoadError(f"{path} could not be built: {why}") from error
    finally:
        for leftover in (aside, aside.with_name(f"{aside.name}.wal")):
            leftover.unlink(missing_ok=True)
        shutil.rmtree(aside.with_name(f"{aside.name}.tmp"), ignore_errors=True)
    return Loaded({f"{f.dataset}/{f.period}": f.digest for f in files}, rows)


def first_line(error: BaseException) -> str:
    """DuckDB's message without the excerpt of the statement that it adds."""
    return str(error).split("\n", 1)[0]


@contextlib.contextmanager
def _writing(path: Path, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """One transaction: else each of 200 small statements waits for the disk.

    At its end the database is closed, for as long as it is open DuckDB keeps something in memory of
    each block that it has written, whatever its memory limit says.
    """
    with contextlib.closing(duckdb.connect(str(path))) as connection:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'; SET threads = {threads:d}")
        connection.execute("SET TimeZone = 'UTC'; BEGIN")
        yield connection
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")  # closing does so too, and is silent where it fails


def _fill(
    path: Path, store: Store, files: Sequence[PackedFile], threads: int, advance: Advance
) -> dict[str, int]:
    rows = dict.fromkeys(DATASETS, 0)
    total = sum(file.rows for file in files)
    batches = list(_batches(files)) or [[]]
    if len(batches) > 1:
        batches.append([])  # much was written: read it for the small tables with memory let go of
    for number, batch in enumerate(batches, start=1):
        with _writing(path, threads) as connection:
            if number == 1:
                for table, _, columns in sql.all_tables():
                    connection.execute(
                        f"CREATE TABLE {sql.name(table)} ({sql.definition(columns)})"
                    )
            for dataset, _, year in packed.by_year(batch):
                rows[dataset] += _insert(connection, dataset, packed.rows_query(year))
                advance(sum(rows.values()), total, "rows")
            if number == len(batches):
                filled = [dataset for dataset, number in rows.items() if number]
                rows |= _fill_small_tables(connection, store, files, filled)
    return rows


def _fill_small_tables(
    connection: duckdb.DuckDBPyConnection,
    store: Store,
    files: Sequence[PackedFile],
    filled: Sequence[str],
) -> dict[str, int]:
    """Days, locations, views and comments, of all that has been inserted into the `filled`."""
    rows = {
        "operating_days": _add_days(connection, history.operating_days(store, files), filled),
        "locations": _insert(connection, "locations", _locations_query()),
        "listed_locations": _add_rows(
            connection, "listed_locations", sql.LISTED_LOCATIONS, history.listed_locations(store)
        ),
    }
    _add_packed_files(connection, files)
    _add_about(connection, files)
    _describe(connection, synthetic=any(file.synthetic for file in files))
    return rows


def _batches(files: Sequence[PackedFile]) -> Iterator[list[PackedFile]]:
    """Whole dataset-years, in order, as many together as are not too many rows at once."""
    batch: list[PackedFile] = []
    for _, _, year in packed.by_year(files):
        if batch and sum(file.rows for file in [*batch, *year]) > BATCH_ROWS:
            yield batch
            batch = []
        batch += year
    if batch:
        yield batch


def _insert(connection: duckdb.DuckDBPyConnection, table: str, query: str) -> int:
    connection.execute(f"INSERT INTO {sql.name(table)} {query}")
    counted = connection.fetchall()
    return int(counted[0][0])


def _add_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[TableColumn],
    rows: Sequence[tuple[Any, ...]],
) -> int:
    lists = ", ".join(f"unnest(CAST(? AS {column.sql}[]))" for column in columns)
    values = [list(column) for column in zip(*rows, strict=True)] or [[]] * len(columns)
    connection.execute(f"INSERT INTO {sql.name(table)} SELECT {lists}", values)
    return len(rows)


def _add_days(
    connection: duckdb.DuckDBPyConnection, days: Sequence[DayRow], filled: Sequence[str]
) -> int:
    """Add the days of the manifests, and name those that have prices and no manifest."""
    _add_rows(connection, "operating_days", sql.OPERATING_DAYS, days)
    for dataset in filled:
        connection.execute(
            f"""
            INSERT INTO operating_days
            SELECT ?, operating_day, '{sql.NO_MANIFEST}', NULL, NULL, '', '', NULL, NULL, '',
                NULL, NULL, NULL
            FROM (SELECT DISTINCT operating_day FROM {sql.name(dataset)})
            ANTI JOIN (SELECT operating_day FROM operating_days WHERE dataset = ?)
                USING (operating_day)
            """,
            [dataset, dataset],
        )
    connection.execute("SELECT count(*) FROM operating_days")
    return int(connection.fetchall()[0][0])


def _locations_query() -> str:
    """Every location and reserve zone of the tables, under its newest name."""
    each = " UNION ALL ".join(
        f"({packed.locations_query(dataset, sql.name(dataset.name))})"
        for dataset in DATASETS.values()
        if dataset.prices_locations
    )
    return (
        "SELECT location_id, arg_max(location, last_day), arg_max(location_type, last_day), "
        f"min(first_day), max(last_day) FROM ({each}) GROUP BY location_id ORDER BY location_id"
    )


def _add_packed_files(connection: duckdb.DuckDBPyConnection, files: Sequence[PackedFile]) -> None:
    connection.execute(
        "CREATE TABLE packed_files (dataset VARCHAR, period VARCHAR, rows BIGINT, source VARCHAR, "
        "synthetic_prices BOOLEAN, manifest_digest VARCHAR)"
    )
    for file in files:
        connection.execute(
            "INSERT INTO packed_files VALUES (?, ?, ?, ?, ?, ?)",
            [
                *(file.dataset, file.period, file.rows, file.source),
                *(file.synthetic, file.manifest_digest),
            ],
        )
    connection.execute(
        "COMMENT ON TABLE packed_files IS 'The Parquet files that this database was built from'"
    )


def _add_about(connection: duckdb.DuckDBPyConnection, files: Sequence[PackedFile]) -> None:
    synthetic = any(file.synthetic for file in files)
    about = {
        "title": "ISO New England price history" + (" - SYNTHETIC PRICES" if synthetic else ""),
        "synthetic_prices": str(synthetic).lower(),
        "sources": ", ".join(sorted({file.source for file in files})),
        "layout": str(sql.LAYOUT),
        "made_by": f"isone-prices {__version__}",
        "built": market_time.utc_now(),
    }
    connection.execute("CREATE TABLE about (key VARCHAR, value VARCHAR)")
    for item in about.items():
        connection.execute("INSERT INTO about VALUES (?, ?)", item)
    connection.execute("COMMENT ON TABLE about IS 'What this database is, by key'")


def _describe(connection: duckdb.DuckDBPyConnection, *, synthetic: bool) -> None:
    """Create the views, and put comments on tables, columns and views.

    DuckDB takes a comment in a statement of its own alone: all in one text cost a fifth less, and
    without a second thread and an optimizer, which such statements have no work for, a quarter. So
    nothing comes after it but the commit.
    """
    warning = "SYNTHETIC PRICES of the sandbox. " if synthetic else ""
    statements: list[str] = []
    for table, comment, columns in sql.all_tables():
        statements += _comments("TABLE", table, warning + comment, columns)
    for view in views.all_views():
        statements.append(f"CREATE VIEW {sql.name(view.name)} AS {view.query}")
        statements += _comments("VIEW", view.name, warning + view.comment, view.columns)
    connection.execute("SET threads = 1; PRAGMA disable_optimizer")
    connection.execute("; ".join(statements))


def _comments(kind: str, name: str, comment: str, columns: Iterable[TableColumn]) -> Iterator[str]:
    """The statements that describe a table or view, and its columns."""
    yield f"COMMENT ON {kind} {sql.name(name)} IS {sql.text(comment)}"
    for column in columns:
        target = f"{sql.name(name)}.{sql.name(column.name)}"
        yield f"COMMENT ON COLUMN {target} IS {sql.text(sql.describe(column))}"
