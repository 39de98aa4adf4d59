"""Identities between the columns of a row, such as LMP = energy + congestion + loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sum:
    """A column that is the sum of others in each row."""

    total: str
    parts: tuple[str, ...]
    tolerance: float
    """What rounding may explain, in the columns' unit; half of it is nothing at all."""

    def gap(self, total: Any, parts: Sequence[Any]) -> Any:
        """By how much parts miss their total: numbers, or whole columns of them."""
        return abs(sum(parts) - total)

    def is_wrong(self, gap: Any) -> Any:
        """Whether a gap, or each of a column, is more than rounding explains."""
        return gap > self.tolerance + self.tolerance / 2

    def is_rounded(self, gap: Any) -> Any:
        """Whether a gap, or each of a column, is there and explained by rounding."""
        return (gap > self.tolerance / 2) & (gap <= self.tolerance + self.tolerance / 2)
