"""The marker of a complete year, read back: which requests it is made of, and their digests."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from isone.errors import UNREADABLE, DamagedError
from isone.market.flaws import REJECTED
from isone.market.locations import Locations
from isone.store.fields import Count, require_days, require_printable, require_span
from isone.store.files import read_file, sha256
from isone.store.ledger import Entry
from isone.text import count

FORGIVEN = "single intervals that ISO-NE has left out for good"
"""Why a gap was accepted that nobody named, after the dataset's days of grace."""


class Gap(msgspec.Struct, frozen=True):
    """A gap of ISO-NE's own that was accepted."""

    day: str
    reason: str
    nothing_published: bool = False
    forgiven: bool = False
    """Whether nobody accepted it by name: single gaps, older than the dataset's days of grace."""

    def __post_init__(self) -> None:
        """Raise ValueError where it is of no day, or cannot be printed."""
        require_printable(self.reason)
        require_days(self.day)


class DayFlaw(msgspec.Struct, frozen=True):
    """A flaw of a day other than a gap, and why it was accepted; "" while a suspect one is not."""

    day: str
    flaw: str
    what: str
    reason: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError where it is of no day, or cannot be printed."""
        require_printable(self.flaw, self.what, self.reason)
        require_days(self.day)

    @property
    def is_accepted(self) -> bool:
        """Whether it would reject the day and was accepted; two names of a node need not be."""
        return self.flaw in REJECTED and bool(self.reason)


class Manifest(msgspec.Struct, frozen=True):
    """A complete year as its marker describes it; what only people read is left out."""

    dataset: str
    period: str
    first_day: str
    last_day: str
    source: str
    synthetic_prices: bool
    rows: Count
    """Distinct rows of all requests, before any narrowing."""
    gaps: tuple[Gap, ...]
    requests: tuple[Entry, ...]
    """Ascending by day."""
    locations: Locations = "all"
    """What was asked for, where the service answers by location."""
    flaws: tuple[DayFlaw, ...] = ()
    """Ascending by day."""
    final_through: str = ""
    """The last day that has to be final; "" in a marker that does not say."""
    sha256: str = ""
    """The digest of the marker itself."""

    def __post_init__(self) -> None:
        """Raise ValueError where its days are none, or not of its year."""
        require_printable(self.dataset, self.source)
        require_span(self.period, self.first_day, self.last_day)
        require_days(self.final_through or self.last_day)

    @property
    def revision(self) -> str:
        """`final`, `prelim`, or both."""
        return " and ".join(sorted({entry.revision for entry in self.requests}))


def day_flaws(
    requests: Iterable[Entry], accepted: Mapping[dt.date, Mapping[str, str]]
) -> list[DayFlaw]:
    """The flaws of requests by day, each once a day, with the reasons why they are accepted."""
    found: dict[tuple[dt.date, str], list[str]] = {}
    for entry in sorted(requests, key=lambda entry: entry.request):
        for flaw in entry.flaws:
            found.setdefault((entry.day, flaw.name), []).append(flaw.what)
    return [
        DayFlaw(str(day), name, _first_of(whats), accepted.get(day, {}).get(name, ""))
        for (day, name), whats in found.items()
    ]


def _first_of(whats: Sequence[str]) -> str:
    rest = len(whats) - 1
    return f"{whats[0]}, and in {count(rest, 'more response')}" if rest else whats[0]


_decoder = msgspec.json.Decoder(Manifest)


def read_manifest(path: Path) -> Manifest:
    """The manifest in a marker. Raises DamagedError for a marker that is none."""
    try:
        content = read_file(path)
        manifest = _decoder.decode(content)
    except UNREADABLE as error:
        raise DamagedError(
            f"{path} is not the marker of a complete year ({error}); "
            "remove it and run again: the days that are there are not downloaded again"
        ) from error
    return msgspec.structs.replace(manifest, sha256=sha256(content))
