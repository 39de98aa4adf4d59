"""What a day is in time: intervals of a length, snapshots, or events.

Each answers the same questions, in UTC seconds: which interval an instant belongs to, how long one
is, whether each owes its rows, and whether a day may be empty.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from isone.market import market_time

_SECONDS_OFF = 2
_MOST_SINGLE_GAPS = 3
"""Intervals of one key and day that may be missing, none beside another, after the grace."""


@dataclass(frozen=True)
class Grid:
    """Every interval of a day owes its rows."""

    minutes: int
    grace: int | None = None
    """Days after the operating day from which on a single missing interval is taken for the
    source's own; None where it never is."""
    owes_rows: ClassVar[bool] = True
    may_be_empty: ClassVar[bool] = False

    def interval_of(self, instant: int) -> int:
        """The nearest interval's beginning, if it is less than half an interval away."""
        return market_time.snap(instant, self.minutes)

    def owed(self, day: dt.date) -> Sequence[int]:
        """The beginnings of the day's intervals."""
        return market_time.interval_starts(day, self.minutes)

    def forgives(self, missing: Collection[int], day: dt.date, today: dt.date) -> bool:
        """Whether what one key is missing of a day is a single gap or two, and old enough."""
        if self.grace is None or (today - day).days <= self.grace:
            return False
        alone = all(b - a > self.minutes * 60 for a, b in pairwise(sorted(missing)))
        return alone and len(missing) <= _MOST_SINGLE_GAPS


@dataclass(frozen=True)
class Snapshots:
    """Values at instants as they come: a day is whole that begins, goes on and ends with them."""

    first_before: dt.time
    """Market time before which the day's first snapshot is."""
    last_after: dt.time
    """Market time after which its last one is."""
    longest_gap: dt.timedelta
    minutes: ClassVar[None] = None
    owes_rows: ClassVar[bool] = False
    may_be_empty: ClassVar[bool] = False

    def interval_of(self, instant: int) -> int:
        """The instant itself: a snapshot is never moved."""
        return instant

    def missing(self, day: dt.date, found: Collection[int]) -> list[str]:
        """What is missing of a day with these snapshots, in words."""
        begins, last = (
            market_time.instants(day, time.hour, time.minute)[-1]
            for time in (self.first_before, self.last_after)
        )
        in_order = sorted(found)
        words = []
        if not in_order or in_order[0] >= begins:
            words.append(f"a snapshot before {_shown(begins)}")
        words += [
            f"any snapshot between {_shown(one)} and {_shown(other)}"
            for one, other in pairwise(in_order)
            if other - one > self.longest_gap.total_seconds()
        ]
        if not in_order or in_order[-1] <= last:
            words.append(f"a snapshot after {_shown(last)}")
        return words


@dataclass(frozen=True)
class Events:
    """What happens is listed, and in an interval in which nothing does there is no row."""

    minutes: int
    published_with: str
    """The dataset whose publication tells a day that has none from one that is not out."""
    owes_rows: ClassVar[bool] = False
    may_be_empty: ClassVar[bool] = True

    def interval_of(self, instant: int) -> int:
        """The instant itself, but for a second or two beside an interval's beginning."""
        return market_time.snap(instant, self.minutes, _SECONDS_OFF)


Times = Grid | Snapshots | Events


def _shown(instant: int) -> str:
    return f"{market_time.local_time(instant):%Y-%m-%d %H:%M %Z}"
