"""What the rules of the re-check need to know: which days it is about, and where its notes lie."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from isone.market import clock
from isone.market.datasets import DATASETS, Dataset
from isone.run import selection, status
from isone.run.settings import Settings
from isone.store.store import Store


@dataclass(frozen=True)
class Rechecking:
    """What the rules need to know: which notes a run of the re-check leaves."""

    settings: Settings
    store: Store

    @property
    def notes(self) -> list[str]:
        """A note for each chosen dataset, named after the days that were asked for again today."""
        now = status.current_id()
        return [str(self.note(now, name, self._days(name))) for name in self.settings.datasets]

    def note(self, run: str, dataset: str, days: str) -> Path:
        """Where a run has its own copy of the note of a dataset's re-check."""
        return self.store.run_dir(run) / "rechecked" / dataset / f"{days}.json"

    def kept(self, dataset: str, days: str, at: dt.datetime) -> Path:
        """Where the note of a re-check is kept."""
        name = f"{days}.on-{at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}.json"
        return self.store.recheck_path(dataset, name)

    def _days(self, dataset: str) -> str:
        first, last = days_to_recheck(DATASETS[dataset], self.settings, clock.now())
        return f"{first:%Y%m%d}-{last:%Y%m%d}"


def days_to_recheck(
    dataset: Dataset, settings: Settings, at: dt.datetime
) -> tuple[dt.date, dt.date]:
    """The first and last of the newest `recheck_days` days that have to be final by now."""
    _, last = selection.newest_days(dataset, settings, at)
    return max(dataset.first_day, last - dt.timedelta(days=settings.recheck_days - 1)), last
