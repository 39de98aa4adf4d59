"""Ways to spoil what is stored, as a bad disk or a hand would."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from isone.load import sql
from isone.store.store import Store


def flip_a_bit(path: Path) -> None:
    """Turn one bit around in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def change_marker(
    store: Store, name: tuple[str, str], change: Callable[[dict[str, Any]], object]
) -> None:
    """Edit the JSON of a marker."""
    path = store.marker_path(*name)
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))


def change_parquet(store: Store, name: tuple[str, str], column: str, value: str) -> None:
    """Give a column of a table other values, and keep what the file says of itself."""
    path = store.parquet_path(*name)
    aside = path.with_name("aside")
    with duckdb.connect() as connection:
        kept = dict(
            connection.execute(
                "SELECT decode(key), decode(value) FROM parquet_kv_metadata(?) "
                "WHERE decode(key) LIKE 'isone.%'",
                [str(path)],
            ).fetchall()
        )
        metadata = ", ".join(f"{sql.name(k)}: {sql.text(v)}" for k, v in kept.items())
        connection.execute(
            f"COPY (SELECT * REPLACE ({value} AS {column}) "  # noqa: S608
            f"FROM {sql.text(str(path))}) "
            f"TO {sql.text(str(aside))} (FORMAT parquet, KV_METADATA {{{metadata}}})"
        )
    aside.replace(path)


def change_duckdb(store: Store, statement: str) -> None:
    """Execute a statement in the DuckDB file."""
    with duckdb.connect(str(store.duckdb_path)) as connection:
        connection.execute(statement)
