"""The hours of the main chart, packed for the page: whole cents, compressed, as text.

A series is a column of whole numbers: what it holds is the difference of each from the one before
(the congestion of a location: from that of the reference in the same hour). The differences are
made positive in zigzag (0, -1, 1, -2, …), and their bytes are put apart: first the lowest byte of
all, then the second, so that what hardly varies is together. All series follow one another, and
gzip packs them; the page's script unpack.js reads it. A price is the sum of four series: the
reference's energy component, and the own congestion, loss and rest (left out where it is 0) of the
location.

Five-minute prices are packed by month, the newest first, until `FIVE_MINUTE_SIZE` is used up.
"""

import base64
import datetime as dt
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from isone.market import market_time
from isone.report.queries import hours as queries
from isone.store import gzipped

FIVE_MINUTE_SIZE = 800_000
"""Characters of the page that five-minute prices may take."""
_LEVEL = 6  # of compression; 9 takes twice as long for a hundredth
_AS_GZIP = 31  # for zlib: with gzip's header and trailer
_HOUR = 3600
_FIVE = 300
Numbers = npt.NDArray[np.int64]
Runs = list[list[int]]


@dataclass(frozen=True)
class Packed:
    """What the page's script gets: a description for JSON, and the packed series."""

    about: dict[str, Any]
    hours: str = ""
    five_minutes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def five_minutes_since(self) -> str:
        """The first day of the five-minute prices that are here; empty where there are none."""
        if not self.five_minutes:
            return ""
        first = min(month["first"] for month in self.five_minutes) * _FIVE
        return str(dt.datetime.fromtimestamp(first, market_time.MARKET_ZONE).date())


def pack(connection: duckdb.DuckDBPyConnection, locations: Sequence[int], reference: int) -> Packed:
    """The hours of these locations, and the newest five-minute prices."""
    found = queries.hours(connection)
    hours = found["hour"].to_numpy().astype(np.int64)
    if not hours.size:
        return Packed({"runs": [], "series": []})
    packer = _Hours(hours)
    packer.add({"what": "on_peak"}, found["on_peak"].to_numpy(zero_copy_only=False))
    ordered = [reference, *(each for each in locations if each != reference)]
    for location in ordered:
        packer.add_location(location, queries.of_location(connection, location))
    about = {
        "runs": _runs(hours),
        "offsets": _offsets(int(hours[0]), int(hours[-1])),
        "series": packer.series,
    }
    return Packed(about, packer.text(), list(_five_minutes(connection, ordered)))


class _Hours:
    """The series of the hours, one after another."""

    def __init__(self, hours: Numbers) -> None:
        self.hours = hours
        self.series: list[dict[str, Any]] = []
        self._gzip = zlib.compressobj(_LEVEL, zlib.DEFLATED, _AS_GZIP)
        self._packed: list[bytes] = []
        self._energy: dict[str, Numbers] = {}
        self._congestion: dict[str, Numbers] = {}

    def add(self, about: dict[str, Any], values: npt.NDArray[Any]) -> None:
        """A series of its own."""
        self.series.append(about)
        self._packed.append(self._gzip.compress(_apart(_differences(values.astype(np.int64)))))

    def text(self) -> str:
        """All series, packed."""
        return base64.b64encode(b"".join([*self._packed, self._gzip.flush()])).decode()

    def add_location(self, location: int, rows: pa.Table) -> None:
        """The series of each market of a location that has prices of it."""
        for market in ("da", "rt"):
            price = rows[f"{market}_cents"]
            if price.null_count == len(price):
                continue
            here = np.flatnonzero(price.is_valid().to_numpy())
            at = np.searchsorted(self.hours, rows["hour"].to_numpy()[here])
            source = _sources(at, self.hours.size)
            congestion, loss, cents = (
                np.concatenate(([0], column.fill_null(0).to_numpy().astype(np.int64)[here]))[source]
                for column in (rows[f"{market}_congestion"], rows[f"{market}_loss"], price)
            )
            own = cents - congestion - loss
            energy = self._energy.setdefault(market, own)
            nearby = self._congestion.setdefault(market, np.zeros_like(congestion))
            absent = _absent(at, self.hours.size)
            key = {"location": location, "market": market}
            if energy is own:
                self.add({"what": "energy", "market": market}, energy)
            self.add(key | {"what": "congestion", "absent": _runs(absent)}, congestion - nearby)
            self.add(key | {"what": "loss"}, loss)
            if (own != energy).any():
                self.add(key | {"what": "rest"}, own - energy)
            if energy is own:
                self._congestion[market] = congestion


def _sources(at: Numbers, length: int) -> Numbers:
    """For each of so many places, which of the values at some of them is the last; 0 for none."""
    last = np.zeros(length, dtype=np.int64)
    last[at] = np.arange(1, at.size + 1)
    return np.maximum.accumulate(last)


def _absent(at: Numbers, length: int) -> Numbers:
    """Which of so many places are none of these."""
    absent = np.ones(length, dtype=bool)
    absent[at] = False
    return np.flatnonzero(absent)


def _differences(values: Numbers) -> Numbers:
    """Each number minus the one before it, the first minus 0."""
    return values - np.concatenate(([0], values[:-1]))


def _apart(values: Numbers) -> bytes:
    """Whole numbers as zigzag, of 32 bits, their bytes apart: all lowest ones first."""
    zigzag = ((values << 1) ^ (values >> 63)).astype("<u4")
    return zigzag.view(np.uint8).reshape(-1, 4).T.tobytes()


def _text(pieces: Iterable[bytes]) -> str:
    return base64.b64encode(gzipped.pack(b"".join(pieces), _LEVEL)).decode()


def _runs(numbers: Numbers) -> Runs:
    """Ascending whole numbers as runs: the first of each, and how many there are."""
    if not numbers.size:
        return []
    begins = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 2) != 1)
    lengths = np.diff(begins, append=numbers.size)
    return [[int(numbers[b]), int(n)] for b, n in zip(begins, lengths, strict=True)]


def _offsets(first: int, last: int) -> list[list[int]]:
    """From which hour on market time is how many hours from UTC."""
    found: list[list[int]] = []
    for hour in range(first, last + 1):
        if found and hour % 24 > 12:  # clocks change at six or seven, UTC
            continue
        moment = dt.datetime.fromtimestamp(hour * _HOUR, market_time.MARKET_ZONE)
        offset = moment.utcoffset()
        assert offset is not None  # noqa: S101 - it has a zone
        hours = int(offset.total_seconds()) // _HOUR
        if not found or found[-1][1] != hours:
            found.append([hour, hours])
    return found


def _five_minutes(
    connection: duckdb.DuckDBPyConnection, locations: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """The newest months that there is room for, each by itself.

    `first` is a month's first slot (five minutes since 1970), `count` how many it has from there to
    its last. Each location's series is of the differences from the reference's price.
    """
    room = FIVE_MINUTE_SIZE
    for rows in queries.five_minute_months(connection):
        month = _month(rows, locations)
        room -= len(month["data"])
        if room < 0:
            return
        yield month


def _month(rows: pa.Table, locations: Sequence[int]) -> dict[str, Any]:
    places, slots, cents = (
        rows[name].to_numpy().astype(np.int64) for name in ("location_id", "slot", "cents")
    )
    first = int(slots.min())
    count = int(slots.max()) - first + 1
    series, pieces = [], []
    reference = np.zeros(count, dtype=np.int64)
    for location in locations:
        mine = places == location
        if not mine.any():
            continue
        at = slots[mine] - first
        values = np.concatenate(([0], cents[mine]))[_sources(at, count)]
        series.append({"location": location, "absent": _runs(_absent(at, count))})
        pieces.append(_apart(_differences(values - reference)))
        if not reference.any():
            reference = values
    return {"first": first, "count": count, "series": series, "data": _text(pieces)}
