"""Flaws of ISO-NE's own, by name: what a response may have wrong, and what happens then.

A flaw in `REJECTED` rejects the day until `accepted_flaws` in the configuration accepts it by name,
with a reason. A flaw in `SUSPECT` rejects nothing: it is unlikely rather than wrong, so the day is
stored, and the flaw is a WARNING until it is acknowledged in the same way. Either stays visible, in
ledger, manifest, table `operating_days` and report.
"""

from collections.abc import Container
from typing import Final, Literal

import msgspec

MISSING: Final = "missing"
NULL_PRICE: Final = "null-price"
SUM: Final = "sum"
DISAGREEMENT: Final = "disagreement"
NODE: Final = "node"

REJECTED: Final = {
    MISSING: "intervals or locations are missing",
    NULL_PRICE: "a price is null; it is NULL in the tables",
    SUM: "parts do not add up to their total (LMP, load); the rows are kept as served",
    DISAGREEMENT: "two rows of one key disagree; neither is in the tables",
    NODE: "one location id has two names; rows of it that disagree are not in the tables",
}
"""What rejects a day unless it is accepted: name and meaning."""

SUSPECT: Final = {
    "same-as-another-dataset": "the prices are those of another dataset on this day",
    "same-as-another-day": "the prices are those of another day",
    "flat-prices": "all locations keep their prices for three hours or more",
    "repeated-hour": "an hour has exactly the prices of the hour before it",
    "constant-day": "all prices of the day are the same",
    "out-of-bounds": "a price is beyond 10,000 $/MWh",
    "negative-price": "a price is below zero that never is",
    "fraction-of-cent": "a price has more than two decimals",
    "energy-differs": "a value of the whole system is not the same at all locations",
    "new-name": "a name, such as a fuel's, was not there before",
}
"""What is flagged and rejects nothing: name and meaning."""

ALL: Final = REJECTED | SUSPECT


class Flaw(msgspec.Struct, frozen=True, omit_defaults=True):
    """A flaw that a response has, as the ledger notes it."""

    name: str
    """One of `ALL`."""
    what: str
    """Which rows: a count, and the first of them by interval and location."""
    locations: tuple[int, ...] = ()
    """The ids that have two names."""


def counts(
    flaw: Flaw, locations: tuple[int, ...] | Literal["all"], accepted: Container[str]
) -> bool:
    """Whether a flaw rejects a day of which these locations are wanted.

    It does unless it is accepted by name, or only suspect; and two names of a location do not
    matter to whoever has not chosen it.
    """
    if flaw.name in accepted or flaw.name not in REJECTED:
        return False
    return flaw.name != NODE or locations == "all" or not set(locations).isdisjoint(flaw.locations)
