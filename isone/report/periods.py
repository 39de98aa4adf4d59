"""What a year or month is called of which prices are here: itself, or which part of it.

Every number of a year or month takes its words from here, so that none of a part passes for one of
the whole. A day counts as here when it has any price; one without some of its intervals is
said to be here in part.
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from isone.text import count, some

WHOLE = "whole"
ALL_YEARS = 0
"""The `year` of what is of all years together."""
_AT_ONCE = 10_000  # rows
_NAMED = 4  # years or months that a sentence names


@dataclass(frozen=True)
class Period:
    """A stretch of the calendar that numbers are of."""

    name: str
    first: dt.date
    last: dt.date

    @property
    def length(self) -> int:
        """Its days."""
        return (self.last - self.first).days + 1


def month(first: dt.date) -> Period:
    """A month, by its first day."""
    length = monthrange(first.year, first.month)[1]
    return Period(f"{first:%Y-%m}", first, first.replace(day=length))


def years(numbers: Sequence[int], name: str = "") -> Period:
    """The years from the first of these to the last; a name of its own for all of them."""
    first, last = numbers[0], numbers[-1]
    name = name or (str(first) if first == last else f"{first} to {last}")
    return Period(name, dt.date(first, 1, 1), dt.date(last, 12, 31))


@dataclass(frozen=True)
class Span:
    """The days of a period that have prices, ascending."""

    period: Period
    days: tuple[dt.date, ...]
    short: frozenset[dt.date] = frozenset()
    """Those of them that lack intervals."""

    @property
    def whole(self) -> bool:
        """Whether all days of the period are here, and whole."""
        return len(self.days) == self.period.length and not self.short

    @property
    def title(self) -> str:
        """`2017`, or `2017, January to March (90 of 365 days)`."""
        return self.period.name if self.whole else _joined(self.period.name, self._words, self)

    @property
    def part(self) -> str:
        """`whole`, or `January to March (90 of 365 days)`."""
        return WHOLE if self.whole else _joined("", self._words, self)

    @property
    def in_file_names(self) -> str:
        """Nothing for a whole period, else `_2017-01-01_to_2017-03-31_90_of_365_days`."""
        if self.whole or not self.days:
            return ""
        days = f"{len(self.days)}_of_{self.period.length}_days"
        return f"_{self.days[0]}_to_{self.days[-1]}_{days}"

    @property
    def _words(self) -> str:
        """From when to when; nothing where that is the whole period."""
        if not self.days:
            return ""
        first, last = self.days[0], self.days[-1]
        words = "" if (first, last) == (self.period.first, self.period.last) else _from_to(self)
        gaps = len(self.days) <= (last - first).days
        return f"{words}, with gaps" if words and gaps else words


def _joined(name: str, words: str, span: Span) -> str:
    counted = f"{len(span.days):,} of {count(span.period.length, 'day')}"
    if span.short:
        counted += f", {len(span.short):,} of them in part"
    named = ", ".join(filter(None, (name, words)))
    return f"{named} ({counted})" if named else counted


def _from_to(span: Span) -> str:
    """The first and the last day in words: by months where they begin and end one."""
    first, last = span.days[0], span.days[-1]
    if span.period.first.year != span.period.last.year or not span.period.name[:4].isdigit():
        return f"{first} to {last}"
    if first.day == 1 and last.day == monthrange(last.year, last.month)[1]:
        return f"{first:%B}" if first.month == last.month else f"{first:%B} to {last:%B}"
    if first == last:
        return f"{first.day} {first:%B}"
    if first.month == last.month:
        return f"{first.day} to {last.day} {last:%B}"
    return f"{first.day} {first:%B} to {last.day} {last:%B}"


SERIES = {
    "da": "day-ahead",
    "rt": "real-time",
    "spread": "both markets",
    "da_tb": "day-ahead",
    "rt_tb": "real-time",
}
"""What is called by name where several series are together and are not of the same days."""


def title(spans: Mapping[str, Span]) -> str:
    """What a period is called for several series together, by their names."""
    return _of_several(spans, f"{_some(spans).period.name}: ") or _some(spans).title


def part(spans: Mapping[str, Span]) -> str:
    """Which part of a period several series together are of."""
    return _of_several(spans, "") or _some(spans).part


def _some(spans: Mapping[str, Span]) -> Span:
    """The first that has days, else the first."""
    found = list(spans.values())
    return next((span for span in found if span.days), found[0])


def _of_several(spans: Mapping[str, Span], before: str) -> str:
    """Each series' part, where they differ; those without any day are left out."""
    found = {name: span for name, span in spans.items() if span.days}
    if len({(span.days, span.short) for span in found.values()}) < 2:
        return ""
    return before + " and ".join(f"{SERIES[name]} {span.part}" for name, span in found.items())


def comparison(years: Iterable[Span]) -> str:
    """A sentence where years beside each other cover different parts."""
    parts = {
        frozenset((day.month, day.day) for day in span.days if (day.month, day.day) != (2, 29))
        for span in years
        if span.days
    }
    return _UNLIKE if len(parts) > 1 else ""


_UNLIKE = (
    "The years cover different parts of the calendar, so their numbers do not compare like with "
    "like."
)


def in_part(periods: Iterable[Mapping[str, Span]], what: str) -> str:
    """A sentence that names the periods of which only a part is here; nothing for none."""
    named = [
        title(spans)
        for spans in periods
        if any(span.days and not span.whole for span in spans.values())
    ]
    if not named:
        return ""
    return f"{what} in part: {some(named, _NAMED, '; ')}."


class Spans:
    """Which days have prices: by place and series, as `queries.coverage.priced_days` names them."""

    def __init__(self, found: pa.Table) -> None:
        self._months: dict[tuple[str, int, dt.date], dict[dt.date, bool]] = {}
        days: dict[dt.date, dt.date] = {}  # each once: there are years of them at every place
        for batch in found.to_batches(max_chunksize=_AT_ONCE):
            columns = (batch[name].to_pylist() for name in ("series", "place", "day", "whole"))
            for series, place, day, whole in zip(*columns, strict=True):
                day = days.setdefault(day, day)
                first = day.replace(day=1)
                first = days.setdefault(first, first)
                self._months.setdefault((series, place, first), {})[day] = whole
        self.years = sorted({first.year for _, _, first in self._months})
        self._places: dict[str, list[int]] = {}
        for series, place in dict.fromkeys(key[:2] for key in self._months):
            self._places.setdefault(series, []).append(place)
        self.span = cache(self._span)

    def places(self, series: str) -> list[int]:
        """The places that have prices in a series."""
        return self._places.get(series, [])

    def _span(self, series: str, place: int | None, period: Period) -> Span:
        """The days of a period; without a place those of any, whole where all have them so."""
        found: dict[dt.date, bool] = {}
        for each in self.places(series) if place is None else [place]:
            for first in _months_of(period):
                for day, whole in self._months.get((series, each, first), {}).items():
                    found[day] = found.get(day, True) and whole
        short = frozenset(day for day, whole in found.items() if not whole)
        return Span(period, tuple(sorted(found)), short)

    def of(self, series: Iterable[str], place: int | None, period: Period) -> dict[str, Span]:
        """The same of several series, by their names."""
        return {each: self.span(each, place, period) for each in series}

    def together(self, period: Period, series: Iterable[str] = ()) -> Span:
        """The days of a period that have a price in any of these series, or in any at all."""
        found = [self.span(each, None, period) for each in series or self._places]
        short = {day for span in found for day in span.short}
        whole = {day for span in found for day in span.days} - short
        return Span(period, tuple(sorted(whole | short)), frozenset(short))

    def alike(self, series: str, period: Period) -> bool:
        """Whether all places have the same days of a period."""
        return len({self.span(series, place, period) for place in self.places(series)}) < 2


def _months_of(period: Period) -> Iterable[dt.date]:
    first = period.first
    while first <= period.last:
        yield first
        first = (first + dt.timedelta(days=31)).replace(day=1)
