"""Which rows of a response go into the tables: each once, and none that another contradicts."""

import operator
from collections.abc import Iterable, Sequence
from typing import Any

from isone.market.dataset import Dataset
from isone.market.keys import Group

HALF_CENT = 0.005
"""$/MWh by which prices may differ, and a sum be off, without being another."""
Place = Any
"""The id of a location, or its name where nobody knows the id; 0 where rows have none."""
Key = tuple[int, Any]
"""The interval of a row and its group (`market.keys`), which tell it from every other; where rows
of one key occur together the group is a tuple that ends with the occurrence, 1, 2, …"""


def groups_of(dataset: Dataset, places: Sequence[Place], rows: Sequence[Any]) -> list[Group]:
    """The group of each row: its place, its texts, or both."""
    if not dataset.names:
        return list(places)
    texts = zip(*(map(operator.attrgetter(name), rows) for name in dataset.names), strict=True)
    if not dataset.id_key:
        return list(texts)
    return [(place, *each) for place, each in zip(places, texts, strict=True)]


def id_of_group(group: Group) -> Place:
    """The place of a group, or whatever comes first in it."""
    return group[0] if isinstance(group, tuple) else group


def tell_apart(
    dataset: Dataset, keys: Sequence[Key], rows: Sequence[Any]
) -> tuple[dict[Key, Any], dict[Key, Any]]:
    """The rows that the tables get, and those that another row of their key contradicts.

    Exact copies are one row, and of those that contradict each other the first is given. Where
    rows of one key and other values occur together, nothing contradicts.
    """
    if dataset.occurrence:
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
    """The rows under their group and occurrence, which follows from their values alone."""
    others = [column.name for column in dataset.columns if column.name not in dataset.names]
    found: dict[Key, dict[Any, Any]] = {}
    for key, row in zip(keys, rows, strict=True):
        values = tuple((value is not None, value) for value in (getattr(row, n) for n in others))
        found.setdefault(key, {}).setdefault(values, row)
    return {
        (slot, (*_as_tuple(group), number)): alike[values]
        for (slot, group), alike in found.items()
        for number, values in enumerate(sorted(alike), 1)
    }


def _as_tuple(group: Group) -> tuple[Any, ...]:
    return group if isinstance(group, tuple) else (group,)
