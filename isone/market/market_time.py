"""Operating days and their intervals: the only place that knows about summer time.

An operating day runs from midnight to midnight in New England, so it has 23, 24 or 25 hours.
Instants are UTC seconds since the epoch (`int`); days are `datetime.date`.
"""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from zoneinfo import ZoneInfo

MARKET_ZONE = ZoneInfo("America/New_York")


def now() -> dt.datetime:
    """The present instant, in market time."""
    return dt.datetime.now(MARKET_ZONE)


def utc_now() -> str:
    """The present instant as files have it, in UTC: `2026-11-27T02:40:01+00:00`."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Every day from `first` to `last`, both included; none where `last` is earlier."""
    for offset in range((last - first).days + 1):
        yield first + dt.timedelta(days=offset)


@lru_cache(maxsize=4096)
def day_bounds(day: dt.date) -> tuple[int, int]:
    """First instant of an operating day and the first instant after it (UTC seconds)."""
    following = day + dt.timedelta(days=1)
    return _midnight(day), _midnight(following)


def _midnight(day: dt.date) -> int:
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=MARKET_ZONE).timestamp())


def interval_starts(day: dt.date, minutes: int) -> range:
    """The beginnings of a day's intervals (UTC seconds): 24 hours, or 23, or 25, cut evenly."""
    start, end = day_bounds(day)
    return range(start, end, minutes * 60)


def hour_starts(day: dt.date, hour: int, minutes: int) -> list[int]:
    """The intervals whose local clock shows `hour`: none in the spring gap, twice in autumn."""
    return [
        start
        for begins in interval_starts(day, 60)
        if local_time(begins).hour == hour
        for start in range(begins, begins + 3600, minutes * 60)
    ]


def instants(day: dt.date, hour: int, minute: int = 0, second: int = 0) -> tuple[int, ...]:
    """When New England's clocks show a time of a day: once, twice in autumn, never in spring.

    UTC seconds, ascending. Raises ValueError for what is no time of a day.
    """
    shown = dt.datetime(day.year, day.month, day.day, hour, minute, second)
    found = {int(shown.replace(tzinfo=MARKET_ZONE, fold=f).timestamp()) for f in (0, 1)}
    return tuple(sorted(t for t in found if local_time(t).replace(tzinfo=None) == shown))


def start_hours(day: dt.date) -> list[int]:
    """The hours a local clock shows in the course of a day, each once (no 2 in spring)."""
    return sorted({local_time(t).hour for t in interval_starts(day, 60)})


def local_time(instant: int) -> dt.datetime:
    """An instant as New England's clocks show it, with its offset."""
    return dt.datetime.fromtimestamp(instant, MARKET_ZONE)


def timestamp(instant: int) -> str:
    """An instant the way ISO-NE writes one: `2024-11-03T01:00:00.000-05:00`."""
    return local_time(instant).isoformat(timespec="milliseconds")


@lru_cache(maxsize=16)
def timestamps(day: dt.date, minutes: int) -> dict[str, int]:
    """The timestamps of a day's intervals as ISO-NE writes them, each with its instant."""
    written: dict[str, int] = {}
    within_hour = [(f":{minute:02d}:00.", minute * 60) for minute in range(0, 60, minutes)]
    for hour in interval_starts(day, 60):
        before, after = timestamp(hour).split(":00:00.")
        for text, seconds in within_hour:
            written[before + text + after] = hour + seconds
    return written


def parse_timestamp(text: str) -> int:
    """Read ISO-NE's `BeginDate`: local time with its offset, as UTC seconds.

    Raises ValueError for text that is no such timestamp, and for an offset that New England's
    clocks did not have at that instant (a shifted hour looks like that).
    """
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    if moment.utcoffset() != moment.astimezone(MARKET_ZONE).utcoffset():
        raise ValueError(f"{text!r} has an offset that New England does not use at that instant")
    return int(moment.timestamp())


def snap(instant: int, minutes: int, within: int | None = None) -> int:
    """The beginning of the interval that is nearest, if it is less than half an interval away.

    With `within`, only if it is that many seconds away or less. Any other instant stays as it is.
    """
    step = minutes * 60
    nearest = (instant + step // 2) // step * step
    off = abs(instant - nearest)
    return nearest if 2 * off < step and (within is None or off <= within) else instant


def last_published(lag: dt.timedelta, at: dt.datetime) -> dt.date:
    """The newest operating day that should be out at `at`, published `lag` after it began."""
    return (at.astimezone(MARKET_ZONE) - lag).date()
