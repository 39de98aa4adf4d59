"""What is handed over to an object store: the finished tables, the database and the report.

Raw responses, markers and what the jobs say of themselves stay on disk: they are written by rename,
and locked, and an object store knows neither.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isone.errors import UsageError
from isone.report import outputs
from isone.run.settings import read_settings
from isone.store.periods import year_of
from isone.store.store import Store

_ADDRESS = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.=-]+)*/?")


@dataclass(frozen=True)
class Delivery:
    """What goes where."""

    to: str
    """An `s3://` address without a slash at its end."""
    files: Mapping[str, Path]
    """The files that are there, by their names below that address."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Delivery":
        """Read a configuration, of which `to` is the one key of its own.

        Raises UsageError for an address that cannot be, and where there is nothing to hand over.
        """
        to = str(config.get("to", ""))
        if not _ADDRESS.fullmatch(to):
            said = f"{to!r} is none" if to else "none is given"
            raise UsageError(f"to: needs an address such as s3://bucket/isone, and {said}")
        rest = {key: value for key, value in config.items() if key != "to"}
        settings = read_settings(rest)
        store = Store(settings.store_dir)
        report = outputs.Outputs.of(settings)
        files = {_table_name(path): path for path in _tables(store)}
        files |= {"isone.duckdb": store.duckdb_path}
        files |= {f"reports/{path.name}": path for path in (report.page, report.key_numbers)}
        found = {name: path for name, path in files.items() if path.is_file()}
        if not found:
            raise UsageError(
                f"there is nothing to hand over in {store.root} yet; run the workflow first"
            )
        return cls(to.rstrip("/"), found)

    def source(self, wildcards: Any) -> str:
        """The file behind a name."""
        return str(self.files[wildcards.name])


def _tables(store: Store) -> list[Path]:
    """The Parquet files, the newest last."""
    return sorted(store.parquet_dir.glob("*/*.parquet"), key=lambda path: path.stat().st_mtime)


def _table_name(path: Path) -> str:
    """A table by its dataset and year alone.

    So the next file of a year that is still open takes the place of the one before it, and a whole
    folder counts no row twice.
    """
    return f"parquet/{path.parent.name}/{year_of(path.stem)}.parquet"
