"""One value of a record, as a row of the table declares it."""

from dataclasses import dataclass
from typing import Literal

TypeName = Literal["double", "integer", "string"]


@dataclass(frozen=True)
class Column:
    """One value of a record: our name, ISO-NE's field, unit and meaning.

    The field is dotted where it is inside an object. `required=False` marks what ISO-NE may leave
    out; it is then NULL, never 0.
    """

    name: str
    field: str
    unit: str
    meaning: str
    required: bool = True
    type: TypeName = "double"
    is_instant: bool = False
    """Whether its text is an instant in ISO 8601, kept as it is served."""
    is_hour_end: bool = False
    """Whether its text repeats the hour ending of the interval, 01 to 24."""
    is_flag: bool = False
    """Whether its text is Y or N: then its share of the time with Y is worth knowing."""
    steady_hours: int | None = None
    """How many hours running may have the same values; more are suspect. None: any number."""
    never_negative: bool = False
    """Whether a value below zero is suspect."""
    unbounded: bool = False
    """Whether a price of it may be of any size, such as the penalty for giving up a limit."""
    whole_cents: bool = False
    """Whether a value finer than a cent is suspect."""
    system_wide: bool = False
    """Whether an interval has one value of it for all locations; another is suspect."""

    @property
    def is_price(self) -> bool:
        """Whether it is in dollars for something."""
        return self.unit.startswith("$")
