"""What the jobs of packing do."""

from pathlib import Path

from isone.pack import outputs
from isone.run.job import Job
from isone.run.log import log
from isone.store import markers
from isone.store.files import sha256_of_file
from isone.text import count, size


def pack_prices(it: Job, dataset: str, period: str, marker: Path) -> None:
    """Pack a complete dataset-year into a Parquet file, and write its marker."""
    from isone.pack.year import pack_year, remove_superseded

    locations = outputs.chosen(dataset, it.settings)
    made_from = outputs.made_from_of_table(it.store, dataset, period, locations)
    packed = pack_year(it.store, dataset, period, locations, advance=it.advance)
    table = it.store.parquet_path(dataset, period)
    it.tell(made=f"{count(packed.rows, 'row')}, {size(packed.size)}")
    log.info("%s: %s, %s bytes", table, count(packed.rows, "row"), f"{packed.size:,}")
    if packed.left_out:
        log.info("left out of other locations: %s", count(packed.left_out, "row"))
    for location in packed.absent:
        log.warning("location %d has no price in %s %s", location, dataset, period)
    for path in remove_superseded(it.store, dataset, period):
        log.info("removed %s: another choice of the same year, packed again when chosen", path)
    digest = sha256_of_file(table)
    markers.write(marker, made_from, sha256=digest, bytes=packed.size, rows=packed.rows)


def describe_tables(it: Job, marker: Path) -> None:
    """Describe everything that is packed in a data package, and write its marker."""
    from isone.pack import datapackage

    made_from = outputs.made_from_of_description(it.store)
    described = datapackage.write_datapackage(it.store)
    markers.write(marker, made_from, tables=described)
    it.tell(made=count(described, "table"))
    log.info("%s describes %s", it.store.datapackage_path, count(described, "table"))
