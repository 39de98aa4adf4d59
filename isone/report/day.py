"""A day of a dataset as the page shows it: its state, and what there is to say about it."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from isone.store.year_marker import DayFlaw


class State(StrEnum):
    """What is known of a day."""

    FINAL = "validated, final"
    PRELIMINARY = "validated, preliminary"
    GAP = "accepted gap"
    DAMAGED = "damaged or rejected"
    MISSING = "missing"
    UNVALIDATED = "in the tables, not validated"
    AHEAD = "not yet published"
    NOT_ASKED = "not asked for"


EMPTY_DAY = "an empty day: nothing happened that has a row"
"""What is said of a validated day without a row, in a dataset that owes none."""
VALIDATED = (State.FINAL, State.PRELIMINARY)
INCOMPLETE = (State.DAMAGED, State.MISSING, State.UNVALIDATED)


@dataclass(frozen=True)
class Day:
    """A day of a dataset: its state, and what there is to say about it."""

    dataset: str
    day: dt.date
    state: State
    rows: int | None = None
    digest: str = ""
    fetched: dt.datetime | None = None
    """In market time."""
    note: str = ""
    flaws: tuple[DayFlaw, ...] = ()
    """Flaws of `isone.market.flaws` other than a gap: accepted ones, and suspect ones."""
    requests: tuple[str, ...] = ()
    """The names of the responses that the tables have it from."""

    @property
    def accepted(self) -> list[DayFlaw]:
        """Its flaws that would reject it and were accepted."""
        return [each for each in self.flaws if each.is_accepted]

    @property
    def suspects(self) -> list[DayFlaw]:
        """What is unlikely or doubtful about its prices."""
        return [each for each in self.flaws if not each.is_accepted]
