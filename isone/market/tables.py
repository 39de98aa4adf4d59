"""What a dataset's table looks like: in Parquet, DuckDB, PostgreSQL and the documentation.

Derived from the dataset table alone. Instants are UTC and called so; prices are float64; what
ISO-NE left out is NULL.
"""

from dataclasses import dataclass
from typing import Literal

from isone.market.datasets import OCCURRENCE, Dataset

ColumnType = Literal["timestamp", "date", "integer", "double", "string"]


@dataclass(frozen=True)
class TableColumn:
    """A column: name, type, unit (empty where there is none), meaning, whether it may be NULL."""

    name: str
    type: ColumnType
    unit: str
    meaning: str
    nullable: bool = False


_TIME = (
    TableColumn("interval_start_utc", "timestamp", "UTC", "beginning of the interval"),
    TableColumn("interval_end_utc", "timestamp", "UTC", "end of the interval"),
    TableColumn("operating_day", "date", "", "operating day, in market time (New England)"),
)
_PLACES = {
    "location": (
        TableColumn("location_id", "integer", "", "ISO-NE's id of the pricing location"),
        TableColumn("location", "string", "", "name of the pricing location", nullable=True),
        TableColumn(
            "location_type",
            "string",
            "",
            "HUB, LOAD ZONE, NETWORK NODE, EXT. NODE, …",
            nullable=True,
        ),
    ),
    "reserve_zone": (
        TableColumn("location_id", "integer", "", "ISO-NE's id of the reserve zone"),
        TableColumn("location", "string", "", "name of the reserve zone"),
    ),
}
_OCCURRENCE = TableColumn(
    OCCURRENCE,
    "integer",
    "",
    "1; where rows of an interval have the same names and other values, 1, 2, … in order of these",
)


def table_columns(dataset: Dataset) -> tuple[TableColumn, ...]:
    """The columns of a dataset's table, in order: time, market, place, values, occurrence."""
    market = TableColumn("market", "string", "", f"market, here always {dataset.market}")
    values = tuple(
        TableColumn(
            c.name,
            c.type,
            c.unit,
            c.meaning,
            nullable=c.type == "double" or not c.required and c.name not in dataset.key,
        )
        for c in dataset.columns
    )
    places = _PLACES[dataset.place] if dataset.place else ()
    return (*_TIME, market, *places, *values, *((_OCCURRENCE,) if dataset.names else ()))


def sort_key(dataset: Dataset) -> tuple[str, ...]:
    """The order of rows: by place or names, then by time, so that one over a year reads fast."""
    time, *others = dataset.key
    return (*others, time)
