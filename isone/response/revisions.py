"""How far two versions of a day's prices differ: preliminary and final, or final and corrected."""

import operator
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from isone.market import market_time
from isone.market.dataset import Dataset
from isone.response import parse
from isone.response.rows import HALF_CENT, Key, groups_of, tell_apart
from isone.text import count


@dataclass(frozen=True)
class Changes:
    """What a later version of a response changes."""

    rows: int = 0
    """Rows with another value, and rows that only one of the two has."""
    largest: float = 0.0
    """The largest difference of a price ($/MWh)."""
    mean: float = 0.0
    """The mean over the rows that both have and that changed, of each its largest difference."""
    has_prices: bool = True
    """Whether there are prices that could differ."""

    @property
    def noted(self) -> dict[str, Any]:
        """As fields of the ledger's entry."""
        return {
            "changed_rows": self.rows,
            "largest_change": self.largest,
            "mean_change": self.mean,
        }

    def __str__(self) -> str:
        """Read as the end of a sentence."""
        if not self.rows:
            return "nothing changed"
        by = f", by up to {self.largest:.2f} $/MWh" if self.has_prices else ""
        return f"{count(self.rows, 'row')} changed{by}"


def compare(dataset: Dataset, before: bytes, after: bytes) -> Changes:
    """Hold two validated responses of the same request against each other, row by row.

    Bodies as served, unpacked. Raises ResponseError where one cannot be read.
    """
    old, new = _rows(dataset, before), _rows(dataset, after)
    unknown = {row.place.name for row in (*old.values(), *new.values()) if _lacks_id(row)}
    if unknown:  # a name whose id only one of the two can tell is no change
        old, new = (
            {key: row for key, row in rows.items() if row.place.name not in unknown}
            for rows in (old, new)
        )
    values = [column.name for column in dataset.columns if column.type == "double"]
    prices = [column.name for column in dataset.columns if column.is_price]
    changed: list[float] = []
    for key in old.keys() & new.keys():
        one, other = old[key], new[key]
        if any(_differ(getattr(one, name), getattr(other, name)) for name in values):
            gaps = [_gap(getattr(one, name), getattr(other, name)) for name in prices]
            changed.append(max(gaps, default=0.0))
    rows = len(changed) + len(old.keys() ^ new.keys())
    mean = fmean(changed) if changed else 0.0
    return Changes(rows, round(max(changed, default=0.0), 4), round(mean, 4), bool(prices))


def _rows(dataset: Dataset, body: bytes) -> dict[Key, Any]:
    records = parse.read_records(dataset, body, nulls=True).rows
    begins = operator.attrgetter(".".join(("begins", *dataset.begins[1:])))
    slots: list[int] = []
    places: list[Any] = []
    for record in records:
        place: Any = getattr(record, "place", 0)
        slots.append(dataset.times.interval_of(market_time.parse_timestamp(begins(record))))
        places.append(getattr(place, "id", place) or place)
    keys = list(zip(slots, groups_of(dataset, places, records), strict=True))
    kept, torn = tell_apart(dataset, keys, records)
    return kept | torn


def _lacks_id(row: Any) -> bool:
    return getattr(getattr(row, "place", None), "id", None) == ""


def _differ(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > HALF_CENT


def _gap(one: float | None, other: float | None) -> float:
    return abs(one - other) if one is not None and other is not None else 0.0
