"""The data dictionary, `docs/datasets.md`, written from the table of datasets.

`python -m isone.pack.dictionary` prints it, `--write` updates the file.
"""

import argparse
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from isone.market import hours
from isone.market.dataset import Dataset
from isone.market.datasets import DATA_TYPES, DATASETS
from isone.market.locations import CORE_LOCATIONS, RESERVE_ZONES
from isone.market.schema import COLUMN_TYPES, TableColumn, table_columns
from isone.run.options import Config
from isone.run.settings import PROJECT
from isone.text import count

PATH = PROJECT / "docs" / "datasets.md"

_INTRODUCTION = """\
# Data dictionary

Generated from the table of datasets in `isone/market/datasets.py` by
`python -m isone.pack.dictionary --write`.

Each dataset is a table with the same columns in Parquet
(`data/parquet/{dataset}/{period}.parquet`), DuckDB and PostgreSQL. For all of them:

- Timestamps are UTC. `interval_start_utc` is the beginning of an interval. `operating_day` is the
  day in market time (New England), which has 23 hours when summer time begins and 25 when it ends.
- Prices are floating point numbers as ISO New England publishes them. What it leaves out is NULL,
  never 0; the tables below mark columns that may be NULL.
- No two rows have the same key. Rows that ISO New England publishes twice, exactly alike, are in
  the table once. Timestamps that it publishes off their interval's beginning, by less than half an
  interval, are moved onto it. Rows that disagree on one key are in no table. A day with such rows,
  or with a null price, is rejected unless that flaw is accepted by name.
- Column names follow gridstatus.io.
- Parquet files have their rows in blocks of some weeks, each ordered by location or name, then
  time.

Datasets that list events, as binding constraints do, have no fixed number of rows:

- A day is validated as whole, well formed and of that day; a missing record cannot be noticed.
- Rows with the same names in one interval that differ in a value are all kept: `occurrence`
  tells them apart.
- A day counts as empty if its response was empty twice and ISO-NE says that the energy prices of
  that market are published through it, but not if more than 31 days in a row are empty.
- Timestamps more than two seconds off an interval's beginning are kept as served;
  `interval_end_utc` is then the interval's length later.

Datasets of snapshots, as the fuel mix, have no fixed number of them either:

- A day is validated as beginning, going on and ending: its first and last snapshot are early and
  late enough, and none is too long after the one before. Whether ISO-NE took another in between
  cannot be known.
- What makes nothing has no row. It is 0 at a snapshot that exists, and unknown anywhere else.
- A snapshot holds until the next one. So means are over time, not over rows: the views
  `{dataset}_hourly` and `{dataset}_monthly` have them.
- A name that was not there before, as of a new fuel, is kept and is suspect (`new-name`).

Limits, totals and signs are ISO-NE's own: imports are negative.
"""

_HOURS = """\
## The view `hours`: what was behind an hour's price

A row an hour, in DuckDB and PostgreSQL, for each hour of which anything below is stored. What is
not stored is NULL: the columns are always there, so a query keeps its meaning when more is
downloaded. All that it reads comes with `data_types: "lmp constraints load forecast fuel
interchange"` and `markets: "da rt-hourly rt-15min"`.

Hours are beginnings, in UTC. A day when clocks change has 23 or 25 of them; `local_hour` then
lacks 2, or has 1 twice. Means of five-minute values are over the intervals of the hour, means of
the fuel mix over its time. An hour that snapshots do not cover from end to end has none.
"""

_FILES = """\
## Metadata of a Parquet file

The schema's metadata has these texts under `isone.{key}`:

| key | meaning |
|---|---|
| `dataset`, `title`, `period` | what it is; `period`: the year, its last day, its locations |
| `first_day`, `last_day` | the operating days, both included |
| `locations` | the ids that were kept, or `all` |
| `source` | where the responses come from |
| `synthetic_prices` | `true` for the sandbox's prices |
| `revision` | `final` or `prelim` |
| `manifest_sha256` | the SHA-256 of the year's marker, which has that of each response |
| `created_by` | the program and its version |

Each field's metadata has its `meaning` and, where there is one, its `unit`.
`data/parquet/datapackage.json` has the same as a Frictionless data package.
"""


def data_dictionary() -> str:
    """The whole page."""
    datasets = map(_section, DATASETS.values())
    sections = [_INTRODUCTION, *datasets, _view_hours(), _types(), _locations(), _FILES]
    return "\n".join(sections)


def _view_hours() -> str:
    rows = [
        (f"`{column.name}`", column.type, column.unit, column.meaning) for column in hours.COLUMNS
    ]
    table = _table(("column", "type", "unit", "meaning"), rows)
    return "\n".join([_HOURS, *table, ""])


def _section(dataset: Dataset) -> str:
    by_hour = dataset.request.by_hour
    about = [
        f"- chosen by {_chosen_by(dataset)}; "
        + (f"market `{dataset.market}`" if dataset.market else "of no market"),
        f"- one row for each {_length(dataset)}{_per_key(dataset)}: {_rows_a_day(dataset)}",
        f"- from {dataset.first_day} on; final {_published(dataset)}",
        f"- without an account: {_public(dataset)}",
        f"- key {_code(dataset.key_columns)}",
        f"- from `{_final(dataset.request.path)}`"
        + (f", or `{_final(by_hour)}` for many locations" if by_hour else "")
        + _requests_by_location(dataset),
    ]
    fields = {column.name: column.field for column in dataset.columns}
    rows = [_row(column, fields.get(column.name, "")) for column in table_columns(dataset)]
    table = _table(("column", "type", "unit", "ISO-NE's field", "meaning"), rows)
    return "\n".join([f"## `{dataset.name}`: {dataset.title}", "", *about, "", *table, ""])


def _row(column: TableColumn, field: str) -> tuple[str, ...]:
    meaning = f"{column.meaning}; may be NULL" if column.nullable else column.meaning
    return f"`{column.name}`", column.type, column.unit, f"`{field}`" if field else "", meaning


def _public(dataset: Dataset) -> str:
    if dataset.public_csv is None:
        return "in no public CSV"
    known = dataset.public_csv.first_day
    return f"in the public CSV from {known} on" if known else "in the public CSV"


def _final(path: str) -> str:
    return path.replace("{version}", "final")


def _requests_by_location(dataset: Dataset) -> str:
    ids = dataset.request.locations
    if not ids:
        return ""
    return f": {len(ids)} requests a {dataset.request.span}, of {', '.join(map(str, ids))}"


def _length(dataset: Dataset) -> str:
    if dataset.times.minutes is None:
        return "snapshot"
    return "hour" if dataset.times.minutes == 60 else f"{dataset.times.minutes} minutes"


def _chosen_by(dataset: Dataset) -> str:
    """The words of the configuration; the data type is one of them unless it comes unasked."""
    data_type = DATA_TYPES[dataset.data_type]
    named = f"`data_types: {data_type.name}`"
    if data_type.chosen_by is None:
        return named
    choice = f"`{data_type.chosen_by}: {dataset.choice}`"
    return choice if data_type.name in Config().data_types else f"{named} and {choice}"


def _per_key(dataset: Dataset) -> str:
    kinds: list[str] = [key.kind for key in dataset.key]
    if dataset.times.may_be_empty:
        return f" and {kinds[0]} that binds"
    return "".join(f" and {kind}" for kind in kinds)


def _rows_a_day(dataset: Dataset) -> str:
    times = dataset.times
    if times.minutes is None:
        return (
            f"as many as there are, the first before {times.first_before:%H:%M}, the last after "
            f"{times.last_after:%H:%M}, none more than {times.longest_gap.seconds // 60} minutes "
            "after the one before"
        )
    if not times.owes_rows:
        return "as many as there are, none on an empty day"
    counts = [str(hours * 60 // times.minutes) for hours in (24, 23, 25)]
    kinds = [key.kind for key in dataset.key]
    each = f" of each {' and '.join(kinds)}" if kinds else ""
    return f"{counts[0]} a day{each} ({counts[1]} and {counts[2]} when clocks change)"


def _published(dataset: Dataset) -> str:
    what = "prices" if any(column.is_price for column in dataset.values) else "numbers"
    if dataset.publication_lag < dt.timedelta(0):
        return f"{what} are published the day before, about 13:00"
    return f"{what} are expected within {count(dataset.publication_lag.days, 'day')}"


def _types() -> str:
    rows = [(name, f"`{each.arrow_words}`", f"`{each.sql}`") for name, each in COLUMN_TYPES.items()]
    table = _table(("type", "Parquet (Arrow)", "DuckDB and PostgreSQL"), rows)
    return "\n".join(["## Types", "", *table, ""])


def _locations() -> str:
    core = [(str(id), f"`{name}`", kind) for id, (name, kind) in CORE_LOCATIONS.items()]
    zones = [(str(id), f"`{name}`", "RESERVE ZONE") for id, name in RESERVE_ZONES.items()]
    lines = ["## Locations", "", "`locations: hubs` means the hub and the eight load zones:", ""]
    lines += _table(("location_id", "location", "location_type"), core)
    lines += ["", "Reserve prices have their own zones:", ""]
    lines += _table(("location_id", "location", "type"), zones)
    return "\n".join([*lines, ""])


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for cells in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cells) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the page, or with `--write` update its file."""
    parser = argparse.ArgumentParser(prog="python -m isone.pack.dictionary")
    parser.add_argument("--write", action="store_true", help=f"write {PATH.name}")
    if parser.parse_args(arguments).write:
        PATH.write_text(data_dictionary(), "utf-8")
    else:
        print(data_dictionary(), end="")


if __name__ == "__main__":
    main()
