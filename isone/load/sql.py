"""Pieces of SQL that both databases share: names, texts, and how a table is described."""

from collections.abc import Iterator

from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.schema import TableColumn, table_columns

LAYOUT = 5
"""Raised when tables or columns change such that a database has to be loaded again."""

COMPLETE, GAP_ACCEPTED = "complete", "gap accepted"
NOTHING_PUBLISHED, NO_MANIFEST = "nothing published", "no manifest"
"""The verdicts on a day."""

MARKET_ZONE = f"'{market_time.MARKET_ZONE.key}'"
HOUR = "date_trunc('hour', interval_start_utc AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
"""The beginning of an interval's hour; cut in UTC, for the hour that comes twice is two."""

OPERATING_DAYS = (
    TableColumn("dataset", "string", "", "the table that holds the day's prices"),
    TableColumn("operating_day", "date", "", "operating day, in market time (New England)"),
    TableColumn(
        "verdict", "string", "", "complete, gap accepted, nothing published, or no manifest"
    ),
    TableColumn("revision", "string", "", "final, prelim, or final and prelim", nullable=True),
    TableColumn(
        "rows",
        "integer",
        "rows",
        "rows in the day's responses, of all locations; NULL where a response is of a whole month",
        nullable=True,
    ),
    TableColumn("files", "string", "", "the responses as stored, below the data folder"),
    TableColumn("digest", "string", "", "SHA-256 of the response, or of its requests' digests"),
    TableColumn("fetched", "timestamp", "UTC", "when the last request was received", nullable=True),
    TableColumn(
        "first_seen",
        "timestamp",
        "UTC",
        "when the day was first stored, in whatever revision",
        nullable=True,
    ),
    TableColumn("source", "string", "", "where the responses come from; sandbox is synthetic"),
    TableColumn("gap_reason", "string", "", "why a gap was accepted", nullable=True),
    TableColumn(
        "accepted_flaws",
        "string",
        "",
        "other flaws of ISO-NE's own that were accepted, and why",
        nullable=True,
    ),
    TableColumn(
        "suspects", "string", "", "what is unlikely or doubtful about the day", nullable=True
    ),
)
LOCATIONS = (
    TableColumn("location_id", "integer", "", "ISO-NE's id of the location or reserve zone"),
    TableColumn(
        "location", "string", "", "its name, the newest where there were several", nullable=True
    ),
    TableColumn(
        "location_type",
        "string",
        "",
        "HUB, LOAD ZONE, NETWORK NODE, RESERVE ZONE, …",
        nullable=True,
    ),
    TableColumn("first_day", "date", "", "first operating day with a price here"),
    TableColumn("last_day", "date", "", "last operating day with a price here"),
)
LISTED_LOCATIONS = (
    TableColumn("location_id", "integer", "", "ISO-NE's id of the location"),
    TableColumn("location", "string", "", "its name, as listed last", nullable=True),
    TableColumn("location_type", "string", "", "HUB, LOAD ZONE, NETWORK NODE, …", nullable=True),
    TableColumn("area_type", "string", "", "INTERNAL or EXTERNAL", nullable=True),
    TableColumn("first_seen", "date", "", "day of the first list that has it"),
    TableColumn("last_seen", "date", "", "day of the newest list that has it"),
    TableColumn("gone", "date", "", "day of the first list that has it no more", nullable=True),
)
TABLES = {
    "operating_days": ("Every day that was asked for, and what is known of it", OPERATING_DAYS),
    "locations": ("The locations and reserve zones that have a price in these tables", LOCATIONS),
    "listed_locations": ("Every location that ISO-NE has listed, and when", LISTED_LOCATIONS),
}
"""The tables beside the datasets': comment and columns."""


def name(identifier: str) -> str:
    """An identifier in quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text in quotes, for statements that take no parameters (comments)."""
    return "'" + value.replace("'", "''") + "'"


def columns(listed: tuple[TableColumn, ...], prefix: str = "") -> str:
    """The names of columns, quoted, separated by commas."""
    return ", ".join(prefix + name(column.name) for column in listed)


def definition(listed: tuple[TableColumn, ...]) -> str:
    """The columns of a `CREATE TABLE`, with types and NOT NULL."""
    return ", ".join(
        f"{name(column.name)} {column.sql}{'' if column.nullable else ' NOT NULL'}"
        for column in listed
    )


def describe(column: TableColumn) -> str:
    """A column's comment: its meaning, and its unit in brackets."""
    return f"{column.meaning} [{column.unit}]" if column.unit else column.meaning


def all_tables() -> Iterator[tuple[str, str, tuple[TableColumn, ...]]]:
    """Every table with its comment and columns: the datasets', then those beside them."""
    for dataset in DATASETS.values():
        yield dataset.name, _title(dataset), table_columns(dataset)
    for table, (comment, listed) in TABLES.items():
        yield table, comment, listed


def _title(dataset: Dataset) -> str:
    times = dataset.times
    by = f", by {dataset.id_key.kind}" if dataset.id_key else ""
    if times.minutes is None:
        return f"{dataset.title}{by}, a row for each {_kinds(dataset)} at each snapshot"
    if times.may_be_empty:
        return f"{dataset.title}{by}, a row for each that binds in {times.minutes} minutes"
    each = f" for each {_kinds(dataset)}" if dataset.text_keys else ""
    return f"{dataset.title}{by}, one row per {times.minutes} minutes{each}"


def _kinds(dataset: Dataset) -> str:
    return " and ".join(key.kind for key in dataset.text_keys) or "value"
