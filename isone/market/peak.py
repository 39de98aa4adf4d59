"""On-peak and off-peak hours, as ISO New England and its traders count them.

On-peak is hours ending 8 to 23, market time, of weekdays that are no NERC holiday; all other hours
are off-peak (ISO-NE's glossary, "on-peak"; the settlement of its hub's futures is the same 5x16).

Source of the holidays: NERC, "Additional Off-peak Days". There are six. One on a Sunday is kept on
the Monday after it, one on a Saturday on that Saturday.
"""

import datetime as dt
from collections.abc import Iterable
from functools import cache

FIRST_HOUR, LAST_HOUR = 7, 22
"""On-peak hours by their beginning: hours ending 8 to 23."""
FRIDAY = 5
"""The last weekday, as ISO 8601 counts them."""


@cache
def holidays(year: int) -> frozenset[dt.date]:
    """The six NERC holidays of a year, on the days on which they are kept."""
    fixed = (dt.date(year, month, day) for month, day in ((1, 1), (7, 4), (12, 25)))
    return frozenset(
        {
            *(day + dt.timedelta(days=1) if day.isoweekday() == 7 else day for day in fixed),
            _monday_by(dt.date(year, 5, 31)),  # Memorial Day: the last Monday in May
            _monday_by(dt.date(year, 9, 7)),  # Labor Day: the first Monday in September
            _monday_by(dt.date(year, 11, 25)) + dt.timedelta(days=3),  # the fourth Thursday
        }
    )


def _monday_by(day: dt.date) -> dt.date:
    """The last Monday up to a day."""
    return day - dt.timedelta(days=day.weekday())


def holidays_of(years: Iterable[int]) -> list[dt.date]:
    """The holidays of several years, ascending."""
    return sorted(day for year in years for day in holidays(year))
