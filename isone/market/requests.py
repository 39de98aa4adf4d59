"""What one request gives: a day or more, or the share of a day that one location or hour has."""

import calendar
import datetime as dt
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

from isone.market import market_time

Span = Literal["day", "month", "year"]
SPANS: tuple[Span, ...] = get_args(Span)
_NAME = re.compile(
    r"((?:19|20)\d{6})(\.month|\.year)?(?:\.h(\d{2})|\.b(\d{2})|\.(\d+))?(\.prelim)?"
)


@dataclass(frozen=True)
class Request:
    """What one request gives: a day, a month or a year, or a share of it."""

    dataset: str
    day: dt.date
    """The operating day, or the first of the month or year."""
    location: int | None = None
    hour: int | None = None
    block: int | None = None
    """The first hour of a public report that holds some hours of all locations."""
    prelim: bool = False
    """Whether it is the preliminary version, which comes first."""
    span: Span = "day"

    @cached_property
    def name(self) -> str:
        """The request's name on disk, unique within its dataset: `20240101`, `20240101.4000`.

        That of a month is `20240101.month`.
        """
        scope = ""
        if self.location is not None:
            scope = f".{self.location}"
        elif self.hour is not None:
            scope = f".h{self.hour:02d}"
        elif self.block is not None:
            scope = f".b{self.block:02d}"
        span = "" if self.span == "day" else f".{self.span}"
        return f"{self.day:%Y%m%d}{span}{scope}{'.prelim' if self.prelim else ''}"

    @property
    def last_day(self) -> dt.date:
        """The last of its operating days."""
        return last_day_of(self.span, self.day)

    @property
    def days(self) -> list[dt.date]:
        """Its operating days, ascending."""
        return list(market_time.days(self.day, self.last_day))

    @property
    def bounds(self) -> tuple[int, int]:
        """Its first instant and the first instant after it (UTC seconds)."""
        return market_time.day_bounds(self.day)[0], market_time.day_bounds(self.last_day)[1]

    @property
    def preliminary(self) -> "Request":
        """Its preliminary version."""
        return replace(self, prelim=True)

    @classmethod
    def named(cls, dataset: str, name: str) -> "Request | None":
        """The request whose file has this name; None for a name that is no request's."""
        found = _parsed(name)
        if not found:
            return None
        match, day = found
        hour, block, location = (int(text) if text else None for text in match.groups()[2:5])
        span: Span = "month" if match[2] == ".month" else "year" if match[2] else "day"
        request = cls(
            dataset,
            day,
            location=location,
            hour=hour,
            block=block,
            prelim=match[6] is not None,
            span=span,
        )
        return request if request.name == name else None

    def __str__(self) -> str:
        """Read as in a sentence: `2024-01-01`, `2024-01-01 at location 4000`, `2024-01`."""
        prelim = ", preliminary" if self.prelim else ""
        when = str(self.day)[: {"day": 10, "month": 7, "year": 4}[self.span]]
        if self.location is not None:
            return f"{when} at location {self.location}{prelim}"
        first = self.hour if self.hour is not None else self.block
        if first is not None:
            return f"{when} from {first:02d}:00{prelim}"
        return f"{when}{prelim}"


def is_name(text: str) -> bool:
    """Whether a text has the form of a request's name, and its day is one."""
    return _parsed(text) is not None


def _parsed(name: str) -> tuple[re.Match[str], dt.date] | None:
    match = _NAME.fullmatch(name)
    try:
        return (match, dt.date.fromisoformat(match[1])) if match else None
    except ValueError:
        return None


def first_day_of(span: Span, day: dt.date) -> dt.date:
    """The first day of the month or year that a day is in; of a day, itself."""
    if span == "year":
        return day.replace(month=1, day=1)
    return day.replace(day=1) if span == "month" else day


def last_day_of(span: Span, day: dt.date) -> dt.date:
    """The last day of the month or year that a day is in; of a day, itself."""
    if span == "year":
        return day.replace(month=12, day=31)
    if span == "month":
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day


def last_whole_day(span: Span, day: dt.date) -> dt.date:
    """The newest day through which whole months or years have passed with the end of a day."""
    if day == last_day_of(span, day):
        return day
    return first_day_of(span, day) - dt.timedelta(days=1)


@dataclass(frozen=True)
class Endpoint:
    """Where the service hands a set out."""

    path: str
    """Below the base URL; takes `{day}` (YYYYMMDD), `{month}` (YYYYMM) or `{year}`, `{version}`
    (final or prelim) and, by location, `{location}`."""
    by_hour: str | None = None
    """Where one request gives all locations of one hour: takes `{day}` and `{hour}`."""
    locations: tuple[int, ...] = ()
    """The ids that are asked for, each by itself, where the set is handed out by location alone."""
    info: str | None = None
    """Where the service says up to when it is published; by default `info` beside the days."""

    @property
    def span(self) -> Span:
        """How much one request brings."""
        return "month" if "{month}" in self.path else "year" if "{year}" in self.path else "day"

    @property
    def base(self) -> str:
        """The path up to what says when, without a slash; takes `{version}`."""
        return self.path.partition(f"/{self.span}/")[0]

    def of_version(self, version: str) -> "Endpoint":
        """The same for one version alone."""
        by_hour, info = (text and of_version(text, version) for text in (self.by_hour, self.info))
        return replace(self, path=of_version(self.path, version), by_hour=by_hour, info=info)

    def url_path(self, request: Request) -> str:
        """The path of a request below the base URL."""
        by_hour = request.hour is not None and self.by_hour is not None
        return _filled(self.by_hour if by_hour and self.by_hour else self.path, request)

    def info_path(self, request: Request) -> str:
        """Where the service says up to when the version of a request is published."""
        return _filled(self.info or f"{self.base}/info", request)


@dataclass(frozen=True)
class PublicCsv:
    """Public CSV of a dataset: comma-separated text, no account needed."""

    path: str
    """Below the public host; takes `{day}` (YYYYMMDD), `{version}` and, for a share of a day,
    `{hours}`."""
    headings: dict[str, tuple[str, ...]]
    """The record's fields, each with the headings under which it may stand."""
    block_hours: int = 24
    """How many hours of a day one file holds."""
    first_day: dt.date | None = None
    """The first operating day that is there; None where nothing later than the dataset's own first
    day is known."""

    def url_path(self, request: Request) -> str:
        """The path of a request's file below the public host."""
        first = request.block or 0
        return _filled(self.path, request, hours=f"{first:02d}-{first + self.block_hours:02d}")


def of_version(path: str, version: str) -> str:
    """A path with its version, and nothing else, filled in."""
    return path.replace("{version}", version)


def _filled(path: str, request: Request, **more: str) -> str:
    day = request.day
    hour = "" if request.hour is None else f"{request.hour:02d}"
    return path.format(
        day=f"{day:%Y%m%d}",
        month=f"{day:%Y%m}",
        year=f"{day:%Y}",
        hour=hour,
        location=request.location,
        version="prelim" if request.prelim else "final",
        **more,
    )
