"""From years and datasets to dataset-years: which there are, and what each is missing."""

import contextlib
import datetime as dt
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from isone.errors import DamagedError, StopRunError
from isone.market import flaws, market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS, PRELIM_AFTER
from isone.market.locations import ALL_LOCATIONS, HUBS, Locations
from isone.market.requests import Request
from isone.run import sources
from isone.run.settings import AcceptedFlaw, Settings
from isone.store.manifest import read_manifest
from isone.store.store import Entry, Store

PERIOD_PATTERN = r"\d{4}(\.through-\d{8}(\.final-\d{8})?)?(\.all|\.at-[0-9a-f]{8})?"
"""What a period looks like in a file's name, as a regular expression."""
Accepted = Mapping[dt.date, Mapping[str, str]]
"""Flaws of ISO-NE's own that are accepted: by day and name, with the reasons."""


@dataclass(frozen=True)
class DatasetYear:
    """A dataset-year: the unit of work.

    A year that is still open ends with `last`, and says so in its period. Where the service answers
    by location, the period also names the locations, unless they are the hub and zones.
    """

    dataset: str
    year: int
    first: dt.date
    last: dt.date
    locations: Locations
    final_through: dt.date | None = None
    """The last day that has to be final; later ones may be preliminary. None: all are final."""

    @property
    def name(self) -> str:
        """What the job and its logs are called."""
        return f"isone_{self.dataset}_{self.year}"

    @property
    def period(self) -> str:
        """The marker's name: `2024`, `2026.through-20261120`, `2024.all`.

        While days may be preliminary it also says through when all are final, so that a later run
        has a new target: `2026.through-20261120.final-20261115`, and `2024` only when all of it is.
        """
        open_end = ""
        if self.last < dt.date(self.year, 12, 31) or self.final_through:
            open_end = f".through-{self.last:%Y%m%d}"
        if self.final_through:
            open_end += f".final-{self.final_through:%Y%m%d}"
        return f"{self.year}{open_end}{self.scope}"

    @property
    def scope(self) -> str:
        """The end of the period that names the locations; "" where they need no name."""
        if not DATASETS[self.dataset].per_location or self.locations == HUBS:
            return ""
        if self.locations == ALL_LOCATIONS:
            return ".all"
        text = ",".join(str(location) for location in self.locations)
        return f".at-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def superseded(self, periods: Iterable[str]) -> list[str]:
        """Those periods that this job's contains: the same year and locations, ended earlier."""
        others = {
            period: DatasetYear.of_period(self.dataset, period, self.locations)
            for period in periods
        }
        return [
            period
            for period, other in others.items()
            if other.period == period != self.period
            and other.year == self.year
            and other.last <= self.last
            and (other.final_through or other.last) <= (self.final_through or self.last)
        ]

    def days(self, *, newest_first: bool) -> list[dt.date]:
        """The operating days of the job, in the order in which they are downloaded."""
        ascending = list(market_time.days(self.first, self.last))
        return ascending[::-1] if newest_first else ascending

    @classmethod
    def of_period(cls, dataset: str, period: str, locations: Locations) -> "DatasetYear":
        """The job whose marker has this period; the counterpart of `period`."""
        year = int(period[:4])
        last, final = _date_in(period, "through"), _date_in(period, "final")
        return cls(
            dataset,
            year,
            max(dt.date(year, 1, 1), DATASETS[dataset].first_day),
            last or dt.date(year, 12, 31),
            locations,
            final,
        )


def _date_in(period: str, word: str) -> dt.date | None:
    found = re.search(rf"\.{word}-(\d{{8}})", period)
    return dt.datetime.strptime(found[1], "%Y%m%d").date() if found else None


@dataclass(frozen=True)
class Selection:
    """What a configuration asks for, in order, and what there is to say about the rest."""

    dataset_years: tuple[DatasetYear, ...]
    remarks: tuple[str, ...]
    left_out: tuple[str, ...]
    """What was asked for and is no job, with the reasons."""


def select(settings: Settings, at: dt.datetime) -> Selection:
    """The dataset-years of a configuration, in the order they are run, as things are at `at`.

    Raises StopRunError where nothing of it can be had without an account.
    """
    dataset_years: list[DatasetYear] = []
    left_out = list(settings.remarks)
    not_public: list[str] = []
    too_early: dict[str, list[int]] = {}
    from_reports = bool(settings.years) and sources.kind(settings) == sources.REPORTS
    store = Store(settings.store_dir)
    for year in sorted(settings.years, reverse=settings.newest_first):
        for dataset in (DATASETS[name] for name in settings.datasets):
            first = max(dt.date(year, 1, 1), dataset.first_day)
            newest, final = newest_days(dataset, settings, at)
            last = min(dt.date(year, 12, 31), newest)
            if first.year > year:
                left_out.append(f"{dataset.name} begins on {dataset.first_day}: {year} has nothing")
            elif last < first:
                left_out.append(f"{dataset.name} {year}: no day is published yet, or wanted")
            else:
                open_end = final if final < last else None
                job = DatasetYear(dataset.name, year, first, last, settings.locations, open_end)
                job = _with_marker(store, job)
                had = store.marker_path(job.dataset, job.period).exists()
                if from_reports and dataset.public_csv is None and not had:
                    not_public.append(job.dataset)
                elif from_reports and first < dataset.public_since and not had:
                    too_early.setdefault(dataset.name, []).append(year)
                else:
                    dataset_years.append(job)
    if from_reports:
        lacking = [f"{name} {year}" for name, years in too_early.items() for year in years]
        _require_any(settings, dataset_years, [*not_public, *lacking])
        left_out += [
            f"{name} is in no public CSV report and is left out; to have it, {sources.ACCOUNT_HELP}"
            for name in dict.fromkeys(not_public)
        ]
        left_out += [_too_early(DATASETS[name], years) for name, years in too_early.items()]
    remarks = []
    if from_reports and settings.source == "auto":
        remarks.append(f"no account is set: from the public reports at {sources.REPORTS_URL}")
    return Selection(tuple(dataset_years), tuple(remarks), tuple(left_out))


def _with_marker(store: Store, job: DatasetYear) -> DatasetYear:
    """A job, or the same for more locations where that one has its marker and this one has not."""
    path = store.marker_path(job.dataset, job.period)
    if not DATASETS[job.dataset].per_location or path.exists():
        return job
    for period in store.marker_periods(job.dataset):
        if not period.startswith(job.period.removesuffix(job.scope)):
            continue
        with contextlib.suppress(DamagedError):
            found = read_manifest(store.marker_path(job.dataset, period)).locations
            more: Locations = found if isinstance(found, tuple) else ALL_LOCATIONS
            wider = replace(job, locations=more)
            if wider.period == period and _includes(more, job.locations):
                return wider
    return job


def _includes(more: Locations, locations: Locations) -> bool:
    if isinstance(more, str) or isinstance(locations, str):
        return more == ALL_LOCATIONS
    return set(locations) <= set(more)


def _too_early(dataset: Dataset, years: Iterable[int]) -> str:
    """That years are left out because public CSV has not the whole of them.

    Nothing is made of a request: its marker would have the name of the whole year's, which an
    account brings.
    """
    since = dataset.public_since
    whole = "" if (since.month, since.day) == (1, 1) else f", for whole years from {since.year + 1}"
    named = ", ".join(str(year) for year in sorted(years))
    return (
        f"{dataset.name} is in the public CSV from {since} on{whole}, so it is left out of "
        f"{named}; to have it, {sources.ACCOUNT_HELP}"
    )


def _require_any(
    settings: Settings, dataset_years: Collection[DatasetYear], not_public: Iterable[str]
) -> None:
    """Raise StopRunError where all that is chosen needs an account."""
    names = ", ".join(dict.fromkeys(not_public))
    if names and not dataset_years:
        why = "no ISO-NE account is set, and " if settings.source == "auto" else ""
        leave = "" if settings.source == "auto" else f"leave out source={settings.source}, and "
        raise StopRunError(
            f"{why}no public CSV report has {names}: {leave}{sources.ACCOUNT_HELP}; or say "
            "source=sandbox"
        )


def newest_days(dataset: Dataset, settings: Settings, at: dt.datetime) -> tuple[dt.date, dt.date]:
    """The newest day to have, and the newest that has to be final, as things are at `at`.

    `through` pins the first; days that should be final by now have to be, whatever it says.
    """
    final = dataset.last_published(dataset.publication_lag, at)
    newest = final
    if dataset.has_prelim and settings.revision != "final":
        newest = dataset.last_published(PRELIM_AFTER, at)
    newest = dataset.last_whole_day(settings.through) if settings.through else newest
    prelim = dataset.has_prelim and settings.revision != "final"
    return newest, min(newest, final) if prelim else newest


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
    lacking: list[Request] = []
    for day in days:
        ways = ways_of_day(dataset, day, locations)
        if any(all(request.name in had for request in way) for way in ways):
            continue
        requests = dataset.csv_requests(day) if from_reports else ways[0]
        lacking += [request for request in requests if request.name not in had]
    return list(dict.fromkeys(lacking))  # several days may hang on one request


def is_usable(entry: Entry, day: dt.date, locations: Locations, accepted: Accepted) -> bool:
    """Whether a stored request counts for these locations, as it is.

    One that lacks intervals or has another flaw does only while that flaw of the day is accepted.
    """
    names = accepted.get(day, {})
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
    return {n: e for n, e in entries.items() if is_usable(e, e.day, locations, accepted)}


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


def requests_left(store: Store, job: DatasetYear, settings: Settings) -> Requests:
    """How many requests a job would send; none if it has its marker."""
    if store.marker_path(job.dataset, job.period).exists():
        return Requests()
    dataset = DATASETS[job.dataset]
    entries = store.read_ledger(job.dataset, job.year)
    lacking = missing_requests(
        dataset,
        job.days(newest_first=settings.newest_first),
        job.locations,
        entries,
        accepted_flaws(settings.accepted_flaws, job.dataset),
        from_reports=sources.kind(settings) == sources.REPORTS,
    )
    unvalidated = store.unvalidated_requests(job.dataset, job.year)
    left = [request for request in lacking if request.name not in unvalidated]
    hoped_for = [request for request in left if is_hoped_for(request, job.final_through)]
    maybe = sum(request.preliminary.name not in entries for request in hoped_for)
    return Requests(len(left), maybe)
