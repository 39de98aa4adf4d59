"""What the rules of the room "report" need to know: where page and figures go, and their digest.

Imported whenever the Snakefile is read, so it stays light.
"""

import hashlib
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isone.run.dataset_year import DatasetYear
from isone.run.settings import PROJECT, Settings
from isone.store import markers
from isone.store.store import Store

FOLDER = Path("reports")
"""Where reports go, below the working folder."""
_SCRIPTS = PROJECT / "scripts"
_HERE = Path(__file__).resolve().parent
_QUERIES = _HERE.parent / "load" / "report_queries.py"


@dataclass(frozen=True)
class Outputs:
    """Where the report of a configuration goes. Synthetic prices never take a real page's place."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings, root: Path | None = None) -> "Outputs":
        """The outputs of a configuration: in `root`, or where its data folder has them.

        That is `reports/` for the usual data folder, and a folder within for any other.
        """
        if root is None:
            is_usual = settings.data_dir.resolve() == Path("data").resolve()
            root = FOLDER if is_usual else settings.data_dir / FOLDER
        return cls(root.joinpath("sandbox") if settings.source == "sandbox" else root)

    def by_hand(self, settings: Settings, store: Store) -> str:
        """How the page is had where a run failed before it: two commands, under a line of words.

        Ends with a line's end; empty where there is nothing yet that a page could show.
        """
        if not store.has_downloads():
            return ""
        options = ["--data-dir", str(settings.data_dir)]
        if settings.source == "sandbox":
            options += ["--source", "sandbox"]
        commands = [
            shlex.join([_from_here(Path(sys.executable)), _from_here(_SCRIPTS / name), *options])
            for name in ("load_duckdb.py", "write_report.py")
        ]
        lines = ["The report shows what is here and what is missing also now, by:"]
        return "\n   ".join([*lines, *commands]) + "\n"

    @property
    def page(self) -> Path:
        """The page itself: one file, which needs no other."""
        return self.folder / "isone.html"

    @property
    def key_numbers(self) -> Path:
        """The page's headlines as a table."""
        return self.folder / "key_numbers.csv"

    @property
    def figures(self) -> Path:
        """Where each chart lies as SVG, PNG and CSV."""
        return self.folder / "figures"


@dataclass(frozen=True)
class Reporting:
    """Page and figures as the rules have them: markers, and what Snakemake's own report shows."""

    settings: Settings
    store: Store
    dataset_years: Sequence[DatasetYear]

    @property
    def outputs(self) -> Outputs:
        """Where page and figures are."""
        return Outputs.of(self.settings)

    @property
    def outcome(self) -> list[str]:
        """All that reporting leaves: nothing where there are only custom downloads."""
        return [
            str(self.store.report_marker(what)) for what in (PAGE, FIGURES) if self.dataset_years
        ]

    def marker(self, what: str) -> Path:
        """The marker of the page, or of the figures."""
        return self.store.report_marker(what)

    def drop_stale(self) -> None:
        """Remove the markers of page and figures that are gone, or show older data."""
        made = {
            PAGE: (self.outputs.page, self.outputs.key_numbers),
            FIGURES: (self.outputs.figures,),
        }
        for what, files in made.items():
            path = self.marker(what)
            markers.keep_if(markers.holds(path, made_from(self.store, what), *files), path)


PAGE, FIGURES = "page", "figures"


def made_from(store: Store, what: str) -> dict[str, str]:
    """What page or figures hang on: database and code, the page on what checks found as well."""
    found = {"database": markers.digest(store.duckdb_marker), "recipe": digest()}
    if what == PAGE:
        checks = hashlib.sha256()
        for path in store.check_results():
            checks.update(path.name.encode() + path.read_bytes())
        found["checks"] = checks.hexdigest()[:16]
    return found


def _from_here(path: Path) -> str:
    """A path as one would type it in the working folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def digest() -> str:
    """A digest of all that decides what page and figures look like."""
    seen = hashlib.sha256(_QUERIES.read_bytes())
    for path in sorted(_HERE.rglob("*")):
        if path.suffix in {".py", ".css", ".js", ".j2"}:
            seen.update(path.name.encode() + path.read_bytes())
    return seen.hexdigest()[:16]
