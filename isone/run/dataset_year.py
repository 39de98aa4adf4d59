"""A dataset-year, the unit of work, and the period that names it in files."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import ALL_LOCATIONS, HUBS, Locations
from isone.store.periods import day_in, year_of


@dataclass(frozen=True)
class DatasetYear:
    """A dataset-year: the unit of work.

    A year that is still open ends with `last`, and says so in its period. Where the service answers
    by location, the period also names the locations, unless they are the hub and zones.
    """

    dataset: str
    year: int
    first: dt.date
    last: dt.date
    locations: Locations
    final_through: dt.date | None = None
    """The last day that has to be final; later ones may be preliminary. None: all are final."""

    @property
    def name(self) -> str:
        """What the job and its logs are called."""
        return f"isone_{self.dataset}_{self.year}"

    @property
    def period(self) -> str:
        """The marker's name: `2024`, `2026.through-20261120`, `2024.all`.

        While days may be preliminary it also says through when all are final, so that a later run
        has a new target: `2026.through-20261120.final-20261115`, and `2024` only when all of it is.
        """
        open_end = ""
        if self.last < dt.date(self.year, 12, 31) or self.final_through:
            open_end = f".through-{self.last:%Y%m%d}"
        if self.final_through:
            open_end += f".final-{self.final_through:%Y%m%d}"
        return f"{self.year}{open_end}{self.scope}"

    @property
    def scope(self) -> str:
        """The end of the period that names the locations; "" where they need no name."""
        if not DATASETS[self.dataset].per_location or self.locations == HUBS:
            return ""
        if self.locations == ALL_LOCATIONS:
            return ".all"
        text = ",".join(str(location) for location in self.locations)
        return f".at-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def superseded(self, periods: Iterable[str]) -> list[str]:
        """Those periods that this job's contains: the same year and locations, ended earlier."""
        others = {
            period: DatasetYear.of_period(self.dataset, period, self.locations)
            for period in periods
        }
        return [
            period
            for period, other in others.items()
            if other.period == period != self.period
            and other.year == self.year
            and other.last <= self.last
            and (other.final_through or other.last) <= (self.final_through or self.last)
        ]

    def days(self, *, newest_first: bool) -> list[dt.date]:
        """The operating days of the job, in the order in which they are downloaded."""
        ascending = list(market_time.days(self.first, self.last))
        return ascending[::-1] if newest_first else ascending

    @classmethod
    def of_period(cls, dataset: str, period: str, locations: Locations) -> "DatasetYear":
        """The job whose marker has this period; the counterpart of `period`."""
        year = year_of(period)
        last, final = day_in(period, "through"), day_in(period, "final")
        return cls(
            dataset,
            year,
            max(dt.date(year, 1, 1), DATASETS[dataset].first_day),
            last or dt.date(year, 12, 31),
            locations,
            final,
        )
