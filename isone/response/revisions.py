"""How far two versions of a day's prices differ: preliminary and final, or final and corrected."""

from collections.abc import Collection
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from isone.response.columns import Place
from isone.response.rows import HALF_CENT, Rows, tell_apart
from isone.response.table import Table
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


def compare(before: Table, after: Table) -> Changes:
    """Compare two validated responses of the same request, row by row.

    A location whose name is there, and whose id only one of the two can tell, is no change.
    """
    unknown = {place.name for place in (*_places(before), *_places(after)) if place.id is None}
    old, new = _kept(before, unknown), _kept(after, unknown)
    one, other = _cells((before, old), (after, new))
    common, of_old, of_new = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    changed = np.zeros(len(common), bool)
    largest = np.zeros(len(common))
    for column in after.dataset.columns:
        if column.name not in after.numbers:
            continue
        one = before.numbers[column.name][old.kept[of_old]]
        other = after.numbers[column.name][new.kept[of_new]]
        gaps = np.abs(one - other)
        changed |= (gaps > HALF_CENT) | (np.isnan(one) != np.isnan(other))
        if column.is_price:
            largest = np.fmax(largest, gaps)
    gaps_of_changed = largest[changed].tolist()
    rows = len(gaps_of_changed) + len(old.kept) + len(new.kept) - 2 * len(common)
    mean = fmean(gaps_of_changed) if gaps_of_changed else 0.0
    has_prices = any(column.is_price for column in after.dataset.columns)
    return Changes(rows, round(max(gaps_of_changed, default=0.0), 4), round(mean, 4), has_prices)


def _places(table: Table) -> list[Place]:
    return table.places.distinct


def _kept(table: Table, unknown: Collection[str | None]) -> Rows:
    """Each row once, the first of those that contradict each other, without unknown locations."""
    rows = tell_apart(table)
    kept = np.append(rows.kept, rows.torn)
    occurrences = np.append(rows.occurrences, np.ones(len(rows.torn), np.int64))
    if unknown:
        is_known = np.array([place.name not in unknown for place in _places(table)], bool)
        of_known = is_known[table.places.at[kept]]
        kept, occurrences = kept[of_known], occurrences[of_known]
    return Rows(kept, occurrences, rows.torn)


def _cells(*both: tuple[Table, Rows]) -> list[Any]:
    """A number for each row, the same for rows of one interval, key and occurrence."""
    slots: dict[Any, int] = {}
    keys: dict[Any, int] = {}
    most = 1 + max((int(rows.occurrences.max(initial=0)) for _, rows in both), default=0)
    for table, _ in both:
        for number, distinct in ((slots, table.intervals.distinct), (keys, table.keys.distinct)):
            for each in distinct:
                number.setdefault(each, len(number))
    found = []
    for table, rows in both:
        slot = np.array([slots[each] for each in table.intervals.distinct], np.int64)
        key = np.array([keys[each] for each in table.keys.distinct], np.int64)
        cell = slot[table.intervals.at[rows.kept]] * len(keys) + key[table.keys.at[rows.kept]]
        found.append(cell * most + rows.occurrences)
    return found
