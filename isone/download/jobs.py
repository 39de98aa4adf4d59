"""What Snakemake's jobs do: one attempt each, with its journal around it."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from isone.download import by_hand, locations
from isone.download.client import Client
from isone.download.progress import DownloadProgress
from isone.download.year import Downloader, MissingDaysError, download_year
from isone.errors import DownloadError, IsoneError
from isone.market import clock
from isone.market.datasets import DATASETS
from isone.response import reports
from isone.run import custom, run, selection, sources
from isone.run.console import say
from isone.run.journal import USAGE, Journal, Redaction, log
from isone.run.selection import Job
from isone.run.settings import Settings, read_settings
from isone.run.sources import Source
from isone.store import markers
from isone.store.store import Store

STOPPED = 3
"""Exit code of a job that did not start because the run was stopped."""


def download_prices(
    config: Mapping[str, Any], dataset: str, period: str, log_path: str, attempt: int
) -> int:
    """One attempt at a dataset-year; returns the exit code."""
    settings = read_settings(config)
    job = Job.of_period(dataset, period, settings.locations)

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
    plan = run.read_plan(store)
    return _attempt(settings, job.name, by_hand.command(job, settings), log_path, attempt, work)


def _note(journal: Journal, sentences: list[str]) -> None:
    """Add to what the summary says beside a job that succeeds."""
    if sentences:
        journal.tell(noted=[*journal.facts.get("noted", ()), *sentences])


def _missing_days(downloader: Downloader, job: Job, reason: str) -> dict[str, str]:
    """The days of a job that are not here, ascending, when it ended early for a reason."""
    parts = selection.parts_lacking(
        downloader.dataset,
        job.days(newest_first=False),
        job.locations,
        downloader.store.read_ledger(job.dataset, job.year),
        downloader.accepted,
        from_reports=downloader.client.source.gives_reports,
    )
    return {str(part.day): reason for part in parts}


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


@contextlib.contextmanager
def open_downloader(
    settings: Settings,
    dataset: str,
    name: str,
    *,
    days: int,
    redaction: Redaction,
    requests_after: int = 0,
    tell: Callable[..., None] = lambda **facts: None,
) -> Iterator[Downloader]:
    """All that a download needs, for as long as it lasts: sole use of the folder, source, client.

    Raises DownloadError while another process downloads into the folder, and UsageError for a
    location that does not exist.
    """
    store = Store(settings.store_dir)
    with (
        store.sole_downloader(name),
        open_source(settings) as source,
        Client(source, settings.http) as client,
        DownloadProgress(name, client, days, requests_after=requests_after, tell=tell) as progress,
    ):
        if source.credentials:
            redaction.hide(source.credentials)
        client.on_wait = progress.wait
        noted = locations.require_known(store, client, settings.locations)
        if noted:
            tell(noted=noted)
        reports.learn_from(store)
        yield Downloader(
            store,
            client,
            DATASETS[dataset],
            selection.accepted_flaws(settings.accepted_flaws, dataset),
            on_plan=progress.plan,
            on_part=progress.part,
            keep_prelim=settings.revision == "both",
        )


@contextlib.contextmanager
def open_client(settings: Settings, redaction: Redaction) -> Iterator[Client]:
    """A client of the configuration's source, for jobs that are no downloads."""
    with open_source(settings) as source, Client(source, settings.http) as client:
        if source.credentials:
            redaction.hide(source.credentials)
        yield client


@contextlib.contextmanager
def open_source(settings: Settings) -> Iterator[Source]:
    """The source of a configuration; a sandbox is started for as long as it is needed."""
    if settings.source != "sandbox":
        yield sources.open_service(settings)
    elif settings.base_url:
        yield Source("sandbox", settings.base_url)
    else:
        from isone.sandbox import Sandbox

        options = settings.sandbox
        with Sandbox(
            nodes=options.nodes, latency=options.latency, faults=list(options.faults)
        ) as sandbox:
            yield Source("sandbox", sandbox.url)


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
    plan = run.read_plan(store)
    attempts = max(plan.attempts if plan else 1, attempt)
    reason = run.stopped(store)
    if reason:
        sentence = f"{name} does not start: the run was stopped by {reason.partition(':')[0]}"
        say(sentence)
        Path(log_path).write_text(f"{sentence}\n", "utf-8")
        return STOPPED
    before = run.status_of(store, name) if attempt > 1 else {}
    if before.get("permanent"):
        say(f"{name} is not tried again: no other attempt can end otherwise")
        Path(log_path).write_text(f"see {before.get('log')}\n", "utf-8")
        return USAGE
    with Journal(
        name,
        command,
        run.status_path(store, name),
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
        run.stop(store, name, str(journal.facts.get("message", "")))
    return journal.exit_code


def _wait_before_retry(journal: Journal, seconds: float) -> None:
    log.info("attempt %d begins after the retry_delay of %g s", journal.attempt, seconds)
    journal.tell(waiting=f"waiting {seconds:g} s before attempt {journal.attempt}")
    time.sleep(seconds)
    journal.tell(waiting="")
