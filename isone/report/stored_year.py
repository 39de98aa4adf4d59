"""A dataset-year as the store's files have it: markers, ledger, rejected responses, job status."""

import contextlib
import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property

from isone.errors import DamagedError, printable
from isone.market import flaws
from isone.market.dataset import Dataset
from isone.market.locations import ALL_LOCATIONS, HUBS, Locations
from isone.market.requests import Request
from isone.report.day import State
from isone.run import missing, status
from isone.store.files import read_file
from isone.store.ledger import Entry
from isone.store.store import Store
from isone.store.year_marker import Manifest, read_manifest

_LONGEST_YEAR = 366


@dataclass
class StoredYear:
    """What the store's files say of a dataset-year, whatever was asked for last."""

    dataset: Dataset
    number: int
    manifests: list[Manifest] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    """The ledger, where a final response takes the place of its preliminary one."""
    reasons: dict[dt.date, tuple[State, str]] = field(default_factory=dict)
    """Why days are missing: what the last job said, and the responses that were rejected."""
    days_of_job: int = 0
    """How many days, from the first on, the last job was asked for; 0 where none is known."""

    @property
    def first(self) -> dt.date:
        """The first day that could be asked for."""
        return max(self.dataset.first_day, dt.date(self.number, 1, 1))

    @cached_property
    def last(self) -> dt.date | None:
        """The last day that was ever asked for; None where nobody can tell."""
        job = [self.first + dt.timedelta(days=self.days_of_job - 1)] if self.days_of_job else []
        marked = [dt.date.fromisoformat(each.last_day) for each in self.manifests]
        return max([*job, *marked, *self.by_day, *self.reasons], default=None)

    @cached_property
    def by_day(self) -> dict[dt.date, dict[str, Entry]]:
        """The ledger's entries of each day, by the names of their requests."""
        days: dict[dt.date, dict[str, Entry]] = {}
        for name, entry in self.entries.items():
            with contextlib.suppress(ValueError):
                for day in entry.days:
                    days.setdefault(day, {})[name] = entry
        return days

    @cached_property
    def scopes(self) -> list[tuple[dt.date, dt.date, Locations]]:
        """Which locations were asked for: from when to when, by the markers, then of the rest."""
        found = [
            (
                dt.date.fromisoformat(each.first_day),
                dt.date.fromisoformat(each.last_day),
                _locations_of(each),
            )
            for each in self.manifests
        ]
        rest = {
            request.location
            for day, entries in self.by_day.items()
            if not any(first <= day <= last for first, last, _ in found)
            for request in (Request.named(self.dataset.name, name) for name in entries)
            if request and request.location is not None
        }
        locations = tuple(sorted(each for each in rest if each is not None))
        return [*found, (self.first, dt.date(self.number, 12, 31), locations or ALL_LOCATIONS)]

    def responses(self, day: dt.date) -> tuple[list[Entry], int]:
        """The entries that make up a day, the final ones if those do; and how many are missing."""
        had = self.by_day.get(day, {})
        final = {name: entry for name, entry in had.items() if not is_prelim(entry)}
        locations = next(each for first, last, each in self.scopes if first <= day <= last)
        any_flaw = {day: dict.fromkeys(flaws.ALL, "")}
        for entries in (final, had):
            left = missing.missing_requests(self.dataset, [day], locations, entries, any_flaw)
            if not left:
                break
        return missing.requests_of_days(self.dataset, [day], locations, entries), len(left)


def read_year(store: Store, dataset: Dataset, number: int) -> StoredYear:
    """All that the store has of a dataset-year but for its rows."""
    manifests = []
    for path in store.complete_markers(dataset.name, number):
        with contextlib.suppress(DamagedError):  # what is wrong with it is said under Quality
            manifests.append(read_manifest(path))
    ledger = store.read_ledger(dataset.name, number)
    prelims = {n.removesuffix(".prelim"): e for n, e in ledger.items() if is_prelim(e)}
    finals = {name: entry for name, entry in ledger.items() if not is_prelim(entry)}
    last = last_status(store, f"isone_{dataset.name}_{number}")
    return StoredYear(
        dataset,
        number,
        manifests,
        prelims | finals,
        _reasons(store, dataset.name, number, last),
        last.days if 0 < last.days <= _LONGEST_YEAR else 0,
    )


def is_prelim(entry: Entry) -> bool:
    """Whether a response is a preliminary one."""
    return entry.revision.startswith("prelim")


def _locations_of(manifest: Manifest) -> Locations:
    """The locations that a marker is of, by its name; chosen ones by its requests."""
    if ".at-" not in manifest.period:
        return ALL_LOCATIONS if manifest.period.endswith(".all") else HUBS
    requests = (Request.named(manifest.dataset, entry.request) for entry in manifest.requests)
    found = sorted(
        {request.location for request in requests if request and request.location is not None}
    )
    return tuple(found) or ALL_LOCATIONS


def _reasons(
    store: Store, dataset: str, year: int, last: status.JobStatus
) -> dict[dt.date, tuple[State, str]]:
    """Why days are missing: what the last job said, and the responses that were rejected."""
    reasons: dict[dt.date, tuple[State, str]] = {}
    for name, text in last.missing.items():
        with contextlib.suppress(ValueError):
            reasons[dt.date.fromisoformat(name)] = State.MISSING, text
    for path in store.rejections(dataset, year):
        request = Request.named(dataset, path.name.split(".json")[0])
        if request:
            text = printable(read_file(path).decode("utf-8", "replace").strip())
            reasons[request.day] = State.DAMAGED, text.partition(": ")[2] or text
    return reasons


def last_status(store: Store, name: str) -> status.JobStatus:
    """What a job last said of itself; nothing where it never ran."""
    return status.last_statuses(store).get(name, status.JobStatus())
