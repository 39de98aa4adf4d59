"""Everything that the report is about, gathered from the database and the store's files."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from isone.market import market_time
from isone.market.locations import HUB, SPOKEN_NAMES
from isone.report import coverage, packed, periods, quality, reconciled
from isone.report.cells import ChartData
from isone.report.day import Day
from isone.report.figures import Figure
from isone.report.headings import COLUMNS, PART
from isone.report.packed import Packed
from isone.report.periods import ALL_YEARS, Period, Spans
from isone.report.quality import Quality
from isone.report.queries import ancillary, behind, distributions, hours, prices
from isone.report.queries import coverage as known
from isone.report.queries.working_tables import ALL_HOURS, open_report
from isone.report.reconciled import Reconciled
from isone.run.progress import Advance, unseen
from isone.run.settings import Settings
from isone.store.store import Store

BOTH = ("da", "rt", "spread")
"""The series of what tells of both markets."""


@dataclass(frozen=True)
class Choice:
    """A location or reserve zone that can be chosen."""

    id: int
    name: str

    @property
    def title(self) -> str:
        """Name and id: `NEMA/Boston, 4008`."""
        return f"{self.spoken}, {self.id}"

    @property
    def spoken(self) -> str:
        """The name as people say it, else ISO-NE's."""
        return SPOKEN_NAMES.get(self.name, self.name)


@dataclass(frozen=True, eq=False)
class ReportData:
    """What sections are made of; each is equal to itself alone."""

    settings: Settings
    store: Store
    database: Path
    made: dt.datetime
    about: Mapping[str, str]
    rows: Mapping[str, int]
    locations: tuple[Choice, ...]
    zones: tuple[Choice, ...]
    reference: int
    """The location that others are compared with: the hub where it is there."""
    days: tuple[Day, ...]
    data: Mapping[str, ChartData]
    tables: Mapping[str, pa.Table]
    packed: Packed
    """Hours and five minutes of the page's main chart."""
    spans: Spans
    """Which days the numbers are of."""
    quality: Quality
    reconciled: Reconciled

    @property
    def synthetic(self) -> bool:
        """Whether any price is the sandbox's."""
        said = self.about.get("synthetic_prices") == "true"
        return said or self.settings.source == "sandbox" or self.quality.synthetic

    @property
    def markets(self) -> list[str]:
        """The markets with hourly prices: `da`, `rt`."""
        return [market for market in ("da", "rt") if self.data["daily"].has(f"{market}_mean")]

    @property
    def years(self) -> list[int]:
        """The years that have any price."""
        return self.spans.years

    def period(self, year: int) -> Period:
        """A year, or all years."""
        return _period(self.spans, year)

    def called(self, year: int, series: Sequence[str], place: int | None = None) -> str:
        """What a year is called for these series: itself, or the part of it that is here."""
        return periods.title(self.spans.of(series, place, self.period(year)))

    def file_name(self, figure: Figure) -> str:
        """What a figure's files are called: after its days where they are not whole years."""
        if not figure.series or not self.years:
            return figure.name
        return (
            figure.name + self.spans.together(self.period(ALL_YEARS), figure.series).in_file_names
        )

    def comparison(self, series: Sequence[str]) -> str:
        """A sentence where the years of a table cover different parts; nothing where they agree."""
        years = [self.spans.of(series, None, self.period(year)) for year in self.years]
        return next(
            filter(None, (periods.comparison(y[each] for y in years) for each in series)), ""
        )

    def in_part(self, figure: Figure) -> str:
        """Sentences on the years and months that a figure has in part; nothing for none."""
        if not figure.series:
            return ""
        years = [self.period(year) for year in self.years]
        months = [
            periods.month(dt.date(year, number, 1))
            for year in self.years
            for number in range(1, 13)
            if "month" in figure.data.labels
        ]
        sentences = [
            periods.in_part((self.spans.of(figure.series, None, each) for each in some), what)
            for some, what in ((years, "Years"), (months, "Months"))
        ]
        if not all(self.spans.alike(each, year) for each in figure.series for year in years):
            sentences.append("Not all locations have all of these days; the numbers say which.")
        return " ".join(filter(None, sentences))

    def yearly(self) -> list[dict[str, Any]]:
        """Price statistics by location and year; all years together where there are several."""
        rows = [row for row in self.data["yearly"].rows.to_pylist() if row["peak"] == ALL_HOURS]
        several = len({row["year"] for row in rows}) > 2
        return [row for row in rows if row["year"] or several]


def _period(spans: Spans, year: int) -> Period:
    return periods.years(spans.years, "all years") if year == ALL_YEARS else periods.years([year])


def gather(
    settings: Settings,
    store: Store,
    database: Path | None = None,
    advance: Advance = unseen,
) -> ReportData:
    """Ask everything once. Raises LoadError for a database that cannot be read.

    `advance` is told how many of the charts' tables are asked for.
    """
    made = market_time.now()
    path = database or store.duckdb_path
    with open_report(path) as connection:
        locations = _choices(known.locations(connection))
        ids = [location.id for location in locations]
        reference = HUB if HUB in ids or not ids else ids[0]
        spans = Spans(known.priced_days(connection))
        return ReportData(
            settings=settings,
            store=store,
            database=path,
            made=made,
            about=known.about(connection),
            rows=known.row_counts(connection),
            locations=locations,
            zones=_choices(known.reserve_zones(connection)),
            reference=reference,
            days=tuple(coverage.examine(store, settings, known.operating_days(connection), made)),
            data=_data(connection, reference, spans, advance) | behind.gather(connection),
            tables={"regulation_yearly": ancillary.regulation_yearly(connection)},
            packed=packed.pack(connection, ids, reference),
            spans=spans,
            quality=quality.examine(store),
            reconciled=reconciled.examine(store),
        )


def _choices(found: pa.Table) -> tuple[Choice, ...]:
    return tuple(Choice(row["location_id"], row["location"]) for row in found.to_pylist())


def _data(
    connection: duckdb.DuckDBPyConnection, reference: int, spans: Spans, advance: Advance
) -> dict[str, ChartData]:
    """The data of the charts, by the name that it has in `COLUMNS` too."""
    asked: dict[str, Callable[[duckdb.DuckDBPyConnection], pa.Table]] = {
        "daily": prices.daily,
        "monthly": prices.monthly,
        "yearly": prices.yearly,
        "extremes": hours.extremes,
        "spread_percentiles": distributions.spread_percentiles,
        "basis": partial(hours.basis, reference=reference),
        "duration": distributions.duration,
        "hours": prices.hours_of_month,
        "spreads": prices.spreads,
        "components": prices.components,
        "zones": partial(prices.zones, reference=reference),
        "regulation": ancillary.regulation_daily,
        "reserves": ancillary.reserves_monthly,
        "reserves_above_zero": ancillary.reserves_above_zero,
        "reserves_day_ahead": ancillary.reserves_day_ahead,
        "audit": prices.five_minute_audit,
    }
    found = {}
    for number, (name, ask) in enumerate(asked.items(), 1):
        found[name] = _with_parts(ChartData(name, _spoken(ask(connection)), COLUMNS[name]), spans)
        advance(number, len(asked), "tables")
    return found


def _spoken(rows: pa.Table) -> pa.Table:
    """A table with its locations as people say them."""
    if "location" not in rows.column_names:
        return rows
    at = rows.column_names.index("location")
    names = [SPOKEN_NAMES.get(name, name) for name in rows["location"].to_pylist()]
    return rows.set_column(at, "location", pa.array(names, pa.string()))


_SERIES: Mapping[str, tuple[str, ...]] = {
    "monthly": BOTH,
    "yearly": BOTH,
    "spread_percentiles": ("spread",),
    "hours": ("da", "rt"),
    "spreads": ("spread",),
    "reserves": ("reserves",),
    "reserves_above_zero": ("reserves",),
    "reserves_day_ahead": ("reserves_da",),
    "audit": ("audit",),
}
"""The series that the rows of a table are of; elsewhere those of their market."""


def _with_parts(data: ChartData, spans: Spans) -> ChartData:
    """A table of months or years, with the part that is here of each."""
    period = next((name for name in ("month", "year") if name in data.labels), "")
    if not period:
        return data
    columns = {name: data.rows[name].to_pylist() for name in (period, *_KEYS & data.labels.keys())}
    place = columns.get("location_id") or columns.get("zone_id") or [0] * data.rows.num_rows
    series = _SERIES.get(data.name)
    markets = columns.get("market") or [""] * data.rows.num_rows
    known: dict[tuple[str, int, Any], str] = {}  # many rows are of one
    parts: list[str] = []
    for key in zip(markets, place, columns[period], strict=True):
        if key not in known:
            market, where, value = key
            chosen = periods.month(value) if period == "month" else _period(spans, value)
            known[key] = periods.part(spans.of(series or (market,), where, chosen))
        parts.append(known[key])
    rows = data.rows.append_column("part", pa.array(parts, pa.string()))
    return ChartData(data.name, rows, data.labels | PART)


_KEYS = {"location_id", "zone_id", "market"}
