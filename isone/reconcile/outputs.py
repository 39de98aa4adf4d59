"""What the rules of the reconciliation need to know: which tables it takes."""

from dataclasses import dataclass

from isone.datasets import DATASETS
from isone.selection import Job
from isone.settings import Settings
from isone.store import Store


@dataclass(frozen=True)
class Reconciling:
    """The packed years of energy prices that a run has chosen."""

    settings: Settings
    store: Store
    jobs: tuple[Job, ...]

    @property
    def tables(self) -> list[str]:
        """Their Parquet files."""
        return [
            str(self.store.parquet_path(job.dataset, job.period))
            for job in self.jobs
            if DATASETS[job.dataset].data_type == "lmp"
        ]

    @property
    def workbook(self) -> list[str]:
        """The yearly workbook that the user named, if any."""
        return [str(self.settings.smd)] if self.settings.smd else []
