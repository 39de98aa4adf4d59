"""ISO-NE's list of locations: asked for only when ids are used that are not hub or zones."""

import datetime as dt
import difflib
from pathlib import Path

import msgspec

from isone import clock, parse
from isone.client import Client
from isone.datasets import CORE_LOCATIONS, Locations
from isone.errors import NoDataError, ReplyError, UsageError
from isone.store import Store, make_folder, write_whole


class Location(msgspec.Struct, frozen=True):
    """A pricing location as the service lists it."""

    id: int = msgspec.field(name="LocationID")
    type: str = msgspec.field(name="LocationType")
    name: str = msgspec.field(name="LocationName")
    area: str | None = msgspec.field(name="AreaType", default=None)


class _Locations(msgspec.Struct):
    Location: list[Location]


class _Reply(msgspec.Struct):
    Locations: _Locations


_decoder = msgspec.json.Decoder(_Reply)


def read_locations(body: bytes) -> list[Location]:
    """The locations in a reply of `locations/all`. Raises ReplyError where it is none."""
    try:
        return _decoder.decode(body).Locations.Location
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReplyError(f"the reply is not a list of locations: {error}") from error


def require_known(store: Store, client: Client, chosen: Locations) -> None:
    """Raise UsageError for the first chosen id that is no location of ISO-NE's.

    The list is asked for once a day at most, and kept as served.
    """
    if chosen == "all":
        return
    unknown = set(chosen) - set(CORE_LOCATIONS)
    if not unknown:
        return
    today = _list_path(store, clock.now().date())
    kept = max(today.parent.glob("*.json.gz"), default=None) if today.parent.exists() else None
    known = {e.id for e in read_locations(parse.inflate(kept.read_bytes()))} if kept else set()
    if unknown - known and kept != today:
        known = {each.id for each in _fetch(client, today)}
    if unknown - known:
        wrong = min(unknown - known)
        near = difflib.get_close_matches(str(wrong), map(str, sorted(known)), n=3)
        hint = f"near it are {', '.join(near)}" if near else f"the list has {len(known)} ids"
        raise UsageError(
            f"locations: {wrong} is no location of ISO-NE's; {hint} (the whole list: {today})"
        )


def _list_path(store: Store, day: dt.date) -> Path:
    return store.root / "raw" / "locations" / f"{day:%Y%m%d}.json.gz"


def _fetch(client: Client, path: Path) -> list[Location]:
    try:
        content = client.fetch("locations/all")
    except NoDataError as error:
        raise UsageError(
            f"{client.source.base_url} has no list of locations: is base_url right?"
        ) from error
    found = read_locations(parse.inflate(content))
    make_folder(path.parent)
    write_whole(path, content)
    return found
