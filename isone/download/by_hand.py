"""Downloads by hand: the scripts that bring days without Snakemake, and how to call them."""

import contextlib
import datetime as dt
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from isone.errors import DownloadError, StopRunError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATA_TYPES, DATASETS
from isone.run import arguments, selection, sources, status
from isone.run.console import ConsoleHandler
from isone.run.settings import HANDED_ON, Settings, config_of_this_folder
from isone.store.store import Store

if TYPE_CHECKING:
    from isone.run.log import Redaction

log = logging.getLogger("isone")


def command(job: Any, settings: Settings) -> str:
    """The command that brings the days of a job without Snakemake, from the same place and into it.

    It is for the folder that this process works in, and its config.yaml.
    """
    dataset = DATASETS[job.dataset]
    data_type = DATA_TYPES[dataset.data_type]
    words = ["--start-date", str(job.first), "--end-date", str(job.last)]
    said: set[str] = set()
    if not data_type.script:
        words.insert(0, dataset.name)
    elif data_type.chosen_by:
        words += [data_type.option, dataset.choice]
        said.add(data_type.chosen_by)
    if dataset.per_location:
        words += arguments.location_words(job.locations)
        said.add("locations")
    words += ["--max-concurrent", "1"]
    if settings.newest_first:
        words.append("--reverse")
        said.add("newest_first")
    by = data_type.name if data_type.script else arguments.ANY
    return arguments.command(by, words, settings, said)


def main(data_type: str, words: Sequence[str] | None = None) -> int:
    """Run a script's command line; returns the exit code. Raises what a user has to be told.

    `data_type` is what the script brings, or `arguments.ANY`.
    """
    given = sys.argv[1:] if words is None else words
    wanted = arguments.read(data_type, given, config_of_this_folder())
    try:
        failures = [
            failure
            for name in wanted.settings.datasets
            if (failure := _bring(wanted.settings, DATASETS[name], wanted.first, wanted.last))
        ]
    except StopRunError as error:
        if HANDED_ON in os.environ:  # a custom download: the whole run cannot succeed
            store = Store(wanted.settings.store_dir)
            status.stop(store, arguments.script_of(data_type), str(error))
        raise
    if failures:
        raise DownloadError("; ".join(failures))
    return 0


def _bring(settings: Settings, dataset: Dataset, first: dt.date, last: dt.date) -> str | None:
    """Have a dataset's days; returns what went wrong, if anything did."""
    from isone.run.log import Redaction

    from_reports = sources.kind(settings) == sources.REPORTS
    if dataset.public_csv is None and from_reports:
        return f"{dataset.name} is in no public CSV report; {sources.ACCOUNT_HELP}"
    published, final = selection.newest_days(dataset, settings, market_time.now())
    newest = min(last, published)
    begins = dataset.public_since if from_reports else dataset.first_day
    days = list(market_time.days(max(first, begins), newest))
    redaction = Redaction()
    with _on_screen(redaction):
        if first < dataset.first_day:
            log.info("%s begins on %s", dataset.name, dataset.first_day)
        if newest < last:
            log.info("%s", arguments.end_sentence(dataset.name, newest, last, settings))
        if days:
            final_through = final if final < newest else None
            return _download(settings, dataset, days, final_through, redaction)
        log.info("%s has no day from %s to %s", dataset.name, first, last)
    return None


@contextlib.contextmanager
def _on_screen(redaction: "Redaction") -> Iterator[None]:
    """Show the log, without what is secret."""
    screen = ConsoleHandler()
    screen.addFilter(redaction)
    log.setLevel(logging.INFO)
    log.addHandler(screen)
    try:
        yield
    finally:
        log.removeHandler(screen)


def _download(
    settings: Settings,
    dataset: Dataset,
    days: Sequence[dt.date],
    final_through: dt.date | None,
    redaction: "Redaction",
) -> str | None:
    """Bring some days; returns what went wrong, but for what stops the whole run."""
    from isone.download.outcome import MissingDaysError
    from isone.download.session import open_downloader

    name = dataset.name
    ordered = days[::-1] if settings.newest_first else days
    try:
        with open_downloader(
            settings, name, f"isone_{name}", days=len(days), redaction=redaction
        ) as downloader:
            outcome = downloader.bring(ordered, settings.locations, final_through)
            log.info("%s: %s", name, downloader.account(outcome))
            if outcome.missing:
                raise MissingDaysError(outcome)
    except StopRunError:
        raise
    except DownloadError as error:
        return f"{name}: {error}"
    return None
