"""What a re-check is about, which days, and where its notes are."""

import datetime as dt
from pathlib import Path

from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.run import selection, status
from isone.run.settings import Settings
from isone.store.store import Store


def targets(path: str, settings: Settings) -> list[str]:
    """The path of each chosen dataset's note: it has places for `run`, `dataset` and `days`."""
    found = []
    for name in settings.datasets:
        first, last = days_to_recheck(DATASETS[name], settings, market_time.now())
        days = f"{first:%Y%m%d}-{last:%Y%m%d}"
        found.append(path.format(run=status.current_id(), dataset=name, days=days))
    return found


def kept(store: Store, dataset: str, days: str, at: dt.datetime) -> Path:
    """Where the note of a re-check is kept."""
    name = f"{days}.on-{at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}.json"
    return store.recheck_path(dataset, name)


def days_to_recheck(
    dataset: Dataset, settings: Settings, at: dt.datetime
) -> tuple[dt.date, dt.date]:
    """The first and last of the newest `recheck_days` days that have to be final by now."""
    _, last = selection.newest_days(dataset, settings, at)
    return max(dataset.first_day, last - dt.timedelta(days=settings.recheck_days - 1)), last
