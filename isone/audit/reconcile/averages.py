"""ISO-NE's own monthly averages against the means of our hours, month by month.

Its averages count each hour once. Where a month in which clocks change comes out otherwise, it is
tried whether ISO-NE took the day of the change to have 24 hours, as its workbooks up to 2023 do.
Source: `lmpIndex/monthly/{da|rt}/year/{year}/location/{id}` of the web services.
"""

from collections.abc import Mapping
from statistics import fmean

import msgspec

from isone.audit.reconcile.ours import Hours, month_hours
from isone.errors import UNREADABLE, ResponseError
from isone.market import market_time
from isone.market.locations import CORE_LOCATIONS
from isone.response.single_keys import require_single_keys

PATH = "lmpIndex/monthly/{market}/year/{year}/location/{location}"
TOLERANCE = 0.01
"""$/MWh; the averages are published in cents, so half a cent is theirs, and half is ours."""

AGREES, FLAT, DIFFERS = "agrees", "agrees with days of 24 hours", "differs"
NOT_PUBLISHED, NOT_WHOLE = "not published", "not whole here"


class Month(msgspec.Struct, frozen=True):
    """A month at a location: ISO-NE's average, ours, and what is to be thought of them."""

    market: str
    location_id: int
    location: str
    month: str
    """YYYY-MM"""
    published: float | None
    ours: float | None
    difference: float | None
    """Ours less ISO-NE's ($/MWh)."""
    verdict: str
    compared: str = ""
    """When: ISO 8601, UTC."""


class _Location(msgspec.Struct, forbid_unknown_fields=True):
    id: str | int = msgspec.field(name="@LocId")
    type: str | None = msgspec.field(name="@LocType", default=None)
    name: str | None = msgspec.field(name="$", default=None)


class _Index(msgspec.Struct):
    BeginDate: str
    Location: _Location
    Average: float


_Level = list[_Index] | _Index | str | None


class _Indexes(msgspec.Struct):
    LmpIndex: _Level = None


class _Response(msgspec.Struct):
    LmpIndexes: _Indexes | str | None = None


_decoder = msgspec.json.Decoder(_Response)


def read_averages(body: bytes, year: int, location: int) -> dict[int, float]:
    """ISO-NE's averages of a year ($/MWh) by month (1 to 12), from a response's JSON.

    Raises ResponseError for another form, year or location; an empty response has no months.
    """
    require_single_keys(body)
    try:
        response = _decoder.decode(body)
    except UNREADABLE as error:
        raise ResponseError(f"the response is no list of monthly averages: {error}") from error
    level = response.LmpIndexes.LmpIndex if isinstance(response.LmpIndexes, _Indexes) else None
    if not level or isinstance(level, str):
        return {}
    found: dict[int, float] = {}
    for index in level if isinstance(level, list) else [level]:
        try:
            begins = market_time.local_time(market_time.parse_timestamp(index.BeginDate))
        except (ValueError, OverflowError) as error:
            raise ResponseError(f"the averages have a wrong timestamp: {error}") from error
        if begins.year != year or index.Location.id != str(location):
            raise ResponseError(f"the averages are of {begins:%Y-%m} at {index.Location.id}")
        if found.setdefault(begins.month, index.Average) != index.Average:
            raise ResponseError(f"there are two averages of {begins:%Y-%m}, and they disagree")
    return found


def compare_year(
    market: str, location: int, year: int, published: Mapping[int, float], hours: Hours
) -> list[Month]:
    """The twelve months of a year at a location."""
    return [
        _compare(market, location, f"{year}-{month:02d}", published.get(month),
                 month_hours(year, month), hours)
        for month in range(1, 13)
    ]  # fmt: skip


def _compare(
    market: str,
    location: int,
    month: str,
    published: float | None,
    expected: list[int],
    hours: Hours,
) -> Month:
    prices = [hours[hour] for hour in expected if hour in hours]
    ours = fmean(prices) if prices and len(prices) == len(expected) else None
    difference = None if ours is None or published is None else round(ours - published, 4)
    if difference is None or published is None:
        verdict = NOT_PUBLISHED if ours is not None else NOT_WHOLE
    elif abs(difference) <= TOLERANCE:
        verdict = AGREES
    else:
        verdict = FLAT if _agrees_flat(published, expected, prices) else DIFFERS
    shown = None if ours is None else round(ours, 4)
    name = CORE_LOCATIONS[location][0]
    return Month(market, location, name, month, published, shown, difference, verdict)


def _agrees_flat(published: float, expected: list[int], prices: list[float]) -> bool:
    """Whether the average is that of days with 24 hours each: an hour more, or one less.

    The hour that was added or left out has to have a price like those of its day.
    """
    flat = round(len(expected) / 24) * 24
    if flat == len(expected):
        return False
    hour = abs(published * flat - sum(prices))
    step = _change_of_clocks(expected)
    around = prices[max(0, step - 24) : step + 24]
    slack = TOLERANCE * flat
    return min(around) - slack <= hour <= max(around) + slack


def _change_of_clocks(expected: list[int]) -> int:
    """Where in a month's hours the offset from UTC changes."""
    offsets = [market_time.local_time(hour).utcoffset() for hour in expected]
    return next(i for i, offset in enumerate(offsets) if offset != offsets[0])
