"""Which dataset-years there are to read again, and where the verdicts are."""

from collections.abc import Sequence

from isone.market.datasets import DATASETS
from isone.run import status
from isone.run.dataset_year import DatasetYear
from isone.store.store import Store


def targets(path: str, store: Store, dataset_years: Sequence[DatasetYear]) -> list[str]:
    """The path of each verdict to come: it has places for `run`, `dataset` and `period`.

    There is one for each marker of a chosen year, and for a year without any. An open year has the
    marker of the day on which it was downloaded; that one is checked, not the one that would be
    downloaded today.
    """
    chosen: list[tuple[str, str]] = []
    for job in dataset_years:
        held = complete_names(store, job.dataset, job.year)
        chosen += held or [(job.dataset, job.period)]
    now = status.current_id()
    return [path.format(run=now, dataset=dataset, period=period) for dataset, period in chosen]


def complete_names(
    store: Store, dataset: str | None = None, year: int | None = None
) -> list[tuple[str, str]]:
    """Dataset and period of every marker that is there, in order; of one dataset, of one year."""
    return [
        (name, period)
        for name in DATASETS
        if dataset in (None, name)
        for period in store.marker_periods(name, year)
    ]
