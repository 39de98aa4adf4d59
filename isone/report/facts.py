"""Everything that the report is about, gathered from the database and the store's files."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from isone.load import report_queries as queries
from isone.load.report_queries import ALL_YEARS
from isone.market import market_time
from isone.market.locations import HUB
from isone.report import coverage, periods, quality, reconciled
from isone.report.coverage import Day
from isone.report.figures import Figure
from isone.report.periods import Period, Spans
from isone.report.quality import Quality
from isone.report.reconciled import Reconciled
from isone.report.tables import Data, Label
from isone.run.settings import Settings
from isone.store.store import Store

_PRICE = "$/MWh"
_DAY, _MONTH, _YEAR = Label("Day"), Label("Month"), Label("Year")
_PLACE = Label("Location id")
_MARKET = Label("Market")
_PART = {"part": Label("Part that is here")}
BOTH = ("da", "rt", "spread")
"""The series of what tells of both markets."""


@dataclass(frozen=True)
class Place:
    """A location or reserve zone that can be chosen."""

    id: int
    name: str

    @property
    def title(self) -> str:
        """Name and id."""
        return f"{self.name} ({self.id})"


@dataclass(frozen=True)
class Facts:
    """What sections are made of."""

    settings: Settings
    store: Store
    database: Path
    made: dt.datetime
    about: Mapping[str, str]
    rows: Mapping[str, int]
    places: tuple[Place, ...]
    zones: tuple[Place, ...]
    reference: int
    """The place from which distances are measured: the hub where it is there."""
    days: tuple[Day, ...]
    data: Mapping[str, Data]
    tables: Mapping[str, pa.Table]
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
            sentences.append("Not all places have all of these days; the numbers say which.")
        return " ".join(filter(None, sentences))

    def yearly(self) -> list[dict[str, Any]]:
        """Price statistics by place and year; all years together only where there are several."""
        rows = self.tables["yearly"].to_pylist()
        several = len({row["year"] for row in rows}) > 2
        return [row for row in rows if row["year"] or several]


def _period(spans: Spans, year: int) -> Period:
    return periods.years(spans.years, "all years") if year == ALL_YEARS else periods.years([year])


def gather(settings: Settings, store: Store, database: Path | None = None) -> Facts:
    """Ask everything once. Raises LoadError for a database that cannot be read."""
    made = market_time.now()
    path = database or store.duckdb_path
    with queries.open_report(path) as connection:
        places = _places(queries.places(connection))
        ids = [place.id for place in places]
        reference = HUB if HUB in ids or not ids else ids[0]
        spans = Spans(queries.priced_days(connection))
        return Facts(
            settings=settings,
            store=store,
            database=path,
            made=made,
            about=queries.about(connection),
            rows=queries.row_counts(connection),
            places=places,
            zones=_places(queries.reserve_zones(connection)),
            reference=reference,
            days=tuple(coverage.examine(store, settings, queries.operating_days(connection), made)),
            data=_data(connection, reference, spans),
            tables={
                "yearly": queries.yearly(connection),
                "regulation_yearly": queries.regulation_yearly(connection),
            },
            spans=spans,
            quality=quality.examine(store),
            reconciled=reconciled.examine(store),
        )


def _places(found: pa.Table) -> tuple[Place, ...]:
    return tuple(Place(row["location_id"], row["location"]) for row in found.to_pylist())


def _data(connection: duckdb.DuckDBPyConnection, reference: int, spans: Spans) -> dict[str, Data]:
    found = [
        Data("daily", queries.daily(connection), _daily_labels()),
        Data("monthly", queries.monthly(connection), _monthly_labels()),
        Data(
            "duration",
            queries.duration(connection),
            {
                "location_id": _PLACE,
                "year": _YEAR,
                "market": _MARKET,
                "share": Label("Share of hours", "%"),
                "price": Label("Price reached or exceeded", _PRICE),
            },
        ),
        Data(
            "hours",
            queries.hours_of_month(connection),
            {
                "location_id": _PLACE,
                "month": _MONTH,
                "hour": Label("Hour beginning"),
                "da": Label("Day-ahead, mean", _PRICE),
                "rt": Label("Real-time, mean", _PRICE),
            },
        ),
        Data(
            "spreads",
            queries.spreads(connection),
            {
                "location_id": _PLACE,
                "year": _YEAR,
                "low": Label("From", _PRICE),
                "high": Label("To", _PRICE),
                "hours": Label("Hours"),
                "share": Label("Share of hours", "%"),
            },
        ),
        Data(
            "components",
            queries.components(connection),
            {
                "location_id": _PLACE,
                "location": Label("Location"),
                "year": _YEAR,
                "market": _MARKET,
                "component": Label("Component"),
                "price": Label("Mean", _PRICE, 3),
            },
        ),
        Data(
            "zones",
            queries.zones(connection, reference),
            {
                "location_id": _PLACE,
                "location": Label("Location"),
                "month": _MONTH,
                "market": _MARKET,
                "lmp": Label("Mean price", _PRICE),
                "difference": Label("Distance from the hub", _PRICE),
            },
        ),
        Data(
            "regulation",
            queries.regulation_daily(connection),
            {
                "day": _DAY,
                "capacity": Label("Regulation capacity, mean", _PRICE),
                "service": Label("Regulation service, mean", "$/MW", 3),
            },
        ),
        Data("reserves", queries.reserves_monthly(connection), _reserve_labels()),
        Data(
            "reserves_above_zero",
            queries.reserves_above_zero(connection),
            {
                "zone_id": Label("Reserve zone id"),
                "zone": Label("Reserve zone"),
                "year": _YEAR,
                "product": Label("Product"),
                "share": Label("Intervals above zero", "%"),
                "price": Label("Mean", _PRICE),
                "high": Label("Highest", _PRICE),
            },
        ),
        Data(
            "reserves_day_ahead",
            queries.reserves_day_ahead(connection),
            {"month": _MONTH, "product": Label("Product"), "price": Label("Mean", _PRICE, 3)},
        ),
        Data(
            "audit",
            queries.five_minute_audit(connection),
            {
                "location_id": _PLACE,
                "month": _MONTH,
                "hours": Label("Hours compared"),
                "mean_difference": Label("Mean difference", _PRICE, 3),
                "largest_difference": Label("Largest difference", _PRICE, 3),
                "hours_apart": Label("Hours more than a cent apart"),
            },
        ),
    ]
    return {data.name: _with_parts(data, spans) for data in found}


_SERIES: Mapping[str, tuple[str, ...]] = {
    "monthly": BOTH,
    "hours": ("da", "rt"),
    "spreads": ("spread",),
    "reserves": ("reserves",),
    "reserves_above_zero": ("reserves",),
    "reserves_day_ahead": ("reserves_da",),
    "audit": ("audit",),
}
"""The series that the rows of a table are of; elsewhere those of their market."""


def _with_parts(data: Data, spans: Spans) -> Data:
    """A table of months or years, with the part that is here of each."""
    period = next((name for name in ("month", "year") if name in data.labels), "")
    if not period:
        return data
    columns = {name: data.rows[name].to_pylist() for name in (period, *_KEYS & data.labels.keys())}
    place = columns.get("location_id") or columns.get("zone_id") or [0] * data.rows.num_rows
    parts: list[str] = []
    for number, value in enumerate(columns[period]):
        series = _SERIES.get(data.name) or (columns["market"][number],)
        chosen = periods.month(value) if period == "month" else _period(spans, value)
        parts.append(periods.part(spans.of(series, place[number], chosen)))
    rows = data.rows.append_column("part", pa.array(parts, pa.string()))
    return Data(data.name, rows, data.labels | _PART)


_KEYS = {"location_id", "zone_id", "market"}


def _daily_labels() -> dict[str, Label]:
    labels = {"location_id": _PLACE, "day": _DAY}
    for market, name in (("da", "Day-ahead"), ("rt", "Real-time")):
        labels |= {
            f"{market}_mean": Label(f"{name}, mean", _PRICE),
            f"{market}_low": Label(f"{name}, lowest hour", _PRICE),
            f"{market}_high": Label(f"{name}, highest hour", _PRICE),
        }
    return labels


def _monthly_labels() -> dict[str, Label]:
    labels = {"location_id": _PLACE, "month": _MONTH}
    for market, name in (("da", "Day-ahead"), ("rt", "Real-time")):
        labels |= {
            f"{market}_mean": Label(f"{name}, mean", _PRICE),
            f"{market}_hours": Label(f"{name}, hours"),
            f"{market}_negative": Label(f"{name}, hours below zero"),
            f"{market}_spikes": Label(f"{name}, hours of {queries.SPIKE} $/MWh or more"),
            f"{market}_tb2": Label(f"{name}, TB2", _PRICE),
            f"{market}_tb4": Label(f"{name}, TB4", _PRICE),
        }
    return labels | {
        "spread": Label("Day-ahead less real-time, mean", _PRICE),
        "spread_p10": Label("Its 10th percentile", _PRICE),
        "spread_p90": Label("Its 90th percentile", _PRICE),
    }


def _reserve_labels() -> dict[str, Label]:
    return {
        "zone_id": Label("Reserve zone id"),
        "month": _MONTH,
        "product": Label("Product"),
        "price": Label("Mean", _PRICE, 3),
    }
