"""What fields of our own JSON files have to hold, so that whoever reads one can rely on it.

A struct calls these in its `__post_init__`; msgspec makes a ValidationError of their ValueError.
"""

import datetime as dt
from typing import Annotated

import msgspec

from isone.market.requests import is_name
from isone.store.periods import is_period

_FIRST_YEAR, _LAST_YEAR = 1970, 2199  # every zone's clock can show these

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""A number of things: one that every database and JSON reader takes."""

Id = Annotated[int, msgspec.Meta(ge=0, lt=10**9)]
"""The id of a location, as databases take it."""


def require_request(text: str) -> None:
    """Raise ValueError where a text is the name of no response."""
    if not is_name(text):
        raise ValueError(f"{text[:40]!r} is the name of no response")


def require_printable(*texts: str | None) -> None:
    """Raise ValueError for a text with a character that moves a terminal or turns its reading."""
    for text in texts:
        if text and not text.isprintable():
            raise ValueError(f"{text[:40]!r} cannot be printed")


def require_span(period: str, first: str, last: str) -> None:
    """Raise ValueError where these are no days of a period's year, in this order."""
    require_days(first, last)
    if not is_period(period) or {first[:4], last[:4]} != {period[:4]} or first > last:
        raise ValueError(f"{first} to {last} are no days of {period[:40]!r}")


def require_days(*texts: str) -> None:
    """Raise ValueError where a text is no day (YYYY-MM-DD)."""
    for text in texts:
        if str(dt.date.fromisoformat(text)) != text:
            raise ValueError(f"{text!r} is no day")


def require_moments(*texts: str) -> None:
    """Raise ValueError where a text is no time of these years with its zone (ISO 8601)."""
    for text in texts:
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise ValueError(f"{text!r} is no time with its zone")
