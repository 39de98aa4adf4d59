"""Reading what was packed: `isone.read("lmp_da_hourly", years=2024, locations=4000)`."""

import contextlib
import datetime as dt
import functools
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from isone.errors import DamagedError, UsageError
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import CORE_LOCATIONS, HUBS
from isone.market.schema import sort_key
from isone.pack.parquet import arrow_schema, read_metadata
from isone.run.settings import parse_years, refuse_unknown
from isone.store.periods import files_of, is_period, year_of
from isone.text import nearest, some

Years = int | str | Iterable[int | str]
Asked = int | str | Iterable[int | str]
_NAMED = 12
_PLACE = ("location_id", "location")
_CORE_IDS = {name: id for id, (name, _) in CORE_LOCATIONS.items()}
"""An id reads faster than a name: files keep the range of ids in each row group."""


def read(
    dataset: str,
    years: Years | None = None,
    locations: Asked | None = None,
    columns: Sequence[str] | None = None,
    data_dir: str | Path = "data",
) -> pa.Table:
    """The prices of a dataset as an Arrow table, ordered by location, then time.

    dataset     its name, such as `lmp_da_hourly`; the data dictionary lists them
    years       `2024`, `"2019-2023"` or a list; all that are packed, unless given
    locations   ids, names, `"hubs"` (hub and load zones), or a list of these; all, unless given
    columns     names of columns; all, unless given
    data_dir    the folder of the data; `data/sandbox` has the sandbox's synthetic prices

    Timestamps are UTC, prices float64, texts dictionary-encoded. What the files say of themselves
    (such as `isone.synthetic_prices`) is in the schema's metadata, units in that of the fields.
    Only what is asked for is read. Raises UsageError, in one sentence, for what is not there.
    """
    return open_packed(dataset, years, locations, data_dir).table(columns)


@dataclass(frozen=True)
class Packed:
    """Files that hold what is asked for, and which of their rows it is."""

    dataset: Dataset
    schema: pa.Schema
    """The columns; its metadata has what the files agree on saying of themselves."""
    files: pads.Dataset
    locations: tuple[int | str, ...]
    """Ids and names asked for; empty for all."""

    first: dt.date | None = None
    last: dt.date | None = None
    """The operating days asked for; None for all."""

    def between(self, first: dt.date | None, last: dt.date | None) -> "Packed":
        """The same, narrowed to some operating days, both included."""
        return replace(self, first=first, last=last)

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows, ordered by location, then time."""
        if columns is not None:
            refuse_unknown(columns, self.schema.names, f"column of {self.dataset.name}")
        wanted = self.schema.names if columns is None else list(columns)
        key = sort_key(self.dataset)
        helpers = [*key, *(_PLACE if self.locations else ())]
        names = list(dict.fromkeys([*wanted, *helpers]))
        table = self._read(names)
        if self.locations:
            self._require_locations(table)
        table = _ordered(table.unify_dictionaries(), key)
        return table.select(wanted).replace_schema_metadata(self.schema.metadata)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows bit by bit, as the files have them: each few weeks by location, then time."""
        with _whole():
            yield from self.files.to_batches(filter=self._condition)

    def count_rows(self) -> int:
        """How many rows there are."""
        return int(self.files.count_rows(filter=self._condition))

    def require_locations(self) -> None:
        """Raise UsageError for the first location asked for that has no row."""
        if self.locations:
            self._require_locations(self._read(list(_PLACE)))

    def _read(self, columns: list[str]) -> pa.Table:
        with _whole():
            return self.files.to_table(columns, filter=self._condition)

    @property
    def _condition(self) -> pc.Expression | None:
        """What the rows fulfil, as Arrow filters."""
        conditions: list[pc.Expression] = []
        ids = [location for location in self.locations if isinstance(location, int)]
        names = [location for location in self.locations if isinstance(location, str)]
        by_id, by_name = pc.field("location_id").isin(ids), pc.field("location").isin(names)
        if self.locations:
            conditions.append(by_id if not names else by_name if not ids else by_id | by_name)
        if self.first:
            conditions.append(pc.field("operating_day") >= self.first)
        if self.last:
            conditions.append(pc.field("operating_day") <= self.last)
        return functools.reduce(operator.and_, conditions) if conditions else None

    def _require_locations(self, found: pa.Table) -> None:
        known = set(found["location_id"].unique().to_pylist())
        known |= set(found["location"].unique().to_pylist())
        for location in self.locations:
            if location not in known:
                raise UsageError(
                    f"{self.dataset.name}: nothing is packed for location {location!r}; "
                    f"{_hint(location, self._all_locations())}; the configuration's `locations` "
                    "decides what is"
                )

    def _all_locations(self) -> dict[int, str]:
        """Every location by id, with one of its names; "" where it has none."""
        pairs = self.files.to_table(list(_PLACE)).unify_dictionaries()
        pairs = pairs.group_by(list(_PLACE)).aggregate([])
        ids, names = (pairs[name].to_pylist() for name in _PLACE)
        named = {id: name for id, name in zip(ids, names, strict=True) if name}
        return dict.fromkeys(ids, "") | named


@contextlib.contextmanager
def _whole() -> Iterator[None]:
    """Raise DamagedError where a file turns out to be damaged while its rows are read."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise DamagedError(
            f"a packed file cannot be read to its end ({str(error)[:200]}); "
            "`python -m isone verify` says which"
        ) from error


def _ordered(table: pa.Table, key: Sequence[str]) -> pa.Table:
    """The rows in ascending order of some columns; categories by their texts."""
    columns = [table[name] for name in key]
    plain = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in columns]
    order = [(name, "ascending") for name in key]
    return table.take(pc.sort_indices(pa.table(plain, names=list(key)), sort_keys=order))


def open_packed(
    dataset: str, years: Years | None, locations: Asked | None, data_dir: str | Path
) -> Packed:
    """The files of a dataset and some years, one for each year, narrowed to some locations.

    Raises UsageError for what is not there, DamagedError for a file that was cut off.
    """
    refuse_unknown([dataset], DATASETS, "dataset")
    row = DATASETS[dataset]
    paths = _paths(dataset, years, Path(data_dir))
    metadata = [read_metadata(path) for path in paths]
    agreed = dict(set.intersection(*(set(each.items()) for each in metadata)))
    schema = arrow_schema(row, agreed)
    files = pads.dataset([str(path) for path in paths], schema=schema, format="parquet")
    return Packed(row, schema, files, _locations(row, locations))


def _paths(dataset: str, years: Years | None, data_dir: Path) -> list[Path]:
    folder = data_dir / "parquet" / dataset
    found = {year_of(path.stem): path for path in files_of(folder, ending=".parquet")}
    words = [years] if isinstance(years, int | str) else years
    wanted = sorted(found) if words is None else _years(words)
    missing = [str(year) for year in wanted if year not in found]
    if missing or not found:
        what = f"{dataset} {', '.join(missing)}".strip()
        raise UsageError(f"{what}: nothing is packed in {folder}; {_where_else(dataset, data_dir)}")
    return [found[year] for year in wanted]


def _years(words: Iterable[int | str]) -> tuple[int, ...]:
    return parse_years(
        request for word in words for request in re.split(r"[\s,]+", str(word).strip())
    )


def _where_else(dataset: str, data_dir: Path) -> str:
    sandbox = data_dir / "sandbox"
    if any((sandbox / "parquet" / dataset).glob("*.parquet")):
        return (
            f"the sandbox's synthetic prices are in {sandbox}: name it as the folder of the data "
            "(data_dir, or --data-dir)"
        )
    folders = data_dir.glob("parquet/*/*.parquet")
    others = sorted({f"{p.parent.name} {year_of(p.stem)}" for p in folders if is_period(p.stem)})
    if others:
        return f"there are {some(others, _NAMED)}"
    return "run the workflow for it first, or name the folder of the data"


def _locations(dataset: Dataset, given: Asked | None) -> tuple[int | str, ...]:
    words = [given] if isinstance(given, int | str) else list(given or ())
    if words and not dataset.id_key:
        raise UsageError(f"{dataset.name} has no locations: its rows are of the whole system")
    if given is not None and not words:
        raise UsageError(f"{dataset.name}: the list of locations is empty; leave it out for all")
    found: list[int | str] = []
    for word in words:
        text = str(word).strip()
        if text == "all":
            return ()
        if text == "hubs":
            found += HUBS
        else:
            found.append(int(text) if text.isdecimal() else _CORE_IDS.get(text, text))
    return tuple(dict.fromkeys(found))


def _hint(location: int | str, known: dict[int, str]) -> str:
    names = (
        [str(id) for id in known] if isinstance(location, int) else [*filter(None, known.values())]
    )
    all_of_them = [f"{id} {name}".rstrip() for id, name in sorted(known.items())]
    return nearest(str(location), names, 3) or f"there are {some(all_of_them, _NAMED)}"
