"""Faults on demand: every way a response can go wrong, one row each.

A fault acts at one of four stages: on the records of a response, on the response, on the message
made of it, or on the connection. Its name and what it does stand in one row of the table at the
end.
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import cache
from time import time
from typing import Any, Protocol

from isone.market import market_time
from isone.market.keys import IdKey
from isone.sandbox.feeds import Feed, Query
from isone.sandbox.message import Message
from isone.sandbox.responses import HTML, Response, html_response, wrap

CHALLENGE = ("WWW-Authenticate", 'Basic realm="ISO New England sandbox"')
LOGIN_PATH = "/login"
_BOMB = 200  # MB

Record = dict[str, Any]
Records = list[Record]


@dataclass(frozen=True)
class Settings:
    """What the faults can be told."""

    retry_after: int | None = None
    """Seconds that a 429 or 503 names in `Retry-After`; None leaves the header out."""
    hold: float = 60.0
    """Seconds for which `silence` and `stall` leave a client waiting."""
    redirect_to: str = LOGIN_PATH
    """Where `login-redirect` sends a client: a path, or a URL on another host."""


class CannotBeDoneError(Exception):
    """A fault cannot be done to these records: said in the log, and answered with 500."""


class Wire(Protocol):
    """What a fault may do with a connection."""

    def send(self, data: bytes) -> None:
        """Write bytes as they are."""

    def wait(self, seconds: float) -> None:
        """Let time pass; ends early when the sandbox stops."""

    def reset(self) -> None:
        """End the connection with a reset instead of in order."""


def _any(query: Query) -> bool:
    return True


@dataclass(frozen=True)
class Fault:
    """One way a response can go wrong: its name, what it does in a line, and how (one of four)."""

    name: str
    summary: str
    on_records: Callable[[Records, Feed], Records] | None = None
    on_response: Callable[[Response, Settings], Response] | None = None
    on_message: Callable[[Message], Message] | None = None
    on_wire: Callable[[Message, Wire, Settings], None] | None = None
    fits: Callable[[Query], bool] = _any
    """To which queries' records it can be done."""
    answers: bool = True
    """Whether the client gets to see a status."""

    @property
    def needs_records(self) -> bool:
        """Whether it is done to nothing but a day's records."""
        return self.on_records is not None or self.fits is not _any

    def applies_to(self, response: Response) -> bool:
        """Whether this response can suffer the fault."""
        if not self.needs_records:
            return True
        query = response.query
        if query is None or not self.fits(query):
            return False
        return response.body != wrap(query.feed.wrapper, [])


def spoil_records(fault: Fault, response: Response) -> Response:
    """Do a fault to the records in a response; one without records stays as it is.

    What comes beside the list of records stays. Raises CannotBeDoneError.
    """
    if fault.on_records is None or response.query is None:
        return response
    feed = response.query.feed
    *outer, inner = feed.wrapper
    response_content = level = json.loads(response.body)
    for key in outer:
        level = level[key]
    content = level[inner] if isinstance(level, dict) else ""
    records = [content] if isinstance(content, dict) else list(content)
    if not records:
        return response
    spoilt = fault.on_records(records, feed)
    if not spoilt:
        return replace(response, body=wrap(feed.wrapper, []), packed=None)
    level[inner] = spoilt[0] if len(spoilt) == 1 else spoilt
    return replace(response, body=_json(response_content), packed=None)


def _json(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _grouped(response: Response, settings: Settings) -> Response:
    """The market day inside a list, as where the service has several of them to give."""
    content = json.loads(response.body)
    outer, middle = (response.query.feed.wrapper if response.query else ())[:2]
    content[outer][middle] = [content[outer][middle]]
    return replace(response, body=_json(content), packed=None)


def _status(code: int, title: str, text: str) -> Callable[[Response, Settings], Response]:
    def answer(response: Response, settings: Settings) -> Response:
        headers = []
        if code in (429, 503) and settings.retry_after is not None:
            headers.append(("Retry-After", str(settings.retry_after)))
        if code == 401:
            headers.append(CHALLENGE)
        return html_response(code, title, text, *headers)

    return answer


def too_many(settings: Settings) -> Response:
    """The answer to a client that asks too often."""
    return _status(429, "Too Many Requests", "Too many requests; try again later.")(
        Response(429, b""), settings
    )


def _too_many_until(response: Response, settings: Settings) -> Response:
    wait = 1 if settings.retry_after is None else settings.retry_after
    moment = formatdate(time() + wait, usegmt=True)
    answer = too_many(Settings())
    return replace(answer, headers=(("Retry-After", moment),))


def _redirect(response: Response, settings: Settings) -> Response:
    page = html_response(302, "Found", "Sign in to go on.")
    return replace(page, headers=(("Location", settings.redirect_to),))


def _page(response: Response, settings: Settings) -> Response:
    return html_response(200, "Maintenance", "The service is down for maintenance.")


def _empty(response: Response, settings: Settings) -> Response:
    body = wrap(response.query.feed.wrapper, []) if response.query else b"{}"
    return replace(response, status=200, body=body, packed=None)


def _error_object(response: Response, settings: Settings) -> Response:
    body = b'{"Error":{"Code":"500","Message":"The request could not be processed."}}'
    return replace(response, status=200, body=body, packed=None)


def _byte_order_mark(response: Response, settings: Settings) -> Response:
    return replace(response, body=b"\xef\xbb\xbf" + response.body, packed=None)


def _half(message: Message) -> Message:
    return message.with_body(message.body[: len(message.body) // 2])


def _damage(message: Message) -> Message:
    """Turn one bit around in the middle of the body."""
    middle = len(message.body) // 2
    body = bytearray(message.body)
    body[middle] ^= 0x10
    return message.with_body(bytes(body))


def _huge(response: Response, settings: Settings) -> Response:
    return replace(response, body=response.body + b" " * (99 * len(response.body)), packed=None)


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    blanks = b" " * 1_000_000
    return b"".join(packer.compress(blanks) for _ in range(_BOMB)) + packer.flush()


def _gzip_bomb(message: Message) -> Message:
    return message.with_body(_bomb()).with_header("Content-Encoding", "gzip")


def _wrong_type(message: Message) -> Message:
    return message.with_header("Content-Type", HTML)


def _send_half(message: Message, wire: Wire) -> None:
    wire.send(message.encode()[: message.head_length + len(message.body) // 2])


def _cut(message: Message, wire: Wire, settings: Settings) -> None:
    _send_half(message, wire)


def _reset(message: Message, wire: Wire, settings: Settings) -> None:
    _send_half(message, wire)
    wire.wait(0.02)  # a reset may overtake bytes that have not been handed over yet
    wire.reset()


def _reset_early(message: Message, wire: Wire, settings: Settings) -> None:
    wire.reset()


def _silence(message: Message, wire: Wire, settings: Settings) -> None:
    wire.wait(settings.hold)


def _stall(message: Message, wire: Wire, settings: Settings) -> None:
    _send_half(message, wire)
    wire.wait(settings.hold)


def _drip(message: Message, wire: Wire, settings: Settings) -> None:
    for byte in message.encode():
        wire.send(bytes((byte,)))
        wire.wait(1)


def _slow(message: Message, wire: Wire, settings: Settings) -> None:
    data = message.encode()
    for first in range(0, len(data), 1000):
        wire.send(data[first : first + 1000])
        wire.wait(0.1)


def _hang_up(message: Message, wire: Wire, settings: Settings) -> None:
    wire.send(message.encode())


def _overlong(message: Message, wire: Wire, settings: Settings) -> None:
    wire.send(message.with_header("Content-Length", str(len(message.body) - 10)).encode())


def _chunks_cut(message: Message, wire: Wire, settings: Settings) -> None:
    headers = tuple(h for h in message.headers if h[0] != "Content-Length")
    chunk = message.body[: len(message.body) // 2]
    head = replace(message, headers=(*headers, ("Transfer-Encoding", "chunked")), body=b"")
    wire.send(head.encode() + f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")


def _timestamp_of(record: Record, feed: Feed) -> int:
    value: Any = record
    for key in feed.dataset.begins:
        value = value[key]
    return market_time.parse_timestamp(value)


def _with_timestamp(record: Record, feed: Feed, instant: int) -> Record:
    """The record with another beginning; what leads to the timestamp is copied."""
    *outer, last = feed.dataset.begins
    changed = dict(record)
    inside = changed
    for key in outer:
        inside[key] = dict(inside[key])
        inside = inside[key]
    inside[last] = market_time.timestamp(instant)
    return changed


def _with_place(record: Record, feed: Feed, place: int) -> Record:
    key = _id_key(feed)
    name, kind = key.known.get(place, ("ELSEWHERE", "NETWORK NODE"))
    of_id, of_type, of_name = key.inner
    if not key.outer:
        return record | {of_id: place, of_name: name}
    types = {of_type: kind} if of_type else {}
    return record | {key.outer: {of_id: str(place), **types, of_name: name}}


def _place_of(record: Record, feed: Feed) -> int:
    key = _id_key(feed)
    return int((record[key.outer] if key.outer else record)[key.inner[0]])


def _id_key(feed: Feed) -> IdKey:
    key = feed.dataset.id_key
    if key is None:
        raise CannotBeDoneError(f"{feed.dataset.name} has no locations")
    return key


def _values_of(record: Record, feed: Feed) -> list[str]:
    """The fields in which a record has a number, the foremost price first."""
    return [field for field in feed.value_fields if isinstance(record.get(field), int | float)]


def _middle(records: Records, feed: Feed) -> int:
    """Where the record nearest the middle is that has a number."""
    order = sorted(range(len(records)), key=lambda number: abs(number - len(records) // 2))
    for number in order:
        if _values_of(records[number], feed):
            return number
    raise CannotBeDoneError(f"no record of {feed.dataset.name} has a number to change")


def _foremost(records: Records, feed: Feed) -> str:
    """The foremost field in which any record has a number."""
    return _values_of(records[_middle(records, feed)], feed)[0]


def _middle_changed(records: Records, feed: Feed, value: object) -> Records:
    """One record with another value for its foremost number."""
    middle = _middle(records, feed)
    changed = records[middle] | {_values_of(records[middle], feed)[0]: value}
    return [*records[:middle], changed, *records[middle + 1 :]]


def _wrong_day(records: Records, feed: Feed) -> Records:
    return [_with_timestamp(r, feed, _timestamp_of(r, feed) - 7 * 86400) for r in records]


def _missing_interval(records: Records, feed: Feed) -> Records:
    gone = _timestamp_of(records[len(records) // 2], feed)
    return [r for r in records if _timestamp_of(r, feed) != gone]


def _doubled_row(records: Records, feed: Feed) -> Records:
    middle = len(records) // 2
    return [*records[: middle + 1], *records[middle:]]


def _disagreeing_row(records: Records, feed: Feed) -> Records:
    middle = _middle(records, feed)
    other = dict(records[middle])
    # with two fields of an LMP raised, its components still add up
    for field in _values_of(other, feed)[:2]:
        other[field] = round(other[field] + 1.07, 2)
    return [*records[: middle + 1], other, *records[middle + 1 :]]


def _null_price(records: Records, feed: Feed) -> Records:
    return _middle_changed(records, feed, None)


def _text_price(records: Records, feed: Feed) -> Records:
    return _middle_changed(records, feed, "N/A")


def _thousands(records: Records, feed: Feed) -> Records:
    return _middle_changed(records, feed, "1,234.56")


def _sum_off(records: Records, feed: Feed) -> Records:
    identity = feed.dataset.sums[0]
    field = {column.name: column.field for column in feed.dataset.columns}[identity.total]
    numbers = [n for n, r in enumerate(records) if isinstance(r.get(field), int | float)]
    if not numbers:
        raise CannotBeDoneError(f"no record of {feed.dataset.name} has {field}")
    middle = numbers[len(numbers) // 2]
    off = round(records[middle][field] + 37 * identity.tolerance, 6)
    return [*records[:middle], records[middle] | {field: off}, *records[middle + 1 :]]


def _new_field(records: Records, feed: Feed) -> Records:
    return [r | {"SandboxExtra": 1.5} for r in records]


def _missing_field(records: Records, feed: Feed) -> Records:
    gone = _foremost(records, feed)
    return [{key: value for key, value in r.items() if key != gone} for r in records]


def _renamed_field(records: Records, feed: Feed) -> Records:
    field = _foremost(records, feed)
    return [
        {f"{key}Renamed" if key == field else key: value for key, value in r.items()}
        for r in records
    ]


def _wrong_place(records: Records, feed: Feed) -> Records:
    """One place's rows claim another: a known one if the response has one place only."""
    found = _place_of(records[0], feed)
    known = _id_key(feed).known
    if all(_place_of(r, feed) == found for r in records):
        claimed = next(place for place in known if place != found)
    else:
        claimed = max(known) + 1990
    return [_with_place(r, feed, claimed) if _place_of(r, feed) == found else r for r in records]


def _missing_place(records: Records, feed: Feed) -> Records:
    first = _place_of(records[0], feed)
    return [r for r in records if _place_of(r, feed) != first]


def _nameless_place(records: Records, feed: Feed) -> Records:
    """The place with the highest id comes with that alone."""
    last = max(_place_of(r, feed) for r in records)
    key = _id_key(feed)
    alone = {key.outer: {key.inner[0]: str(last)}}
    return [r | alone if _place_of(r, feed) == last else r for r in records]


def _shifted_hour(records: Records, feed: Feed) -> Records:
    return [_with_timestamp(r, feed, _timestamp_of(r, feed) + 3600) for r in records]


def _timestamp_off(records: Records, feed: Feed) -> Records:
    return [
        _with_timestamp(r, feed, _timestamp_of(r, feed) + 1 + number % 2) if number % 7 == 3 else r
        for number, r in enumerate(records)
    ]


def _has_place(query: Query) -> bool:
    return query.feed.dataset.id_key is not None


def _has_places(query: Query) -> bool:
    return _has_place(query) and query.place is None


def _has_components(query: Query) -> bool:
    return bool(query.feed.dataset.sums)


def _has_nodes(query: Query) -> bool:
    key = query.feed.dataset.id_key
    return key is not None and key.chosen and bool(key.outer) and query.place not in key.known


def _has_values(query: Query) -> bool:
    return bool(query.feed.value_fields)


def _has_market_day(query: Query) -> bool:
    return query.feed.by_market_day


def _has_five_minutes(query: Query) -> bool:
    return query.feed.dataset.times.minutes == 5


_ROWS = (
    Fault(
        "too-many-requests",
        "429; Retry-After in seconds if --retry-after is given",
        on_response=_status(429, "Too Many Requests", "Too many requests; try again later."),
    ),
    Fault(
        "too-many-requests-date",
        "429 with Retry-After as a date",
        on_response=_too_many_until,
    ),
    Fault(
        "server-error",
        "500 with an HTML page",
        on_response=_status(500, "Internal Server Error", "Something went wrong."),
    ),
    Fault(
        "bad-gateway",
        "502 with an HTML page",
        on_response=_status(502, "Bad Gateway", "The service behind did not answer."),
    ),
    Fault(
        "unavailable",
        "503 with an HTML page; Retry-After as for 429",
        on_response=_status(503, "Service Unavailable", "The service is not available."),
    ),
    Fault(
        "gateway-timeout",
        "504 with an HTML page",
        on_response=_status(504, "Gateway Timeout", "The service behind was too slow."),
    ),
    Fault(
        "unauthorized",
        "401 with a challenge for a login",
        on_response=_status(401, "Unauthorized", "This request needs a login."),
    ),
    Fault(
        "forbidden",
        "403 with an HTML page",
        on_response=_status(403, "Forbidden", "You may not see this."),
    ),
    Fault(
        "not-found",
        "404 with an HTML page",
        on_response=_status(404, "Not Found", "There is nothing here."),
    ),
    Fault("empty", "200 with an empty wrapper, as for a day without data", on_response=_empty),
    Fault(
        "login-redirect",
        "302 to a login page on another path, or to --redirect-to",
        on_response=_redirect,
    ),
    Fault("html", "200 with an HTML page instead of JSON", on_response=_page),
    Fault(
        "error-object", "200 with a JSON object that tells of an error", on_response=_error_object
    ),
    Fault("byte-order-mark", "a byte-order mark before the JSON", on_response=_byte_order_mark),
    Fault("wrong-type", "the right body announced as HTML", on_message=_wrong_type),
    Fault("reset-early", "reset before the headers", on_wire=_reset_early, answers=False),
    Fault("reset", "reset in the middle of the body", on_wire=_reset),
    Fault("cut-body", "closed after half of the promised body", on_wire=_cut),
    Fault("long-body", "ten bytes more than promised", on_wire=_overlong),
    Fault("cut-chunks", "chunked, and closed before the last chunk", on_wire=_chunks_cut),
    Fault("cut-gzip", "half of the body, with the length that belongs to it", on_message=_half),
    Fault("huge-body", "filled up with blanks to a hundred times its size", on_response=_huge),
    Fault("gzip-bomb", f"a small body that unpacks to {_BOMB} MB", on_message=_gzip_bomb),
    Fault("damaged-gzip", "one bit of the body turned around", on_message=_damage),
    Fault("silence", "no answer for --hold seconds, then closed", on_wire=_silence, answers=False),
    Fault("stall", "half of the body, nothing for --hold seconds, then closed", on_wire=_stall),
    Fault("drip", "one byte a second", on_wire=_drip),
    Fault("slow", "whole and right at 10 kB a second", on_wire=_slow),
    Fault("hang-up", "whole and right, then closed without notice", on_wire=_hang_up),
    Fault("wrong-day", "the same hours a week earlier", on_records=_wrong_day),
    Fault("shifted-hour", "every record an hour late", on_records=_shifted_hour),
    Fault("missing-interval", "one interval left out", on_records=_missing_interval),
    Fault(
        "missing-place",
        "one place left out, of a set with places that is asked for whole",
        on_records=_missing_place,
        fits=_has_places,
    ),
    Fault("doubled-row", "one record twice, identical", on_records=_doubled_row),
    Fault(
        "disagreeing-row",
        "one record twice, with two prices",
        on_records=_disagreeing_row,
        fits=_has_values,
    ),
    Fault("null-price", "one price is null", on_records=_null_price, fits=_has_values),
    Fault("text-price", "one price is the text N/A", on_records=_text_price, fits=_has_values),
    Fault(
        "thousands",
        "one price is a text with a thousands separator",
        on_records=_thousands,
        fits=_has_values,
    ),
    Fault(
        "sum-off",
        "one LMP is not the sum of its components",
        on_records=_sum_off,
        fits=_has_components,
    ),
    Fault("new-field", "an unknown field on each record", on_records=_new_field),
    Fault(
        "missing-field",
        "a price field gone from each record",
        on_records=_missing_field,
        fits=_has_values,
    ),
    Fault(
        "renamed-field",
        "a price field under another name",
        on_records=_renamed_field,
        fits=_has_values,
    ),
    Fault(
        "wrong-place",
        "one place's rows claim another, in a set with places",
        on_records=_wrong_place,
        fits=_has_place,
    ),
    Fault(
        "nameless-place",
        "one node of an LMP comes with its id alone, without name and type",
        on_records=_nameless_place,
        fits=_has_nodes,
    ),
    Fault(
        "grouped",
        "the market day of a day-ahead service inside a list",
        on_response=_grouped,
        fits=_has_market_day,
    ),
    Fault(
        "timestamp-off",
        "some five-minute timestamps one or two seconds late",
        on_records=_timestamp_off,
        fits=_has_five_minutes,
    ),
)

FAULTS = {row.name: row for row in _ROWS}
