"""What the jobs of the report do, and the same by hand.

Everything is gathered once, for the page. Then the page's job leaves what the figures are drawn
from, and the figures' job reads no more than that. By hand the figures are made without a page.
"""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from isone.errors import LoadError
from isone.report import drawings, outputs
from isone.report.outputs import DRAWINGS, DRAWN, Outputs
from isone.run.job import Job
from isone.run.log import log
from isone.run.progress import Advance, stage, unseen
from isone.run.settings import Settings
from isone.store import markers
from isone.store.files import make_folder, sha256, write_whole
from isone.store.store import Store
from isone.text import count, size

if TYPE_CHECKING:  # which loads DuckDB
    from isone.report.data import ReportData


def write_report(it: Job, marker: Path) -> None:
    """Write the page and key numbers, what the figures are drawn from, copies, and the marker."""
    _require_database(it.store)
    made_from = outputs.made_from_of_page(it.store)
    to = Outputs.of(it.settings)
    gathered = write_page(it, to)
    for path in (to.page, to.key_numbers):  # for Snakemake's own report
        write_whole(it.store.report_copy_path(path.name), path.read_bytes())
    content = _to_draw(gathered)
    write_whole(it.store.report_copy_path(DRAWINGS), content)
    markers.write(marker, made_from, sha256=sha256(content), bytes=len(content))


def write_page(it: Job, to: Outputs) -> "ReportData":
    """Write the page and its key numbers to where they go; returns what they were made of."""
    it.command("python -m isone report")
    started = time.perf_counter()
    gathered = make_page(it.settings, to, it.advance)
    page_size = size(to.page.stat().st_size)
    it.tell(made=f"{to.page}, {page_size}")
    took = time.perf_counter() - started
    log.info("%s has %s, made in %.1f s", to.page, page_size, took)
    return gathered


def make_page(settings: Settings, to: Outputs, advance: Advance = unseen) -> "ReportData":
    """Make the page and its key numbers, each written whole once both are made."""
    from isone.report import vega

    with vega.beside() as script:
        from isone.report import data, page

        gathered = data.gather(settings, Store(settings.store_dir), advance=stage(advance, 0, 60))
        content = page.write(gathered, script).encode()
    numbers = page.key_numbers(gathered).encode()
    write_whole(to.key_numbers, numbers)
    write_whole(to.page, content)
    return gathered


def write_figures(it: Job, marker: Path) -> None:
    """Write every figure, from what the page's job left, copies, and the marker."""
    _require_database(it.store)
    content = drawings.left_by_page(it.store)
    _draw(it, content, Outputs.of(it.settings), stage(it.advance, 0, 100))
    _finish_figures(it, content, marker)


def write_figures_alone(it: Job, marker: Path) -> None:
    """Do the same by hand, without a page."""
    _require_database(it.store)
    content = draw_figures(it, Outputs.of(it.settings))
    _finish_figures(it, content, marker)


def draw_figures(it: Job, to: Outputs) -> bytes:
    """Gather everything for the figures alone, and write them; returns what they are drawn from."""
    from isone.report import data

    gathered = data.gather(it.settings, it.store, advance=stage(it.advance, 0, 30))
    content = _to_draw(gathered)
    _draw(it, content, to, stage(it.advance, 30, 100))
    return content


def _draw(it: Job, content: bytes, to: Outputs, advance: Advance) -> None:
    """Write every figure as SVG, PNG and CSV, in the place of the old ones."""
    from isone.report import files

    it.command("python -m isone figures")
    started = time.perf_counter()
    figures, record = drawings.decode(content), it.store.report_copy_path(DRAWN)
    drawn = files.write(figures, to.figures, record, advance)
    made = f"{count(len(figures), 'figure')}, {drawn} drawn now"
    it.tell(made=made)
    log.info("%s has %s, made in %.1f s", to.figures, made, time.perf_counter() - started)


def _finish_figures(it: Job, content: bytes, marker: Path) -> None:
    """Copy those with data for Snakemake's own report, and write the marker."""
    figures = Outputs.of(it.settings).figures
    shown = it.store.report_copy_path(figures.name)
    shutil.rmtree(shown, ignore_errors=True)
    make_folder(shown)
    for each in drawings.decode(content):
        if each.has_data:
            for path in figures.glob(f"{each.name}.*"):
                shutil.copy(path, shown)
    markers.write(marker, outputs.made_from_of_figures(sha256(content)))


def _to_draw(gathered: "ReportData") -> bytes:
    from isone.report import specifications

    return drawings.encode(specifications.drawings(gathered))


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
