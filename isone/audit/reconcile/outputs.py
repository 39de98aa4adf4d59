"""What the rules of the reconciliation need to know: which tables it takes, what it leaves."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Reconciling:
    """The packed years that a run has chosen: energy prices, and for the workbook regulation."""

    settings: Settings
    store: Store
    dataset_years: tuple[DatasetYear, ...]

    @property
    def tables(self) -> list[str]:
        """Their Parquet files."""
        return [str(self.store.parquet_path(*each)) for each in self._names]

    @property
    def markers(self) -> list[str]:
        """The markers of these files."""
        return [str(self.store.packed_marker(*each)) for each in self._names]

    @property
    def _names(self) -> list[tuple[str, str]]:
        return [
            (job.dataset, job.period)
            for job in self.dataset_years
            if DATASETS[job.dataset].data_type == "lmp"
            or (self.settings.smd and job.dataset == REGULATION)
        ]

    @property
    def workbook(self) -> list[str]:
        """The yearly workbook that the user named, if any."""
        return [str(self.settings.smd)] if self.settings.smd else []
