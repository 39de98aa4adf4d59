"""What files and databases hold, as digests that hang on no order of rows and no moment."""

from pathlib import Path

import duckdb

from isone.load import sql

Content = dict[str, list[str]]
"""By table: the number of its rows, and two sums over their hashes."""

# When something was fetched or loaded differs between two downloads of the same days.
_OF_THE_MOMENT = {
    "operating_days": ["fetched", "first_seen"],
    "packed_files": ["manifest_digest"],
    "loads": ["digest", "loaded"],
}


def parquet(path: Path) -> list[str]:
    """The rows of a Parquet file."""
    with duckdb.connect() as connection:
        return _rows(connection, f"read_parquet({sql.text(str(path))})")


def database(path: Path) -> Content:
    """The tables of a DuckDB file, but for what it says of itself."""
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_type = 'BASE TABLE' AND table_name <> 'about' ORDER BY table_name"
        )
        names = [name for (name,) in connection.fetchall()]
        return {name: _rows(connection, sql.name(name), _OF_THE_MOMENT.get(name)) for name in names}


def _rows(
    connection: duckdb.DuckDBPyConnection, source: str, without: list[str] | None = None
) -> list[str]:
    exclude = f"EXCLUDE ({', '.join(without)})" if without else ""
    connection.execute(
        "SELECT count(*), bit_xor(hash(row)), sum(hash(row)) "  # noqa: S608 - our own names
        f"FROM (SELECT * {exclude} FROM {source}) AS row"
    )
    return [str(value) for value in connection.fetchall()[0]]


def postgres(connection: object, schema: str) -> Content:
    """The tables of a schema in PostgreSQL, but for what it says of itself."""
    ask = connection.execute  # type: ignore[attr-defined]
    names = [
        name
        for (name,) in ask(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s "
            "AND table_type = 'BASE TABLE' AND table_name <> 'about' ORDER BY 1",
            [schema],
        ).fetchall()
    ]
    found: Content = {}
    for name in names:
        gone = _OF_THE_MOMENT.get(name, [])
        row = "to_jsonb(t)" + "".join(f" - '{column}'" for column in gone)
        answer = ask(
            f"SELECT count(*), sum(hashtextextended(({row})::text, 0)::numeric) "  # noqa: S608
            f"FROM {sql.name(schema)}.{sql.name(name)} t"
        ).fetchone()
        found[name] = [str(value) for value in answer]
    return found
