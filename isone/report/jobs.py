"""What the jobs of the report do, and the same by hand."""

import shutil
import time
from pathlib import Path

from isone.errors import LoadError
from isone.report import outputs
from isone.report.outputs import FIGURES, PAGE, Outputs
from isone.run.job import Job
from isone.run.log import log
from isone.run.progress import Advance, stage, unseen
from isone.run.settings import Settings
from isone.store import markers
from isone.store.files import make_folder, write_whole
from isone.store.store import Store
from isone.text import count, size


def write_report(it: Job, marker: Path) -> None:
    """Write the page and its key numbers, copies for Snakemake's own report, and the marker."""
    _require_database(it.store)
    made_from = outputs.made_from(it.store, PAGE)
    for path in write_page(it, Outputs.of(it.settings)):
        write_whole(it.store.report_copy_path(path.name), path.read_bytes())
    markers.write(marker, made_from)


def write_page(it: Job, to: Outputs) -> list[Path]:
    """Write the page and its key numbers to where they go; returns both."""
    it.command("python -m isone report")
    started = time.perf_counter()
    made = make_page(it.settings, to, it.advance)
    it.tell(made=f"{made[0]}, {size(made[0].stat().st_size)}")
    took = time.perf_counter() - started
    log.info("%s has %s, made in %.1f s", made[0], size(made[0].stat().st_size), took)
    return made


def make_page(settings: Settings, to: Outputs, advance: Advance = unseen) -> list[Path]:
    """Make the page and its key numbers; returns both, each written whole once both are made."""
    from isone.report import drawing

    with drawing.beside() as script:
        from isone.report import data, page

        gathered = data.gather(settings, Store(settings.store_dir), advance=stage(advance, 0, 60))
        content = page.write(gathered, script).encode()
    numbers = page.key_numbers(gathered).encode()
    write_whole(to.key_numbers, numbers)
    write_whole(to.page, content)
    return [to.page, to.key_numbers]


def write_figures(it: Job, marker: Path) -> None:
    """Write every figure, with copies for Snakemake's own report of those with data, a marker."""
    _require_database(it.store)
    made_from = outputs.made_from(it.store, FIGURES)
    to = Outputs.of(it.settings)
    written = draw_figures(it, to)
    shown = it.store.report_copy_path(to.figures.name)
    shutil.rmtree(shown, ignore_errors=True)
    make_folder(shown)
    for path, has_data in written.items():
        if has_data:
            shutil.copy(path, shown)
    markers.write(marker, made_from)


def _require_database(store: Store) -> None:
    """Raise LoadError where the database is not here though its marker is, or is another.

    A page without it would be called finished.
    """
    marker = markers.read(store.duckdb_marker)
    if marker and not markers.are_here(marker, store.duckdb_path):
        raise LoadError(
            f"{store.duckdb_path} is not as {store.duckdb_marker} says: another machine may just "
            "have written it, or it was removed; run again, and it is read or built again"
        )


def draw_figures(it: Job, to: Outputs) -> dict[Path, bool]:
    """Write every figure as SVG, PNG and CSV, in the place of the old ones.

    Returns the paths, and whether each figure has data.
    """
    from isone.report import data, files

    it.command("python -m isone figures")
    started = time.perf_counter()
    gathered = data.gather(it.settings, it.store, advance=stage(it.advance, 0, 30))
    written = files.write(gathered, to.figures, stage(it.advance, 30, 100))
    it.tell(made=count(len(written), "file"))
    took = time.perf_counter() - started
    log.info("%s has %s, made in %.1f s", to.figures, count(len(written), "file"), took)
    return written
