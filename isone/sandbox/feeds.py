"""What the service answers to, read from its paths: one feed for each dataset and version."""

import datetime as dt
import re
from dataclasses import dataclass, replace

from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import RESERVE_ZONES
from isone.market.requests import SPANS, Request, Span, of_version

BASE_PATH = "/api/v1.1/"
_PRELIM_LAG = dt.timedelta(hours=26)  # two hours after the operating day has ended
_NARROWED_BY = {"reserve zone": "reserveZone"}
"""The word in a path before an id, by the kind of the key, where it is not `location`."""


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
        """Whether a day's prices exist and are published at an instant; of a month, all of it."""
        return self.dataset.first_day <= day <= self.dataset.last_published(self.lag, at)

    @property
    def value_fields(self) -> tuple[str, ...]:
        """The fields of a record that hold numbers: prices first, as the table has them."""
        numbers = [c for c in self.dataset.columns if c.type != "string" and "." not in c.field]
        return tuple(c.field for c in sorted(numbers, key=lambda c: not c.is_price))

    @property
    def by_market_day(self) -> bool:
        """Whether its records come inside a market day, as those of day-ahead services do."""
        return len(self.wrapper) > 2


@dataclass(frozen=True)
class Query:
    """What a path asks of a feed: a day or month, whole or narrowed to a place or a local hour."""

    feed: Feed
    day: dt.date
    place: int | None = None
    hour: int | None = None
    span: Span = "day"
    typeless: bool = False
    """Whether the path leaves open which version it asks for: the feed is then the final one."""

    @property
    def days(self) -> list[dt.date]:
        """The operating days that it asks for."""
        return Request(self.feed.dataset.name, self.day, span=self.span).days


def feeds_of(dataset: Dataset) -> dict[str, Feed]:
    """The feeds of a dataset, one for each version, by the path up to what says when."""
    feeds = {}
    for version in dataset.versions:
        prelim = version == "prelim"
        base = of_version(dataset.request.base, version)
        wrapper = dataset.wrapper
        if prelim:
            wrapper = tuple(key.replace("Final", "Prelim") for key in wrapper)
        lag = _PRELIM_LAG if prelim else dataset.publication_lag
        feeds[base] = Feed(dataset, prelim, base, wrapper, lag)
    return feeds


FEEDS: dict[str, Feed] = {}
"""By the path up to `/day/…`; of datasets that share a path, the first one's."""
for _row in DATASETS.values():
    FEEDS = feeds_of(_row) | FEEDS

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
    word = next((word for word in SPANS if f"/{word}/" in path), SPANS[0])
    base, found, rest = path.partition(f"/{word}/")
    without_type = typeless_feed(base)
    feed, typeless = without_type or FEEDS.get(base), without_type is not None
    if feed is None or not found or not _is_served(feed, word):
        raise NotFoundError(path)
    when, *narrowed = rest.split("/")
    by_hour, by_id = feed.dataset.per_location, bool(feed.dataset.request.locations)
    query = Query(feed, _read_when(word, when), span=word, typeless=typeless)
    match narrowed:
        case [] if not by_hour and not by_id:
            return query
        case [narrowing, id] if narrowing == _narrowed_by(feed):
            return replace(query, place=read_number(id))
        case ["starthour", hour] if by_hour and not typeless:
            return replace(query, hour=_read_hour(hour))
        case ["hour", hour] if feed.dataset.chooses_locations and not by_hour:
            return replace(query, hour=_read_hour(hour))
    raise NotFoundError(path)


def _is_served(feed: Feed, span: Span) -> bool:
    """Whether there is a path for so much; what comes by month comes by day too, but for ids."""
    own = feed.dataset.request
    return span == own.span or (span == "day" and not own.locations)


def _narrowed_by(feed: Feed) -> str | None:
    """The word in a path before an id; None for a set without ids."""
    key = feed.dataset.id_key
    return _NARROWED_BY.get(key.kind, "location") if key else None


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
            return CurrentQuery(feed, everywhere=not feed.dataset.chooses_locations)
        case ["all"] if feed.dataset.chooses_locations:
            return CurrentQuery(feed, everywhere=True)
        case [narrowing, id] if narrowing == _narrowed_by(feed):
            return CurrentQuery(feed, everywhere=True, place=read_number(id))
    raise NotFoundError(path)


def _read_hour(text: str) -> int:
    if not re.fullmatch("[01][0-9]|2[0-3]", text):
        raise MalformedError(f"{text} is not an hour from 00 to 23")
    return int(text)


def _read_when(word: str, text: str) -> dt.date:
    """The day, or the first day of the month or year, that a path names."""
    return read_day({"day": text, "month": f"{text}01", "year": f"{text}0101"}[word])


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
