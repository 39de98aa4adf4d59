"""What the rules of the room "pack" need to know: which files, and what else they hang on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isone import receipts
from isone.datasets import DATASETS
from isone.selection import Job
from isone.settings import Settings
from isone.store import Store


@dataclass(frozen=True)
class Packing:
    """The chosen dataset-years as files of the room "pack"."""

    settings: Settings
    store: Store
    jobs: Sequence[Job]

    @property
    def receipts(self) -> list[str]:
        """The receipts of the chosen dataset-years' tables."""
        return [str(receipts.of_table(self.store, job.dataset, job.period)) for job in self.jobs]

    @property
    def receipt(self) -> Path:
        """The receipt of any dataset-year's table, with its wildcards."""
        return receipts.of_table(self.store, "{dataset}", "{period}")

    @property
    def description(self) -> str:
        """The data package that describes whatever is packed."""
        return str(self.store.root / "parquet" / "datapackage.json")

    @property
    def outcome(self) -> list[str]:
        """All that packing leaves: nothing where there are only custom downloads."""
        return [*self.receipts, self.description] if self.jobs else []

    def locations(self, wildcards: Any) -> str:
        """The locations to keep, so that another choice packs again; empty where there are none."""
        if DATASETS[wildcards.dataset].place != "location":
            return ""
        chosen = self.settings.locations
        return chosen if isinstance(chosen, str) else " ".join(map(str, chosen))

    def recipe(self, wildcards: Any) -> str:
        """A digest of the code and the declaration that a file hangs on: new ones pack again."""
        modules = ("pack/year", "pack/columns", "pack/parquet", "aligned", "tables")
        return _digest(*modules, declaration=repr(DATASETS[wildcards.dataset]))

    @property
    def description_recipe(self) -> str:
        """A digest of the code that describes what is packed."""
        return _digest("pack/datapackage")


def _digest(*modules: str, declaration: str = "") -> str:
    folder = Path(__file__).parent.parent
    parts = [(folder / f"{module}.py").read_bytes() for module in modules]
    return hashlib.sha256(b"\0".join([*parts, declaration.encode()])).hexdigest()[:16]
