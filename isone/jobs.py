"""What Snakemake's jobs do: one attempt each, with its journal around it."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from isone import custom, locations, run, selection, sources
from isone.client import Client
from isone.datasets import DATASETS
from isone.download import Downloader, MissingDaysError, download_year
from isone.errors import DownloadError
from isone.journal import Journal, log
from isone.progress import CONSOLE, DownloadProgress
from isone.selection import Job
from isone.settings import HANDED_ON, Settings, read_settings
from isone.sources import Source
from isone.store import Store

STOPPED = 3
"""Exit code of a job that did not start because the run was stopped."""


def download_prices(
    config: Mapping[str, Any], dataset: str, period: str, log_path: str, attempt: int
) -> int:
    """One attempt at a dataset-year; returns the exit code."""
    settings = read_settings(config)
    job = Job.of_period(dataset, period, settings.locations)

    def work(journal: Journal) -> None:
        with (
            store.sole_downloader(job.name),
            open_source(settings) as source,
            Client(source, settings.http, on_wait=lambda s, r: progress.wait(s, r)) as client,
            DownloadProgress(
                job.name,
                client,
                (job.last - job.first).days + 1,
                requests_after=plan.requests_after(job.name) if plan else 0,
                tell=journal.tell,
            ) as progress,
        ):
            if source.credentials:
                journal.redaction.hide(source.credentials)
            locations.require_known(store, client, settings.locations)
            downloader = Downloader(
                store,
                client,
                DATASETS[dataset],
                selection.accepted_days(settings.accepted_gaps, dataset),
                on_plan=progress.plan,
                on_part=progress.part,
            )
            try:
                outcome = download_year(downloader, job, newest_first=settings.newest_first)
            except MissingDaysError as error:
                journal.tell(missing=error.outcome.missing_days)
                raise
            log.info(
                "%d days were here, %d replies filed, %d requests, %d retries, %.0f s waited",
                *(outcome.had, outcome.filed, client.requests_sent, client.retries, client.waited),
            )

    store = Store(settings.store_dir)
    plan = run.read_plan(store)
    return _attempt(settings, job.name, by_hand(job, settings), log_path, attempt, work)


def download_custom(config: Mapping[str, Any], name: str, log_path: str, attempt: int) -> int:
    """One attempt at a custom download; returns its program's exit code."""
    settings = read_settings(config)
    assert settings.downloads is not None
    chosen = next(each for each in custom.read_downloads(settings.downloads) if each.name == name)
    store = Store(settings.store_dir)

    def work(journal: Journal) -> None:
        journal.exit_code = custom.run_program(
            chosen, {HANDED_ON: json.dumps(dict(config), default=str)}
        )
        if journal.exit_code:
            raise DownloadError(f"the program ended with exit code {journal.exit_code}")
        store.write_marker("custom", name, {"name": name, "command": chosen.shown})

    return _attempt(
        settings, name, chosen.shown, log_path, attempt, work, vital=chosen.stop_on_failure
    )


def by_hand(job: Job, settings: Settings) -> str:
    """The command that brings the same days without Snakemake."""
    dataset = DATASETS[job.dataset]
    script, option = {
        "lmp": ("download_lmp", "--market-types"),
        "as": ("download_ancillary_services", "--services"),
    }[dataset.data_type]
    words = ["python", f"scripts/{script}.py", "--start-date", str(job.first)]
    words += ["--end-date", str(job.last), option, dataset.choice]
    if dataset.per_location:
        words += ["--locations", *map(str, _listed(job.locations))]
    words += ["--max-concurrent", "1"]
    words += ["--reverse"] if settings.newest_first else []
    return " ".join(words)


def _listed(chosen: Any) -> list[Any]:
    return [chosen] if chosen == "all" else list(chosen)


@contextlib.contextmanager
def open_source(settings: Settings) -> Iterator[Source]:
    """The source of a configuration; a sandbox is started for as long as it is needed."""
    if settings.source != "sandbox":
        yield sources.webservices(settings)
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
        sentence = f"{name} does not start: the run was stopped by {reason}"
        CONSOLE.print(sentence, markup=False)
        Path(log_path).write_text(f"{sentence}\n", "utf-8")
        return STOPPED
    with Journal(
        name,
        command,
        run.status_path(store, name),
        settings.log_dir,
        attempt,
        attempts,
        stable_log=Path(log_path),
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
