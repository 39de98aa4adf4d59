"""ISO-NE's list of locations: kept as served, checked against, and compared with the one before.

It is asked for where ids are used that are not hub or zones, once a day at most: from the web
services their whole list, from the public reports the locations of a day-ahead report.
"""

import datetime as dt
import difflib
import logging
from collections.abc import Iterable

import msgspec

from isone import clock, parse, places, reports
from isone.datasets import CORE_LOCATIONS, DATASETS, Locations, Part
from isone.download.client import Client
from isone.errors import IsoneError, NoDataError, ReplyError, UsageError
from isone.store import Store, make_folder, write_whole

log = logging.getLogger(__name__)

_NAMED = 10  # locations that a line names before it only counts
_PATH = "locations/all"
_LISTING = DATASETS["lmp_da_hourly"]


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
    """The locations in a reply of `locations/all`, or in a day-ahead report.

    Raises ReplyError where it is neither.
    """
    if reports.is_report(body):
        return [Location(id, kind, name) for id, name, kind in reports.places_in(body)]
    try:
        return _decoder.decode(body).Locations.Location
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReplyError(f"the reply is not a list of locations: {error}") from error


def require_known(store: Store, client: Client, chosen: Locations) -> None:
    """Raise UsageError for the first chosen id that is no location of ISO-NE's.

    For all locations nothing is refused; the list is brought up to date.
    """
    if chosen == "all":
        try:
            refresh(store, client)
        except IsoneError as error:
            log.warning("the list of locations is not brought up to date: %s", error)
        return
    unknown = set(chosen) - set(CORE_LOCATIONS)
    if not unknown:
        return
    known = {seen.id for seen in places.read_table(store)}
    if unknown - known:
        known |= {each.id for each in refresh(store, client)}
    if unknown - known:
        wrong = min(unknown - known)
        near = difflib.get_close_matches(str(wrong), map(str, sorted(known)), n=3)
        hint = f"near it are {', '.join(near)}" if near else f"the list has {len(known)} ids"
        raise UsageError(
            f"locations: {wrong} is no location of ISO-NE's; {hint} "
            f"(the whole list: {places.table_path(store)})"
        )


def refresh(store: Store, client: Client) -> list[Location]:
    """The newest list: asked for unless today's is here, kept as served, and entered in the table.

    What is new, and what is gone since the last list of the same kind, is noted in the log. Raises
    UsageError where the service has no list.
    """
    today = clock.now().date()
    suffix = ".csv.gz" if client.source.gives_reports else ".json.gz"
    folder = store.root / "raw" / "locations"
    path = folder / f"{today:%Y%m%d}{suffix}"
    if path.exists():
        return read_locations(parse.inflate(path.read_bytes()))
    before = max(folder.glob(f"*{suffix}"), default=None)
    content = _fetch(client)
    found = read_locations(parse.inflate(content))
    make_folder(folder)
    write_whole(path, content)
    _enter(store, found, str(today))
    if before:
        _note_changes(read_locations(parse.inflate(before.read_bytes())), found)
    places.learn(store)
    return found


def _fetch(client: Client) -> bytes:
    try:
        if not client.source.gives_reports:
            return client.fetch(_PATH)
        day = clock.last_published(_LISTING.publication_lag, clock.now()) - dt.timedelta(days=1)
        return client.fetch(_LISTING.report_path(Part(_LISTING.name, day)))
    except NoDataError as error:
        raise UsageError(
            f"{client.source.base_url} has no list of locations: is base_url right?"
        ) from error


def _enter(store: Store, found: Iterable[Location], day: str) -> None:
    table = {seen.id: seen for seen in places.read_table(store)}
    for each in found:
        before = table.get(each.id)
        area = each.area or (before.area if before else None)
        first = before.first_seen if before else day
        table[each.id] = places.Seen(each.id, each.name, each.type, area, first, day)
    places.write_table(store, table.values())


def _note_changes(before: Iterable[Location], after: Iterable[Location]) -> None:
    old, new = ({each.id: each.name for each in listed} for listed in (before, after))
    renamed = {
        id: f"{old[id]} is {new[id]}" for id in old.keys() & new.keys() if old[id] != new[id]
    }
    for what, names in (
        ("new", {id: new[id] for id in new.keys() - old.keys()}),
        ("gone", {id: old[id] for id in old.keys() - new.keys()}),
        ("renamed", renamed),
    ):
        if names:
            some = ", ".join(f"{id} {names[id]}" for id in sorted(names)[:_NAMED])
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            log.warning("%d locations are %s: %s%s", len(names), what, some, more)
