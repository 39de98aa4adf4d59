"""What the service answers to, read from its paths: one feed for each dataset and version."""

import datetime as dt
import re
from dataclasses import dataclass

from isone import clock
from isone.datasets import DATASETS, RESERVE_ZONES, Dataset

BASE_PATH = "/api/v1.1/"
_PRELIM_LAG = dt.timedelta(hours=26)  # two hours after the operating day has ended
_DAY_AHEAD = "DAY_AHEAD_HOURLY"


class NotFoundError(Exception):
    """No such path."""


class MalformedError(Exception):
    """The path is known, but a day, year, hour or id in it cannot be one."""


@dataclass(frozen=True)
class Feed:
    """A dataset in one version, final or preliminary, and where it is served."""

    dataset: Dataset
    prelim: bool
    base: str
    """The path up to `/day/…`, below the base path: `hourlylmp/rt/prelim`."""
    wrapper: tuple[str, ...]
    lag: dt.timedelta
    """From the beginning of an operating day to when it is out."""

    def is_out(self, day: dt.date, at: dt.datetime) -> bool:
        """Whether a day's prices exist and are published at an instant."""
        return self.dataset.first_day <= day <= clock.last_published(self.lag, at)

    @property
    def price_fields(self) -> tuple[str, ...]:
        """The fields of a record that hold prices, the foremost first."""
        return tuple(c.field for c in self.dataset.columns if c.unit.startswith("$"))


@dataclass(frozen=True)
class Query:
    """What a path asks of a feed: a day, whole or narrowed to a place or a local hour."""

    feed: Feed
    day: dt.date
    place: int | None = None
    hour: int | None = None


def _feeds() -> dict[str, Feed]:
    feeds = {}
    for dataset in DATASETS.values():
        base = dataset.path.partition("/day/")[0]
        feeds[base] = Feed(dataset, False, base, dataset.wrapper, dataset.publication_lag)
        if dataset.market != _DAY_AHEAD:
            base = base.replace("final", "prelim")
            wrapper = tuple(key.replace("Final", "Prelim") for key in dataset.wrapper)
            feeds[base] = Feed(dataset, True, base, wrapper, _PRELIM_LAG)
    return feeds


FEEDS = _feeds()
"""By the path up to `/day/…`; every market but the day-ahead ones has a preliminary version."""


def read_query(path: str) -> Query:
    """Understand a path below the base path, such as `hourlylmp/da/final/day/20240101`.

    Raises NotFoundError for a path the service does not have and MalformedError for a day, hour
    or id that cannot be one.
    """
    base, found, rest = path.partition("/day/")
    feed = FEEDS.get(base)
    if feed is None or not found:
        raise NotFoundError(path)
    day, *narrowed = rest.split("/")
    by_hour = feed.dataset.per_location
    match narrowed:
        case [] if not by_hour:
            return Query(feed, read_day(day))
        case ["location", place] if feed.dataset.place == "location":
            return Query(feed, read_day(day), place=read_number(place))
        case ["reserveZone", zone] if feed.dataset.place == "reserve_zone":
            return Query(feed, read_day(day), place=read_number(zone))
        case ["starthour", hour] if by_hour:
            if not re.fullmatch("[01][0-9]|2[0-3]", hour):
                raise MalformedError(f"{hour} is not an hour from 00 to 23")
            return Query(feed, read_day(day), hour=int(hour))
    raise NotFoundError(path)


def read_day(text: str) -> dt.date:
    """A day written YYYYMMDD; raises MalformedError for anything else."""
    if not re.fullmatch(r"[0-9]{8}", text):
        raise MalformedError(f"{text} is not a day like 20240131")
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise MalformedError(f"{text} is not a day of the calendar") from None


def read_number(text: str) -> int:
    """A whole number without sign; raises MalformedError for anything else."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise MalformedError(f"{text} is not a whole number")
    return int(text)


def zone_ids(query: Query) -> list[int]:
    """The reserve zones that a query asks for."""
    return [zone for zone in RESERVE_ZONES if query.place in (None, zone)]
