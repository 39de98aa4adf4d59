"""The synthetic service: paths in, responses in ISO-NE's shapes out."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from isone.market import market_time
from isone.market.locations import CORE_LOCATIONS, RESERVE_ZONES
from isone.sandbox import ancillary_prices, load, plain, prices, supply
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
from isone.sandbox.records import (
    components,
    decimal,
    hour_end,
    index_json,
    listing_json,
    lmp_json,
    local_hour,
    location_json,
    market_hours,
    money,
    override,
    reserve_json,
    timestamps_of,
)
from isone.sandbox.response import Response, html_response, wrap

_INDEX = "lmpIndex/monthly"
_INDEX_FEEDS = {"da": "hourlylmp/da/final", "rt": "hourlylmp/rt/final"}
_TWO_REGULATION_PRICES_SINCE = dt.date(2015, 3, 31)
_BARE_CURRENT = ("load_5min",)
"""The sets whose newest record was seen in a list without the outer wrapper."""
_CURRENT_ALONE = "load_hourly"
"""The set whose newest record clients expect outside of any list."""
_PEAK_HOURS = range(7, 23)  # hours ending 08 to 23


class Synthetic:
    """The synthetic service: everything it would answer, without network, clock or state.

    `at` is the instant at which the service is asked: it decides what is published.
    """

    def __init__(self, seed: int, nodes: int) -> None:
        """Set up the network; raises UsageError for a number of nodes that cannot be."""
        self.seed = seed
        self.nodes = nodes
        self.places = priced_places(seed, nodes)
        self._refs = tuple((location_json(place), place) for place in self.places)
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
        if feed.dataset.request.span != "day":
            raise NotFoundError(path)
        if minutes is None:
            return self._newest_snapshot(feed, at)
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
        if feed.dataset.name in _BARE_CURRENT and records:
            return wrap(feed.wrapper[-1:], records, in_list=True)
        in_list = feed.dataset.name != _CURRENT_ALONE
        return wrap(feed.wrapper, records, _beside(query), in_list=in_list)

    def _newest_snapshot(self, feed: Feed, at: dt.datetime) -> bytes:
        records = self._records(Query(feed, market_time.last_published(feed.lag, at)))
        stamp, _, _ = records[-1].partition(",")
        return wrap(feed.wrapper, [each for each in records if each.startswith(stamp)])

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
            case "load_5min" | "load_hourly":
                return _as_json(load.records(self.seed, query))
            case name if name in supply.RECORDS:
                return _as_json(supply.RECORDS[name](self.seed, query))
            case "forecast_hourly":
                return _as_json(load.forecasts(self.seed, query))
            case "constraints_rt_15min":
                return _as_json(self._constraints_by_quarter_hour(query))
        return _as_json(plain.records(self.seed, query))

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
        timestamps = timestamps_of(query.day, query.feed.dataset.interval_minutes)
        intervals = zip(timestamps, system.energy, system.shadows, strict=True)
        if query.hour is None:
            return lmp_json(intervals, system.scale, refs)
        wanted = (row for row in intervals if local_hour(row[0]) == query.hour)
        return lmp_json(wanted, system.scale, refs)

    def _regulation_records(self, query: Query) -> list[str]:
        minutes = query.feed.dataset.interval_minutes
        timestamps = timestamps_of(query.day, minutes)
        rows: Sequence[tuple[int, int]]
        if minutes == 60:
            rows = ancillary_prices.hourly_regulation(self.seed, query.day, query.feed.prelim)
        else:
            rows = ancillary_prices.regulation(self.seed, query.day, query.feed.prelim)
        if query.day < _TWO_REGULATION_PRICES_SINCE:
            return [
                f'{{"BeginDate":"{timestamp}","RegClearingPrice":{money[capacity]},'
                f'"HourEnd":"{hour_end(timestamp)}"}}'
                for timestamp, (_, capacity) in zip(timestamps, rows, strict=True)
            ]
        return [
            f'{{"BeginDate":"{timestamp}","RegServiceClearingPrice":{money[service]},'
            f'"RegCapacityClearingPrice":{money[capacity]},"HourEnd":"{hour_end(timestamp)}"}}'
            for timestamp, (service, capacity) in zip(timestamps, rows, strict=True)
        ]

    def _reserve_records(self, query: Query) -> list[str]:
        minutes = query.feed.dataset.interval_minutes
        intervals: Sequence[Sequence[ancillary_prices.ReserveRow]]
        if minutes == 60:
            intervals = ancillary_prices.hourly_reserves(self.seed, query.day, query.feed.prelim)
        else:
            intervals = ancillary_prices.reserves(self.seed, query.day, query.feed.prelim)
        zones = zone_ids(query)
        order = list(RESERVE_ZONES)
        return [
            reserve_json(timestamp, zone, rows[order.index(zone)], minutes == 5)
            for timestamp, rows in zip(timestamps_of(query.day, minutes), intervals, strict=True)
            for zone in zones
        ]

    def _ancillary_records(self, query: Query) -> list[str]:
        rows = ancillary_prices.day_ahead_services(self.seed, query.day)
        fields = [column.field for column in query.feed.dataset.columns]
        records = []
        for hour, row in zip(market_hours(query.day), rows, strict=True):
            values = (*row.requirements, *row.prices, *row.designated)
            numbers = zip(fields, values, strict=True)
            records.append(hour + ",".join(f'"{f}":{decimal(value)}' for f, value in numbers) + "}")
        return records

    def _strike_records(self, query: Query) -> list[str]:
        """Strike prices; what overrides the closeout charge is there, and mostly null."""
        rows = ancillary_prices.strike_prices(self.seed, query.day)
        set_at = f"{query.day - dt.timedelta(days=1)}T10:00:00.000Z"
        return [
            f'{hour}"strike_price_timestamp":"{set_at}",'
            + ",".join(f'"{field}":{decimal(value)}' for field, value in row.items())
            + f',"expected_closeout_charge_override":{override(row)}}}'
            for hour, row in zip(market_hours(query.day), rows, strict=True)
        ]

    def _constraint_records(self, query: Query) -> list[str]:
        """The interfaces that are congested, each interval by itself: on an empty day none.

        A marginal value is the shadow price that the congestion components come from, below 0.
        Contingencies are named day-ahead alone, one of them by a number.
        """
        timestamps = timestamps_of(query.day, query.feed.dataset.interval_minutes)
        day_ahead = _is_day_ahead(query.feed)
        named = _as_json(contingency for _, contingency, _ in CONSTRAINTS)
        held = [f'"ContingencyName":{each},' if day_ahead else "" for each in named]
        return [
            f'{{"BeginDate":"{timestamp}","ConstraintName":"{name}",{contingency}'
            f'"InterfaceFlag":"{flag}","MarginalValue":{money[-shadow]}}}'
            for timestamp, shadows in zip(timestamps, self.system(query).shadows, strict=True)
            for (name, _, flag), contingency, shadow in zip(CONSTRAINTS, held, shadows, strict=True)
            if shadow
        ]

    def _constraints_by_quarter_hour(self, query: Query) -> Iterator[dict[str, Any]]:
        """The same interfaces by fifteen minutes: a record for each five that one of them binds."""
        for day in query.days:
            system = prices.real_time(self.seed, day, False, 5)
            timestamps = timestamps_of(day, 5)
            for number, shadows in enumerate(system.shadows):
                begins = timestamps[number // 3 * 3]
                for (name, _, _), shadow in zip(CONSTRAINTS, shadows, strict=True):
                    if shadow:
                        yield {
                            "Type": "FINAL",
                            "BeginDate": begins,
                            "ConstraintName": name,
                            "MarginalValueInterval": timestamps[number],
                            "MarginalValue": -shadow / 100,
                            "HourEnd": hour_end(begins),
                        }

    def _locations(self, everything: bool) -> bytes:
        places = listed_places(self.seed, self.nodes if everything else 0)
        return wrap(("Locations", "Location"), [listing_json(place) for place in places])

    def _location(self, path: str, id: int) -> bytes:
        """One location by its id; raises NotFoundError for one that is not listed."""
        for place in listed_places(self.seed, self.nodes):
            if place.id == id:
                return wrap(("Location",), [listing_json(place)])
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
                records.append(index_json(first, ref, totals))
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


def _as_json(values: Iterable[object]) -> list[str]:
    return [msgspec.json.encode(value).decode() for value in values]


def _is_day_ahead(feed: Feed) -> bool:
    """Whether its prices are made before the day begins."""
    return feed.dataset.publication_lag < dt.timedelta(0)


def _beside(query: Query) -> str:
    """What comes beside the list of a day-ahead ancillary set: the market day, local midnight."""
    return f'"market_day":"{timestamps_of(query.day, 60)[0]}",' if query.feed.by_market_day else ""


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
    return msgspec.json.encode({"ServiceInfo": info})
