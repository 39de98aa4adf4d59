"""Which rows of a response go into the tables: each once, and none that another contradicts."""

import operator
from collections.abc import Iterable, Sequence
from typing import Any

from isone.market.datasets import Dataset

HALF_CENT = 0.005
"""$/MWh by which prices may differ, and a sum be off, without being another."""
Place = Any
"""What tells rows of one interval apart: the id of a place, 0 where there is one row, or names and,
last, the occurrence: 1 unless an interval has rows of the same names with other values."""
Key = tuple[int, Place]


def tell_apart(
    dataset: Dataset, keys: Sequence[Key], rows: Sequence[Any]
) -> tuple[dict[Key, Any], dict[Key, Any]]:
    """The rows that the tables get, and those that another row of their key contradicts.

    Exact copies are one row, and of those that contradict each other the first is given. Where
    names are the key, nothing contradicts: rows of the same names and other values occur together.
    """
    if dataset.names:
        return _number(dataset, keys, rows), {}
    kept = dict(zip(keys, rows, strict=True))
    if len(kept) == len(keys):
        return kept, {}
    values = operator.attrgetter(*(column.name for column in dataset.columns))
    kept, torn = {}, {}
    for key, row in zip(keys, rows, strict=True):
        first = kept.setdefault(key, row)
        if first is not row and values(first) != values(row):
            torn[key] = first
    for key in torn:
        del kept[key]
    return kept, torn


def _number(dataset: Dataset, keys: Iterable[Key], rows: Iterable[Any]) -> dict[Key, Any]:
    """The rows under their names and occurrence, which follows from their values alone."""
    others = [column.name for column in dataset.columns if column.name not in dataset.names]
    found: dict[Key, dict[Any, Any]] = {}
    for key, row in zip(keys, rows, strict=True):
        values = tuple((value is not None, value) for value in (getattr(row, n) for n in others))
        found.setdefault(key, {}).setdefault(values, row)
    return {
        (slot, (*names, number)): alike[values]
        for (slot, names), alike in found.items()
        for number, values in enumerate(sorted(alike), 1)
    }
