"""After a deep check: remove what is damaged, and that alone; the next run brings it again."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from isone.audit.verify.verdict import Verdict
from isone.errors import DamagedError
from isone.load import outputs
from isone.market.requests import Request
from isone.run.settings import Settings
from isone.store.periods import files_of, year_of
from isone.store.store import Store
from isone.store.year_marker import read_manifest
from isone.text import count

log = logging.getLogger(__name__)


@dataclass
class Removed:
    """What was damaged and is not there any more."""

    responses: set[tuple[str, str]] = field(default_factory=set)
    """Dataset and name of each."""
    markers: int = 0
    tables: int = 0
    loaded: int = 0
    """Dataset-years that are to be loaded again."""

    def __str__(self) -> str:
        """What the next run does about it, read as part of a sentence."""
        made = [
            count(number, one)
            for number, one in ((self.markers, "marker"), (self.tables, "table"))
            if number
        ]
        done: list[str] = []
        if self.responses:
            done.append(f"fetches {count(len(self.responses), 'response')} again")
        if made:
            done.append(f"writes {' and '.join(made)} again")
        if self.loaded:
            done.append(f"loads {count(self.loaded, 'dataset-year')} again")
        if not self.responses:
            done.append("leaves the responses, of which none is damaged")
        *others, last = done
        return f"{', '.join(others)} and {last}" if others else last


def remove_damaged(store: Store, settings: Settings, verdicts: Iterable[Verdict]) -> Removed:
    """Remove what is damaged, and that alone; returns what was removed.

    A damaged response goes to `rejected/`, with the reason beside it, and every marker that names
    it is removed; so are a damaged marker and a damaged table. What hangs on these stays until the
    next is whole: its own marker holds no more, which the next run looks into. Of a damaged
    database only the marker is removed. Raises DownloadError while another process downloads into
    the same folder.
    """
    removed = Removed()
    with store.sole_downloader("verify"):
        for verdict in verdicts:
            where = {damage.where for damage in verdict.damage}
            rejected = {damage.request: damage for damage in verdict.damage if damage.request}
            for name, damage in rejected.items():
                request = Request.named(verdict.dataset, name)
                assert request is not None  # noqa: S101 - the check has named it
                removed.responses.add((verdict.dataset, name))
                path = store.raw_path(request)
                if path.exists():
                    log.info(
                        "%s goes to %s", path, store.reject_response(request, path, damage.reason)
                    )
            for marker in _markers(store, verdict, set(rejected), damaged="marker" in where):
                removed.markers += _remove(marker)
            if "parquet" in where:
                _remove(store.packed_marker(verdict.dataset, verdict.period))
                removed.tables += _remove(store.parquet_path(verdict.dataset, verdict.period))
            if "duckdb" in where:
                removed.loaded += 1
                _remove(store.duckdb_marker)
            if "postgresql" in where and settings.database:
                removed.loaded += 1
                _forget_in_postgres(store, settings, settings.database, verdict)
    return removed


def _markers(store: Store, verdict: Verdict, requests: set[str], *, damaged: bool) -> list[Path]:
    """The marker of a verdict, if it is `damaged`, and the year's that name these requests."""
    own = store.marker_path(verdict.dataset, verdict.period)
    of_year = files_of(own.parent, year_of(verdict.period))
    return [
        marker
        for marker in of_year
        if (damaged and marker == own) or requests & _requests_of(marker)
    ]


def _requests_of(marker: Path) -> set[str]:
    try:
        return {entry.request for entry in read_manifest(marker).requests}
    except DamagedError:
        return set()


def _forget_in_postgres(store: Store, settings: Settings, database: str, verdict: Verdict) -> None:
    """Let the next load of a dataset-year load it, whatever is there."""
    from isone.load import postgres

    year = year_of(verdict.period)
    synthetic = settings.source == "sandbox"
    with postgres.connect(database) as connection:
        tables = postgres.prepare(connection, synthetic=synthetic, hypertables=settings.timescaledb)
        postgres.forget_year(connection, tables, verdict.dataset, year)
    marker = outputs.postgres_marker(store, database, verdict.dataset, verdict.period)
    for path in files_of(marker.parent, year):
        _remove(path)


def _remove(path: Path) -> bool:
    """Remove a file; says whether there was one."""
    if not path.exists():
        return False
    path.unlink()
    log.info("removed %s", path)
    return True
