"""The page: everything in one file, so that it opens anywhere, also without a network.

Tables and words are plain HTML. Charts are drawn by Vega, which is part of the page, from data that
travels compressed. Whatever came over the network is escaped: by the template where it is text, and
by its compression where it is data.
"""

import base64
import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from isone.market import peak
from isone.market.datasets import DATASETS
from isone.report import periods, scripts, vega, zone_map
from isone.report.cells import EPOCH, ChartData, in_figures
from isone.report.charts import calendar, theme
from isone.report.data import ReportData
from isone.report.day import INCOMPLETE, VALIDATED, State
from isone.report.figures import Extremes, Figure, Section
from isone.report.periods import ALL_YEARS, Span
from isone.report.queries.working_tables import ALL_HOURS
from isone.report.sections import all_sections
from isone.store import gzipped
from isone.text import count

_HERE = Path(__file__).resolve().parent


def write(report: ReportData, script: Callable[[], str] = vega.library) -> str:
    """The page as HTML; `script` gives what draws its charts."""
    sections = [_on_page(section) for section in all_sections(report)]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["marked"] = marked
    return environment.get_template("page.html.j2").render(
        **_words(report),
        **_for_the_script(report, sections),
        report=report,
        sections=sections,
        zone_map=zone_map,
        style=_read("page.css"),
        uplot_style=(scripts.VENDOR / "uPlot.min.css").read_text("utf-8"),
        script=scripts.fit(scripts.script()),
        uplot=scripts.uplot(),
        drawing=script(),
    )


def _words(report: ReportData) -> dict[str, Any]:
    """What the template says of the whole: what is here, and what can be chosen."""
    occurring = {day.state for day in report.days}
    return {
        "coverage": coverage_line(report),
        "notices": notices(report),
        "states": [
            (state, calendar.COLOURS[state], calendar.SIGNS.get(state, ""))
            for state in State
            if state in occurring
        ],
        "all_years": ALL_YEARS,
        "years": [(year, _called(report, year)) for year in report.years],
        "all_of_them": _called(report, ALL_YEARS) if report.years else "",
        "covered": _covered(report),
        "five_since": report.packed.five_minutes_since,
    }


def _covered(report: ReportData) -> str:
    return report.spans.together(periods.years(report.years)).title if report.years else ""


def _for_the_script(report: ReportData, sections: Sequence[Section]) -> dict[str, str]:
    """The data of the page's script, as text that the template takes as it is."""
    figures = [figure for section in sections for figure in section.figures if figure.drawn]
    tables = {figure.data.name: figure.data for figure in figures}
    tables |= {name: report.data[name] for name in ("yearly", "monthly", "basis")}
    return {
        "about": _json(_about(report)),
        "packed": _json({"about": report.packed.about, "five_minutes": report.packed.five_minutes}),
        "specifications": _json([_described(report, figure) for figure in figures]),
        "configuration": _json(theme.CONFIG),
        "data": _packed(tables),
    }


def _on_page(section: Section) -> Section:
    """A section with the figures that the page itself shows."""
    return replace(section, figures=tuple(each for each in section.figures if each.on_page))


def _about(report: ReportData) -> dict[str, Any]:
    """What can be chosen, as the page's script takes it."""
    return {
        "locations": [{"id": each.id, "name": each.spoken} for each in report.locations],
        "reference": report.reference,
        "markets": report.markets,
        "years": report.years,
        "zones": [zone.id for zone in report.zones],
        "holidays": [(day - EPOCH).days for day in peak.holidays_of(report.years)],
    }


def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


def _called(report: ReportData, year: int) -> str:
    """A year, or all years, as they are called over all that the page shows."""
    return report.spans.together(report.period(year)).title


def marked(text: str) -> Markup:
    """Text as HTML, what is between backticks as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # one is left over
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    )


def _json(value: Any) -> str:
    """JSON that cannot end the script element around it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")


def _packed(tables: dict[str, ChartData]) -> str:
    """The data of all charts: JSON, compressed, as text."""
    content = {
        name: {
            "columns": data.columns,
            "days": data.days,
        }
        for name, data in tables.items()
    }
    packed = gzipped.pack(json.dumps(content, separators=(",", ":")).encode(), 6)
    return base64.b64encode(packed).decode()


def _described(report: ReportData, figure: Figure) -> dict[str, Any]:
    """A figure as the page's script takes it."""
    return {
        "name": figure.name,
        "title": figure.title,
        "table": figure.data.name,
        "spec": figure.chart,
        "labels": [
            [key, label.heading, figure.data.decimals(key)] for key, label in figure.labels.items()
        ],
        "choosers": figure.choosers,
        "listed": figure.listed,
        "summary": [_extremes(each) for each in figure.summary],
        "tiles": [tile.location for tile in figure.tiles],
        "strips": figure.strips,
        "files": {year: _file_name(report, figure, year) for year in (ALL_YEARS, *report.years)},
    }


def _file_name(report: ReportData, figure: Figure, year: int) -> str:
    """What a figure's file is called where a year is chosen: a part of one by its days."""
    if year == ALL_YEARS or "year" not in figure.choosers:
        return report.file_name(figure)
    part = report.spans.together(report.period(year), figure.series).in_file_names
    return figure.name + (part or f"_{year}")


def _extremes(each: Extremes) -> dict[str, Any]:
    return {
        "text": each.text,
        "column": each.column,
        "when": each.when,
        "unit": each.unit,
        "where": each.where,
    }


@dataclass(frozen=True)
class Headline:
    """One of the few numbers on top of the page."""

    what: str
    number: float
    words: str
    """What is under the number on the page."""
    of: int | None = None
    """How many there are in all, where it counts some of them."""
    unit: str = ""
    span: Span | None = None
    """The days that it is of."""

    @property
    def shown(self) -> str:
        """The number as the page has it."""
        number = in_figures(self.number, 2 if self.unit else 0)
        return number if self.of is None else f"{number} of {in_figures(self.of, 0)}"


def headlines(report: ReportData) -> list[Headline]:
    """The key numbers: what is validated, missing, or to be known of it, and what power cost."""
    counted = Counter(day.state for day in report.days)
    asked = [day for day in report.days if day.state in (*VALIDATED, *INCOMPLETE, State.GAP)]
    span = None
    if asked:
        days = sorted({day.day for day in asked})
        numbers = range(days[0].year, days[-1].year + 1)
        span = Span(periods.years(numbers, "days asked for"), tuple(days))
    validated = sum(counted[state] for state in VALIDATED)
    return [
        _days("validated", validated, span, len(asked)),
        _days("missing or damaged", sum(counted[state] for state in INCOMPLETE), span),
        _days("with an accepted gap", counted[State.GAP], span),
        _days("with another accepted flaw", sum(bool(day.accepted) for day in report.days), span),
        _days("with suspect prices", sum(bool(day.suspects) for day in report.days), span),
        *_means(report),
    ]


def _days(what: str, number: int, span: Span | None, of: int | None = None) -> Headline:
    one = (number if of is None else of) == 1
    return Headline(f"days {what}", number, f"{'day' if one else 'days'} {what}", of, span=span)


def _means(report: ReportData) -> Iterator[Headline]:
    """The newest year's mean prices at the reference, or those of the part of it that is here."""
    for row in report.data["yearly"].rows.to_pylist():
        newest = row["year"] == (report.years or [0])[-1] and row["peak"] == ALL_HOURS
        if row["location_id"] == report.reference and newest:
            location = next(p.name for p in report.locations if p.id == report.reference)
            for market in report.markets:
                mean = row[f"{market}_mean"]
                if mean is not None:
                    name = theme.MARKETS[market].lower()
                    span = report.spans.span(market, report.reference, report.period(row["year"]))
                    words = f"$/MWh {name} mean of {span.title}, {location}"
                    yield Headline(f"{name} mean, {location}", mean, words, unit="$/MWh", span=span)


def coverage_line(report: ReportData) -> str:
    """How much of what was asked for is validated, in one line."""
    if not report.days:
        return "Nothing has been downloaded yet."
    validated = headlines(report)[0]
    return f"{validated.shown} {validated.words}"


def notices(report: ReportData) -> list[str]:
    """What comes before all else: days that are missing or damaged, suspect, or preliminary.

    A dataset of preliminary prices alone awaits no final ones.
    """
    counted = Counter(
        day.state
        for day in report.days
        if day.state != State.PRELIMINARY or "final" in DATASETS[day.dataset].versions
    )
    found = {
        "missing or damaged": sum(counted[state] for state in INCOMPLETE),
        "with suspect prices": sum(any(not f.reason for f in d.suspects) for d in report.days),
        "preliminary": counted[State.PRELIMINARY],
    }
    return [f"{count(number, 'day')} {what}" for what, number in found.items() if number]


def key_numbers(report: ReportData) -> str:
    """The headlines as CSV, each with the days that it is of."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["what", "number", "of", "unit", "period", "first_day", "last_day", "days", "of_days"]
    )
    for each in headlines(report):
        number = f"{each.number:.2f}" if each.unit else str(each.number)
        days = each.span.days if each.span else ()
        writer.writerow(
            [
                *(each.what, number, "" if each.of is None else each.of, each.unit),
                each.span.title if each.span and each.unit else "",
                *((days[0], days[-1]) if days else ("", "")),
                *((len(days), each.span.period.length) if each.span and each.unit else ("", "")),
            ]
        )
    return text.getvalue()
