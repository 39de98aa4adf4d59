"""What is stored of a dataset's days and counts, and the requests that are still to be sent."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from isone.market import flaws
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import ALL_LOCATIONS, Locations
from isone.market.requests import Request
from isone.run import sources, space
from isone.run.dataset_year import DatasetYear
from isone.run.settings import AcceptedFlaw, Settings
from isone.store.ledger import Entry
from isone.store.store import Store

Accepted = Mapping[dt.date, Mapping[str, str]]
"""Flaws of ISO-NE's own that are accepted: by day and name, with the reasons."""


def missing_requests(
    dataset: Dataset,
    days: Iterable[dt.date],
    locations: Locations,
    entries: dict[str, Entry],
    accepted: Accepted,
    *,
    from_reports: bool = False,
) -> list[Request]:
    """The requests that are left, in the order of the days.

    `entries` are the requests that are had, each of which counts while it is usable. A day had in
    another way that has these locations too (hour by hour, or by public reports) needs nothing
    more.
    """
    had = usable(entries, locations, accepted)
    left: list[Request] = []
    for day in days:
        ways = ways_of_day(dataset, day, locations)
        if any(all(request.name in had for request in way) for way in ways):
            continue
        requests = dataset.csv_requests(day) if from_reports else ways[0]
        left += [request for request in requests if request.name not in had]
    return list(dict.fromkeys(left))  # several days may hang on one request


def is_usable(entry: Entry, locations: Locations, accepted: Accepted) -> bool:
    """Whether a stored request counts for these locations, as it is.

    One that lacks intervals or has another flaw does only while that flaw of the day is accepted.
    """
    if not (entry.missing or entry.flaws):
        return True
    names = accepted.get(entry.day, {})
    if entry.missing and not entry.forgiven and flaws.MISSING not in names:
        return False
    return not any(flaws.counts(flaw, locations, names) for flaw in entry.flaws)


def is_hoped_for(request: Request, final_through: dt.date | None) -> bool:
    """Whether a final request need not be out yet, so that a preliminary one will do."""
    return final_through is not None and request.last_day > final_through


def usable(
    entries: Mapping[str, Entry], locations: Locations, accepted: Accepted
) -> dict[str, Entry]:
    """Those of some stored requests that count for these locations."""
    return {n: e for n, e in entries.items() if is_usable(e, locations, accepted)}


def ways_of_day(dataset: Dataset, day: dt.date, locations: Locations) -> list[list[Request]]:
    """The sets of parts of which each brings a day at these locations, the API's own first."""
    ways = [dataset.day_requests(day, locations)]
    if dataset.per_location:
        ways.append(dataset.day_requests(day, ALL_LOCATIONS))
        if dataset.public_csv:
            ways.append(dataset.csv_requests(day))
    return ways


def requests_of_days(
    dataset: Dataset,
    days: Iterable[dt.date],
    locations: Locations,
    entries: Mapping[str, Entry],
    final_through: dt.date | None = None,
) -> list[Entry]:
    """The entries that make up the days at these locations, for the manifest.

    After `final_through` a preliminary response does where no final one is here, in any way.
    """
    chosen: list[Entry] = []
    for day in days:
        prelim = final_through is not None and day > final_through
        ways = [_found(way, entries, prelim=prelim) for way in ways_of_day(dataset, day, locations)]
        chosen += [entry for entry in max(ways, key=_worth) if entry]
    return list({entry.request: entry for entry in chosen}.values())


def _found(
    way: Iterable[Request], entries: Mapping[str, Entry], *, prelim: bool
) -> list[Entry | None]:
    """Of each part of a way its entry, the final one where it is here."""
    final = [entries.get(request.name) for request in way]
    if not prelim:
        return final
    stand_ins = [entries.get(request.preliminary.name) for request in way]
    return [entry or stand_in for entry, stand_in in zip(final, stand_ins, strict=True)]


def _worth(found: Sequence[Entry | None]) -> tuple[bool, bool, int]:
    """What a way to have a day is worth: whole, all of it final, and how much of it is here."""
    here = [entry for entry in found if entry]
    whole = len(here) == len(found)
    return whole, whole and all(entry.revision == "final" for entry in here), len(here)


def accepted_days(
    accepted: Iterable[AcceptedFlaw], dataset: str, flaw: str = flaws.MISSING
) -> dict[dt.date, str]:
    """The days of a dataset on which the configuration accepts a flaw, with the reasons."""
    return {
        each.day: each.reason for each in accepted if (each.dataset, each.flaw) == (dataset, flaw)
    }


def accepted_flaws(accepted: Iterable[AcceptedFlaw], dataset: str) -> Accepted:
    """The flaws of a dataset that the configuration accepts: by day and name, with the reasons."""
    found: dict[dt.date, dict[str, str]] = {}
    for each in accepted:
        if each.dataset == dataset:
            found.setdefault(each.day, {})[each.flaw] = each.reason
    return found


@dataclass(frozen=True)
class Requests:
    """How many requests a job would send, as far as the folder can tell."""

    sure: int = 0
    maybe: int = 0
    """For days that may not be final yet: those are asked for again, as preliminary ones."""
    bytes: int = 0
    """About what the responses of the sure ones will take on the disk."""


def requests_left(store: Store, job: DatasetYear, settings: Settings) -> Requests:
    """How many requests a job would send; none if it has its marker."""
    if store.marker_path(job.dataset, job.period).exists():
        return Requests()
    dataset = DATASETS[job.dataset]
    entries = store.read_ledger(job.dataset, job.year)
    wanted = missing_requests(
        dataset,
        job.days(newest_first=settings.newest_first),
        job.locations,
        entries,
        accepted_flaws(settings.accepted_flaws, job.dataset),
        from_reports=sources.kind(settings) == sources.REPORTS,
    )
    unvalidated = store.unvalidated_requests(job.dataset, job.year)
    left = [request for request in wanted if request.name not in unvalidated]
    hoped_for = [request for request in left if is_hoped_for(request, job.final_through)]
    maybe = sum(request.preliminary.name not in entries for request in hoped_for)
    return Requests(len(left), maybe, space.estimate(dataset, left, entries, settings))
