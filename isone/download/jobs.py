"""What Snakemake's jobs do: one attempt each, with its journal around it."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from isone.download import by_hand
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import MissingDaysError
from isone.download.session import open_downloader
from isone.errors import DownloadError, IsoneError
from isone.market import clock
from isone.run import custom, missing, status
from isone.run.console import say
from isone.run.dataset_year import DatasetYear
from isone.run.journal import USAGE, Journal, log
from isone.run.settings import Settings, read_settings
from isone.store import markers
from isone.store.store import Store

STOPPED = 3
"""Exit code of a job that did not start because the run was stopped."""


def download_prices(
    config: Mapping[str, Any], dataset: str, period: str, log_path: str, attempt: int
) -> int:
    """One attempt at a dataset-year; returns the exit code."""
    settings = read_settings(config)
    job = DatasetYear.of_period(dataset, period, settings.locations)

    def work(journal: Journal) -> None:
        with open_downloader(
            settings,
            dataset,
            job.name,
            days=(job.last - job.first).days + 1,
            requests_after=plan.requests_after(job.name) if plan else 0,
            redaction=journal.redaction,
            tell=journal.tell,
        ) as downloader:
            try:
                outcome = download_year(downloader, job, newest_first=settings.newest_first)
            except MissingDaysError as error:
                journal.tell(missing=error.outcome.missing_days)
                _note(journal, downloader.unacknowledged(error.outcome))
                raise
            except IsoneError as error:
                journal.tell(missing=_missing_days(downloader, job, str(error)))
                raise
            _note(journal, downloader.unacknowledged(outcome))
            if outcome.gaps:
                journal.tell(gaps={str(day): reason for day, reason in outcome.gaps.items()})
            log.info("%s", downloader.account(outcome))

    store = Store(settings.store_dir)
    plan = status.read_plan(store)
    return _attempt(settings, job.name, by_hand.command(job, settings), log_path, attempt, work)


def _note(journal: Journal, sentences: list[str]) -> None:
    """Add to what the summary says beside a job that succeeds."""
    if sentences:
        journal.tell(noted=[*journal.facts.get("noted", ()), *sentences])


def _missing_days(downloader: Downloader, job: DatasetYear, reason: str) -> dict[str, str]:
    """The days of a job that are not here, ascending, when it ended early for a reason.

    A day that need not be final yet is here if it is in its preliminary version.
    """
    entries = downloader.store.read_ledger(job.dataset, job.year)
    requests = missing.missing_requests(
        downloader.dataset,
        job.days(newest_first=False),
        job.locations,
        entries,
        downloader.accepted,
        from_reports=downloader.client.source.gives_reports,
    )
    return {
        str(request.day): reason
        for request in requests
        if not (
            missing.is_hoped_for(request, job.final_through) and request.preliminary.name in entries
        )
    }


def download_custom(config: Mapping[str, Any], name: str, log_path: str, attempt: int) -> int:
    """One attempt at a custom download; returns its program's exit code."""
    settings = read_settings(config)
    downloads = custom.read_downloads(settings.downloads, config) if settings.downloads else []
    chosen = next(each for each in downloads if each.name == name)
    store = Store(settings.store_dir)

    def work(journal: Journal) -> None:
        begun = clock.now()
        journal.exit_code = custom.run_program(chosen, config)
        if journal.exit_code:
            if chosen.data_type and journal.exit_code == USAGE:
                journal.tell(permanent=True)  # its own sentence is above, in the log
            raise DownloadError(f"the program ended with exit code {journal.exit_code}")
        journal.tell(noted=custom.open_ends(chosen, config, begun))
        made_from = custom.made_from(chosen, config, begun)
        markers.write(store.marker_path("custom", name), made_from, name=name)

    return _attempt(
        settings,
        name,
        custom.command(chosen, config),
        log_path,
        attempt,
        work,
        vital=chosen.stop_on_failure,
    )


def _attempt(
    settings: Settings,
    name: str,
    command: str,
    log_path: str,
    attempt: int,
    work: Callable[[Journal], None],
    *,
    vital: bool = False,
) -> int:
    """Do the work with a journal around it; stop the run where its failure calls for that."""
    store = Store(settings.store_dir)
    plan = status.read_plan(store)
    attempts = max(plan.attempts if plan else 1, attempt)
    reason = status.stopped(store)
    if reason:
        sentence = f"{name} does not start: the run was stopped by {reason.partition(':')[0]}"
        say(sentence)
        Path(log_path).write_text(f"{sentence}\n", "utf-8")
        return STOPPED
    before = status.status_of(store, name) if attempt > 1 else status.JobStatus()
    if before.permanent:
        say(f"{name} is not tried again: no other attempt can end otherwise")
        Path(log_path).write_text(f"see {before.log}\n", "utf-8")
        return USAGE
    with Journal(
        name,
        command,
        status.status_path(store, name),
        settings.log_dir,
        attempt,
        attempts,
        heading=plan.heading(name) if plan else "",
        stable_log=Path(log_path),
        may_stop_run=True,
    ) as journal:
        if attempt > 1:
            _wait_before_retry(journal, settings.retry_delay * 2 ** (attempt - 2))
        work(journal)
    given_up = journal.exit_code != 0 and attempt >= attempts
    if journal.stop_run or (given_up and (vital or settings.stop_on_failure)):
        status.stop(store, name, str(journal.facts.get("message", "")))
    return journal.exit_code


def _wait_before_retry(journal: Journal, seconds: float) -> None:
    log.info("attempt %d begins after the retry_delay of %g s", journal.attempt, seconds)
    journal.tell(waiting=f"waiting {seconds:g} s before attempt {journal.attempt}")
    time.sleep(seconds)
    journal.tell(waiting="")
