"""What a figure is: a chart, its data, and the words around it."""

from dataclasses import dataclass, field
from typing import Any

from isone.report.cells import ChartData, Label, PageTable
from isone.report.zone_map import Area


@dataclass(frozen=True)
class Extremes:
    """A sentence that the page makes of the data shown: the lowest and the highest of a column.

    `when` is the column that says when or where; `where` narrows the rows.
    """

    text: str
    column: str
    when: str
    unit: str = "$/MWh"
    where: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tile:
    """One of several small charts that share a specification: a location, and where it is."""

    location: int
    title: str
    row: int
    column: int


@dataclass(frozen=True)
class Figure:
    """A chart with its caption. Without a chart, `absent` says why in a sentence."""

    name: str
    title: str
    caption: str
    data: ChartData
    chart: dict[str, Any] | None = None
    """In Vega-Lite, without its data."""
    absent: str = ""
    columns: tuple[str, ...] = ()
    """Those of the data that it is about; all where none are named."""
    choosers: tuple[str, ...] = ()
    """Which of the page's choosers narrow it: location, zone, year."""
    summary: tuple[Extremes, ...] = ()
    tiles: tuple[Tile, ...] = ()
    strips: int = 0
    """For a calendar: its years, so that the page can keep its squares square."""
    wide: bool = False
    series: tuple[str, ...] = ()
    """Of which days it is, as `Spans` names them; none where it shows every day by itself."""
    listed: dict[str, str] | None = None
    """For a table that follows the choosers, instead of a chart: the rows that it has."""
    on_page: bool = True
    """Whether the page has it too; the page's main chart takes the place of some."""

    @property
    def labels(self) -> dict[str, Label]:
        """The columns of its table, with their labels."""
        names = self.columns or tuple(self.data.labels)
        if self.listed is None and "part" in self.data.labels and "part" not in names:
            names = (*names, "part")
        return {name: self.data.labels[name] for name in names}

    @property
    def drawn(self) -> bool:
        """Whether there is something to see."""
        return (self.chart is not None or self.listed is not None) and not self.data.empty


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    name: str
    title: str
    introduction: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[PageTable, ...] = ()
    lead: tuple[PageTable, ...] = ()
    """Tables before the figures."""
    areas: tuple[Area, ...] = ()
    """Those of its map, where it has one."""
