"""What the rules of the deep check need to know: which dataset-years there are to read again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isone.market.datasets import DATASETS
from isone.run import status
from isone.run.dataset_year import PERIOD_PATTERN, DatasetYear
from isone.run.settings import Settings
from isone.store.store import Store


@dataclass(frozen=True)
class Verifying:
    """The chosen dataset-years as files of the deep check."""

    settings: Settings
    store: Store
    dataset_years: Sequence[DatasetYear]

    @property
    def verdicts(self) -> list[Path]:
        """The verdicts to come: one for each marker of a chosen year, and for a year without any.

        An open year has the marker of the day on which it was downloaded; that one is checked, not
        the one that would be downloaded today.
        """
        chosen: list[tuple[str, str]] = []
        for job in self.dataset_years:
            held = complete_names(self.store, job.dataset, job.year)
            chosen += held or [(job.dataset, job.period)]
        now = status.current_id()
        return [of_run(self.store, now, dataset, period) for dataset, period in chosen]


def of_run(store: Store, run: str, dataset: str, period: str) -> Path:
    """Where a run has its own copy of the verdict that it came to."""
    return store.run_dir(run) / "verified" / dataset / f"{period}.json"


def complete_names(
    store: Store, dataset: str | None = None, year: int | None = None
) -> list[tuple[str, str]]:
    """Dataset and period of every marker that is there, in order; of one dataset, of one year."""
    return [
        (name, path.stem)
        for name in DATASETS
        if dataset in (None, name)
        for path in store.complete_markers(name)
        if re.fullmatch(PERIOD_PATTERN, path.stem) and year in (None, int(path.stem[:4]))
    ]
