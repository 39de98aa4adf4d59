"""What has been found so far of one dataset-year."""

from collections.abc import Collection
from dataclasses import dataclass, field

from isone.audit.verify.verdict import Damage
from isone.load.comparison import DayDigests


@dataclass
class Findings:
    """Damage and notes; and rows and digests by where they were read, as in `Damage.where`."""

    damage: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def days_damaged(self, *where: str) -> set[str | None]:
        """The days on which one of these is damaged: nothing can be compared with it."""
        return {damage.day for damage in self.damage if damage.where in where}

    def count(self, where: str, found: DayDigests) -> None:
        """Note how many rows were read there, and their digest."""
        self.rows[where], self.digests[where] = found.rows, found.digest

    def compare(
        self, where: str, expected: DayDigests, found: DayDigests, unknown: Collection[str | None]
    ) -> None:
        """Note the rows there, and each day not as expected, but for `unknown` ones."""
        self.count(where, found)
        self.damage += [
            Damage(where, reason, str(day))
            for day, reason in expected.differences(found).items()
            if str(day) not in unknown
        ]
