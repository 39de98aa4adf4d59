"""After a deep check: put damaged files aside, so that the next run brings or makes just these."""

import logging
from collections.abc import Iterable
from pathlib import Path

from isone import markers
from isone.database import outputs
from isone.datasets import Part
from isone.errors import DamagedError
from isone.manifest import read_manifest
from isone.settings import Settings
from isone.store import Store
from isone.verify.verdict import Verdict

log = logging.getLogger(__name__)


def put_aside(store: Store, settings: Settings, verdicts: Iterable[Verdict]) -> int:
    """Make room for what is damaged; returns how many replies have to be fetched again.

    A damaged reply goes to `refused/`, with the reason beside it, and every marker and table that
    hangs on it is removed; so is a damaged table. What is in a database stays until it is loaded
    anew, but its marker goes. Raises DownloadError while another process downloads into the same
    folder.
    """
    replies = 0
    with store.sole_downloader("verify"):
        for verdict in verdicts:
            places = {damage.where for damage in verdict.damage}
            refused = {damage.part: damage for damage in verdict.damage if damage.part}
            for name, damage in refused.items():
                part = Part.named(verdict.dataset, name)
                assert part is not None  # noqa: S101 - the check has named it
                replies += 1
                path = store.raw_path(part)
                if path.exists():
                    log.info("%s goes to %s", path, store.refuse_part(part, path, damage.reason))
            if places & {"raw", "marker"}:
                _remove_year(store, verdict, set(refused))
            if "parquet" in places:
                _remove_table(store, verdict.dataset, verdict.period)
            if "postgresql" in places and settings.database:
                _forget_in_postgres(settings, settings.database, verdict)
            for marker in outputs.markers_of_year(store, verdict.dataset, verdict.period[:4]):
                _remove(marker)
    return replies


def _remove_year(store: Store, verdict: Verdict, parts: set[str]) -> None:
    """Remove the marker and table of a period, and of others of the year with the same replies."""
    folder = store.marker_path(verdict.dataset, verdict.period).parent
    for marker in sorted(folder.glob(f"{verdict.period[:4]}*.json")):
        if marker.stem == verdict.period or parts & _parts_of(marker):
            _remove(marker)
            _remove_table(store, verdict.dataset, marker.stem)


def _remove_table(store: Store, dataset: str, period: str) -> None:
    _remove(markers.of_table(store, dataset, period))
    _remove(store.parquet_path(dataset, period))


def _parts_of(marker: Path) -> set[str]:
    try:
        return {entry.part for entry in read_manifest(marker).parts}
    except DamagedError:
        return set()


def _forget_in_postgres(settings: Settings, database: str, verdict: Verdict) -> None:
    from isone.database import postgres

    invented = settings.source == "sandbox"
    with postgres.connect(database) as connection:
        tables = postgres.prepare(connection, invented=invented, hypertables=settings.timescaledb)
        postgres.forget_year(connection, tables, verdict.dataset, int(verdict.period[:4]))


def _remove(path: Path) -> None:
    if path.exists():
        path.unlink()
        log.info("removed %s", path)
