"""What the jobs of downloading do; an attempt has the days that it brought, however it ends."""

from pathlib import Path

from isone.download import by_hand
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import MissingDaysError, Outcome
from isone.download.session import open_downloader
from isone.errors import DownloadError, IsoneError, StopRunError
from isone.market import market_time
from isone.run import custom, missing, status
from isone.run.dataset_year import DatasetYear
from isone.run.job import USAGE, Job
from isone.run.log import log
from isone.store import markers
from isone.text import count


def download_prices(it: Job, dataset: str, period: str) -> None:
    """Download what is missing of a dataset-year, and write its marker once all days are here."""
    year = DatasetYear.of_period(dataset, period, it.settings.locations)
    it.command(by_hand.command(year, it.settings))
    plan = status.read_plan(it.store)
    with open_downloader(
        it.settings,
        dataset,
        it.name,
        days=(year.last - year.first).days + 1,
        requests_after=plan.requests_after(it.name) if plan else 0,
        redaction=it.redaction,
        tell=it.tell,
    ) as downloader:
        try:
            outcome = download_year(downloader, year, newest_first=it.settings.newest_first)
        except MissingDaysError as error:
            it.tell(missing=error.outcome.missing_days)
            _note(it, downloader.unacknowledged(error.outcome))
            raise
        except IsoneError as error:
            stopped = isinstance(error, StopRunError)
            reason = "not downloaded before the run stopped" if stopped else str(error)
            it.tell(missing=_missing_days(downloader, year, reason))
            raise
        _note(it, downloader.unacknowledged(outcome))
        if outcome.gaps:
            it.tell(gaps={str(day): reason for day, reason in outcome.gaps.items()})
        it.tell(made=_made(downloader, outcome))
        log.info("%s", downloader.account(outcome))


def _made(downloader: Downloader, outcome: Outcome) -> str:
    """What was downloaded, in few words."""
    client = downloader.client
    words = [count(outcome.stored, "new response"), count(client.requests_sent, "request")]
    if client.retries.count:
        words.append(count(client.retries.count, "retry", "retries"))
    return ", ".join(words)


def _note(it: Job, sentences: list[str]) -> None:
    """Add to what the summary says beside a job that succeeds."""
    if sentences:
        it.tell(noted=[*it.status.get("noted", ()), *sentences])


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


def download_custom(it: Job, name: str, marker: Path) -> None:
    """Run a custom download's program, whose exit code is the job's, and write the marker."""
    settings, config = it.settings, it.config
    downloads = custom.read_downloads(settings.downloads, config) if settings.downloads else []
    chosen = next(each for each in downloads if each.name == name)
    it.stops_run |= chosen.stop_on_failure
    it.command(custom.command(chosen, config))
    begun = market_time.now()
    it.exit_code = custom.run_program(chosen, config)
    if it.exit_code:
        if chosen.data_type is not None and it.exit_code == USAGE:
            it.tell(permanent=True)  # its own sentence is above, in the log
        raise DownloadError(f"the program ended with exit code {it.exit_code}")
    it.tell(noted=custom.open_ends(chosen, config, begun))
    markers.write(marker, custom.made_from(chosen, config, begun), name=name)
