"""What the report leaves: where page and figures go, and whether they show what is here.

Imported whenever the Snakefile is read, so it stays light.
"""

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

from isone.errors import NoFileError
from isone.run import arguments
from isone.run.settings import Settings
from isone.store import markers
from isone.store.files import read_file
from isone.store.store import Store

FOLDER = Path("reports")
"""Where reports go, below the working folder."""
_HERE = Path(__file__).resolve().parent


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
        return cls(root / "sandbox" if settings.source == "sandbox" else root)

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


def how_by_hand(settings: Settings, store: Store) -> str:
    """How the page is had where a run failed before it: by commands, under a line of words.

    Ends with a line's end; empty where the page was made, or there is nothing that it could show.
    """
    if not store.has_downloads() or store.report_marker(PAGE).exists():
        return ""
    options = ["--data-dir", str(settings.data_dir)]
    if settings.source == "sandbox":
        options += ["--source", "sandbox"]
    load = [["load", "--to", "duckdb"]] if any(store.packed_names()) else []
    commands = [arguments.module_command([*words, *options]) for words in (*load, ["report"])]
    lines = ["The report shows what is here and what is missing also now, by:"]
    return "\n   ".join([*lines, *commands]) + "\n"


def drop_stale(settings: Settings, store: Store) -> None:
    """Remove the markers of page and figures that are gone, or show older data.

    The figures' goes with the page's: what they are drawn from is made with it, so they are looked
    at in the same run, and drawn again where it changed.
    """
    outputs, drawings = Outputs.of(settings), store.report_copy_path(DRAWINGS)
    page, figures = store.report_marker(PAGE), store.report_marker(FIGURES)
    is_here = outputs.page.exists() and outputs.key_numbers.exists()
    is_page = is_here and markers.holds(page, made_from_of_page(store), drawings)
    said = markers.read(page)
    drawn_from = made_from_of_figures(said.sha256 if said else "")
    are_figures = is_page and markers.holds(figures, drawn_from, outputs.figures)
    markers.keep_if(is_page, page)
    markers.keep_if(are_figures, figures)


PAGE, FIGURES = "page", "figures"
DRAWINGS = "drawings.json"
"""What the figures are drawn from; the page's marker says its size and digest."""
DRAWN = "drawn.json"
"""Of each figure, digests of what it was drawn from and of its pictures."""


def made_from_of_page(store: Store) -> dict[str, str]:
    """What the page hangs on: the database, what checks found, and the code."""
    checks = hashlib.sha256()
    for path in store.check_results():
        with contextlib.suppress(NoFileError):  # the page says so
            checks.update(path.name.encode() + read_file(path))
    return {
        "database": markers.digest(store.duckdb_marker),
        "recipe": digest(),
        "checks": checks.hexdigest()[:16],
    }


def made_from_of_figures(drawings: str) -> dict[str, str]:
    """What the figures hang on: the digest of what they are drawn from, and the code."""
    return {"drawings": drawings, "recipe": digest()}


def digest() -> str:
    """A digest of all that decides what page and figures look like."""
    seen = hashlib.sha256()
    for path in sorted(_HERE.rglob("*")):
        if path.suffix in {".py", ".css", ".js", ".j2"}:
            seen.update(path.name.encode() + path.read_bytes())
    return seen.hexdigest()[:16]
