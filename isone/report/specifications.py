"""The figures in Vega-Lite, each with all that it needs, and their data as CSV."""

import io
import textwrap
from dataclasses import replace
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from isone.report import periods
from isone.report.charts import calendar, theme
from isone.report.data import ReportData
from isone.report.drawings import Drawing
from isone.report.figures import Figure
from isone.report.periods import ALL_YEARS, Period
from isone.report.queries.working_tables import ALL_HOURS
from isone.report.sections import all_sections

_WIDTH, _TILE_WIDTH = 820, 240  # pixels
_LINE = 110  # characters of a subtitle that fit
_CONFIG = theme.CONFIG | {"aria": False}
_SYNTHETIC = "SYNTHETIC PRICES of the sandbox"


def drawings(report: ReportData) -> list[Drawing]:
    """What each figure is drawn from, in the page's order.

    Charts show the hub, the first reserve zone and all years that are here; the CSV holds all
    places. Where not all days of these years are here, the name has the days that are. A figure
    without data becomes one that says so.
    """
    return [
        Drawing(
            name=report.file_name(figure),
            has_data=figure.drawn,
            specification=msgspec.Raw(msgspec.json.encode(specification(report, figure))),
            csv=as_csv(figure),
        )
        for section in all_sections(report)
        for figure in section.figures
        if figure.listed is None
    ]


def as_csv(figure: Figure) -> str:
    """A figure's data, a heading with its unit above each column; days as YYYY-MM-DD."""
    data, labels = figure.data, figure.labels
    columns = [
        data.rows[name] if name in data.days else pa.array(data.columns[name]) for name in labels
    ]
    table = pa.table(columns, names=[label.heading for label in labels.values()])
    text = io.BytesIO()
    pcsv.write_csv(table, text, pcsv.WriteOptions(quoting_style="needed"))
    return text.getvalue().decode()


def specification(report: ReportData, figure: Figure) -> dict[str, Any]:
    """A figure in Vega-Lite with all that it needs: its data, a size, and a title."""
    title = {"text": figure.title, "subtitle": _subtitle(report, figure)}
    if figure.chart is None or not figure.drawn:
        return _absent(figure, title)
    spec = figure.chart | {"config": _CONFIG, "autosize": "pad"}
    if "layer" in spec:
        spec["layer"] = [layer for layer in spec["layer"] if layer.get("name") != theme.POINTER]
        spec.pop("params", None)
    spec["datasets"] = {theme.ROWS: _records(report, figure)}
    if figure.tiles:
        return _tiled(figure, spec) | {"title": title}
    if figure.strips:
        strip = _WIDTH / calendar.WEEKS
        spec["height"] = round(strip * (calendar.SLOTS * figure.strips - 1))
    return spec | {"title": title, "width": _WIDTH}


def _subtitle(report: ReportData, figure: Figure) -> list[str]:
    words = []
    if "location" in figure.choosers:
        words += [each.title for each in report.locations if each.id == report.reference]
    if "zone" in figure.choosers and report.zones:
        words.append(report.zones[0].title)
    if figure.series and report.years:
        words.append(periods.title(report.spans.of(figure.series, None, _all_years(report))))
    elif figure.strips:
        days = figure.data.rows["day"].to_pylist()
        words.append(periods.years([days[0].year, days[-1].year]).name)
    return [
        *textwrap.wrap(", ".join(words), _LINE, break_on_hyphens=False),
        *([_SYNTHETIC] if report.synthetic else []),
    ]


def _all_years(report: ReportData) -> Period:
    return periods.years(report.years)


def _records(report: ReportData, figure: Figure) -> list[dict[str, Any]]:
    """The rows that the page would show before anybody chooses."""
    chosen: dict[str, int | str] = {}
    if "location" in figure.choosers:
        chosen["location_id"] = report.reference
    if "zone" in figure.choosers and report.zones:
        chosen["zone_id"] = report.zones[0].id
    if "peak" in figure.data.labels:
        chosen["peak"] = ALL_HOURS
    if "year" in figure.choosers and "year" in figure.data.labels:
        chosen["year"] = ALL_YEARS
    rows = figure.data.rows
    for column, value in chosen.items():
        rows = rows.filter(pc.field(column) == value)
    return replace(figure.data, rows=rows).records()


def _tiled(figure: Figure, spec: dict[str, Any]) -> dict[str, Any]:
    """Small charts in rows of three, in the order in which they are on the page."""
    tiles = sorted(figure.tiles, key=lambda tile: (tile.row, tile.column))
    shared = {key: spec.pop(key) for key in ("datasets", "config", "autosize", "$schema")}
    layers = [
        {key: value for key, value in layer.items() if key != "data"} for layer in spec["layer"]
    ]
    return shared | {
        "data": {"name": theme.ROWS},
        "facet": {
            "field": "location",
            "type": "nominal",
            "title": None,
            "sort": [tile.title for tile in tiles],
        },
        "columns": 3,
        "spec": spec | {"layer": layers, "width": _TILE_WIDTH},
    }


def _absent(figure: Figure, title: dict[str, Any]) -> dict[str, Any]:
    """A picture of the sentence that is on the page instead of the chart."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": _CONFIG,
        "title": title,
        "width": _WIDTH,
        "height": 60,
        "data": {"values": [{"text": figure.absent}]},
        "mark": {"type": "text", "fontSize": 14, "color": "#555b64"},
        "encoding": {"text": {"field": "text"}},
    }
