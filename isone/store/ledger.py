"""A line of the ledger: what is known of a stored response."""

import datetime as dt

import msgspec

from isone.market.flaws import Flaw
from isone.market.requests import Request
from isone.store.fields import Count, require_moments, require_printable, require_request

RESPONSE, REPORT = ".json.gz", ".csv.gz"
"""The endings of their names: JSON of the web services, and public reports."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A stored request, as ledger and manifest describe it.

    There are tens of thousands of them, and no circles among them for a collector to look for.
    """

    request: str
    size: Count
    """Bytes on disk, as served."""
    sha256: str
    rows: Count
    fetched: str
    """When it was received: ISO 8601, UTC."""
    source: str
    revision: str
    places: Count = 0
    duplicates: Count = 0
    off_grid: Count = 0
    cents_off: Count = 0
    at_odds: Count = 0
    unknown_fields: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Intervals that are missing and accepted as missing, by name."""
    forgiven: bool = False
    """Whether these were accepted without being named: single gaps, after the days of grace."""
    unknown_locations: tuple[str, ...] = ()
    """Names of locations, in a report that has names alone, whose ids nobody knew when it was
    stored; their rows are counted in `rows` and are in no table, whatever is known later."""
    flaws: tuple[Flaw, ...] = ()
    """Flaws that it has (`market.flaws`): accepted ones but for `missing`, and suspect ones."""
    prices: str = ""
    """A digest of its numbers alone, to find them again under another day or dataset."""
    first_seen: str = ""
    """When the day was first stored, where that was in another version than this."""
    corrects: str = ""
    """The SHA-256 of the final response that this one corrects, which is in `superseded/`."""
    changed_rows: Count = 0
    """Rows in which this version differs from the one before it, preliminary or corrected."""
    largest_change: float = 0.0
    """The largest difference of a price between the two ($/MWh)."""
    mean_change: float = 0.0
    """The mean of the changed rows' differences, of each its largest ($/MWh)."""

    def __post_init__(self) -> None:
        """Raise ValueError for what is no response's name or time, or cannot be printed."""
        require_printable(self.source, self.revision)
        for flaw in self.flaws:
            require_printable(flaw.what)
        require_request(self.request)
        require_moments(self.fetched)
        if self.first_seen:
            require_moments(self.first_seen)

    @property
    def day(self) -> dt.date:
        """The operating day that it is of, or the first of them."""
        return dt.date.fromisoformat(self.request[:8])

    @property
    def days(self) -> list[dt.date]:
        """The operating days that it is of: one, or those of a month or year."""
        request = Request.named("", self.request)
        return request.days if request else [self.day]

    @property
    def file(self) -> str:
        """The name of its file: JSON of the web services, or a public report."""
        return f"{self.request}{REPORT if self.source == 'reports' else RESPONSE}"


read_line = msgspec.json.Decoder(Entry).decode
line_of = msgspec.json.Encoder().encode
