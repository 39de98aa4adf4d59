"""What tells the rows of one interval apart: typed keys, as a row of the table declares them."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from isone.market.columns import Column

Kind = Literal[
    "location",
    "reserve zone",
    "interface",
    "region",
    "fuel",
    "constraint",
    "contingency",
    "publication",
    "interval",
]
OCCURRENCE = "occurrence"
"""The column that numbers the rows of one key in one interval, where such rows may occur."""

Group = Any
"""What a row's keys say: an id where that is the only key, 0 where there is none, else a tuple of
the id, if any, and of the texts, in the order of the keys."""


@dataclass(frozen=True)
class TextKey:
    """A key that is a text, such as a fuel, a region's name or the time of a publication."""

    kind: Kind
    column: Column
    """Its column; one that is not `required` may be left out, and is "" then."""
    values: tuple[str, ...] = ()
    """Those that every whole day, and every publication in it, has rows of."""
    since: Mapping[str, dt.date] = dataclasses.field(default_factory=dict)
    """The first day on which one of the values owes its rows, where that is later."""
    known: tuple[str, ...] = ()
    """Those that have been seen; another is kept, and suspect. None listed: any may come."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the table that it makes."""
        return (self.column.name,)

    def owed(self, day: dt.date) -> tuple[str, ...]:
        """The values that owe their rows on a day."""
        return _owed(self.values, self.since, day)


@dataclass(frozen=True)
class IdKey:
    """A key that is a number of ISO-NE's, with the name and maybe the type beside it.

    Its columns are `location_id`, `location` and, where there is a type, `location_type`.
    """

    kind: Kind
    field: str
    """The field of the id, dotted where it is inside an object: `Location.@LocId`."""
    name_field: str
    type_field: str = ""
    noun: str = ""
    """What the columns are said to be of; the kind where that is all."""
    known: Mapping[int, tuple[str, str | None]] = dataclasses.field(default_factory=dict)
    """The names and types of ids that are always the same."""
    values: tuple[int, ...] = ()
    """Those that every whole day has rows of."""
    since: Mapping[int, dt.date] = dataclasses.field(default_factory=dict)
    """The first day on which one of the values owes its rows, where that is later."""
    chosen: bool = False
    """Whether the configuration's `locations` choose among them."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the table that it makes."""
        types = ("location_type",) if self.type_field else ()
        return ("location_id", "location", *types)

    @property
    def outer(self) -> str:
        """The key of the object that holds it; "" where it is beside the values."""
        return self.field.rpartition(".")[0]

    @property
    def inner(self) -> tuple[str, str, str]:
        """The last keys of id, type and name, as they are inside that object."""
        return tuple(  # type: ignore[return-value]
            each.rpartition(".")[2] for each in (self.field, self.type_field, self.name_field)
        )

    def owed(self, day: dt.date) -> tuple[int, ...]:
        """The ids that owe their rows on a day."""
        return _owed(self.values, self.since, day)


Key = IdKey | TextKey


def _owed(values: tuple[Any, ...], since: Mapping[Any, dt.date], day: dt.date) -> tuple[Any, ...]:
    return tuple(each for each in values if each not in since or day >= since[each])
