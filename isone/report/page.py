"""The page: everything in one file, so that it opens anywhere, also without a network.

Tables and words are plain HTML. Charts are drawn by Vega, which is part of the page, from data that
travels compressed. Whatever came over the network is escaped: by the template where it is text, and
by its compression where it is data.
"""

import base64
import gzip
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2

from isone.database.report_queries import ALL_YEARS
from isone.report import drawing
from isone.report.charts import calendar, theme
from isone.report.coverage import PROVEN, WANTING, State
from isone.report.facts import Facts
from isone.report.figures import Extremes, Figure
from isone.report.sections import all_sections
from isone.report.tables import Data

_HERE = Path(__file__).resolve().parent


def write(facts: Facts, script: Callable[[], str] = drawing.library) -> str:
    """The page as HTML; `script` gives what draws its charts."""
    sections = all_sections(facts)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    figures = [figure for section in sections for figure in section.figures if figure.drawn]
    occurring = {day.state for day in facts.days}
    return environment.get_template("page.html.j2").render(
        facts=facts,
        sections=sections,
        headlines=headlines(facts),
        states=[
            (state, calendar.COLOURS[state], calendar.SIGNS.get(state, ""))
            for state in State
            if state in occurring
        ],
        all_years=ALL_YEARS,
        style=_read("page.css"),
        script=_read("page.js"),
        drawing=script(),
        specifications=_json([_described(figure) for figure in figures]),
        configuration=_json(theme.CONFIG),
        data=_packed({figure.data.name: figure.data for figure in figures}),
    )


def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


def _json(value: Any) -> str:
    """JSON that cannot end the script element around it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")


def _packed(tables: dict[str, Data]) -> str:
    """The data of all charts: JSON, compressed, as text."""
    content = {
        name: {
            "columns": data.columns(),
            "days": data.days,
        }
        for name, data in tables.items()
    }
    packed = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), 6, mtime=0)
    return base64.b64encode(packed).decode()


def _described(figure: Figure) -> dict[str, Any]:
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
        "summary": [_extremes(each) for each in figure.summary],
        "tiles": [tile.place for tile in figure.tiles],
        "strips": figure.strips,
    }


def _extremes(each: Extremes) -> dict[str, Any]:
    return {
        "text": each.text,
        "column": each.column,
        "when": each.when,
        "unit": each.unit,
        "where": each.where,
    }


def headlines(facts: Facts) -> list[tuple[str, str]]:
    """The few numbers on top: how much is proven, how much is wanting, what power cost."""
    counted = Counter(day.state for day in facts.days)
    proven = sum(counted[state] for state in PROVEN)
    wanting = sum(counted[state] for state in WANTING)
    gaps = counted[State.GAP]
    asked = proven + wanting + gaps
    found = [
        (f"{proven:,} of {asked:,}", "day proven" if asked == 1 else "days proven"),
        (f"{wanting:,}", "day missing or damaged" if wanting == 1 else "days missing or damaged"),
        (f"{gaps:,}", "gap accepted" if gaps == 1 else "gaps accepted"),
    ]
    for row in facts.tables["yearly"].to_pylist():
        if row["location_id"] == facts.reference and row["year"] == (facts.years or [0])[-1]:
            for market in facts.markets:
                if row[f"{market}_mean"] is not None:
                    name = theme.MARKETS[market].lower()
                    place = next(p.name for p in facts.places if p.id == facts.reference)
                    words = f"$/MWh {name} mean of {row['year']}, {place}"
                    found.append((f"{row[f'{market}_mean']:.2f}", words))
    return found
