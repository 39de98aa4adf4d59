"""A dataset: a row that declares what ISO-NE publishes, and what a day of it is.

Five facts say that: its versions, its request, its keys, its times and its sums. Whoever needs to
know asks the fact, so a set of another shape is another row and nothing else.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from isone.market import market_time
from isone.market.columns import Column
from isone.market.keys import OCCURRENCE, IdKey, Key, TextKey
from isone.market.locations import Locations
from isone.market.requests import (
    Endpoint,
    PublicCsv,
    Request,
    first_day_of,
    last_whole_day,
    of_version,
)
from isone.market.sums import Sum
from isone.market.times import Grid, Times

Version = Literal["final", "prelim"]
_ACRONYMS = {"lmp", "mw", "tmsr", "tmnsr", "tmor", "fer", "eir", "rt", "spc"}


@dataclass(frozen=True)
class DataType:
    """A kind of data: what chooses its datasets, what it is called, what brings it by hand."""

    name: str
    """As `data_types` says it."""
    short: str
    """What it is, in two or three words."""
    what: str
    """What its script brings, read in a sentence."""
    in_all: bool = False
    """Whether `data_types: all` means it too: prices, and what makes them."""
    script: str = ""
    """Its own script for downloads by hand, below the project's folder; "" where it has none."""
    chosen_by: str | None = None
    """The key of the configuration that chooses among its sets; None where they come together."""
    option: str = ""
    """The script's option that does."""


@dataclass(frozen=True)
class Dataset:
    """A series of ISO-NE's and how the service hands it out."""

    name: str
    title: str
    data_type: str
    choice: str
    """The market (`da`, `rt`, `rt-hourly`) or service that selects it."""
    market: str | None
    """gridstatus's name of the market; None where it has none."""
    versions: tuple[Version, ...]
    request: Endpoint
    wrapper: tuple[str, ...]
    """The nested keys around the list of records."""
    begins: tuple[str, ...]
    """The keys that lead to the timestamp of an interval's beginning, or of a snapshot."""
    first_day: dt.date
    publication_lag: dt.timedelta
    """From the beginning of an operating day to when its final prices are out."""
    times: Times
    values: tuple[Column, ...]
    """What its records hold beside their times and keys."""
    key: tuple[Key, ...] = ()
    occurrence: bool = False
    """Whether rows of one interval and key with other values occur together, and are numbered."""
    sums: tuple[Sum, ...] = ()
    price_alternatives: tuple[tuple[str, ...], ...] = ()
    """Of columns that may be absent, the sets of which each row must hold one whole."""
    public_csv: PublicCsv | None = None
    """Where the same prices are published for everybody; None where they are not."""
    ignored: tuple[str, ...] = ()
    """Keys that are known and of no use, wherever in a response they are."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """gridstatus's names of columns, in its order; other values follow under their own."""

    @cached_property
    def id_key(self) -> IdKey | None:
        """The key that is a number of ISO-NE's, where there is one."""
        return next((key for key in self.key if isinstance(key, IdKey)), None)

    @cached_property
    def text_keys(self) -> tuple[TextKey, ...]:
        """The keys that are texts, in their order."""
        return tuple(key for key in self.key if isinstance(key, TextKey))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of the keys that are texts."""
        return tuple(key.column.name for key in self.text_keys)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the keys that are texts, then those of the values."""
        return (*(key.column for key in self.text_keys), *self.values)

    @cached_property
    def key_columns(self) -> tuple[str, ...]:
        """The columns that tell one row from every other."""
        ids = ("location_id",) if self.id_key else ()
        occurrence = (OCCURRENCE,) if self.occurrence else ()
        return ("interval_start_utc", *ids, *self.names, *occurrence)

    @property
    def chooses_locations(self) -> bool:
        """Whether the configuration's `locations` choose among its rows."""
        return self.id_key is not None and self.id_key.chosen

    @property
    def prices_locations(self) -> bool:
        """Whether it gives locations or zones a price: those are in the table of locations."""
        return self.id_key is not None and any(column.is_price for column in self.values)

    @property
    def has_prelim(self) -> bool:
        """Whether preliminary values come before the final ones."""
        return len(self.versions) > 1

    def version_of(self, request: Request) -> Version:
        """The version that a request brings; of a dataset that has one alone, that one."""
        return "prelim" if request.prelim or "final" not in self.versions else "final"

    @property
    def paths(self) -> set[str]:
        """The paths of its versions: two datasets that share one are versions of each other."""
        return {of_version(self.request.path, version) for version in self.versions}

    @property
    def public_since(self) -> dt.date:
        """The first operating day that public CSV has, where there is any, as far as is known."""
        begins = self.public_csv.first_day if self.public_csv else None
        return max(begins or self.first_day, self.first_day)

    @property
    def per_location(self) -> bool:
        """Whether the service answers for one chosen location (or one hour) at a time."""
        return self.request.by_hour is not None

    @property
    def interval_minutes(self) -> int:
        """How long its intervals are. Raises ValueError for snapshots, which have no length."""
        if self.times.minutes is None:
            raise ValueError(f"{self.name} has snapshots, not intervals")
        return self.times.minutes

    def timestamps(self, request: Request) -> dict[str, int]:
        """The timestamps of a request's intervals as ISO-NE writes them, each with its instant."""
        if self.times.minutes is None:
            return {}
        if request.span == "day":
            return market_time.timestamps(request.day, self.times.minutes)
        written: dict[str, int] = {}
        for day in request.days:
            written |= market_time.timestamps(day, self.times.minutes)
        return written

    def intervals(self, request: Request) -> Sequence[int]:
        """The interval beginnings (UTC seconds) that a request owes for each of its keys.

        None for a set that owes no rows in particular.
        """
        if not isinstance(self.times, Grid):
            return ()
        minutes = self.times.minutes
        hours: Sequence[int] = ()
        if request.hour is not None:
            hours = [request.hour]
        elif request.block is not None and self.public_csv is not None:
            hours = range(request.block, request.block + self.public_csv.block_hours)
        elif request.span == "day":
            return self.times.owed(request.day)
        else:
            return [t for day in request.days for t in self.times.owed(day)]
        return [t for h in hours for t in market_time.hour_starts(request.day, h, minutes)]

    def day_requests(self, day: dt.date, locations: Locations) -> list[Request]:
        """The fewest requests that bring a day at these locations from the web services."""
        span = self.request.span
        if self.request.locations:
            first = first_day_of(span, day)
            return [
                Request(self.name, first, location=location, span=span)
                for location in self.request.locations
            ]
        if not self.per_location:
            return [Request(self.name, first_day_of(span, day), span=span)]
        hours = market_time.start_hours(day)
        if isinstance(locations, str) or len(locations) > len(hours):
            return [Request(self.name, day, hour=hour) for hour in hours]
        return [Request(self.name, day, location=location) for location in locations]

    def csv_requests(self, day: dt.date) -> list[Request]:
        """The public CSV files that bring a day, at all locations; none where there are none."""
        if self.public_csv is None:
            return []
        hours = self.public_csv.block_hours
        if hours == 24:
            return [Request(self.name, day)]
        return [Request(self.name, day, block=block) for block in range(0, 24, hours)]

    def csv_path(self, request: Request) -> str:
        """The path of a request's public CSV below the public host."""
        if self.public_csv is None:
            raise ValueError(f"{self.name} is in no public CSV")
        return self.public_csv.url_path(request)

    def last_published(self, lag: dt.timedelta, at: dt.datetime) -> dt.date:
        """The newest operating day that should be out at `at`: of whole months or years, the last.

        `lag` is from the beginning of an operating day to when it is out.
        """
        return self.last_whole_day(market_time.last_published(lag, at))

    def last_whole_day(self, day: dt.date) -> dt.date:
        """A day, or the newest before it that ends a month or year which is asked for whole."""
        return last_whole_day(self.request.span, day)


def title_case(column: str) -> str:
    """A column's name as gridstatus writes it: `tmsr_clearing_price` → `TMSR Clearing Price`."""
    return " ".join(
        word.upper() if word in _ACRONYMS else word.capitalize() for word in column.split("_")
    )
