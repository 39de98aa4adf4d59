"""What the jobs of loading do, and the same by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from isone.errors import UsageError
from isone.load import outputs
from isone.load.postgres_holdings import require_psycopg
from isone.run import address
from isone.run.job import Job
from isone.run.log import log
from isone.store import markers
from isone.store.periods import year_of
from isone.text import count, size


def load_duckdb(it: Job, marker: Path, threads: int) -> None:
    """Build the DuckDB file from everything that is packed, and write its marker."""
    from isone.load import duckdb_file, packed

    it.command("python -m isone load --to duckdb")
    made_from = outputs.made_from_of_duckdb(it.store)
    files = packed.packed_files(it.store, outputs.packed_names(it.store))
    loaded = duckdb_file.build(it.store, files, threads=threads, advance=it.advance)
    path = it.store.duckdb_path
    markers.write(marker, made_from, bytes=path.stat().st_size, rows=loaded.rows)
    rows = count(sum(loaded.rows.values()), "row")
    it.tell(made=f"{rows}, {size(path.stat().st_size)}")
    log.info("%s holds %s", path, counted(loaded.rows))


def load_postgres(it: Job, dataset: str, period: str) -> None:
    """Load all that is packed of a dataset-year into PostgreSQL, and write the markers."""
    load_years(
        it,
        [
            (name, each)
            for name, each in outputs.packed_names(it.store)
            if name == dataset and year_of(each) == year_of(period)
        ],
    )


def load_years(it: Job, names: Sequence[tuple[str, str]], *, rebuild: bool = False) -> None:
    """Load packed dataset-years into PostgreSQL, and write their markers.

    `names` are datasets and periods; `rebuild` drops the schema first, if it is ours.
    """
    settings, store = it.settings, it.store
    it.command("python -m isone load --to postgres")
    if not settings.database:
        raise UsageError("no database is given; say --config database=postgresql://user@host/name")
    require_psycopg()
    from isone.load import packed, postgres, postgres_owner

    files = packed.packed_files(store, names)
    synthetic = settings.source == "sandbox"
    total = 0
    with postgres.connect(settings.database) as connection:
        if rebuild:
            postgres_owner.drop(connection, postgres_owner.schema_name(synthetic=synthetic))
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
    it.tell(made=count(total, "row"))


def counted(rows: Mapping[str, int]) -> str:
    """Tables and their rows, as in a sentence; empty ones left out."""
    return ", ".join(f"{table} {number:,}" for table, number in rows.items() if number) or "no rows"
