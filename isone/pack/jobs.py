"""What Snakemake's jobs of the room "pack" do, each with its journal around it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from isone.errors import IsoneError
from isone.pack import outputs
from isone.run import status
from isone.run.journal import Journal, log
from isone.run.once import do_once
from isone.run.settings import Settings, read_settings
from isone.store import markers
from isone.store.files import sha256_of_file
from isone.store.store import Store
from isone.text import count


def pack_prices(config: Mapping[str, Any], dataset: str, period: str, log_path: str) -> int:
    """Pack a complete dataset-year; returns the exit code."""
    settings = read_settings(config)
    store = Store(settings.store_dir)
    table, marker = store.parquet_path(dataset, period), store.packed_marker(dataset, period)

    def work(journal: Journal) -> None:
        from isone.pack.year import pack_year, remove_superseded

        locations = outputs.chosen(dataset, settings)
        made_from = outputs.made_from_of_table(store, dataset, period, locations)
        packed = pack_year(store, dataset, period, locations)
        journal.tell(rows=packed.rows, bytes=packed.size)
        log.info("%s: %s, %s bytes", table, count(packed.rows, "row"), f"{packed.size:,}")
        if packed.left_out:
            log.info("left out of other locations: %s", count(packed.left_out, "row"))
        for location in packed.absent:
            log.warning("location %d has no price in %s %s", location, dataset, period)
        for path in remove_superseded(store, dataset, period):
            log.info("removed %s: another choice of the same year, packed again when chosen", path)
        digest = sha256_of_file(table)
        markers.write(marker, made_from, sha256=digest, bytes=packed.size, rows=packed.rows)

    return _do_unless_stopped(settings, f"pack_{dataset}_{period}", marker, log_path, work)


def describe_tables(config: Mapping[str, Any], target: str, log_path: str) -> int:
    """Describe everything that is packed in a data package; returns the exit code."""
    settings = read_settings(config)

    def work(_journal: Journal) -> None:
        from isone.pack import datapackage

        store = Store(settings.store_dir)
        made_from = outputs.made_from_of_description(store)
        described = datapackage.write_datapackage(store)
        markers.write(Path(target), made_from, tables=described)
        log.info("%s describes %s", store.datapackage_path, count(described, "table"))

    return _do_unless_stopped(settings, "describe_tables", Path(target), log_path, work)


def _do_unless_stopped(
    settings: Settings,
    name: str,
    target: Path,
    log_path: str,
    work: Callable[[Journal], None],
) -> int:
    def checked(journal: Journal) -> None:
        if reason := status.stopped(Store(settings.store_dir)):
            raise IsoneError(f"{name} does not start: the run was stopped by {reason}")
        work(journal)

    return do_once(settings, name, f"snakemake -j1 --config … -- {target}", log_path, checked)
