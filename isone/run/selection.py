"""From years and datasets to dataset-years: which there are, and why others are left out."""

import contextlib
import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from isone.errors import DamagedError, StopRunError
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS, PRELIM_AFTER
from isone.market.locations import ALL_LOCATIONS, Locations
from isone.run import sources
from isone.run.dataset_year import DatasetYear
from isone.run.settings import Settings
from isone.store.store import Store
from isone.store.year_marker import read_manifest


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
    published, left_out = _published(settings, at)
    if not settings.years or sources.kind(settings) != sources.REPORTS:
        return Selection(tuple(published), (), tuple(left_out))
    in_public_csv, needs_account = _in_public_csv(settings, published)
    remarks = []
    if settings.source == "auto":
        remarks.append(f"no account is set: from the public reports at {sources.REPORTS_URL}")
    return Selection(tuple(in_public_csv), tuple(remarks), (*left_out, *needs_account))


def _published(settings: Settings, at: dt.datetime) -> tuple[list[DatasetYear], list[str]]:
    """The dataset-years that have a published day, and why others are left out."""
    store = Store(settings.store_dir)
    dataset_years: list[DatasetYear] = []
    left_out = list(settings.remarks)
    none_yet: dict[str, list[str]] = {}
    for year in sorted(settings.years, reverse=settings.newest_first):
        for dataset in (DATASETS[name] for name in settings.datasets):
            first = max(dt.date(year, 1, 1), dataset.first_day)
            newest, final = newest_days(dataset, settings, at)
            last = min(dt.date(year, 12, 31), newest)
            if first.year > year:
                left_out.append(f"{dataset.name} begins on {dataset.first_day}: {year} has nothing")
            elif last < first:
                is_cut = settings.through is not None and settings.through < first
                why = f"through={settings.through} is before" if is_cut else "not published yet is"
                none_yet.setdefault(f"{why} the first day of {year}", []).append(dataset.name)
            else:
                open_end = final if final < last else None
                job = DatasetYear(dataset.name, year, first, last, settings.locations, open_end)
                dataset_years.append(_with_marker(store, job))
    left_out += [f"{why} ({', '.join(names)})" for why, names in none_yet.items()]
    return dataset_years, left_out


def _in_public_csv(
    settings: Settings, published: Iterable[DatasetYear]
) -> tuple[list[DatasetYear], list[str]]:
    """The dataset-years that are complete, or that public CSV has; why others are left out.

    Raises StopRunError where nothing is left.
    """
    store = Store(settings.store_dir)
    kept: list[DatasetYear] = []
    not_public: list[str] = []
    too_early: dict[str, list[int]] = {}
    for job in published:
        dataset = DATASETS[job.dataset]
        if store.marker_path(job.dataset, job.period).exists():
            kept.append(job)
        elif dataset.public_csv is None:
            not_public.append(job.dataset)
        elif job.first < dataset.public_since:
            too_early.setdefault(dataset.name, []).append(job.year)
        else:
            kept.append(job)
    missing = [f"{name} {year}" for name, years in too_early.items() for year in years]
    _require_any(settings, kept, [*not_public, *missing])
    left_out = [
        f"{name} is in no public CSV report and is left out; to have it, {sources.ACCOUNT_HELP}"
        for name in dict.fromkeys(not_public)
    ]
    return kept, left_out + [_too_early(DATASETS[name], years) for name, years in too_early.items()]


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
