"""A complete year: every day of a dataset-year is stored, and its marker says so."""

from collections.abc import Sequence
from typing import Any

import msgspec

from isone.download.downloader import Downloader
from isone.download.outcome import MissingDaysError, Outcome
from isone.market import flaws, market_time
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.run import missing
from isone.run.dataset_year import DatasetYear
from isone.run.sources import Source
from isone.store.ledger import Entry
from isone.store.store import Store
from isone.store.year_marker import FORGIVEN, day_flaws, read_manifest


def download_year(downloader: Downloader, job: DatasetYear, *, newest_first: bool) -> Outcome:
    """Download every day of a dataset-year and write its marker.

    Raises DownloadError, naming the days, where some are missing; no marker is written then.
    """
    store, dataset = downloader.store, downloader.dataset
    days = job.days(newest_first=newest_first)
    outcome = downloader.bring(days, job.locations, job.final_through)
    if outcome.missing:
        raise MissingDaysError(outcome)
    usable = missing.usable(outcome.entries, job.locations, downloader.accepted)
    entries = missing.requests_of_days(
        dataset, job.days(newest_first=False), job.locations, usable, job.final_through
    )
    source = downloader.client.source
    store.write_marker(job.dataset, job.period, manifest(job, entries, downloader.accepted, source))
    store.remove_markers(job.dataset, job.superseded(store.marker_periods(job.dataset)))
    if not downloader.keep_prelim:
        _remove_preliminary(store, job, entries)
    return outcome


def manifest(
    job: DatasetYear, entries: Sequence[Entry], accepted: missing.Accepted, source: Source
) -> dict[str, Any]:
    """A complete year as its marker describes it: every request, gap and flaw, with the reasons."""
    return {
        "dataset": job.dataset,
        "period": job.period,
        "first_day": str(job.first),
        "last_day": str(job.last),
        "locations": job.locations if DATASETS[job.dataset].per_location else "all",
        "source": source.name,
        "base_url": source.base_url,
        "synthetic_prices": source.name == "sandbox",
        "written": market_time.utc_now(),
        "final_through": str(job.final_through or job.last),
        "days": len({day for entry in entries for day in entry.days}),
        "rows": sum(entry.rows for entry in entries),
        "gaps": _gaps(job, entries, accepted),
        "flaws": msgspec.to_builtins(day_flaws(entries, accepted)),
        "requests": [msgspec.to_builtins(entry) for entry in entries],
    }


def _gaps(
    job: DatasetYear, entries: Sequence[Entry], accepted: missing.Accepted
) -> list[dict[str, Any]]:
    """The days of which something is missing, or everything, and accepted to be; ascending."""
    here = {day for entry in entries for day in entry.days}
    partial = {entry.day for entry in entries if entry.missing}
    gaps = [
        {"day": str(day), "reason": reasons[flaws.MISSING], "nothing_published": day not in here}
        for day, reasons in accepted.items()
        if flaws.MISSING in reasons
        and job.first <= day <= job.last
        and (day in partial or day not in here)
    ]
    named = {gap["day"] for gap in gaps}
    forgiven = {str(entry.day) for entry in entries if entry.missing and entry.forgiven}
    gaps += [
        {"day": day, "reason": FORGIVEN, "nothing_published": False, "forgiven": True}
        for day in forgiven - named
    ]
    return sorted(gaps, key=lambda gap: str(gap["day"]))


def _remove_preliminary(store: Store, job: DatasetYear, entries: Sequence[Entry]) -> None:
    """Remove the preliminary responses of days that are final now, but for what a marker names."""
    needed = {entry.request for entry in entries}
    for period in store.marker_periods(job.dataset, job.year):
        if period != job.period:
            requests = read_manifest(store.marker_path(job.dataset, period)).requests
            needed |= {entry.request for entry in requests}
    final = {entry.day for entry in entries} - {e.day for e in entries if e.revision != "final"}
    for name, entry in store.read_ledger(job.dataset, job.year).items():
        if entry.revision == "final" or entry.day not in final or name in needed:
            continue
        if request := Request.named(job.dataset, name):
            store.raw_path(request).unlink(missing_ok=True)
