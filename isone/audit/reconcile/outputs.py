"""Which tables a reconciliation takes, and where its results are."""

from collections.abc import Sequence

from isone.market.datasets import DATASETS
from isone.run.dataset_year import DatasetYear
from isone.run.settings import Settings
from isone.store.store import Store

REGULATION = "regulation_5min"
"""The dataset whose prices the workbook has too, besides those of energy."""


def results(store: Store) -> list[str]:
    """What there is of them: nothing where no reconciliation was made."""
    paths = (store.monthly_comparison_path, store.workbook_comparison_path)
    return [str(path) for path in paths if path.exists()]


def chosen(settings: Settings, dataset_years: Sequence[DatasetYear]) -> list[DatasetYear]:
    """The dataset-years that are compared: energy prices, and for the workbook regulation."""
    return [
        each
        for each in dataset_years
        if DATASETS[each.dataset].data_type == "lmp"
        or (settings.smd and each.dataset == REGULATION)
    ]
