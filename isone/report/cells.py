"""Tables: data of the charts with labels and units, and the tables on the page."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

EPOCH = dt.date(1970, 1, 1)
ABSENT = "–"


@dataclass(frozen=True)
class Label:
    """How a column is called, its unit (empty where it has none), and its decimals."""

    text: str
    unit: str = ""
    decimals: int = 2

    @property
    def heading(self) -> str:
        """Name and unit: `Mean ($/MWh)`."""
        return f"{self.text} ({self.unit})" if self.unit else self.text


@dataclass(frozen=True)
class ChartData:
    """The data of one or several charts."""

    name: str
    rows: pa.Table
    labels: dict[str, Label]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return bool(self.rows.num_rows == 0)

    def decimals(self, name: str) -> int:
        """The decimals that a column is shown with; none where it counts."""
        return 0 if pa.types.is_integer(self.rows[name].type) else self.labels[name].decimals

    def has(self, column: str) -> bool:
        """Whether a column has any value."""
        return not self.empty and bool(self.rows[column].null_count < self.rows.num_rows)

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """The values by column, rounded as they are shown; days as days since 1970."""
        return {name: self._values(name) for name in self.labels}

    def _values(self, name: str) -> list[Any]:
        column = self.rows[name]
        values: list[Any] = column.to_pylist()
        if pa.types.is_date(column.type):
            return [None if value is None else (value - EPOCH).days for value in values]
        if pa.types.is_floating(column.type):
            decimals = self.labels[name].decimals
            return [None if value is None else round(value, decimals) + 0.0 for value in values]
        return values

    @property
    def days(self) -> list[str]:
        """The columns that hold days."""
        return [name for name in self.labels if pa.types.is_date(self.rows[name].type)]

    def records(self) -> list[dict[str, Any]]:
        """The rows as a chart takes them that is drawn here: days in milliseconds."""
        columns = dict(self.columns)
        for name in self.days:
            columns[name] = [day and day * 86_400_000 for day in columns[name]]
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@dataclass(frozen=True)
class Cell:
    """A cell of a table on the page; numbers are set to the right."""

    text: str
    number: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a table on the page. `choice`, a location's or zone's id, ties it to a chooser."""

    cells: tuple[Cell, ...]
    choice: str = ""


@dataclass(frozen=True)
class PageTable:
    """A table on the page."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    absent: str = ""
    """What is said where there is no row."""
    chooser: str = ""
    numbers: frozenset[int] = field(default_factory=frozenset)
    """Columns that are set to the right."""


def in_figures(value: float, decimals: int = 2, *, sign: bool = False) -> str:
    """A number as it is shown: with a minus sign, and none before what rounds to zero."""
    rounded = round(value, decimals) + 0.0
    text = f"{rounded:+,.{decimals}f}" if sign else f"{rounded:,.{decimals}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def cell(value: Any, decimals: int = 2) -> Cell:
    """A value as it is shown: numbers with their decimals, nothing as a dash."""
    if value is None or value == "":
        return Cell(ABSENT)
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if isinstance(value, float):
        return Cell(in_figures(value, decimals), number=True)
    if isinstance(value, int):
        return Cell(in_figures(value, 0), number=True)
    if isinstance(value, dt.datetime):
        return Cell(f"{value:%Y-%m-%d %H:%M}")
    return Cell(str(value))


def page_table(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    note: str = "",
    absent: str = "",
    chooser: str = "",
    choices: Sequence[Any] = (),
) -> PageTable:
    """A table of plain values; `choices` are the rows' choices."""
    made = tuple(
        Row(
            tuple(value if isinstance(value, Cell) else cell(value) for value in row),
            str(choices[number]) if choices else "",
        )
        for number, row in enumerate(rows)
    )
    numbers = frozenset(i for row in made for i, each in enumerate(row.cells) if each.number)
    return PageTable(title, tuple(headings), made, note, absent, chooser, numbers)
