"""Words that a count decides."""


def count(number: int, one: str, many: str = "") -> str:
    """A number and what it counts: `1 reply`, `2,000 replies`; without `many` an `s` is added."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
