"""What the rules of the re-check need to know: which days it is about, and where its notes lie."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from isone import clock, selection
from isone.datasets import DATASETS, Dataset
from isone.settings import Settings
from isone.store import Store


def summary_path(store: Store) -> Path:
    """Where the verdict of the newest re-check is written, a line of text for each dataset."""
    return store.root / "rechecked" / "summary.txt"


def newest_path(store: Store, dataset: str) -> Path:
    """Where that lies which was found of a dataset last, also where its job failed."""
    return store.root / "rechecked" / f"{dataset}.json"


@dataclass(frozen=True)
class Rechecking:
    """What the rules need to know: which notes a run of the re-check leaves."""

    settings: Settings
    store: Store

    @property
    def notes(self) -> list[str]:
        """A note for each chosen dataset, named after the days that were asked for again today."""
        return [str(self.note(name, self._days(name))) for name in self.settings.datasets]

    def note(self, dataset: str, days: str) -> Path:
        """Where the note of a dataset's re-check lies."""
        return self.store.root / "rechecked" / dataset / f"{days}.json"

    def _days(self, dataset: str) -> str:
        now = clock.now()
        first, last = days_to_recheck(DATASETS[dataset], self.settings, now)
        return f"{first:%Y%m%d}-{last:%Y%m%d}.on-{now:%Y%m%d}"


def days_to_recheck(
    dataset: Dataset, settings: Settings, at: dt.datetime
) -> tuple[dt.date, dt.date]:
    """The first and last of the newest `recheck_days` days that have to be final by now."""
    _, last = selection.newest_days(dataset, settings, at)
    return max(dataset.first_day, last - dt.timedelta(days=settings.recheck_days - 1)), last
