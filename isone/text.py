"""Words that a count decides."""

from collections.abc import Sequence


def count(number: int, one: str, many: str = "") -> str:
    """A number and what it counts: `1 day`, `2,000 days`; without `many` an `s` is added."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def some(names: Sequence[str], most: int = 10, apart: str = ", ") -> str:
    """The first of some names, and how many more there are: `A, B and 1,200 more`.

    Sentences rather than names stand `apart` by a semicolon: `A; B; and 3 more`.
    """
    more = f"{apart.strip(', ')} and {len(names) - most:,} more" if len(names) > most else ""
    return f"{apart.join(names[:most])}{more}"
