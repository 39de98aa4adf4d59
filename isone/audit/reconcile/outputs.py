"""Which tables a reconciliation takes, and where its results are."""

from collections.abc import Sequence
from pathlib import Path

from isone.market.datasets import DATASETS
from isone.run.dataset_year import DatasetYear
from isone.run.settings import Settings
from isone.store.store import Store

REGULATION = "regulation_5min"
"""The dataset whose prices the workbook has too, besides those of energy."""


def months_path(store: Store) -> Path:
    """Where the comparison with ISO-NE's monthly averages lies (JSON)."""
    return store.root / "reconciled" / "monthly_averages.json"


def workbook_path(store: Store) -> Path:
    """Where the comparison with ISO-NE's yearly workbook lies (JSON)."""
    return store.root / "reconciled" / "workbook.json"


def summary_path(store: Store) -> Path:
    """Where the verdict of the newest reconciliation is written, in a few lines of text."""
    return store.root / "reconciled" / "summary.txt"


def results(store: Store) -> list[str]:
    """What there is of them: nothing where no reconciliation was made."""
    paths = (months_path(store), workbook_path(store))
    return [str(path) for path in paths if path.exists()]


def chosen(settings: Settings, dataset_years: Sequence[DatasetYear]) -> list[DatasetYear]:
    """The dataset-years that are compared: energy prices, and for the workbook regulation."""
    return [
        each
        for each in dataset_years
        if DATASETS[each.dataset].data_type == "lmp"
        or (settings.smd and each.dataset == REGULATION)
    ]
