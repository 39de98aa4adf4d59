"""Downloads by hand: the scripts that bring days without Snakemake, and how to call them."""

import argparse
import datetime as dt
import logging
import os
from collections.abc import Sequence
from typing import Any

from isone import clock, run, selection, sources
from isone.console import ConsoleHandler
from isone.datasets import CHOSEN_BY, DATASETS, Dataset, DataType, choices
from isone.errors import DownloadError, StopRunError, UsageError
from isone.settings import HANDED_ON, Settings, config_of_this_folder, parse_day, read_settings
from isone.store import Store

_SCRIPTS = {
    "lmp": ("scripts/download_lmp.py", "--market-types", "energy prices (LMP)"),
    "as": ("scripts/download_ancillary_services.py", "--services", "ancillary service prices"),
    "constraints": ("scripts/download_constraints.py", "--market-types", "binding constraints"),
}
"""By type of data: the script, its option that chooses, and what it brings."""


def command(job: Any, settings: Settings) -> str:
    """The command that brings the days of a job without Snakemake."""
    dataset = DATASETS[job.dataset]
    script, option, _ = _SCRIPTS[dataset.data_type]
    words = ["python", script, "--start-date", str(job.first), "--end-date", str(job.last)]
    words += [option, dataset.choice]
    if dataset.per_location:
        chosen = job.locations if isinstance(job.locations, tuple) else (job.locations,)
        words += ["--locations", *(str(location) for location in chosen)]
    words += ["--max-concurrent", "1"]
    if settings.newest_first:
        words.append("--reverse")
    if settings.source != "auto":
        words += ["--source", settings.source]
    return " ".join(words)


def script_name(data_type: str) -> str:
    """The script that brings a type of data."""
    return _SCRIPTS[data_type][0]


def main(data_type: DataType, arguments: Sequence[str] | None = None) -> int:
    """Run a script's command line; returns the exit code. Raises what a user has to be told."""
    options = parser(data_type).parse_args(arguments)
    first = parse_day(options.start_date, "--start-date")
    last = parse_day(options.end_date, "--end-date")
    if last < first:
        raise UsageError(f"--end-date {last} is before --start-date {first}")
    if options.max_concurrent != 1:
        raise UsageError(
            "--max-concurrent can only be 1: ISO-NE limits requests hard, and one at a time over "
            "one connection is the fastest it allows"
        )
    overrides: dict[str, Any] = {
        "data_types": [data_type],
        CHOSEN_BY[data_type]: options.choices,
        "locations": "hubs" if options.hubs_only else options.locations,
        "newest_first": options.reverse,
        "source": options.source,
        "base_url": options.base_url,
        "data_dir": options.data_dir,
    }
    given = {key: value for key, value in overrides.items() if value is not None}
    settings = read_settings(config_of_this_folder() | given)
    try:
        failures = [
            failure
            for name in settings.datasets
            if (failure := _bring(settings, DATASETS[name], first, last))
        ]
    except StopRunError as error:
        if HANDED_ON in os.environ:  # a custom download: the whole run cannot succeed
            run.stop(Store(settings.store_dir), script_name(data_type), str(error))
        raise
    if failures:
        raise DownloadError("; ".join(failures))
    return 0


def _bring(settings: Settings, dataset: Dataset, first: dt.date, last: dt.date) -> str | None:
    """Have a dataset's days; returns what went wrong, if anything did."""
    from isone.download.jobs import open_downloader
    from isone.download.year import MissingDaysError
    from isone.journal import Redaction

    log = logging.getLogger("isone")
    from_reports = sources.kind(settings) == sources.REPORTS
    if dataset.report is None and from_reports:
        return f"{dataset.name} is in no public report; {sources.ACCOUNT_HELP}"
    published, final = selection.newest_days(dataset, settings, clock.now())
    newest = min(last, published)
    begins = dataset.public_since if from_reports else dataset.first_day
    days = list(clock.days(max(first, begins), newest))
    screen, redaction = ConsoleHandler(), Redaction()
    screen.addFilter(redaction)
    log.setLevel(logging.INFO)
    log.addHandler(screen)
    try:
        if days and (days[0], days[-1]) != (first, last):
            log.info("%s is published from %s to %s", dataset.name, days[0], days[-1])
        if not days:
            log.info("%s has nothing published from %s to %s", dataset.name, first, last)
            return None
        with open_downloader(
            settings, dataset.name, f"isone_{dataset.name}", days=len(days), redaction=redaction
        ) as downloader:
            ordered = days[::-1] if settings.newest_first else days
            outcome = downloader.bring(
                ordered, settings.locations, final if final < newest else None
            )
            log.info("%s: %s", dataset.name, downloader.account(outcome))
            if outcome.missing:
                raise MissingDaysError(outcome)
    except StopRunError:
        raise
    except DownloadError as error:
        return f"{dataset.name}: {error}"
    finally:
        log.removeHandler(screen)
    return None


def parser(data_type: DataType) -> argparse.ArgumentParser:
    """The command line of a script."""
    script, option, what = _SCRIPTS[data_type]
    arguments = argparse.ArgumentParser(
        prog=f"python {script}",
        description=f"Download ISO-NE's {what} day by day, one request at a time. Days that are "
        "here are not asked for again. What is not said here is taken from config.yaml.",
        allow_abbrev=False,
    )
    arguments.add_argument("--start-date", required=True, metavar="YYYY-MM-DD", help="first day")
    arguments.add_argument("--end-date", required=True, metavar="YYYY-MM-DD", help="last day")
    arguments.add_argument(
        option,
        dest="choices",
        nargs="+",
        metavar="NAME",
        help=f"of {', '.join(choices(data_type))}; by default those of config.yaml",
    )
    places = arguments.add_mutually_exclusive_group()
    places.add_argument("--hubs-only", action="store_true", help="the hub and the eight load zones")
    places.add_argument(
        "--locations", nargs="+", metavar="ID", help="hubs, all, or ids of locations"
    )
    arguments.add_argument(
        "--reverse",
        action=argparse.BooleanOptionalAction,
        help="newest day first, or oldest first",
    )
    arguments.add_argument(
        "--max-concurrent",
        type=int,
        default=1,
        metavar="1",
        help="requests at a time; only 1, because ISO-NE limits them",
    )
    arguments.add_argument("--source", help="webservices, reports, sandbox or auto")
    arguments.add_argument("--base-url", metavar="URL", help="another address of the same service")
    arguments.add_argument("--data-dir", metavar="FOLDER", help="where the data lies")
    return arguments
