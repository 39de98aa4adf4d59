"""What Snakemake's jobs of the room "load" do: each with its journal around it."""

from collections.abc import Mapping
from typing import Any

from isone.errors import UsageError
from isone.load import outputs
from isone.load.postgres_holdings import require_psycopg
from isone.run import address
from isone.run.journal import Journal, log
from isone.run.once import do_once
from isone.run.settings import Settings, read_settings
from isone.store import markers
from isone.store.store import Store
from isone.text import count


def load_duckdb(config: Mapping[str, Any], log_path: str | None, threads: int) -> int:
    """Build the DuckDB file from everything that is packed; returns the exit code."""
    settings = read_settings(config)
    store = Store(settings.store_dir)

    def work(journal: Journal) -> None:
        from isone.load import duckdb_file, packed

        made_from = outputs.made_from_of_duckdb(store)
        files = packed.packed_files(store, outputs.packed_names(store))
        loaded = duckdb_file.build(store, files, threads=threads)
        path = store.duckdb_path
        size = path.stat().st_size
        markers.write(store.duckdb_marker, made_from, bytes=size, rows=loaded.rows)
        journal.tell(rows=loaded.rows)
        log.info("%s holds %s", path, counted(loaded.rows))

    command = "python scripts/load_duckdb.py"
    return do_once(settings, "load_duckdb", command, log_path, work)


def load_postgres(config: Mapping[str, Any], dataset: str, period: str, log_path: str) -> int:
    """Load a dataset-year into PostgreSQL; returns the exit code."""
    settings = read_settings(config)
    store = Store(settings.store_dir)

    def work(journal: Journal) -> None:
        names = [
            name
            for name in outputs.packed_names(store)
            if name[0] == dataset and name[1][:4] == period[:4]
        ]
        journal.tell(rows=_load_years(settings, store, names))

    name = f"load_postgres_{dataset}_{period}"
    command = "python scripts/load_postgres.py"
    return do_once(settings, name, command, log_path, work)


def load_all_postgres(config: Mapping[str, Any], *, rebuild: bool) -> int:
    """Load everything that is packed into PostgreSQL, by hand; the exit code.

    `rebuild` drops the schema first, if it is ours.
    """
    settings = read_settings(config)
    store = Store(settings.store_dir)

    def work(journal: Journal) -> None:
        names = outputs.packed_names(store)
        journal.tell(rows=_load_years(settings, store, names, rebuild=rebuild))

    command = "python scripts/load_postgres.py"
    return do_once(settings, "load_postgres", command, None, work)


def _load_years(
    settings: Settings, store: Store, names: list[tuple[str, str]], *, rebuild: bool = False
) -> int:
    """Load the dataset-years of these packed files and write their markers; returns the rows."""
    if not settings.database:
        raise UsageError("no database is given; say --config database=postgresql://user@host/name")
    require_psycopg()
    from isone.load import packed, postgres, postgres_schema

    files = packed.packed_files(store, names)
    synthetic = settings.source == "sandbox"
    total = 0
    with postgres.connect(settings.database) as connection:
        if rebuild:
            postgres_schema.drop(connection, postgres_schema.schema_name(synthetic=synthetic))
        tables = postgres.prepare(connection, synthetic=synthetic, hypertables=settings.timescaledb)
        postgres.list_locations(connection, tables, store)
        for dataset, year, group in packed.by_year(files):
            loaded = postgres.load_year(connection, tables, store, group)
            total += loaded.rows
            news = "loaded" if loaded.changed else "was loaded already, nothing changed"
            log.info("%s %d: %s, %s", dataset, year, count(loaded.rows, "row"), news)
            made_from = outputs.made_from_of_postgres(store, settings, dataset, year)
            content = {
                "database": address.target(settings.database),
                "database_id": tables.database_id,
                "schema": tables.schema,
                "dataset": dataset,
                "year": year,
                "periods": [file.period for file in group],
                "digest": loaded.digest,
                "rows": loaded.rows,
            }
            for file in group:
                path = outputs.postgres_marker(store, settings.database, dataset, file.period)
                markers.write(path, made_from, **content)
    return total


def counted(rows: Mapping[str, int]) -> str:
    """Tables and their rows, as in a sentence; empty ones left out."""
    return ", ".join(f"{table} {number:,}" for table, number in rows.items() if number) or "no rows"
