"""Receipts: what was made of proven years, noted beside it.

Snakemake removes what a rule declares before it has it made anew. A table or a database is to stay
until the next one takes its place in one step, so rules declare a receipt instead of it, which is
written last. A receipt whose file is gone says nothing; it is dropped when a run begins.
"""

from collections.abc import Iterator
from pathlib import Path

from isone.store import Store


def of_table(store: Store, dataset: str, period: str) -> Path:
    """Where the receipt of a packed dataset-year lies."""
    return store.root / "packed" / dataset / f"{period}.json"


def of_duckdb(store: Store) -> Path:
    """Where the receipt of the DuckDB file lies."""
    return store.root / "loaded" / "isone.duckdb.json"


def tables(store: Store) -> Iterator[tuple[str, str]]:
    """Dataset and period of every packed dataset-year that has a receipt."""
    for path in sorted((store.root / "packed").glob("*/*.json")):
        yield path.parent.name, path.stem


def drop_stale(store: Store) -> None:
    """Remove the receipts of tables, and of the DuckDB file, that are not there any more."""
    made = {of_duckdb(store): store.duckdb_path}
    made |= {of_table(store, *name): store.parquet_path(*name) for name in tables(store)}
    for receipt, file in made.items():
        if not file.exists():
            receipt.unlink(missing_ok=True)
