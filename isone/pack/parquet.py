"""What the Parquet files say of themselves: declared types, units and meaning, and their origin."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from isone import __version__
from isone.errors import DamagedTableError
from isone.market.dataset import Dataset
from isone.market.locations import Locations
from isone.market.schema import TableColumn, table_columns
from isone.store.year_marker import Manifest

_PREFIX = "isone."


def arrow_schema(dataset: Dataset, metadata: Mapping[str, str] | None = None) -> pa.Schema:
    """The columns of a dataset's file; each field's metadata has its `unit` and `meaning`."""
    prefixed = {f"{_PREFIX}{key}": value for key, value in (metadata or {}).items()}
    return pa.schema([_field(column) for column in table_columns(dataset)], prefixed or None)


def _field(column: TableColumn) -> pa.Field:
    described = {"meaning": column.meaning}
    if column.unit:
        described["unit"] = column.unit
    return pa.field(column.name, column.parquet, column.nullable, described)


def metadata_of(dataset: Dataset, manifest: Manifest, chosen: Locations) -> dict[str, str]:
    """What a file says of itself, as its metadata `isone.{key}`."""
    return {
        "dataset": dataset.name,
        "title": dataset.title,
        "period": manifest.period,
        "first_day": manifest.first_day,
        "last_day": manifest.last_day,
        "locations": chosen if isinstance(chosen, str) else " ".join(map(str, chosen)),
        "source": manifest.source,
        "synthetic_prices": str(manifest.synthetic_prices).lower(),
        "revision": manifest.revision,
        "manifest_sha256": manifest.sha256,
        "created_by": f"isone-prices {__version__}",
    }


def read_metadata(path: Path) -> dict[str, str]:
    """What a file says of itself. Raises DamagedError for one that was cut off."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (pa.ArrowInvalid, OSError) as error:
        raise DamagedTableError(path) from error
    return {
        key.decode().removeprefix(_PREFIX): value.decode()
        for key, value in metadata.items()
        if key.startswith(_PREFIX.encode())
    }
