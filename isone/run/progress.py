"""How far a piece of work is: what is told to whoever shows it."""

from collections.abc import Callable
from functools import partial

from isone.market.requests import Request

Advance = Callable[[int, int, str], None]
"""Told how much is done, of how much, and of what: `advance(120, 366, "responses")`."""


def unseen(done: int, total: int, unit: str) -> None:
    """Show it to nobody."""


def stage(advance: Advance, first: int, last: int) -> Advance:
    """What tells of a stage of the work: as the percents of the whole from `first` to `last`."""
    return partial(_staged, advance, first, last)


def _staged(advance: Advance, first: int, last: int, done: int, total: int, _unit: str) -> None:
    advance(first + (last - first) * done // max(total, 1), 100, "%")


class Progress:
    """Learns how far a download is, and makes nothing of it."""

    def plan(self, missing: list[Request]) -> None:
        """Learn which requests are left; until then no day counts as done."""

    def request(self, request: Request, done: bool) -> None:
        """Learn that a request is stored, or given up."""

    def wait(self, seconds: float, reason: str) -> None:
        """Learn that the client waits, how long and why."""
