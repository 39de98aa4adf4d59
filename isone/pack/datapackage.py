"""`datapackage.json`: what is packed, described for programs that know nothing of this one.

Frictionless Data Package 2.0, https://datapackage.org. All of it is read from the files themselves.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from isone.market.datasets import DATASETS
from isone.pack.parquet import read_metadata
from isone.store.files import sha256_of_file, write_json
from isone.store.store import Store

_SYNTHETIC = "These prices are synthetic: they come from the sandbox, not from ISO New England."


def write_datapackage(store: Store) -> int:
    """Describe every packed file in `parquet/datapackage.json`, in one step; returns their number.

    Raises DamagedError for a file that was cut off.
    """
    files = [path for name in DATASETS for path in store.tables(name)]
    resources = [_resource(store.parquet_dir, path) for path in files]
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "isone-prices",
        "title": "ISO New England price history",
        "sources": [{"title": "ISO New England", "path": "https://www.iso-ne.com"}],
        "resources": resources,
    }
    if any(resource["isone"].get("synthetic_prices") == "true" for resource in resources):
        package["description"] = _SYNTHETIC
        package["sources"] = [{"title": "the sandbox of isone-prices"}]
    write_json(store.datapackage_path, package)
    return len(resources)


def _resource(folder: Path, path: Path) -> dict[str, Any]:
    metadata = read_metadata(path)
    schema = pq.read_schema(path)
    return {
        "name": f"{path.parent.name}.{path.stem}",
        "title": f"{metadata['title']}, {metadata['first_day']} to {metadata['last_day']}",
        "path": path.relative_to(folder).as_posix(),
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256_of_file(path)}",
        "rows": pq.read_metadata(path).num_rows,
        "isone": metadata,
        "schema": {
            "fields": [_field(field) for field in schema],
            "primaryKey": list(DATASETS[path.parent.name].key_columns),
        },
    }


def _field(field: pa.Field) -> dict[str, Any]:
    metadata = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    described: dict[str, Any] = {
        "name": field.name,
        "type": _type(field.type),
        "description": metadata.get("meaning", ""),
    }
    if "unit" in metadata:
        described["unit"] = metadata["unit"]
    if not field.nullable:
        described["constraints"] = {"required": True}
    return described


def _type(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "datetime"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_integer(kind):
        return "integer"
    return "number" if pa.types.is_floating(kind) else "string"
