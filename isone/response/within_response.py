"""What is unlikely within one response: its numbers as a table, and what stands out in it.

Prices that do not change from hour to hour, that are too large, below zero, finer than a cent, or
should be the same at all locations and are not; names that were not there before.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from isone.market import market_time
from isone.market.columns import Column
from isone.market.dataset import Dataset
from isone.market.flaws import Flaw
from isone.market.requests import Request
from isone.response.table import Table
from isone.text import count, some

_BOUND = 10_000  # $/MWh, several times the highest price there ever was
_FLAT_HOURS = 3
_ROUNDING = 1e-4  # cents; what multiplying by 100 leaves of a whole number of cents is far less
_SAMPLE = 5_000  # numbers among which different ones are counted
_DIGITS = 16
_NAMED = 5  # new names that a sentence gives before it only counts
_DIFFERENT = 12
"""Different numbers without which a response has no digest: prices of zero repeat by right."""


class Prices(NamedTuple):
    """The numbers of a response as a table; NaN where a row or a value is absent."""

    slots: Sequence[int]
    """The intervals (UTC seconds), ascending."""
    places: Sequence[Any]
    """The ids of locations or zones, or names, in a fixed order; 0 where there are neither."""
    columns: Sequence[Column]
    values: Any
    """NumPy, float64: columns × intervals × places."""

    def marked(self, columns: Callable[[Column], bool]) -> Any:
        """Which columns are of a kind, in a form that masks of `values` take."""
        return np.array([columns(column) for column in self.columns])[:, None, None]


def prices_of(table: Table, request: Request) -> Prices:
    """The numbers of a validated response."""
    dataset = table.dataset
    columns = [column for column in dataset.columns if column.type == "double"]
    slots = sorted({*dataset.intervals(request), *table.intervals.distinct})
    places = sorted(table.keys.distinct, key=str)
    slot = (_ranks(table.intervals.distinct, slots) * len(places))[table.intervals.at]
    cell = slot + _ranks(table.keys.distinct, places)[table.keys.at]
    values = np.full((len(columns), len(slots) * len(places)), np.nan)
    for of_column, column in zip(values, columns, strict=True):
        of_column[cell] = table.numbers[column.name]
    return Prices(slots, places, columns, values.reshape(len(columns), len(slots), len(places)))


def _ranks(keys: Sequence[Any], ordered: Sequence[Any]) -> Any:
    """Where each key is among all of them in their order."""
    if keys == ordered:
        return np.arange(len(keys))
    rank = {key: at for at, key in enumerate(ordered)}
    return np.array([rank[key] for key in keys], int)


def digest_of(prices: Prices) -> str:
    """What tells these numbers from others, without their day; "" where too few are different."""
    values = prices.values.ravel()
    if len(np.unique(values[:: 1 + len(values) // _SAMPLE])) < _DIFFERENT:
        return ""
    with np.errstate(over="ignore"):
        short = values.astype(np.float32)  # seven digits tell prices apart, in half the time
    short += 0  # makes 0.0 of -0.0
    return hashlib.sha256(short).hexdigest()[:_DIGITS]


def find(dataset: Dataset, request: Request, prices: Prices) -> list[Flaw]:
    """What is unlikely within one response, in the order of `flaws.SUSPECT`."""
    if not prices.values.size:
        return []
    found = (
        _unchanging(dataset, request, prices),
        _out_of_bounds(dataset, prices),
        _below_zero(dataset, prices),
        _finer_than_cents(dataset, prices),
        _many_energies(dataset, prices),
        _new_names(dataset, prices),
    )
    return [flaw for flaw in found if flaw]


def _unchanging(dataset: Dataset, request: Request, prices: Prices) -> Flaw | None:
    """Hours that have the prices of the hour before, more of them running than there ever are."""
    if dataset.times.minutes is None or not dataset.times.owes_rows:
        return None
    per_hour = 60 // dataset.times.minutes
    for column, values in zip(prices.columns, prices.values, strict=True):
        if column.steady_hours is None or len(prices.slots) % per_hour:
            continue
        hours = values.reshape(-1, per_hour, len(prices.places))
        same = (hours[1:] == hours[:-1]).all(axis=(1, 2))
        first, length = _longest_run(same.tolist())
        if length <= column.steady_hours:
            continue
        start = prices.slots[first * per_hour]
        everywhere = _at_all(dataset, request)
        during = f"for {length} hours from {_time(start)}{everywhere}"
        flat = bool((hours[first : first + length] == hours[first, 0]).all())
        if flat and length == len(hours) and request.hour is None and request.block is None:
            return Flaw("constant-day", f"{column.name} is the same all day{everywhere}")
        if flat and length >= _FLAT_HOURS:
            return Flaw("flat-prices", f"{column.name} stays the same {during}")
        return Flaw("repeated-hour", f"{column.name} is, hour by hour, the same {during}")
    return None


def _longest_run(same: Sequence[bool]) -> tuple[int, int]:
    """Where the longest run of hours that are alike begins, and how many they are.

    `same` says of each hour but the first whether it is like the one before it.
    """
    best = start = 0
    longest = 1
    for hour, is_same in enumerate(same, 1):
        start = start if is_same else hour
        if hour - start + 1 > longest:
            best, longest = start, hour - start + 1
    return best, longest


def _out_of_bounds(dataset: Dataset, prices: Prices) -> Flaw | None:
    beyond = (prices.values >= _BOUND) | (prices.values <= -_BOUND)
    beyond &= prices.marked(lambda column: column.is_price and not column.unbounded)
    return _flaw("out-of-bounds", f"of {_BOUND:,} $/MWh or more", dataset, prices, beyond)


def _below_zero(dataset: Dataset, prices: Prices) -> Flaw | None:
    never = prices.marked(lambda column: column.never_negative)
    if not never.any():
        return None
    return _flaw("negative-price", "below zero", dataset, prices, (prices.values < 0) & never)


def _finer_than_cents(dataset: Dataset, prices: Prices) -> Flaw | None:
    whole = prices.marked(lambda column: column.whole_cents)
    if not whole.any():  # a regulation price has had three decimals
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        off = prices.values * 100
        off -= np.rint(off)
        finer = ((off > _ROUNDING) | (off < -_ROUNDING)) & whole
    return _flaw("fraction-of-cent", "finer than a cent", dataset, prices, finer)


def _many_energies(dataset: Dataset, prices: Prices) -> Flaw | None:
    odd = np.zeros(prices.values.shape, bool)
    for marks, column, values in zip(odd, prices.columns, prices.values, strict=True):
        if not column.system_wide:
            continue
        if (np.fmax.reduce(values, axis=1) > np.fmin.reduce(values, axis=1)).any():
            usual = np.array([_most_common(row) for row in values])[:, None]
            marks[:] = (values != usual) & ~np.isnan(values)
    return _flaw("energy-differs", "unlike the others of that time", dataset, prices, odd)


def _new_names(dataset: Dataset, prices: Prices) -> Flaw | None:
    """Names that are none of those that have been seen: the row is kept, and somebody looks."""
    first = 1 if dataset.id_key else 0
    for at, key in enumerate(dataset.text_keys, first):
        new = {str(place[at]) for place in prices.places} - {*key.known}
        if key.known and new:
            return Flaw("new-name", f"{key.kind} {some(sorted(new), _NAMED)} was not there before")
    return None


def _most_common(values: Any) -> float:
    there = values[~np.isnan(values)].tolist()
    return float(Counter(there).most_common(1)[0][0]) if there else 0.0


def _flaw(name: str, what: str, dataset: Dataset, prices: Prices, mask: Any) -> Flaw | None:
    """A flaw of the prices that a mask marks: how many, and the first in time."""
    if not mask.any():
        return None
    marked = np.argwhere(np.moveaxis(mask, 0, -1))
    slot, place, column = marked[0]
    price = f"{prices.columns[column].name} {prices.values[column, slot, place]}"
    group = prices.places[place]
    at = f" at location {group}" if dataset.id_key and not dataset.names else ""
    at = f" of {' '.join(map(str, group))}" if dataset.names and dataset.times.owes_rows else at
    noun = "price" if prices.columns[column].is_price else "value"
    return Flaw(
        name,
        f"{count(len(marked), noun)} {what}, the first {price} of {_time(prices.slots[slot])}{at}",
    )


def _time(slot: int) -> str:
    return f"{market_time.local_time(slot):%Y-%m-%d %H:%M %Z}"


def _at_all(dataset: Dataset, request: Request) -> str:
    if request.location is not None:
        return f" at location {request.location}"
    return " at all locations" if dataset.id_key else ""
