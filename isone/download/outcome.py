"""What a download came to: what is stored, what is missing, and why."""

import datetime as dt
from dataclasses import dataclass, field

from isone.errors import DownloadError
from isone.market.requests import Request
from isone.store.ledger import Entry
from isone.text import count, some


@dataclass
class Outcome:
    """What a download came to. Days are named by their requests; reasons are sentences."""

    stored: int = 0
    already_downloaded: int = 0
    """Days of which nothing was missing at the beginning."""
    preliminary: int = 0
    """Responses that stand in for final ones that are not out yet."""
    missing: dict[Request, str] = field(default_factory=dict)
    gaps: dict[dt.date, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    """What was found in the store at the end, by the names of requests."""

    @property
    def missing_days(self) -> dict[str, str]:
        """The days that are missing, ascending, each with the reason of its first request."""
        reasons: dict[str, str] = {}
        for request in sorted(self.missing, key=lambda request: request.name):
            reasons.setdefault(str(request.day), self.missing[request])
        return reasons


class MissingDaysError(DownloadError):
    """Some days could not be downloaded; `outcome` has their names and reasons."""

    def __init__(self, outcome: Outcome) -> None:
        """Say which days, up to ten of them by name, and the first reason."""
        days = outcome.missing_days
        reason = next(iter(days.values()))
        super().__init__(f"{count(len(days), 'day')} missing: {some([*days])} ({reason})")
        self.outcome = outcome
