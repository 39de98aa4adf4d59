"""What the Snakefile takes from a configuration: the targets, their order, and a run's start."""

import datetime as dt
import os
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from isone.errors import UsageError
from isone.market import market_time
from isone.run import complete, preflight, selection, slips, sources, status
from isone.run.custom import CustomDownload, made_from, read_downloads
from isone.run.dataset_year import DatasetYear
from isone.run.plan import DOWNLOADS, Plan, may_need_location_list, planned_custom, planned_year
from isone.run.settings import Settings, read_settings
from isone.store import markers
from isone.store.files import nearest_existing
from isone.store.processes import this_host
from isone.store.store import Store


@dataclass(frozen=True)
class Run:
    """What the Snakefile and its rules need to know of a configuration."""

    settings: Settings
    store: Store
    dataset_years: tuple[DatasetYear, ...]
    custom: tuple[CustomDownload, ...]
    remarks: tuple[str, ...]
    left_out: tuple[str, ...]
    """What was asked for and is no job of this run, with the reasons."""
    config: Mapping[str, Any]
    """The configuration as it was given."""

    @classmethod
    def of(cls, config: Mapping[str, Any], *, begins: bool = False) -> "Run":
        """Read a configuration, and see which markers still hold if a run `begins`.

        Raises UsageError, in one sentence, for anything wrong in the configuration.
        """
        settings = read_settings(config)
        for folder in (settings.data_dir, settings.log_dir):
            _require_writable(folder)
        if settings.smd and not settings.smd.is_file():
            raise UsageError(f"smd: there is no file {settings.smd}; say where the workbook is")
        store = Store(settings.store_dir)
        custom = read_downloads(settings.downloads, config) if settings.downloads else []
        dropped = complete.drop_stale(store, settings) if begins else []
        chosen = selection.select(settings, market_time.now())
        if (settings.years or settings.downloads) and not chosen.dataset_years and not custom:
            why = "; ".join(chosen.left_out) or f"{settings.downloads} is an empty list"
            raise UsageError(f"there is nothing to download: {why}")
        remarks = (*chosen.remarks, *dropped)
        if begins:
            remarks += (*slips.remarks(sys.argv), *status.others_going_on(store))
        started = cls(
            settings, store, chosen.dataset_years, tuple(custom), remarks, chosen.left_out, config
        )
        if begins:
            started.drop_custom()
        return started

    def price_priority(self, wildcards: Any) -> int:
        """The place of a dataset-year in the order; Snakemake starts higher ones first."""
        for place, job in enumerate(reversed(self.dataset_years)):
            if (job.dataset, job.period) == (wildcards.dataset, wildcards.period):
                return 1 + len(self.custom) + place
        return 0

    def custom_priority(self, wildcards: Any) -> int:
        """The place of a custom download: as in the file, after the dataset-years."""
        names = [each.name for each in reversed(self.custom)]
        return 1 + names.index(wildcards.name) if wildcards.name in names else 0

    def drop_custom(self) -> None:
        """Remove the markers of custom downloads that were changed since, or have more to bring."""
        now = market_time.now()
        for download in self.custom:
            path = self.store.marker_path("custom", download.name)
            markers.keep_if(markers.holds(path, made_from(download, self.config, now)), path)

    @cached_property
    def plan(self) -> Plan:
        """What there is to do, counted from the files when it is first asked for."""
        years = [planned_year(self.store, job, self.settings) for job in self.dataset_years]
        custom = [planned_custom(self.store, download) for download in self.custom]
        return Plan(
            source=sources.kind(self.settings),
            data_dir=str(self.store.root),
            log_dir=str(self.settings.log_dir),
            downloads=(*years, *custom),
            remarks=(*self.remarks, *self.left_out),
            left_out=len(self.left_out),
            listing=may_need_location_list(self.store, self.settings),
        )

    def start(
        self,
        retries: int,
        rules: Collection[str] = (),
        page: str = "",
        checks: Iterable[preflight.Check] = (),
    ) -> str:
        """Note the plan of a run that begins; returns what there is to say of it.

        `retries` are those of each download, `rules` those with jobs to do, and `page` is where
        the report goes. Raises UsageError where no years are given, and an IsoneError with a
        sentence for each thing in the way of the run: what `checks` raise, no account, no room on
        the disk.
        """
        if self.plan.is_empty:
            raise UsageError(slips.NO_YEARS)
        downloads = bool(DOWNLOADS & set(rules))
        checks = list(checks)
        if downloads:
            checks += preflight.checks_of_downloads(
                self.settings, self.plan, self.custom, self.config
            )
        preflight.require(checks)
        started = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
        noted = msgspec.structs.replace(
            self.plan,
            attempts=1 + retries,
            started=started,
            process=os.getpid(),
            host=this_host(),
            rules=tuple(sorted(set(rules))),
            page=page,
        )
        status.write_plan(self.store, noted)
        notes = preflight.notes(self.settings, self.store, self.plan, downloads=downloads)
        lines = [f"Note: {note}" for note in notes]
        if downloads:
            lines = [f"Max retries per download: {retries}", f"Started: {started}", *lines]
        return "".join(f"# {line}\n" for line in lines)


def each(path: str, dataset_years: Sequence[DatasetYear]) -> list[str]:
    """The path of each dataset-year; it has places for `{dataset}` and `{period}`."""
    return [path.format(dataset=year.dataset, period=year.period) for year in dataset_years]


def once(path: str, dataset_years: Sequence[DatasetYear]) -> list[str]:
    """The path of what all dataset-years share; none where there are only custom downloads."""
    return [path] if dataset_years else []


def each_custom(path: str, downloads: Sequence[CustomDownload]) -> list[str]:
    """The path of each custom download; it has a place for its `{name}`."""
    return [path.format(name=download.name) for download in downloads]


def _require_writable(folder: Path) -> None:
    """Refuse, before anything starts, a folder that can be neither written nor made."""
    try:
        existing = nearest_existing(folder)
    except OSError as error:
        raise UsageError(f"{str(folder)[:80]} cannot be a folder: {error.strerror}") from error
    if not existing.is_dir():
        raise UsageError(f"{existing} is a file, but {folder} must be a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UsageError(
            f"cannot write into {folder}; check the owner and permissions of {existing}"
        )
