"""ISO-NE's list of locations: kept as served, checked against, and compared with the one before.

It is asked for where ids are used that are not hub or zones: for all locations once a day at most,
for chosen ids when one of them is not known, or the list is a month old. From the web services
comes their whole list, from the public reports the locations of a day-ahead report.

Stored responses name locations too. Where prices come from the public CSV, some of which has names
without ids, the newest hourly response counts as a list; and an id that no list has is looked for
in stored responses, because ISO-NE's list leaves out what is retired.
"""

import datetime as dt
import logging
from collections.abc import Collection, Iterable

import msgspec

from isone.download.client import Client
from isone.errors import (
    UNREADABLE,
    DownloadError,
    IsoneError,
    NoDataError,
    NotFoundError,
    ResponseError,
    StopRunError,
    UsageError,
    printable,
)
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import CORE_LOCATIONS, Locations
from isone.market.requests import Request
from isone.response import report_places, report_sheet
from isone.response.parse import shown
from isone.response.single_keys import require_single_keys
from isone.store import gzipped, location_table
from isone.store.fields import Id
from isone.store.files import make_folder, read_file, write_whole
from isone.store.store import Store
from isone.text import count, nearest, some

log = logging.getLogger(__name__)

_KEPT_FOR = dt.timedelta(days=30)
_PATH = "locations/all"
_LISTING = DATASETS["lmp_da_hourly"]


class Location(msgspec.Struct, frozen=True):
    """A pricing location as the service lists it."""

    id: Id = msgspec.field(name="LocationID")
    type: str | None = msgspec.field(name="LocationType", default=None)
    name: str | None = msgspec.field(name="LocationName", default=None)
    area: str | None = msgspec.field(name="AreaType", default=None)


class _Locations(msgspec.Struct):
    Location: list[Location]


class _Response(msgspec.Struct):
    Locations: _Locations


_decoder = msgspec.json.Decoder(_Response)


def read_locations(body: bytes) -> list[Location]:
    """The locations in a response of `locations/all`, or in a day-ahead report.

    Raises ResponseError where it is neither, or has a text that cannot be printed.
    """
    if report_sheet.is_report(body):
        found = [Location(id, kind, name) for id, name, kind in report_places.places_in(body)]
    else:
        require_single_keys(body)
        try:
            found = _decoder.decode(body).Locations.Location
        except UNREADABLE as error:
            raise ResponseError(f"the response is not a list of locations: {error}") from error
    for text in {text for each in found for text in (each.name, each.type, each.area) if text}:
        if not text.isprintable():
            raise ResponseError(f"the list of locations has {shown(text)!r}")
    return found


def require_known(store: Store, client: Client, chosen: Locations) -> list[str]:
    """Have the list of locations where the chosen ones call for it; doubt ids that are unknown.

    Returns in sentences, which are in the log too, what has changed in the list where it is
    brought up to date on the way, and which chosen ids are in no list and no stored response. Such
    an id may be a retired location's, which has a history: so it is not rejected.
    """
    if client.source.gives_reports:
        learn_stored(store)
    others = set() if chosen == "all" else set(chosen) - set(CORE_LOCATIONS)
    table = location_table.read_table(store)
    missing = _not_stored(store, others - {seen.id for seen in table})
    noted: list[str] = []
    newest = max((seen.last_seen for seen in table), default="")
    too_old = newest < str(market_time.now().date() - _KEPT_FOR)
    if chosen == "all" or missing or (others and too_old):
        try:
            noted = refresh(store, client)
        except StopRunError:
            raise
        except IsoneError as error:
            if missing:
                raise
            log.warning("the list of locations is not brought up to date: %s", error)
    known = {seen.id for seen in location_table.read_table(store)}
    doubts = [_doubt(store, id, known) for id in sorted(missing - known)]
    for sentence in doubts:
        log.warning("%s", sentence)
    return [*noted, *doubts]


def _doubt(store: Store, id: int, known: Collection[int]) -> str:
    near = nearest(str(id), map(str, sorted(known)), 3)
    hint = f" ({near})" if near else ""
    return (
        f"locations: {id} is not in ISO-NE's list of locations, so it is retired or misspelt"
        f"{hint}; its prices are looked for all the same (all that was ever listed: "
        f"{store.location_table_path})"
    )


def learn_stored(store: Store) -> None:
    """Enter the locations of the newest stored hourly response, unless the table is as new.

    So names that public CSV gives without ids are known without another request.
    """
    newest = max((seen.last_seen for seen in location_table.read_table(store)), default="")
    whole = [row for row in DATASETS.values() if row.chooses_locations and not row.per_location]
    requests = [request for row in whole for request in _newest_requests(store, row)[:1]]
    for request in sorted(requests, key=lambda request: request.day):
        day = str(min(request.day, market_time.now().date()))  # tomorrow's prices are out today
        if day > newest and (found := _locations_in(store, request)):
            _enter(store, (), found, day)
    report_places.learn_from(store)


def _not_stored(store: Store, ids: Collection[int]) -> set[int]:
    """Those ids that are in none of the stored responses looked at: of each year, the newest."""
    missing = set(ids)
    for dataset in (row for row in DATASETS.values() if row.chooses_locations):
        if missing:
            missing -= {
                request.location for request in _stored_requests(store, dataset) if request.location
            }
        for request in _newest_requests(store, dataset) if missing else ():
            missing -= {location.id for location in _locations_in(store, request)}
    return missing


def _newest_requests(store: Store, dataset: Dataset) -> list[Request]:
    """Of each year, the newest request that is not preliminary; the newest year first."""
    newest: dict[int, Request] = {}
    for request in sorted(
        _stored_requests(store, dataset), key=lambda request: request.name, reverse=True
    ):
        if not request.prelim:
            newest.setdefault(request.day.year, request)
    return list(newest.values())


def _stored_requests(store: Store, dataset: Dataset) -> list[Request]:
    years = [year for name, year in store.downloaded_years() if name == dataset.name]
    names = (name for year in years for name in store.stored_requests(dataset.name, year))
    return [request for name in names if (request := Request.named(dataset.name, name))]


def _locations_in(store: Store, request: Request) -> list[Location]:
    """The locations that a stored response names with their ids; none where it is unreadable."""
    from isone.response.table import read_table  # NumPy, only where there is a response

    try:
        body = gzipped.inflate(read_file(store.raw_path(request)))
        found = read_table(DATASETS[request.dataset], body, validated=True).places.distinct
    except (ResponseError, OSError) as error:  # the deep check says so; here it is of no use
        log.info("%s %s names no locations: %s", request.dataset, request, error)
        return []
    return [Location(each.id, each.type, each.name) for each in found if each.id is not None]


def refresh(store: Store, client: Client) -> list[str]:
    """Have today's list: asked for unless it is here, entered in the table, and kept as served.

    What is new, gone or renamed since the last list of the same kind is noted in the log, and
    returned in sentences. Raises UsageError where the service has no list.
    """
    today = market_time.now().date()
    suffix = ".csv.gz" if client.source.gives_reports else ".json.gz"
    folder = store.location_list_dir
    path = folder / f"{today:%Y%m%d}{suffix}"
    if path.exists():
        return []
    last = max(folder.glob(f"*{suffix}"), default=None)
    before = read_locations(gzipped.inflate(read_file(last))) if last else []
    content = _fetch(client)
    found = read_locations(gzipped.inflate(content))
    _enter(store, before, found, str(today))
    make_folder(folder)
    write_whole(path, content)  # last of all: with it the day's list counts as stored
    report_places.learn_from(store)
    noted = _changes(before, found) if last else []
    for sentence in noted:
        log.warning("%s", sentence)
    return noted


def has_address(client: Client) -> bool:
    """Whether the service may know the address of its list, asked once: not if it answers 404."""
    try:
        client.fetch(_path(client), patient=False)
    except NotFoundError:
        return False
    except (DownloadError, ResponseError):
        pass
    return True


def _path(client: Client) -> str:
    """Where the list is, or the day-ahead report that has the locations too."""
    if not client.source.gives_reports:
        return _PATH
    newest = market_time.last_published(_LISTING.publication_lag, market_time.now())
    return _LISTING.csv_path(Request(_LISTING.name, newest - dt.timedelta(days=1)))


def _fetch(client: Client) -> bytes:
    try:
        return client.fetch(_path(client))
    except NoDataError as error:
        raise UsageError(
            f"{client.source.base_url} has no list of locations: is base_url right?"
        ) from error


def _enter(store: Store, before: Iterable[Location], found: Iterable[Location], day: str) -> None:
    """Enter a list in the table; what the last list of its kind had and it has not is gone."""
    table = {seen.id: seen for seen in location_table.read_table(store)}
    for each in found:
        seen = table.get(each.id)
        area = each.area or (seen.area if seen else None)
        name = each.name or (seen.name if seen else None)
        kind = each.type or (seen.type if seen else None)
        first = seen.first_seen if seen else day
        table[each.id] = location_table.Seen(each.id, name, kind, area, first, day)
    listed = {each.id for each in found}
    for id in {each.id for each in before} - listed:
        if id in table and not table[id].gone:
            table[id] = msgspec.structs.replace(table[id], gone=day)
    location_table.write_table(store, table.values())


def _changes(before: Iterable[Location], after: Iterable[Location]) -> list[str]:
    noted: list[str] = []
    old, new = ({each.id: each.name or "" for each in listed} for listed in (before, after))
    renamed = {
        id: f"{old[id]} is {new[id]}"
        for id in old.keys() & new.keys()
        if old[id] and new[id] and old[id] != new[id]
    }
    for what, names in (
        ("new", {id: new[id] for id in new.keys() - old.keys()}),
        ("gone", {id: old[id] for id in old.keys() - new.keys()}),
        ("renamed", renamed),
    ):
        if names:
            listed = some([f"{id} {names[id]}".rstrip() for id in sorted(names)])
            noted.append(f"{count(len(names), f'{what} location')}: {printable(listed)}")
    return noted
