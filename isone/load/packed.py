"""What is packed: the Parquet files, what they say of themselves, and which rows of which count.

Two files may hold the same days: a year that was still open (`2026.through-20261110`) and the same
year later, or the hub and zones beside all locations. Each day of each location is then taken from
one file only: the one that goes on longest, and of these the one with the most locations.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from isone.errors import DamagedError, DamagedTableError, LoadError
from isone.load import sql
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.schema import table_columns
from isone.store.files import sha256_of_file
from isone.store.periods import year_of
from isone.store.store import Store

_GLOB_CHARACTERS = re.compile(r"([*?\[])")
_SCOPES = {"all": 0, "": 1}  # any other scope is a chosen list of locations


@dataclass(frozen=True)
class PackedFile:
    """A Parquet file of a dataset-year, and what its metadata says of it."""

    dataset: str
    period: str
    path: Path
    rows: int
    source: str
    synthetic: bool
    manifest_digest: str

    @property
    def year(self) -> int:
        """The year of its operating days."""
        return year_of(self.period)

    @property
    def digest(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return sha256_of_file(self.path)

    @property
    def precedence(self) -> tuple[Any, ...]:
        """Where files hold the same day of the same location, the one that sorts first counts."""
        through = re.search(r"through-(\d{8})", self.period)
        scope = re.search(r"\.(all|at-\w+)$", self.period)
        last = int(through[1]) if through else self.year * 10000 + 1231
        return self.year, -last, _SCOPES.get(scope[1] if scope else "", 2), self.period


def packed_files(store: Store, names: Iterable[tuple[str, str]]) -> list[PackedFile]:
    """The files of these datasets and periods, by dataset, year and precedence.

    Raises LoadError for one that is not there, DamagedError for one that is not whole, or that
    has other columns.
    """
    with duckdb.connect() as connection:
        return packed_files_by(connection, store, names)


def packed_files_by(
    connection: duckdb.DuckDBPyConnection, store: Store, names: Iterable[tuple[str, str]]
) -> list[PackedFile]:
    """The same, read by a connection that is open already: to open one takes longer than all."""
    found = [_inspect(connection, store, dataset, period) for dataset, period in names]
    order = list(DATASETS)
    return sorted(found, key=lambda file: (order.index(file.dataset), file.precedence))


def by_year(files: Sequence[PackedFile]) -> Iterator[tuple[str, int, list[PackedFile]]]:
    """The files of each dataset-year, in order."""
    for (dataset, year), group in groupby(files, key=lambda file: (file.dataset, file.year)):
        yield dataset, year, list(group)


def rows_query(files: Sequence[PackedFile]) -> str:
    """A query for the rows of one dataset, each day of each location from one file only.

    The files must come in the order of `packed_files`.
    """
    dataset = DATASETS[files[0].dataset]
    plain = [group for _, _, group in by_year(files) if len(group) == 1]
    requests: list[str] = []
    if plain:
        requests.append(_select(dataset, [group[0].path for group in plain]))
    requests += [_merged(dataset, group) for _, _, group in by_year(files) if len(group) > 1]
    return " UNION ALL ".join(requests)


def locations_query(dataset: Dataset, rows: str) -> str:
    """A query for the locations or reserve zones of some rows, each once, by its newest name."""
    key = dataset.id_key
    kind = sql.text(key.kind.upper()) if key and not key.type_field else "location_type"
    return (
        "SELECT location_id, arg_max(location, operating_day) AS location, "
        f"arg_max({kind}, operating_day) AS location_type, "
        "min(operating_day) AS first_day, max(operating_day) AS last_day "
        f"FROM {rows} GROUP BY location_id ORDER BY location_id"
    )


def _merged(dataset: Dataset, group: Sequence[PackedFile]) -> str:
    """The rows of files that may overlap: of a later one, only what no earlier one has."""
    keys = "operating_day, location_id" if dataset.id_key else "operating_day"
    requests = [_select(dataset, [group[0].path])]
    for number, file in enumerate(group[1:], 1):
        earlier = _source([each.path for each in group[:number]])
        requests.append(
            f"{_select(dataset, [file.path])} ANTI JOIN (SELECT DISTINCT {keys} FROM {earlier}) "
            f"USING ({keys})"
        )
    return " UNION ALL ".join(requests)


def _select(dataset: Dataset, paths: Sequence[Path]) -> str:
    return f"SELECT {sql.columns(table_columns(dataset))} FROM {_source(paths)}"


def _source(paths: Sequence[Path]) -> str:
    listed = ", ".join(sql.text(_as_pattern(path)) for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def _as_pattern(path: Path) -> str:
    """A path such that DuckDB finds no pattern in it."""
    return _GLOB_CHARACTERS.sub(r"[\1]", str(path))


def _inspect(
    connection: duckdb.DuckDBPyConnection, store: Store, dataset: str, period: str
) -> PackedFile:
    path = store.parquet_path(dataset, period)
    if not path.is_file():
        raise LoadError(f"{path} is not there; run `snakemake -j1 --config … -- pack` first")
    try:
        pattern = _as_pattern(path)
        found = connection.execute(
            "SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)", [pattern]
        ).fetchall()
        rows = connection.execute(
            "SELECT num_rows FROM parquet_file_metadata(?)", [pattern]
        ).fetchall()
        columns = connection.execute(f"DESCRIBE SELECT * FROM {_source([path])}").fetchall()
    except duckdb.Error as error:
        raise DamagedTableError(path) from error
    expected = [
        (column.name, column.sql.replace("DOUBLE PRECISION", "DOUBLE"))
        for column in table_columns(DATASETS[dataset])
    ]
    if [(each[0], each[1]) for each in columns] != expected:
        raise DamagedError(
            f"{path} was packed by another version, with other columns; delete it and run "
            "`snakemake -j1 --config … -- pack`: it is made again from the responses that are here"
        )
    metadata = {key.removeprefix("isone."): value for key, value in found}
    return PackedFile(
        dataset=dataset,
        period=period,
        path=path,
        rows=int(rows[0][0]),
        source=metadata.get("source", "unknown"),
        synthetic=metadata.get("synthetic_prices", "").lower() == "true",
        manifest_digest=metadata.get("manifest_sha256", ""),
    )
