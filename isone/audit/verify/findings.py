"""What has been found so far of one dataset-year."""

from collections.abc import Collection
from dataclasses import dataclass, field

from isone.audit.verify.verdict import Damage
from isone.load.comparison import DayDigests


@dataclass
class Findings:
    """Damage and notes, and of each place that was read its rows and their digest."""

    damage: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def days_damaged(self, *places: str) -> set[str | None]:
        """The days on which one of these places is damaged: nothing can be compared with it."""
        return {damage.day for damage in self.damage if damage.where in places}

    def count(self, place: str, found: DayDigests) -> None:
        """Note the rows of a place and their digest."""
        self.rows[place], self.digests[place] = found.rows, found.digest

    def compare(
        self, place: str, expected: DayDigests, found: DayDigests, unknown: Collection[str | None]
    ) -> None:
        """Note the rows of a place, and each day not as expected, but for `unknown` ones."""
        self.count(place, found)
        self.damage += [
            Damage(place, reason, str(day))
            for day, reason in expected.differences(found).items()
            if str(day) not in unknown
        ]
