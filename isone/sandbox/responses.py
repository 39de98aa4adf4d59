"""Answers in ISO-NE's shapes: paths in, status and JSON text out.

JSON is written from text templates: a day of 1,200 locations is 28,800 records of a handful of
numbers, and a general encoder would take ten times as long. Key order and number style follow
the service: prices are numbers, and whole ones have no decimal point, except those of the day-ahead
services (`16740.0`).
"""

import datetime as dt
import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from isone.market import market_time
from isone.market.locations import CORE_LOCATIONS, RESERVE_ZONES
from isone.sandbox import plain, prices
from isone.sandbox.feeds import (
    FEEDS,
    Feed,
    MalformedError,
    NotFoundError,
    Query,
    preliminary,
    read_current,
    read_number,
    read_query,
    typeless_feed,
    zone_ids,
)
from isone.sandbox.places import CONSTRAINTS, EXTERNAL_NODES, Place, listed_places, priced_places

JSON = "application/json"
HTML = "text/html; charset=UTF-8"
_LOSS_SCALE = 100_000
_SHARE_SCALE = 1_000
_INDEX = "lmpIndex/monthly"
_INDEX_FEEDS = {"da": "hourlylmp/da/final", "rt": "hourlylmp/rt/final"}
_TWO_REGULATION_PRICES_SINCE = dt.date(2015, 3, 31)
_OVERRIDDEN_BELOW = 70  # cents; one hour in twenty has so low a closeout charge
_PEAK_HOURS = range(7, 23)  # hours ending 08 to 23


@dataclass(frozen=True)
class Response:
    """A status and a body, before compression and transport."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    query: Query | None = None
    """What day of which feed the body holds; None where it holds no records of a day."""
    packed: bytes | None = None
    """The same body as recorded gzip bytes, to be passed on untouched."""


def html_response(status: int, title: str, text: str, *headers: tuple[str, str]) -> Response:
    """A page for people: the service answers in HTML whenever it has no data to give."""
    title, text = html.escape(title), html.escape(text)
    page = (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n"
        f"<body><h1>{title}</h1><p>{text}</p></body></html>\n"
    )
    return Response(status, page.encode(), HTML, headers)


class _Money(dict[int, str]):
    """Cents → the JSON number of dollars: 2830 → `28.3`, 2800 → `28`, -5 → `-0.05`."""

    def __missing__(self, cents: int) -> str:
        whole, rest = divmod(abs(cents), 100)
        text = f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
        if cents < 0:
            text = f"-{text}"
        self[cents] = text
        return text


_money = _Money()


def _decimal(cents: int) -> str:
    """Cents as the day-ahead services write dollars: 2830 → `28.3`, 2800 → `28.0`."""
    text = _money[cents]
    return text if "." in text else f"{text}.0"


class Synthetic:
    """The synthetic service: everything it would answer, without network, clock or state.

    `at` is the instant at which the service is asked: it decides what is published.
    """

    def __init__(self, seed: int, nodes: int) -> None:
        """Set up the network; raises UsageError for a number of nodes that cannot be."""
        self.seed = seed
        self.nodes = nodes
        self.places = priced_places(seed, nodes)
        self._refs = tuple((_location_json(place), place) for place in self.places)
        self._by_id = {place.id: (ref, place) for ref, place in self._refs}

    def answer(self, path: str, at: dt.datetime) -> Response:
        """Answer a path below the base path, without the suffix `.json`."""
        try:
            return self._answer(path, at)
        except NotFoundError:
            return html_response(404, "Not Found", f"The sandbox has nothing at {path}.")
        except MalformedError as error:
            return html_response(400, "Bad Request", f"{error}.")

    def _answer(self, path: str, at: dt.datetime) -> Response:
        if path in ("locations", "locations/all"):
            return Response(200, self._locations(everything=path.endswith("all")))
        base, _, last = path.rpartition("/")
        if base == "locations":
            return Response(200, self._location(path, read_number(last)))
        if last == "info" and base == _INDEX:
            return Response(200, _info(FEEDS[_INDEX_FEEDS["rt"]], at))
        if last == "info" and (feed := typeless_feed(base)):
            return Response(200, _info(preliminary(feed), at))
        if last == "info" and base in FEEDS:
            return Response(200, _info(FEEDS[base], at))
        if path.startswith(f"{_INDEX}/"):
            return Response(200, self._index(path, at))
        if "/current" in path:
            return Response(200, self._current(path, at))
        query = read_query(path)
        if query.typeless and not query.feed.is_out(query.day, at):
            query = replace(query, feed=preliminary(query.feed))
        records = self._records(query) if query.feed.is_out(query.day, at) else []
        return Response(200, wrap(query.feed.wrapper, records, _beside(query)), query=query)

    def _current(self, path: str, at: dt.datetime) -> bytes:
        """The newest records: of a market day, or else of one interval.

        A day-ahead price is current in its interval; of real time the newest that is out counts.
        The record of a single place comes without the outer wrapper; a single record of a set
        without places comes in a list.
        """
        asked = read_current(path)
        feed, minutes = asked.feed, asked.feed.dataset.times.minutes
        if minutes is None or feed.dataset.request.span != "day":
            raise NotFoundError(path)
        newest = market_time.interval_starts(market_time.last_published(feed.lag, at), minutes)[-1]
        if _is_day_ahead(feed) and not feed.by_market_day:
            newest = int(at.timestamp()) // (minutes * 60) * minutes * 60
        begins = market_time.local_time(newest)
        hour = begins.hour if feed.dataset.chooses_locations else None
        query = Query(feed, begins.date(), asked.place, hour)
        records = self._records(query) if feed.is_out(query.day, at) else []
        if not feed.by_market_day:
            head = f'{{"BeginDate":"{market_time.timestamp(newest)}"'
            records = [record for record in records if record.startswith(head)]
        if not asked.everywhere:
            records = records[: len(CORE_LOCATIONS) + len(EXTERNAL_NODES)]
        if asked.place is not None and records:
            return wrap(feed.wrapper[-1:], records)
        return wrap(feed.wrapper, records, _beside(query), in_list=True)

    def _records(self, query: Query) -> list[str]:
        """The records of a query as JSON texts, in the order of time, then of place.

        Some sets look like New England's; any other has plain numbers in its own shape.
        """
        match query.feed.dataset.name:
            case "lmp_da_hourly" | "lmp_rt_hourly" | "lmp_rt_5min":
                return self._lmp_records(query)
            case "reserve_5min" | "reserve_hourly":
                return self._reserve_records(query)
            case "constraints_da_hourly" | "constraints_rt_5min":
                return self._constraint_records(query)
            case "strike_da_hourly":
                return self._strike_records(query)
            case "reserve_da_hourly":
                return self._ancillary_records(query)
            case "regulation_5min" | "regulation_hourly":
                return self._regulation_records(query)
        return [_compact(record) for record in plain.records(self.seed, query)]

    def system(self, query: Query) -> prices.System:
        """The system's prices on the day of a query of an LMP feed, or of one of constraints."""
        if _is_day_ahead(query.feed):
            return prices.day_ahead(self.seed, query.day)
        minutes = query.feed.dataset.interval_minutes
        return prices.real_time(self.seed, query.day, query.feed.prelim, minutes)

    def _lmp_records(self, query: Query) -> list[str]:
        refs = self._refs
        if query.place is not None:
            refs = (self._by_id[query.place],) if query.place in self._by_id else ()
        system = self.system(query)
        timestamps = _timestamps(query.day, query.feed.dataset.interval_minutes)
        intervals = zip(timestamps, system.energy, system.shadows, strict=True)
        if query.hour is None:
            return _lmp_json(intervals, system.scale, refs)
        wanted = (row for row in intervals if _local_hour(row[0]) == query.hour)
        return _lmp_json(wanted, system.scale, refs)

    def _regulation_records(self, query: Query) -> list[str]:
        minutes = query.feed.dataset.interval_minutes
        timestamps = _timestamps(query.day, minutes)
        rows: Sequence[tuple[int, int]]
        if minutes == 60:
            rows = prices.hourly_regulation(self.seed, query.day, query.feed.prelim)
        else:
            rows = prices.regulation(self.seed, query.day, query.feed.prelim)
        if query.day < _TWO_REGULATION_PRICES_SINCE:
            return [
                f'{{"BeginDate":"{timestamp}","RegClearingPrice":{_money[capacity]},'
                f'"HourEnd":"{_hour_end(timestamp)}"}}'
                for timestamp, (_, capacity) in zip(timestamps, rows, strict=True)
            ]
        return [
            f'{{"BeginDate":"{timestamp}","RegServiceClearingPrice":{_money[service]},'
            f'"RegCapacityClearingPrice":{_money[capacity]},"HourEnd":"{_hour_end(timestamp)}"}}'
            for timestamp, (service, capacity) in zip(timestamps, rows, strict=True)
        ]

    def _reserve_records(self, query: Query) -> list[str]:
        minutes = query.feed.dataset.interval_minutes
        intervals: Sequence[Sequence[prices.ReserveRow]]
        if minutes == 60:
            intervals = prices.hourly_reserves(self.seed, query.day, query.feed.prelim)
        else:
            intervals = prices.reserves(self.seed, query.day, query.feed.prelim)
        zones = zone_ids(query)
        order = list(RESERVE_ZONES)
        return [
            _reserve_json(timestamp, zone, rows[order.index(zone)], minutes == 5)
            for timestamp, rows in zip(_timestamps(query.day, minutes), intervals, strict=True)
            for zone in zones
        ]

    def _ancillary_records(self, query: Query) -> list[str]:
        rows = prices.day_ahead_services(self.seed, query.day)
        fields = [column.field for column in query.feed.dataset.columns]
        records = []
        for hour, row in zip(_market_hours(query.day), rows, strict=True):
            values = (*row.requirements, *row.prices, *row.designated)
            numbers = zip(fields, values, strict=True)
            records.append(
                hour + ",".join(f'"{f}":{_decimal(value)}' for f, value in numbers) + "}"
            )
        return records

    def _strike_records(self, query: Query) -> list[str]:
        """Strike prices; what overrides the closeout charge is there, and mostly null."""
        rows = prices.strike_prices(self.seed, query.day)
        set_at = f"{query.day - dt.timedelta(days=1)}T10:00:00.000Z"
        return [
            f'{hour}"strike_price_timestamp":"{set_at}",'
            + ",".join(f'"{field}":{_decimal(value)}' for field, value in row.items())
            + f',"expected_closeout_charge_override":{_override(row)}}}'
            for hour, row in zip(_market_hours(query.day), rows, strict=True)
        ]

    def _constraint_records(self, query: Query) -> list[str]:
        """The interfaces that are congested, each interval by itself: on an empty day none.

        A marginal value is the shadow price that the congestion components come from, below 0.
        Contingencies are named day-ahead alone, one of them by a number.
        """
        timestamps = _timestamps(query.day, query.feed.dataset.interval_minutes)
        day_ahead = _is_day_ahead(query.feed)
        held = [
            f'"ContingencyName":{json.dumps(c)},' if day_ahead else "" for _, c, _ in CONSTRAINTS
        ]
        return [
            f'{{"BeginDate":"{timestamp}","ConstraintName":"{name}",{contingency}'
            f'"InterfaceFlag":"{flag}","MarginalValue":{_money[-shadow]}}}'
            for timestamp, shadows in zip(timestamps, self.system(query).shadows, strict=True)
            for (name, _, flag), contingency, shadow in zip(CONSTRAINTS, held, shadows, strict=True)
            if shadow
        ]

    def _locations(self, everything: bool) -> bytes:
        places = listed_places(self.seed, self.nodes if everything else 0)
        return wrap(("Locations", "Location"), [_listing_json(place) for place in places])

    def _location(self, path: str, id: int) -> bytes:
        """One location by its id; raises NotFoundError for one that is not listed."""
        for place in listed_places(self.seed, self.nodes):
            if place.id == id:
                return wrap(("Location",), [_listing_json(place)])
        raise NotFoundError(path)

    def _index(self, path: str, at: dt.datetime) -> bytes:
        """The service's own monthly averages of a year at a place, for the months that are out."""
        match path.removeprefix(f"{_INDEX}/").split("/"):
            case [("da" | "rt") as market, "year", year_text, "location", place_text]:
                feed = FEEDS[_INDEX_FEEDS[market]]
                year, place = read_number(year_text), read_number(place_text)
            case _:
                raise NotFoundError(path)
        if len(year_text) != 4:
            raise MalformedError(f"{year_text} is not a year like 2024")
        records = []
        if place in self._by_id and feed.dataset.first_day.year <= year <= at.year:
            ref, found = self._by_id[place]
            for first, last in _months(year):
                if not (feed.is_out(first, at) and feed.is_out(last, at)):
                    continue
                totals = list(self._hourly_totals(feed, first, last, found))
                records.append(_index_json(first, ref, totals))
        return wrap(("LmpIndexes", "LmpIndex"), records)

    def _hourly_totals(
        self, feed: Feed, first: dt.date, last: dt.date, place: Place
    ) -> Iterator[tuple[bool, int]]:
        """The hourly prices (cents) of a place as they are served, each with whether on peak."""
        for day in market_time.days(first, last):
            system = self.system(Query(feed, day))
            workday = day.weekday() < 5
            for start, energy, shadows in zip(
                system.starts, system.energy, system.shadows, strict=True
            ):
                total = sum(components(energy, shadows, system.scale, place))
                yield workday and market_time.local_time(start).hour in _PEAK_HOURS, total


def components(
    energy: int, shadows: prices.Shadows, scale: int, place: Place
) -> tuple[int, int, int]:
    """Energy, congestion and loss of a place (cents), each rounded once, halves upward."""
    loss_unit = scale * _LOSS_SCALE
    share_unit = scale * _SHARE_SCALE
    congestion = sum(s * p for s, p in zip(place.shares, shadows, strict=True))
    return (
        (energy + scale // 2) // scale,
        (congestion + share_unit // 2) // share_unit,
        (place.loss * energy + loss_unit // 2) // loss_unit,
    )


def _lmp_json(
    intervals: Iterable[tuple[str, int, prices.Shadows]],
    scale: int,
    refs: Sequence[tuple[str, Place]],
) -> list[str]:
    """The records of some intervals at some places: `components`, written out for speed."""
    loss_unit = scale * _LOSS_SCALE
    half_loss = loss_unit // 2
    share_unit = scale * _SHARE_SCALE
    half_share = share_unit // 2
    factors = [(ref, place.loss, *place.shares) for ref, place in refs]
    money = _money
    records = []
    for timestamp, energy, shadows in intervals:
        cents = (energy + scale // 2) // scale
        head = f'{{"BeginDate":"{timestamp}","Location":'
        middle = f',"EnergyComponent":{money[cents]},"CongestionComponent":'
        if shadows == prices.NO_CONGESTION:
            for ref, factor, _a, _b, _c in factors:
                loss = (factor * energy + half_loss) // loss_unit
                records.append(
                    f'{head}{ref},"LmpTotal":{money[cents + loss]}{middle}0,'
                    f'"LossComponent":{money[loss]}}}'
                )
            continue
        north, boston, southwest = shadows
        for ref, factor, a, b, c in factors:
            loss = (factor * energy + half_loss) // loss_unit
            congestion = (a * north + b * boston + c * southwest + half_share) // share_unit
            records.append(
                f'{head}{ref},"LmpTotal":{money[cents + congestion + loss]}{middle}'
                f'{money[congestion]},"LossComponent":{money[loss]}}}'
            )
    return records


def wrap(
    wrapper: tuple[str, ...], records: Sequence[str], beside: str = "", in_list: bool = False
) -> bytes:
    """Put JSON records inside their nested keys, as the service does.

    None at all is an empty text in place of the inner keys, a single one an object (or `in_list`),
    more a list. `beside` is JSON that comes before the innermost key.
    """
    *outer, inner = wrapper
    if not records:
        text = '""'
    elif len(records) == 1 and not in_list:
        text = f'{{{beside}"{inner}":{records[0]}}}'
    else:
        text = f'{{{beside}"{inner}":[{",".join(records)}]}}'
    for key in reversed(outer):
        text = f'{{"{key}":{text}}}'
    return text.encode()


def _beside(query: Query) -> str:
    """What comes beside the list of a day-ahead ancillary set: the market day, local midnight."""
    return f'"market_day":"{_timestamps(query.day, 60)[0]}",' if query.feed.by_market_day else ""


def _market_hours(day: dt.date) -> list[str]:
    """How each hour's record of a day-ahead ancillary set begins.

    `gmt_begin_date` is local midnight in all of them, neither UTC nor the hour.
    """
    timestamps = _timestamps(day, 60)
    return [
        f'{{"market_hour":{{"gmt_begin_date":"{timestamps[0]}",'
        f'"local_day":"{timestamp}","local_hour_end":"{_hour_end(timestamp)}"}},'
        for timestamp in timestamps
    ]


def _override(row: Mapping[str, int]) -> str:
    """What overrides an hour's expected closeout charge: a number where that is low, else null."""
    charge = row["expected_closeout_charge"]
    return _decimal(charge + 100) if charge < _OVERRIDDEN_BELOW else "null"


@lru_cache(maxsize=64)
def _timestamps(day: dt.date, minutes: int) -> tuple[str, ...]:
    """The beginnings of a day's intervals as the service writes them."""
    return tuple(
        market_time.timestamp(start) for start in market_time.interval_starts(day, minutes)
    )


def _hour_end(timestamp: str) -> str:
    """The hour ending of an interval, 01 to 24, from the timestamp of its beginning."""
    return f"{_local_hour(timestamp) + 1:02d}"


def _local_hour(timestamp: str) -> int:
    return int(timestamp[11:13])


def _compact(record: object) -> str:
    return json.dumps(record, separators=(",", ":"))


def _is_day_ahead(feed: Feed) -> bool:
    """Whether its prices are made before the day begins."""
    return feed.dataset.publication_lag < dt.timedelta(0)


def _location_json(place: Place) -> str:
    return _compact({"@LocId": str(place.id), "@LocType": place.type, "$": place.name})


def _listing_json(place: Place) -> str:
    row: dict[str, object] = {"LocationID": place.id}
    if place.node_type is not None:
        row["NetworkNodeType"] = place.node_type
    row |= {"AreaType": place.area, "LocationType": place.type, "LocationName": place.name}
    return json.dumps(row, separators=(",", ":"))


def _reserve_json(timestamp: str, zone: int, row: prices.ReserveRow, five_minute: bool) -> str:
    if len(row.requirements) == 1:
        needs = f'"Total30MinRequirement":{_money[row.requirements[0]]}'
    else:
        spin, ten, thirty = row.requirements
        needs = (
            f'"TenMinSpinRequirement":{_money[spin]},"Total10MinRequirement":{_money[ten]},'
            f'"Total30MinRequirement":{_money[thirty]}'
        )
    interval = f',"IntervalBeginDate":"{timestamp}"' if five_minute else ""
    return (
        f'{{"BeginDate":"{timestamp}","ReserveZoneId":{zone},'
        f'"ReserveZoneName":"{RESERVE_ZONES[zone]}",{needs},'
        f'"TmsrDesignatedMw":{_money[row.designated[0]]},'
        f'"TmnsrDesignatedMw":{_money[row.designated[1]]},'
        f'"TmorDesignatedMw":{_money[row.designated[2]]},'
        f'"TmsrClearingPrice":{_money[row.prices[0]]},'
        f'"TmnsrClearingPrice":{_money[row.prices[1]]},'
        f'"TmorClearingPrice":{_money[row.prices[2]]}{interval}}}'
    )


def _index_json(first: dt.date, ref: str, totals: Sequence[tuple[bool, int]]) -> str:
    peak = prices.mean([total for on_peak, total in totals if on_peak])
    rest = prices.mean([total for on_peak, total in totals if not on_peak])
    every = prices.mean([total for _, total in totals])
    return (
        f'{{"BeginDate":"{_timestamps(first, 60)[0]}","Location":{ref},"OnPeak":{_money[peak]},'
        f'"OffPeak":{_money[rest]},"Average":{_money[every]}}}'
    )


def _months(year: int) -> Iterator[tuple[dt.date, dt.date]]:
    """The first and last day of each month of a year."""
    for month in range(1, 13):
        first = dt.date(year, month, 1)
        following = dt.date(year + month // 12, month % 12 + 1, 1)
        yield first, following - dt.timedelta(days=1)


def _info(feed: Feed, at: dt.datetime) -> bytes:
    last = market_time.last_published(feed.lag, at)
    latest = market_time.interval_starts(last, feed.dataset.times.minutes or 60)[-1]
    info = {
        "CreationDate": market_time.timestamp(int(at.timestamp())),
        "LatestBeginDate": market_time.timestamp(latest),
    }
    return json.dumps({"ServiceInfo": info}, separators=(",", ":")).encode()
