"""Loading a packed year: DuckDB against its own CREATE TABLE AS, PostgreSQL against its own COPY.

Ours is the whole job: days, places, views, comments, digests, checks, fsync and rename, or the swap
of the partition. DuckDB's own is a new file from the same Parquet file. PostgreSQL's own is the
server reading a CSV of the same rows from its own disk into a new table, with the same key. Both
take turns in one run; the rows are made up here, 1,200 locations by the hour.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

import duckdb  # noqa: E402 - found only now
from postgres_server import running_server  # noqa: E402

from isone.database import duckdb_file, packed, postgres, sql  # noqa: E402
from isone.database.packed import PackedFile  # noqa: E402
from isone.datasets import DATASETS  # noqa: E402
from isone.store import Store  # noqa: E402
from isone.tables import table_columns  # noqa: E402

DATASET = DATASETS["lmp_da_hourly"]
COLUMNS = table_columns(DATASET)
LOCATIONS = 1_200


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
                KV_METADATA {{'isone.source': 'sandbox', 'isone.invented_prices': 'true'}}
            )
            """  # noqa: S608 - our own names
        )
    return packed.packed_files(store, [(DATASET.name, "2024")])[0]


def take_turns(
    turns: int, rows: int, ours: Callable[[], object], theirs: Callable[[], object], what: str
) -> float:
    """Time both, in turns, after one of each that does not count; print and return the ratio."""
    taken: dict[str, list[float]] = {"ours": [], "its own": []}
    for turn in range(turns + 1):
        for name, run in (("its own", theirs), ("ours", ours)):
            begun = time.perf_counter()
            run()
            if turn:
                taken[name].append(time.perf_counter() - begun)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    ratio = medians["its own"] / medians["ours"]
    print(
        f"{what:<12}{rows:>12,}{rows / medians['its own'] / 1e3:>14,.0f} k/s"
        f"{rows / medians['ours'] / 1e3:>12,.0f} k/s{ratio:>10.2f}"
    )
    return ratio


def bench_duckdb(folder: Path, store: Store, file: PackedFile, turns: int) -> float:
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

    return take_turns(turns, file.rows, ours, theirs, "DuckDB")


def bench_postgres(folder: Path, store: Store, file: PackedFile, turns: int) -> float:
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
        with postgres.connect(server.address("postgres")) as connection:
            tables = postgres.prepare(connection, invented=True)

            def theirs() -> None:
                with connection.transaction():
                    connection.execute("DROP TABLE IF EXISTS plain")
                    connection.execute(f"CREATE TABLE plain ({sql.definition(COLUMNS)})".encode())
                    connection.execute(
                        f"COPY plain FROM {sql.text(str(csv))} (FORMAT csv)".encode()
                    )
                    connection.execute("SET LOCAL maintenance_work_mem = '128MB'")
                    connection.execute(
                        "ALTER TABLE plain ADD PRIMARY KEY (location_id, interval_start_utc)"
                    )
                connection.execute("CHECKPOINT")

            def ours() -> None:
                loaded = postgres.load_year(connection, tables, store, [file])
                assert loaded.changed, "the year was loaded already"  # noqa: S101
                connection.execute("CHECKPOINT")
                postgres.forget_year(connection, tables, DATASET.name, 2024)

            return take_turns(turns, file.rows, ours, theirs, "PostgreSQL")


def main() -> int:
    """Run both and print the figures side by side; 1 where a ratio is below what is held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows to load (%(default)s)")
    parser.add_argument("--turns", type=int, default=5, help="times each (%(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="isone-bench-") as name:
        folder = Path(name)
        store = Store(folder / "sandbox")
        file = make_rows(store, options.rows)
        print(f"{'':<12}{'rows':>12}{'its own':>18}{'ours':>16}{'ratio':>10}   (hold 0.80)")
        ratios = [
            bench_duckdb(folder, store, file, options.turns),
            bench_postgres(folder, store, file, options.turns),
        ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:,.0f} MB")
    return int(min(ratios) < 0.8)


if __name__ == "__main__":
    sys.exit(main())
