"""Identities between the columns of a row, such as LMP = energy + congestion + loss."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sum:
    """A column that is the sum of others in each row."""

    total: str
    parts: tuple[str, ...]
    tolerance: float
    """What rounding may explain, in the columns' unit; half of it is nothing at all."""

    def gap(self, total: float | None, parts: Sequence[float | None]) -> float:
        """By how much a row's parts miss their total; 0 where any of them is not there."""
        if total is None or None in parts:
            return 0.0
        return abs(sum(part for part in parts if part is not None) - total)

    def is_wrong(self, gap: float) -> bool:
        """Whether a gap is more than rounding explains."""
        return gap > self.tolerance + self.tolerance / 2

    def is_rounded(self, gap: float) -> bool:
        """Whether a gap is there, and explained by rounding."""
        return self.tolerance / 2 < gap and not self.is_wrong(gap)
