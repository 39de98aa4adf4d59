"""What the service answers to, read from its paths: one feed for each dataset and version."""

import datetime as dt
import re
from dataclasses import dataclass

from isone.market import clock
from isone.market.datasets import DATASETS, RESERVE_ZONES, Dataset

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
    def value_fields(self) -> tuple[str, ...]:
        """The fields of a record that hold numbers: prices first, as the table has them."""
        numbers = [c for c in self.dataset.columns if c.type != "string"]
        return tuple(c.field for c in sorted(numbers, key=lambda c: not c.unit.startswith("$")))

    @property
    def by_market_day(self) -> bool:
        """Whether its records come inside a market day, as those of day-ahead services do."""
        return len(self.wrapper) > 2


@dataclass(frozen=True)
class Query:
    """What a path asks of a feed: a day, whole or narrowed to a place or a local hour."""

    feed: Feed
    day: dt.date
    place: int | None = None
    hour: int | None = None
    typeless: bool = False
    """Whether the path leaves open which version it asks for: the feed is then the final one."""


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

_TYPELESS = ("fiveminutelmp", "fiveminutercp", "fiveminutereserveprice")
"""The deprecated paths that name no type, which clients still use."""
_WITHOUT_CURRENT = ("hourlylmp/rt/final",)


def typeless_feed(base: str) -> Feed | None:
    """The final version of a set whose path names no type; None for any other path."""
    return FEEDS[f"{base}/final"] if base in _TYPELESS else None


def preliminary(feed: Feed) -> Feed:
    """The preliminary version of a feed that has one."""
    return FEEDS[feed.base.replace("final", "prelim")]


def read_query(path: str) -> Query:
    """Understand a path below the base path, such as `hourlylmp/da/final/day/20240101`.

    Raises NotFoundError for a path the service does not have and MalformedError for a day, hour
    or id that cannot be one.
    """
    base, found, rest = path.partition("/day/")
    without_type = typeless_feed(base)
    feed, typeless = without_type or FEEDS.get(base), without_type is not None
    if feed is None or not found:
        raise NotFoundError(path)
    day, *narrowed = rest.split("/")
    by_hour = feed.dataset.per_location
    match narrowed:
        case [] if not by_hour:
            return Query(feed, read_day(day), typeless=typeless)
        case ["location", place] if feed.dataset.place == "location":
            return Query(feed, read_day(day), place=read_number(place), typeless=typeless)
        case ["reserveZone", zone] if feed.dataset.place == "reserve_zone":
            return Query(feed, read_day(day), place=read_number(zone), typeless=typeless)
        case ["starthour", hour] if by_hour and not typeless:
            return Query(feed, read_day(day), hour=_read_hour(hour))
        case ["hour", hour] if feed.dataset.place == "location" and not by_hour:
            return Query(feed, read_day(day), hour=_read_hour(hour))
    raise NotFoundError(path)


@dataclass(frozen=True)
class CurrentQuery:
    """What a path asks of the newest prices of a feed: all places, the core ones, or one."""

    feed: Feed
    everywhere: bool
    place: int | None = None


def read_current(path: str) -> CurrentQuery:
    """Understand a path such as `fiveminutelmp/final/current/all`; raises as `read_query` does."""
    base, found, rest = path.partition("/current")
    without_type = typeless_feed(base)
    feed = preliminary(without_type) if without_type else FEEDS.get(base)
    if feed is None or not found or base in _WITHOUT_CURRENT:
        raise NotFoundError(path)
    match rest.split("/")[1:]:
        case [] if not rest:
            return CurrentQuery(feed, everywhere=feed.dataset.place != "location")
        case ["all"] if feed.dataset.place == "location":
            return CurrentQuery(feed, everywhere=True)
        case ["location", place] if feed.dataset.place == "location":
            return CurrentQuery(feed, everywhere=True, place=read_number(place))
        case ["reserveZone", zone] if feed.dataset.place == "reserve_zone":
            return CurrentQuery(feed, everywhere=True, place=read_number(zone))
    raise NotFoundError(path)


def _read_hour(text: str) -> int:
    if not re.fullmatch("[01][0-9]|2[0-3]", text):
        raise MalformedError(f"{text} is not an hour from 00 to 23")
    return int(text)


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
