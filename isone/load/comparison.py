"""Whether two stores hold the same rows: counted and digested by day, in any order of rows.

A day's digest is the sum of a 64-bit hash of each of its rows, so digests of parts of a day add up,
and rows that are missing, doubled or different in any column change it.
"""

import contextlib
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from isone.errors import DamagedError, LoadError
from isone.load import packed, sql
from isone.load.duckdb_file import MEMORY_LIMIT, first_line
from isone.load.packed import PackedFile
from isone.market.dataset import Dataset
from isone.market.schema import table_columns
from isone.store.store import Store
from isone.text import count

if TYPE_CHECKING:
    from isone.load.postgres_owner import Tables
    from isone.load.postgres_tables import Connection

_TOLERANCE = 0.02
"""$/MWh by which an hour may be off the mean of its five-minute prices: its three components are
rounded to the cent, each by itself."""

DAY_COLUMNS = ("verdict", "revision", "rows", "files", "digest", "source", "gap_reason",
               "accepted_flaws", "suspects")  # fmt: skip
"""The columns of `operating_days` that are compared with the manifest."""


@contextlib.contextmanager
def _reading_packed() -> Iterator[None]:
    """Raise DamagedError where a packed file turns out to be damaged while its rows are read."""
    try:
        yield
    except duckdb.Error as error:
        raise DamagedError(f"rows of a packed file cannot be read: {first_line(error)}") from error


@dataclass(frozen=True)
class DayDigests:
    """Rows and digest of each operating day."""

    days: dict[dt.date, tuple[int, int]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The rows of all days."""
        return sum(rows for rows, _ in self.days.values())

    @property
    def digest(self) -> str:
        """One digest over all days, in hexadecimal."""
        return f"{sum(digest for _, digest in self.days.values()) % (1 << 128):032x}"

    def add(self, other: "DayDigests") -> None:
        """Count more rows in."""
        for day, (rows, digest) in other.days.items():
            had_rows, had_digest = self.days.get(day, (0, 0))
            self.days[day] = had_rows + rows, had_digest + digest

    def differences(self, other: "DayDigests") -> dict[dt.date, str]:
        """The days that `other` has differently, each with what is different about it."""
        found: dict[dt.date, str] = {}
        for day in sorted(self.days.keys() | other.days.keys()):
            expected, seen = self.days.get(day, (0, 0)), other.days.get(day, (0, 0))
            if expected[0] != seen[0]:
                found[day] = f"{count(seen[0], 'row')} instead of {expected[0]:,}"
            elif expected != seen:
                found[day] = f"{count(seen[0], 'row')}, as there should be, but with other values"
        return found


@dataclass(frozen=True)
class HourlyAudit:
    """The five-minute prices of a year against the hourly ones."""

    hours: int
    worst: float
    """Largest difference, $/MWh."""
    days_off: dict[dt.date, float]
    """Days with an hour that is off by more than rounding explains, and by how much."""


class Comparison:
    """Digests rows wherever they are. Use it as a context manager."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'; SET TimeZone = 'UTC'")

    def __enter__(self) -> "Comparison":
        return self

    def __exit__(self, *exc: object) -> None:
        self._connection.close()

    def packed_files(self, store: Store, names: Iterable[tuple[str, str]]) -> list[PackedFile]:
        """What `packed.packed_files` gives, and raises."""
        return packed.packed_files_by(self._connection, store, names)

    def of_table(self, dataset: Dataset, table: pa.Table) -> DayDigests:
        """The days of rows in memory."""
        self._connection.register("rows_in_memory", table)
        try:
            return self._digest(dataset, "rows_in_memory")
        finally:
            self._connection.unregister("rows_in_memory")

    @_reading_packed()
    def of_files(self, dataset: Dataset, files: Sequence[PackedFile]) -> DayDigests:
        """The days of packed files of one dataset, each day of each location counted once.

        Raises DamagedError where their rows cannot be read.
        """
        return self._digest(dataset, f"({packed.rows_query(files)})")

    def of_duckdb(self, dataset: Dataset, path: Path, year: int) -> DayDigests:
        """A year's days in a DuckDB file."""
        with self._attached(path):
            return self._digest(
                dataset,
                f"(SELECT * FROM loaded.main.{sql.name(dataset.name)} "
                f"WHERE operating_day BETWEEN DATE '{year}-01-01' AND DATE '{year}-12-31')",
            )

    def files_in_duckdb(self, path: Path) -> Mapping[tuple[str, str], str]:
        """The dataset-years that a DuckDB file was built from, with their manifests' digests."""
        with self._attached(path):
            self._connection.execute(
                "SELECT dataset, period, manifest_digest FROM loaded.main.packed_files"
            )
            return {(row[0], row[1]): row[2] for row in self._connection.fetchall()}

    def days_in_duckdb(
        self, dataset: Dataset, path: Path, year: int
    ) -> dict[dt.date, tuple[object, ...]]:
        """What a DuckDB file's table `operating_days` says of a year's days: `DAY_COLUMNS`."""
        with self._attached(path):
            self._connection.execute(
                f"SELECT operating_day, {', '.join(map(sql.name, DAY_COLUMNS))} "
                "FROM loaded.main.operating_days WHERE dataset = ? AND year(operating_day) = ?",
                [dataset.name, year],
            )
            return {row[0]: row[1:] for row in self._connection.fetchall()}

    def of_postgres(
        self, dataset: Dataset, connection: "Connection", tables: "Tables", year: int
    ) -> DayDigests:
        """A year's days in PostgreSQL, read back as CSV, which keeps every digit."""
        from pyarrow import csv

        from isone.load import postgres

        columns = table_columns(dataset)
        kinds = {  # instants come as microseconds since the epoch
            column.name: pa.int64() if column.type == "timestamp" else column.arrow
            for column in columns
        }
        found = DayDigests()
        with postgres.rows_as_csv(connection, tables, dataset, year) as pieces:
            stream = pa.PythonFile(io.BufferedReader(_Pieces(pieces)), mode="r")
            try:
                batches = csv.open_csv(
                    stream,
                    csv.ReadOptions(column_names=[column.name for column in columns]),
                    convert_options=csv.ConvertOptions(
                        column_types=kinds,
                        null_values=[""],
                        strings_can_be_null=True,
                        quoted_strings_can_be_null=False,
                    ),
                )
            except pa.ArrowInvalid:  # pyarrow's word for a table without rows
                return found
            for batch in batches:
                found.add(self.of_table(dataset, _with_timestamps(batch)))
        return found

    @_reading_packed()
    def hourly_audit(self, five: Sequence[PackedFile], hourly: Sequence[PackedFile]) -> HourlyAudit:
        """The hourly means of packed five-minute prices against packed hourly prices.

        Raises DamagedError where their rows cannot be read.
        """
        self._connection.execute(
            f"""
            SELECT operating_day, count(*), max(abs(five.lmp - hourly.lmp))
            FROM (
                SELECT
                    operating_day, location_id, epoch(interval_start_utc)::BIGINT // 3600 AS hour,
                    avg(lmp) AS lmp
                FROM ({packed.rows_query(five)}) GROUP BY ALL HAVING count(*) = 12
            ) AS five
            JOIN (
                SELECT location_id, epoch(interval_start_utc)::BIGINT // 3600 AS hour, lmp
                FROM ({packed.rows_query(hourly)})
            ) AS hourly USING (location_id, hour)
            GROUP BY operating_day ORDER BY operating_day
            """
        )
        rows = self._connection.fetchall()
        return HourlyAudit(
            hours=sum(row[1] for row in rows),
            worst=round(max((row[2] for row in rows), default=0.0), 4),
            days_off={row[0]: round(row[2], 4) for row in rows if row[2] > _TOLERANCE},
        )

    def _digest(self, dataset: Dataset, source: str) -> DayDigests:
        columns = ", ".join(
            f"CAST({sql.name(column.name)} AS {column.sql})" for column in table_columns(dataset)
        )
        self._connection.execute(
            f"SELECT operating_day, count(*), sum(hash({columns})) FROM {source} GROUP BY ALL"
        )
        return DayDigests({row[0]: (row[1], int(row[2])) for row in self._connection.fetchall()})

    @contextlib.contextmanager
    def _attached(self, path: Path) -> Iterator[None]:
        """Raises LoadError for a file that is no whole database of this layout."""
        try:
            self._connection.execute(f"ATTACH {sql.text(str(path))} AS loaded (READ_ONLY)")
            try:
                yield
            finally:
                self._connection.execute("DETACH loaded")
        except duckdb.Error as error:
            raise LoadError(
                f"{path} cannot be read ({first_line(error)}); remove it and run `snakemake -j1 "
                "load`"
            ) from error


class _Pieces(io.RawIOBase):
    """A file made of pieces that arrive one by one."""

    def __init__(self, pieces: Iterator[memoryview]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # as io calls it
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


def _with_timestamps(batch: pa.RecordBatch) -> pa.Table:
    """Microseconds since the epoch as timestamps."""
    table = pa.Table.from_batches([batch])
    for name in ("interval_start_utc", "interval_end_utc"):
        index = table.schema.get_field_index(name)
        if index >= 0:  # a snapshot has no end
            timestamps = table.column(index).cast(pa.timestamp("us", tz="UTC"))
            table = table.set_column(index, name, timestamps)
    return table
