"""Loading a packed year, against DuckDB's own CREATE TABLE AS and PostgreSQL's own COPY.

Ours is the whole job: days, places, views, comments, digests, checks, fsync and rename, or the swap
of the partition. DuckDB's own is a new file from the same Parquet file. PostgreSQL's own is the
server reading a CSV of the same rows from its own disk into a new table, with the same key. The
rows are made up here, 1,200 locations by the hour: a whole year for DuckDB, and for PostgreSQL,
which takes ten times as long, the first 69 days. What DuckDB's job does beside the rows, 0.4 s,
does not grow with them.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from bench.lines import PROJECT, Line, median_ratio, median_seconds, memory, take_turns
from bench.options import Options
from isone.load import duckdb_file, packed, postgres, sql
from isone.load.packed import PackedFile
from isone.market.datasets import DATASETS
from isone.market.schema import table_columns
from isone.store.store import Store

sys.path.append(str(PROJECT / "tests"))
from postgres_server import running_server  # noqa: E402 - the tests' own PostgreSQL

DATASET = DATASETS["lmp_da_hourly"]
COLUMNS = table_columns(DATASET)
LOCATIONS = 1_200
_YEAR = 366 * 24 * LOCATIONS  # rows
_TEN_WEEKS = 69 * 24 * LOCATIONS


def make_rows(store: Store, rows: int) -> PackedFile:
    """Pack so many rows, in whole days, in the order and with the metadata of a packed year."""
    days = max(1, round(rows / LOCATIONS / 24))
    path = store.parquet_path(DATASET.name, "2024")
    path.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SELECT setseed(0.5)")
        connection.execute(
            f"""
            COPY (
                SELECT
                    hour AS interval_start_utc, hour + INTERVAL 1 HOUR AS interval_end_utc,
                    CAST(hour - INTERVAL 5 HOUR AS DATE) AS operating_day,
                    '{DATASET.market}' AS market, CAST(4000 + place AS INTEGER) AS location_id,
                    printf('UN.STATION%d %d.8', place % 400, place) AS location,
                    'NETWORK NODE' AS location_type,
                    round(30 + 20 * random(), 2) AS lmp, round(30 + 20 * random(), 2) AS energy,
                    round(random() - 0.5, 2) AS congestion, round(random() - 0.5, 2) AS loss
                FROM
                    (SELECT unnest(range({LOCATIONS})) AS place),
                    (SELECT TIMESTAMPTZ '2024-01-01 05:00:00+00' + to_hours(n) AS hour
                     FROM (SELECT unnest(range({24 * days})) AS n))
                ORDER BY location_id, interval_start_utc
            ) TO {sql.text(str(path))} (
                FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440,
                KV_METADATA {{'isone.source': 'sandbox', 'isone.synthetic_prices': 'true'}}
            )
            """  # noqa: S608 - our own names
        )
    return packed.packed_files(store, [(DATASET.name, "2024")])[0]


def measure(options: Options) -> Iterator[Line]:
    """A line for each database, and one for the memory it takes."""
    rows = {"duckdb": _YEAR, "postgres": _TEN_WEEKS}
    parts = {"duckdb": bench_duckdb, "postgres": bench_postgres}
    for database, bench in parts.items():
        with tempfile.TemporaryDirectory(prefix="isone-bench-") as name:
            folder = Path(name)
            store = Store(folder / "sandbox")
            file = make_rows(store, rows[database] // (10 if options.quick else 1))
            yield bench(folder, store, file, options.rounds)
            what = f"peak memory, {file.rows:,} rows into {database}"
            yield memory(what, "load", database, str(store.root))


def subjects(options: Options) -> dict[str, list[str]]:
    """What to look into."""
    return {f"loading into {name}": [name] for name in ("duckdb", "postgres")}


def subject(database: str, root: str = "") -> None:
    """Load ten weeks, or what a store has."""
    with tempfile.TemporaryDirectory(prefix="isone-bench-") as name:
        store = Store(Path(root or name) / "sandbox" if not root else Path(root))
        file = (
            packed.packed_files(store, [(DATASET.name, "2024")])[0]
            if root
            else make_rows(store, _TEN_WEEKS)
        )
        if database == "duckdb":
            duckdb_file.build(store, [file], threads=os.cpu_count() or 1)
            return
        with running_server() as server, postgres.connect(server.address("postgres")) as connection:
            postgres.load_year(
                connection, postgres.prepare(connection, synthetic=True), store, [file]
            )


def compared(
    rounds: int,
    rows: int,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    peer: str,
    at_least: float,
) -> Line:
    """Both in turn, as rows a second."""
    turns = take_turns(rounds, {"its own": theirs, "ours": ours})
    speed = {name: f"{rows / median_seconds(t) / 1e3:,.0f} k/s" for name, t in turns.items()}
    ratio = median_ratio(turns["its own"], turns["ours"])
    what = f"{rows:,} rows loaded"
    return Line(what, speed["ours"], peer, speed["its own"], ratio, at_least=at_least)


def bench_duckdb(folder: Path, store: Store, file: PackedFile, turns: int) -> Line:
    """Our file against the plainest that DuckDB makes by itself."""
    threads = os.cpu_count() or 1

    def theirs() -> None:
        path = folder / "plain.duckdb"
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"SET threads = {threads}")
            connection.execute(f"CREATE TABLE t AS FROM {sql.text(str(file.path))}")

    def ours() -> None:
        duckdb_file.build(store, [file], threads=threads)

    return compared(turns, file.rows, ours, theirs, "DuckDB's CREATE TABLE AS", 0.85)


def bench_postgres(folder: Path, store: Store, file: PackedFile, turns: int) -> Line:
    """Our load of a year against the server's own reading of a CSV."""
    csv = folder / "rows.csv"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        source, target = sql.text(str(file.path)), sql.text(str(csv))
        connection.execute(f"COPY (FROM {source}) TO {target} (FORMAT csv, HEADER false)")
    folder.chmod(0o755)
    csv.chmod(0o644)
    with running_server() as server:
        server.run("postgres", "ALTER SYSTEM RESET fsync")
        server.run("postgres", "SELECT pg_reload_conf()")
        with postgres.connect(server.address("postgres")) as session:
            tables = postgres.prepare(session, synthetic=True)

            def theirs() -> None:
                with session.transaction():
                    session.execute("DROP TABLE IF EXISTS plain")
                    session.execute(f"CREATE TABLE plain ({sql.definition(COLUMNS)})".encode())
                    session.execute(f"COPY plain FROM {sql.text(str(csv))} (FORMAT csv)".encode())
                    session.execute("SET LOCAL maintenance_work_mem = '128MB'")
                    session.execute(
                        "ALTER TABLE plain ADD PRIMARY KEY (location_id, interval_start_utc)"
                    )
                session.execute("CHECKPOINT")

            def ours() -> None:
                loaded = postgres.load_year(session, tables, store, [file])
                assert loaded.changed, "the year was loaded already"  # noqa: S101
                session.execute("CHECKPOINT")
                postgres.forget_year(session, tables, DATASET.name, 2024)

            return compared(turns, file.rows, ours, theirs, "PostgreSQL's COPY", 1.2)
