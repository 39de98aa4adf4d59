"""What a dataset's table looks like: in Parquet, DuckDB, PostgreSQL and the documentation.

Derived from the table of datasets alone. Instants are UTC and called so; values are float64; what
ISO-NE left out is NULL.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from isone.market.dataset import Dataset
from isone.market.keys import OCCURRENCE

if TYPE_CHECKING:
    import pyarrow as pa

TypeName = Literal["timestamp", "date", "integer", "double", "string"]


@dataclass(frozen=True)
class ColumnType:
    """A type of column in every form that it takes."""

    in_arrow: Callable[[Any], Any]
    """Its type in Arrow, given the module, which is loaded only where there is a table."""
    sql: str
    """Its name in SQL; both databases know it."""
    number: str
    """PostgreSQL's binary number, in NumPy's words; "" for texts."""
    arrow_words: str
    """Arrow's type in Parquet, as the documentation says it."""
    in_parquet: Callable[[Any], Any] | None = None
    """Arrow's type in Parquet, where that is another."""

    @property
    def arrow(self) -> "pa.DataType":
        """Its type in Arrow; each text by itself."""
        import pyarrow

        return self.in_arrow(pyarrow)

    @property
    def parquet(self) -> "pa.DataType":
        """Its type in Arrow as Parquet files have it."""
        import pyarrow

        return (self.in_parquet or self.in_arrow)(pyarrow)


COLUMN_TYPES: dict[TypeName, ColumnType] = {
    "timestamp": ColumnType(
        lambda pa: pa.timestamp("us", tz="UTC"),
        "TIMESTAMP WITH TIME ZONE",
        ">i8",
        "timestamp[us, UTC]",
    ),
    "date": ColumnType(lambda pa: pa.date32(), "DATE", ">i4", "date32"),
    "integer": ColumnType(lambda pa: pa.int32(), "INTEGER", ">i4", "int32"),
    "double": ColumnType(lambda pa: pa.float64(), "DOUBLE PRECISION", ">f8", "double"),
    "string": ColumnType(
        lambda pa: pa.string(),
        "VARCHAR",
        "",
        "dictionary of string",
        # text of few distinct values: names come as categories, and take next to no memory
        lambda pa: pa.dictionary(pa.int32(), pa.string()),
    ),
}


@dataclass(frozen=True)
class TableColumn:
    """A column: name, type, unit (empty where there is none), meaning, whether it may be NULL."""

    name: str
    type: TypeName
    unit: str
    meaning: str
    nullable: bool = False

    @property
    def arrow(self) -> "pa.DataType":
        """Its type in Arrow, each text by itself."""
        return COLUMN_TYPES[self.type].arrow

    @property
    def parquet(self) -> "pa.DataType":
        """Its type in Arrow as Parquet files have it: texts are categories."""
        return COLUMN_TYPES[self.type].parquet

    @property
    def sql(self) -> str:
        """Its type in SQL."""
        return COLUMN_TYPES[self.type].sql


_START = TableColumn("interval_start_utc", "timestamp", "UTC", "beginning of the interval")
_SNAPSHOT = TableColumn("interval_start_utc", "timestamp", "UTC", "the instant of the snapshot")
_END = TableColumn("interval_end_utc", "timestamp", "UTC", "end of the interval")
_DAY = TableColumn("operating_day", "date", "", "operating day, in market time (New England)")
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
            nullable=c.type == "double" or not c.required and c.name not in dataset.key_columns,
        )
        for c in dataset.columns
    )
    return (
        *((_SNAPSHOT,) if dataset.times.minutes is None else (_START, _END)),
        _DAY,
        *((market,) if dataset.market else ()),
        *_id_columns(dataset),
        *values,
        *((_OCCURRENCE,) if dataset.occurrence else ()),
    )


def _id_columns(dataset: Dataset) -> tuple[TableColumn, ...]:
    """Id, name and type; what is inside an object may be left out of it, all but the id."""
    key = dataset.id_key
    if key is None:
        return ()
    noun, optional = key.noun or key.kind, bool(key.outer)
    types = "HUB, LOAD ZONE, NETWORK NODE, EXT. NODE, …"
    columns = (
        TableColumn("location_id", "integer", "", f"ISO-NE's id of the {noun}"),
        TableColumn("location", "string", "", f"name of the {noun}", nullable=optional),
        TableColumn("location_type", "string", "", types, nullable=optional),
    )
    return columns[: len(key.names)]


def arrow_schema(columns: Iterable[TableColumn]) -> "pa.Schema":
    """The Arrow schema of a table's columns, each text by itself."""
    import pyarrow as pa

    return pa.schema([(column.name, column.arrow) for column in columns])


def sort_key(dataset: Dataset) -> tuple[str, ...]:
    """The order of rows: by place or names, then by time, so that one over a year reads fast."""
    time, *others = dataset.key_columns
    return (*others, time)
