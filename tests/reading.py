"""Responses as tests look at them: validated in one call, and as plain rows."""

import math
from types import SimpleNamespace
from typing import Any

from isone.market.dataset import Dataset
from isone.market.requests import Request
from isone.response.batches import Stored
from isone.response.table import read_table
from isone.response.validate import Finding, validate
from isone.store.ledger import Entry


def examine(dataset: Dataset, request: Request, body: bytes, **wanted: Any) -> Finding:
    """What validation finds in a response; `wanted` are its further arguments."""
    return validate(read_table(dataset, body), request, **wanted)


def stored(request: Request, rows: int, source: str = "webservices") -> Stored:
    """A response with so many rows, as a marker lists it."""
    received = "2026-06-15T12:00:00+00:00"
    return Stored(request, Entry(request.name, 1, "", rows, received, source, "final"))


def records_of(dataset: Dataset, body: bytes) -> list[Any]:
    """The rows of a response, in the order in which they came.

    Each has the columns as attributes, `begins`, its timestamp as served, and `place`, its location
    or zone, or None.
    """
    table = read_table(dataset, body)
    columns: dict[str, list[Any]] = {
        "begins": table.timestamps.to_list(),
        "place": table.places.to_list() if table.places.distinct else [None] * len(table),
    }
    for name, numbers in table.numbers.items():
        columns[name] = [None if math.isnan(number) else number for number in numbers.tolist()]
    columns |= {name: words.to_list() for name, words in table.texts.items()}
    return [
        SimpleNamespace(**dict(zip(columns, values, strict=True)))
        for values in zip(*columns.values(), strict=True)
    ]
