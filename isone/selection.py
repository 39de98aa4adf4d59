"""From years and datasets to jobs: which dataset-years there are to do, and what each lacks."""

import datetime as dt
import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from isone import clock, flaws, sources
from isone.datasets import (
    ALL_LOCATIONS,
    DATASETS,
    HUBS,
    PRELIM_AFTER,
    Dataset,
    Locations,
    Part,
)
from isone.errors import StopRunError
from isone.settings import AcceptedFlaw, Settings
from isone.store import Entry, Store

PERIOD_PATTERN = r"\d{4}(\.through-\d{8}(\.final-\d{8})?)?(\.all|\.at-[0-9a-f]{8})?"
"""What a period looks like in a file's name, as a regular expression."""


@dataclass(frozen=True)
class Job:
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
        return f"{self.year}{open_end}{self._scope}"

    @property
    def _scope(self) -> str:
        if not DATASETS[self.dataset].per_location or self.locations == HUBS:
            return ""
        if self.locations == ALL_LOCATIONS:
            return ".all"
        text = ",".join(str(location) for location in self.locations)
        return f".at-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def superseded(self, periods: Iterable[str]) -> list[str]:
        """Those periods that this job's contains: the same year and locations, ended earlier."""
        others = {period: Job.of_period(self.dataset, period, self.locations) for period in periods}
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
        ascending = list(clock.days(self.first, self.last))
        return ascending[::-1] if newest_first else ascending

    @classmethod
    def of_period(cls, dataset: str, period: str, locations: Locations) -> "Job":
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
    """What a configuration asks for: jobs in order, and what there is to say about the rest."""

    jobs: tuple[Job, ...]
    remarks: tuple[str, ...]


def select(settings: Settings, at: dt.datetime) -> Selection:
    """The dataset-years of a configuration, in the order they are run, as things are at `at`.

    Raises StopRunError where nothing of it can be had without an account.
    """
    jobs: list[Job] = []
    remarks: list[str] = []
    not_public: list[str] = []
    from_reports = bool(settings.years) and sources.kind(settings) == sources.REPORTS
    store = Store(settings.store_dir)
    for year in sorted(settings.years, reverse=settings.newest_first):
        for dataset in (DATASETS[name] for name in settings.datasets):
            first = max(dt.date(year, 1, 1), dataset.first_day)
            newest, final = newest_days(dataset, settings, at)
            last = min(dt.date(year, 12, 31), newest)
            if first.year > year:
                remarks.append(f"{dataset.name} begins on {dataset.first_day}: {year} has nothing")
            elif last < first:
                remarks.append(f"{dataset.name} {year}: no day is published yet, or wanted")
            else:
                open_end = final if final < last else None
                job = Job(dataset.name, year, first, last, settings.locations, open_end)
                had = store.marker_path(job.dataset, job.period).exists()
                if from_reports and dataset.report is None and not had:
                    not_public.append(job.dataset)
                else:
                    jobs.append(job)
    if from_reports:
        _require_any(jobs, not_public)
        remarks = [*_remarks_on_reports(settings, not_public), *remarks]
    return Selection(tuple(jobs), tuple(remarks))


def _require_any(jobs: Collection[Job], not_public: Iterable[str]) -> None:
    """Raise StopRunError where all that is chosen needs an account."""
    names = ", ".join(dict.fromkeys(not_public))
    if names and not jobs:
        raise StopRunError(
            f"no ISO-NE account is set, and no public report has {names}: {sources.ACCOUNT_HELP}; "
            "or say source=sandbox"
        )


def _remarks_on_reports(settings: Settings, not_public: Iterable[str]) -> list[str]:
    """That the public reports are taken, and what they have not, with the way to an account."""
    remarks = [
        f"{name} is in no public report and is left out; to have it, {sources.ACCOUNT_HELP}"
        for name in dict.fromkeys(not_public)
    ]
    if settings.source == "auto":
        remarks.insert(0, f"no account is set: from the public reports at {sources.REPORTS_URL}")
    return remarks


def newest_days(dataset: Dataset, settings: Settings, at: dt.datetime) -> tuple[dt.date, dt.date]:
    """The newest day to have, and the newest that has to be final, as things are at `at`.

    `through` pins the first; days that should be final by now have to be, whatever it says.
    """
    final = clock.last_published(dataset.publication_lag, at)
    newest = final
    if dataset.has_prelim and settings.revision != "final":
        newest = clock.last_published(PRELIM_AFTER, at)
    newest = settings.through or newest
    prelim = dataset.has_prelim and settings.revision != "final"
    return newest, min(newest, final) if prelim else newest


def parts_lacking(
    dataset: Dataset,
    days: Iterable[dt.date],
    locations: Locations,
    entries: dict[str, Entry],
    accepted: Collection[dt.date],
    *,
    from_reports: bool = False,
) -> list[Part]:
    """The requests that are left, in the order of the days.

    `entries` are the parts that are had; one that lacks intervals counts only while its day's gap
    is accepted. A day had in another way that has these locations too (hour by hour, or by public
    reports) needs nothing more.
    """
    had = {n for n, entry in entries.items() if not entry.missing or _day_of(n) in accepted}
    lacking: list[Part] = []
    for day in days:
        ways = ways_of_day(dataset, day, locations)
        if any(all(part.name in had for part in way) for way in ways):
            continue
        parts = dataset.report_parts(day) if from_reports else ways[0]
        lacking += [part for part in parts if part.name not in had]
    return lacking


def ways_of_day(dataset: Dataset, day: dt.date, locations: Locations) -> list[list[Part]]:
    """The sets of parts of which each brings a day at these locations, the API's own first."""
    ways = [dataset.day_parts(day, locations)]
    if dataset.per_location:
        ways.append(dataset.day_parts(day, ALL_LOCATIONS))
        if dataset.report:
            ways.append(dataset.report_parts(day))
    return ways


def parts_of_days(
    dataset: Dataset,
    days: Iterable[dt.date],
    locations: Locations,
    entries: dict[str, Entry],
    final_through: dt.date | None = None,
) -> list[Entry]:
    """The entries that make up the days at these locations, for the manifest.

    After `final_through` a preliminary reply stands in for a final one that is not out yet.
    """
    if final_through:
        prelims = {n.removesuffix(".prelim"): e for n, e in entries.items() if n.endswith("prelim")}
        recent = {n: e for n, e in prelims.items() if _day_of(n) > final_through}
        entries = recent | entries
    chosen: list[Entry] = []
    for day in days:
        ways = ways_of_day(dataset, day, locations)
        whole = (way for way in ways if all(part.name in entries for part in way))
        way = next(whole, None) or max(ways, key=lambda way: sum(p.name in entries for p in way))
        chosen += [entries[part.name] for part in way if part.name in entries]
    return chosen


def accepted_days(
    accepted: Iterable[AcceptedFlaw], dataset: str, flaw: str = flaws.MISSING
) -> dict[dt.date, str]:
    """The days of a dataset on which the configuration accepts a flaw, with the reasons."""
    return {
        each.day: each.reason for each in accepted if (each.dataset, each.flaw) == (dataset, flaw)
    }


def requests_left(store: Store, job: Job, settings: Settings) -> int:
    """How many requests a job would send, as far as the folder can tell. 0 if it has its marker."""
    if store.marker_path(job.dataset, job.period).exists():
        return 0
    dataset = DATASETS[job.dataset]
    entries = store.read_ledger(job.dataset, job.year)
    accepted = accepted_days(settings.accepted_flaws, job.dataset)
    days = job.days(newest_first=settings.newest_first)
    from_reports = sources.kind(settings) == sources.REPORTS
    lacking = parts_lacking(
        dataset, days, job.locations, entries, accepted, from_reports=from_reports
    )
    unproven = store.parts_unproven(job.dataset, job.year)
    return sum(part.name not in unproven for part in lacking)


def _day_of(part_name: str) -> dt.date:
    return dt.datetime.strptime(part_name[:8], "%Y%m%d").date()
