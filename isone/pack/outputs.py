"""What packing leaves: what each table is made from, and which markers still hold."""

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isone.market.datasets import DATASETS
from isone.market.locations import Locations
from isone.run.dataset_year import DatasetYear
from isone.run.settings import Settings
from isone.store import markers
from isone.store.files import remove
from isone.store.store import Store

_HERE = Path(__file__).resolve().parent


def drop_stale(settings: Settings, store: Store, dataset_years: Sequence[DatasetYear]) -> None:
    """Remove the markers that do not hold: of the chosen tables, of tables that are gone.

    A table that has more locations than are chosen now is not packed again for that.
    """
    for dataset, period in store.packed_names():
        path = store.packed_marker(dataset, period)
        table = store.parquet_path(dataset, period)
        made_from = m.made_from if (m := markers.read(path)) else {}
        markers.keep_if(markers.holds(path, made_from, table), path)
    chosen_markers = [store.packed_marker(job.dataset, job.period) for job in dataset_years]
    for job, path in zip(dataset_years, chosen_markers, strict=True):
        marker = markers.read(path)
        had = marker.made_from.get("locations", "") if marker else ""
        locations = had if _includes(had, chosen(job.dataset, settings)) else None
        is_right = made_from_of_table(store, job.dataset, job.period, locations)
        if marker and marker.made_from != is_right:
            remove(path)
    description = store.datapackage_marker
    markers.keep_if(
        markers.holds(description, made_from_of_description(store), store.datapackage_path)
        and all(path.exists() for path in chosen_markers),
        description,
    )


def chosen(dataset: str, settings: Settings) -> Locations:
    """The locations that a table is narrowed to; all where a dataset has none."""
    return settings.locations if DATASETS[dataset].chooses_locations else "all"


def made_from_of_table(store: Store, dataset: str, period: str, locations: Any) -> dict[str, Any]:
    """What a table hangs on: the year's marker, the locations, the code and the declaration."""
    return {
        "manifest": markers.digest(store.marker_path(dataset, period)),
        "locations": locations if isinstance(locations, str | None) else list(locations),
        "recipe": _digest(*_MODULES, declaration=repr(DATASETS[dataset])),
    }


def made_from_of_description(store: Store) -> dict[str, Any]:
    """What the data package hangs on: the tables, and the code that describes them."""
    return {"tables": table_digests(store), "recipe": _digest("pack/datapackage")}


def table_digests(store: Store) -> dict[str, str]:
    """The digests of all that is packed, as their markers have them, by `dataset/period`."""
    found = {}
    for dataset, period in store.packed_names():
        marker = markers.read(store.packed_marker(dataset, period))
        found[f"{dataset}/{period}"] = marker.sha256 if marker else ""
    return found


_MODULES = (
    *("market/market_time", "market/schema", "market/times", "market/keys"),
    *("response/aligned", "response/columns", "response/parse"),
    *("response/csv_reports", "response/report_sheet", "response/report_times"),
    *("response/report_places", "response/batches", "response/rows", "response/table"),
    *("pack/year", "pack/columns", "pack/parquet"),
)


def _includes(had: Any, wanted: Locations) -> bool:
    if had == "all" or had == wanted:
        return True
    return isinstance(had, list) and wanted != "all" and set(wanted) <= set(had)


def _digest(*modules: str, declaration: str = "") -> str:
    return hashlib.sha256(_sources(modules) + declaration.encode()).hexdigest()[:16]


@functools.cache  # every table's are the same
def _sources(modules: Sequence[str]) -> bytes:
    return b"".join((_HERE.parent / f"{module}.py").read_bytes() + b"\0" for module in modules)
