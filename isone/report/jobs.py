"""What Snakemake's jobs of the room "report" do: each with its journal around it."""

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from isone.report import outputs as report_outputs
from isone.report.outputs import FIGURES, PAGE, Outputs
from isone.run.journal import Journal, log
from isone.run.once import do_once
from isone.run.settings import Settings, read_settings
from isone.store import markers
from isone.store.files import write_whole
from isone.store.store import Store
from isone.text import count


def write_report(
    config: Mapping[str, Any], log_path: str | None, folder: Path | None = None
) -> int:
    """Write the page, and its headlines as a table; returns the exit code.

    They go into `folder`, or where the configuration's data folder has them.
    """

    def work(settings: Settings, journal: Journal) -> None:
        store = Store(settings.store_dir)
        made_from = report_outputs.made_from(store, PAGE)
        made = make_page(settings, Outputs.of(settings, folder))
        if folder is None:
            for path in made:
                write_whole(store.report_copy_path(path.name), path.read_bytes())
            markers.write(store.report_marker(PAGE), made_from)
        size = made[0].stat().st_size
        journal.tell(bytes=size)
        log.info("%s has %.2f MB", made[0], size / 1e6)

    return _do_timed(config, "write_report", log_path, work)


def make_page(settings: Settings, outputs: Outputs) -> list[Path]:
    """Make the page and its key numbers; returns both, each written whole once both are made."""
    from isone.report import drawing

    with drawing.beside() as script:
        from isone.report import facts, page

        gathered = facts.gather(settings, Store(settings.store_dir))
        content = page.write(gathered, script).encode()
    numbers = page.key_numbers(gathered).encode()
    write_whole(outputs.key_numbers, numbers)
    write_whole(outputs.page, content)
    return [outputs.page, outputs.key_numbers]


def write_figures(
    config: Mapping[str, Any], log_path: str | None, folder: Path | None = None
) -> int:
    """Write every figure as SVG, PNG and CSV; returns the exit code. `folder` as for the page."""

    def work(settings: Settings, journal: Journal) -> None:
        store = Store(settings.store_dir)
        made_from = report_outputs.made_from(store, FIGURES)
        outputs = Outputs.of(settings, folder)
        written = make_figures(settings, outputs)
        if folder is None:
            shown = store.report_copy_path(outputs.figures.name)
            shutil.rmtree(shown, ignore_errors=True)
            shutil.copytree(outputs.figures, shown)
            markers.write(store.report_marker(FIGURES), made_from)
        journal.tell(files=len(written))
        log.info("%s has %s", outputs.figures, count(len(written), "file"))

    return _do_timed(config, "write_figures", log_path, work)


def make_figures(settings: Settings, outputs: Outputs) -> list[Path]:
    """Make all figures, and put them in the place of the old ones; returns the files."""
    from isone.report import facts, files

    return files.write(facts.gather(settings, Store(settings.store_dir)), outputs.figures)


def _do_timed(
    config: Mapping[str, Any],
    name: str,
    log_path: str | None,
    work: Callable[[Settings, Journal], None],
) -> int:
    settings = read_settings(config)

    def timed(journal: Journal) -> None:
        started = time.perf_counter()
        work(settings, journal)
        log.info("made in %.1f s", time.perf_counter() - started)

    return do_once(settings, name, f"python scripts/{name}.py", log_path, timed)
