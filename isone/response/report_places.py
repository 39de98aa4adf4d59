"""The places of public reports: what a report leaves out of them is known from elsewhere.

The hub and the zones are always known, and `learn` adds to them.
"""

import re
from collections.abc import Iterable

from isone.errors import ResponseError
from isone.market.locations import CORE_LOCATIONS
from isone.response.report_sheet import ID, NAME, TYPE, read_sheet
from isone.store import location_table
from isone.store.store import Store

_learned: dict[int, tuple[str | None, str | None]] = dict(CORE_LOCATIONS)
_ids: dict[str, int] = {name: id for id, (name, _) in CORE_LOCATIONS.items()}


def learn(places: Iterable[tuple[int, str | None, str | None]]) -> None:
    """Know these locations too (id, name, type), in this process, where a report leaves them out.

    Of two with one name the later counts; hub and zones are known for good.
    """
    for id, name, kind in places:
        if id not in CORE_LOCATIONS:
            _learned[id] = (name, kind)
        if name and _ids.get(name) not in CORE_LOCATIONS:
            _ids[name] = id


def learn_from(store: Store) -> None:
    """Know every location that was ever listed, to fill in what public CSV leaves out.

    A name that was another location's before is the one's that was listed last.
    """
    listed = sorted(
        location_table.read_table(store), key=lambda seen: (seen.last_seen, not seen.gone)
    )
    learn((seen.id, seen.name, seen.type) for seen in listed)


def places_in(body: bytes) -> list[tuple[int, str, str]]:
    """The locations (id, name, type) of a report that has all three, each once.

    Raises ResponseError where it has not.
    """
    from isone.response.columns import together  # NumPy, only where there is a report

    sheet = read_sheet(body)
    columns = [sheet.column(headings) for headings in (ID, NAME, TYPE)]
    if any(column is None for column in columns):
        raise ResponseError("the report does not name its locations")
    found = together(*(column for column in columns if column)).distinct
    return sorted({(id_of(id), name, kind) for id, name, kind in found})


def id_named(name: str) -> int | None:
    """The id of the location that has a name; None where nobody knows."""
    return _ids.get(name)


def called(id: int | None) -> tuple[str | None, str | None]:
    """Name and type of a location, as far as they are known."""
    return (None, None) if id is None else _learned.get(id, (None, None))


def id_of(text: str) -> int:
    """The id of a location or zone. Raises ResponseError for what is none."""
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
        raise ResponseError(f"the report has {text[:40]!r} for an id")
    return int(text.strip())
