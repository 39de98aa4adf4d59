"""ISO-NE's list of locations: kept as served, checked against, and compared with the one before.

It is asked for where ids are used that are not hub or zones: for all locations once a day at most,
for chosen ids when one of them is not known, or the list is a month old. From the web services
comes their whole list, from the public reports the locations of a day-ahead report.
"""

import datetime as dt
import difflib
import logging
from collections.abc import Iterable

import msgspec

from isone import clock, parse, places, reports
from isone.datasets import CORE_LOCATIONS, DATASETS, Locations, Part
from isone.download.client import Client
from isone.errors import (
    UNREADABLE,
    IsoneError,
    NoDataError,
    ReplyError,
    StopRunError,
    UsageError,
    printable,
)
from isone.store import Store, make_folder, write_whole
from isone.words import count

log = logging.getLogger(__name__)

_KEPT_FOR = dt.timedelta(days=30)
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
    except UNREADABLE as error:
        raise ReplyError(f"the reply is not a list of locations: {error}") from error


def require_known(store: Store, client: Client, chosen: Locations) -> list[str]:
    """Raise UsageError for the first chosen id that is no location of ISO-NE's.

    For all locations nothing is refused. Where the list is brought up to date on the way, returns
    what has changed in it, in sentences.
    """
    others = set() if chosen == "all" else set(chosen) - set(CORE_LOCATIONS)
    table = places.read_table(store)
    lacking = others - {seen.id for seen in table}
    noted: list[str] = []
    newest = max((seen.last_seen for seen in table), default="")
    too_old = newest < str(clock.now().date() - _KEPT_FOR)
    if chosen == "all" or lacking or (others and too_old):
        try:
            noted = refresh(store, client)
        except StopRunError:
            raise
        except IsoneError as error:
            if lacking:
                raise
            log.warning("the list of locations is not brought up to date: %s", error)
    known = {seen.id for seen in places.read_table(store)}
    if others - known:
        wrong = min(others - known)
        near = difflib.get_close_matches(str(wrong), map(str, sorted(known)), n=3)
        hint = f"near it are {', '.join(near)}" if near else f"the list has {len(known)} ids"
        raise UsageError(
            f"locations: {wrong} is no location of ISO-NE's; {hint} "
            f"(the whole list: {places.table_path(store)})"
        )
    return noted


def refresh(store: Store, client: Client) -> list[str]:
    """Have today's list: asked for unless it is here, entered in the table, and kept as served.

    What is new, gone or renamed since the last list of the same kind is noted in the log, and
    returned in sentences. Raises UsageError where the service has no list.
    """
    today = clock.now().date()
    suffix = ".csv.gz" if client.source.gives_reports else ".json.gz"
    folder = store.root / "raw" / "locations"
    path = folder / f"{today:%Y%m%d}{suffix}"
    if path.exists():
        return []
    last = max(folder.glob(f"*{suffix}"), default=None)
    before = read_locations(parse.inflate(last.read_bytes())) if last else []
    content = _fetch(client)
    found = read_locations(parse.inflate(content))
    _enter(store, before, found, str(today))
    make_folder(folder)
    write_whole(path, content)  # last of all: with it the day's list counts as had
    places.learn(store)
    noted = _changes(before, found) if last else []
    for sentence in noted:
        log.warning("%s", sentence)
    return noted


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


def _enter(store: Store, before: Iterable[Location], found: Iterable[Location], day: str) -> None:
    """Enter a list in the table; what the last list of its kind had and it has not is gone."""
    table = {seen.id: seen for seen in places.read_table(store)}
    for each in found:
        seen = table.get(each.id)
        area = each.area or (seen.area if seen else None)
        first = seen.first_seen if seen else day
        table[each.id] = places.Seen(each.id, each.name, each.type, area, first, day)
    listed = {each.id for each in found}
    for id in {each.id for each in before} - listed:
        if id in table and not table[id].gone:
            table[id] = msgspec.structs.replace(table[id], gone=day)
    places.write_table(store, table.values())


def _changes(before: Iterable[Location], after: Iterable[Location]) -> list[str]:
    noted: list[str] = []
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
            noted.append(f"{count(len(names), f'{what} location')}: {printable(some)}{more}")
    return noted
