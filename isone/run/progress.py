"""How far a piece of work is: what is told to whoever shows it."""

from collections.abc import Callable

Advance = Callable[[int, int, str], None]
"""Told how much is done, of how much, and of what: `advance(120, 366, "responses")`."""


def unseen(done: int, total: int, unit: str) -> None:
    """Show it to nobody."""
