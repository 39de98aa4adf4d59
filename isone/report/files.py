"""The figures as files, for slides and papers: SVG, PNG, and the data of each as CSV."""

import csv
import io
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import vl_convert

from isone.report import periods
from isone.report.charts import calendar, theme
from isone.report.data import ReportData
from isone.report.figures import Figure
from isone.report.periods import ALL_YEARS, Period
from isone.report.queries.working_tables import ALL_HOURS
from isone.report.sections import all_sections
from isone.run.progress import Advance, unseen
from isone.store.files import make_folder, name_aside, sync

_WIDTH, _TILE_WIDTH = 820, 240  # pixels
_LINE = 110  # characters of a subtitle that fit
_SHARPNESS = 2  # PNG pixels for each
_CONFIG = theme.CONFIG | {"aria": False}
_SYNTHETIC = "SYNTHETIC PRICES of the sandbox"


def write(
    report: ReportData,
    folder: Path,
    advance: Advance = unseen,
) -> dict[Path, bool]:
    """Write each figure as `{name}.svg`, `.png` and `.csv`; the paths, and whether it has data.

    Charts show the hub, the first reserve zone and all years that are here; the CSV holds all
    places. Where not all days of these years are here, the name has the days that are. A figure
    without data becomes one that says so.

    The folder is this function's own: it is replaced as one, once all figures are made, so until
    then the old ones stay, and after it none of them is left. `advance` is told how many figures
    are drawn, of how many.
    """
    target = folder.resolve()
    make_folder(target.parent)
    aside, old = name_aside(target), name_aside(target.with_name(f"{target.name}.old"))
    try:
        aside.mkdir()
        names = dict(_written(report, aside, advance))
        sync(aside)
        if target.exists():
            target.replace(old)
        aside.replace(target)
        sync(target.parent)
    finally:
        for leftover in (aside, old):
            shutil.rmtree(leftover, ignore_errors=True)
    return {folder / name: has_data for name, has_data in names.items()}


def _written(report: ReportData, folder: Path, advance: Advance) -> Iterator[tuple[str, bool]]:
    """Write each figure into a folder; yields the names of its files, and whether it has data."""
    figures = [
        figure
        for section in all_sections(report)
        for figure in section.figures
        if figure.listed is None
    ]
    for number, figure in enumerate(figures, 1):
        svg = vl_convert.vegalite_to_svg(specification(report, figure))
        contents = {
            ".svg": svg.encode(),
            ".png": vl_convert.svg_to_png(svg, scale=_SHARPNESS),
            ".csv": as_csv(figure).encode(),
        }
        for suffix, content in contents.items():
            path = folder / f"{report.file_name(figure)}{suffix}"
            path.write_bytes(content)
            sync(path)
            yield path.name, figure.drawn
        advance(number, len(figures), "figures")


def as_csv(figure: Figure) -> str:
    """A figure's data, a heading with its unit above each column; days as YYYY-MM-DD."""
    data, labels = figure.data, figure.labels
    columns = data.columns() | {name: data.rows[name].to_pylist() for name in data.days}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([label.heading for label in labels.values()])
    writer.writerows(zip(*(columns[name] for name in labels), strict=True))
    return text.getvalue()


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
    return [
        row
        for row in figure.data.records()
        if all(row[column] == value for column, value in chosen.items())
    ]


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
