"""Which rows of a response go into the tables: each once, and none that another contradicts."""

from typing import Any, NamedTuple

import numpy as np

from isone.response.columns import Words
from isone.response.table import Table

HALF_CENT = 0.005
"""$/MWh by which prices may differ, and a sum be off, without being another."""


class Rows(NamedTuple):
    """Rows of a table by their numbers, three NumPy arrays of int64."""

    kept: Any
    """Those that the tables get, in the order in which they came."""
    occurrences: Any
    """Of each of them: 1, unless an interval has rows of one key with other values."""
    torn: Any
    """The first row of each interval and key for which there are rows that contradict it."""


def tell_apart(table: Table) -> Rows:
    """The rows that the tables get, and those that another row of their key contradicts.

    Exact copies are one row. Where rows of one key and other values occur together, nothing
    contradicts, and they are numbered in the order of their values.
    """
    cells = table.cells
    if not table.dataset.occurrence and _changes(np.sort(cells)).all():
        return Rows(np.arange(len(cells)), np.ones(len(cells), np.int64), np.array([], np.int64))
    values = [_ranks(table, column.name) for column in table.dataset.columns]
    order = np.lexsort((*reversed(values), cells))  # rows that are alike keep their order
    is_cell = _changes(cells[order])
    is_row = np.logical_or.reduce([is_cell, *(_changes(each[order]) for each in values)])
    first = order[is_row]  # of rows that are alike
    starts = np.flatnonzero(is_cell[is_row])  # where among them those of another key begin
    lengths = np.diff(np.append(starts, len(first)))
    occurrences = np.arange(len(first)) - np.repeat(starts, lengths) + 1
    if table.dataset.occurrence:
        by_number = np.argsort(first)
        return Rows(first[by_number], occurrences[by_number], np.array([], np.int64))
    contradictions = sorted(
        sorted(first[start : start + length].tolist())[:2]
        for start, length in zip(starts, lengths, strict=True)
        if length > 1
    )
    contradictions.sort(key=lambda rows: rows[1])  # as they are met
    kept = np.sort(first[np.repeat(lengths == 1, lengths)])
    torn = np.array([one for one, _ in contradictions], np.int64)
    return Rows(kept, np.ones(len(kept), np.int64), torn)


def _changes(values: Any) -> Any:
    """Whether each value is another than the one before it; the first one is."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]


def _ranks(table: Table, column: str) -> Any:
    """A column as numbers that have the order of its values; what is not there comes first."""
    if column in table.numbers:
        return np.nan_to_num(table.numbers[column], nan=-np.inf)
    words: Words = table.texts[column]
    in_order = sorted(set(words.distinct), key=lambda text: (text is not None, text or ""))
    rank = {text: number for number, text in enumerate(in_order)}
    return np.array([rank[text] for text in words.distinct], int)[words.at]
