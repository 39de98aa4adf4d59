"""The table of the faults: a row each, and which queries' records each can be done to."""

from isone.sandbox.faults import records, responses, wire
from isone.sandbox.faults.fault import Fault
from isone.sandbox.feeds import Query


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
        on_response=responses.status(
            429, "Too Many Requests", "Too many requests; try again later."
        ),
    ),
    Fault(
        "too-many-requests-date",
        "429 with Retry-After as a date",
        on_response=responses.too_many_until,
    ),
    Fault(
        "server-error",
        "500 with an HTML page",
        on_response=responses.status(500, "Internal Server Error", "Something went wrong."),
    ),
    Fault(
        "bad-gateway",
        "502 with an HTML page",
        on_response=responses.status(502, "Bad Gateway", "The service behind did not answer."),
    ),
    Fault(
        "unavailable",
        "503 with an HTML page; Retry-After as for 429",
        on_response=responses.status(503, "Service Unavailable", "The service is not available."),
    ),
    Fault(
        "gateway-timeout",
        "504 with an HTML page",
        on_response=responses.status(504, "Gateway Timeout", "The service behind was too slow."),
    ),
    Fault(
        "unauthorized",
        "401 with a challenge for a login",
        on_response=responses.status(401, "Unauthorized", "This request needs a login."),
    ),
    Fault(
        "forbidden",
        "403 with an HTML page",
        on_response=responses.status(403, "Forbidden", "You may not see this."),
    ),
    Fault(
        "not-found",
        "404 with an HTML page",
        on_response=responses.status(404, "Not Found", "There is nothing here."),
    ),
    Fault(
        "empty", "200 with an empty wrapper, as for a day without data", on_response=responses.empty
    ),
    Fault(
        "login-redirect",
        "302 to a login page on another path, or to --redirect-to",
        on_response=responses.redirect,
    ),
    Fault("html", "200 with an HTML page instead of JSON", on_response=responses.page),
    Fault(
        "error-object",
        "200 with a JSON object that tells of an error",
        on_response=responses.error_object,
    ),
    Fault(
        "byte-order-mark",
        "a byte-order mark before the JSON",
        on_response=responses.byte_order_mark,
    ),
    Fault("wrong-type", "the right body announced as HTML", on_message=wire.wrong_type),
    Fault("reset-early", "reset before the headers", on_wire=wire.reset_early, answers=False),
    Fault("reset", "reset in the middle of the body", on_wire=wire.reset),
    Fault("cut-body", "closed after half of the promised body", on_wire=wire.cut),
    Fault("long-body", "ten bytes more than promised", on_wire=wire.overlong),
    Fault("cut-chunks", "chunked, and closed before the last chunk", on_wire=wire.chunks_cut),
    Fault("cut-gzip", "half of the body, with the length that belongs to it", on_message=wire.half),
    Fault(
        "huge-body", "filled up with blanks to a hundred times its size", on_response=responses.huge
    ),
    Fault("gzip-bomb", f"a small body that unpacks to {wire.BOMB} MB", on_message=wire.gzip_bomb),
    Fault("damaged-gzip", "one bit of the body turned around", on_message=wire.damage),
    Fault(
        "silence", "no answer for --hold seconds, then closed", on_wire=wire.silence, answers=False
    ),
    Fault("stall", "half of the body, nothing for --hold seconds, then closed", on_wire=wire.stall),
    Fault("drip", "one byte a second", on_wire=wire.drip),
    Fault("slow", "whole and right at 10 kB a second", on_wire=wire.slow),
    Fault("hang-up", "whole and right, then closed without notice", on_wire=wire.hang_up),
    Fault("wrong-day", "the same hours a week earlier", on_records=records.wrong_day),
    Fault("shifted-hour", "every record an hour late", on_records=records.shifted_hour),
    Fault("missing-interval", "one interval left out", on_records=records.missing_interval),
    Fault(
        "missing-place",
        "one place left out, of a set with places that is asked for whole",
        on_records=records.missing_place,
        fits=_has_places,
    ),
    Fault("doubled-row", "one record twice, identical", on_records=records.doubled_row),
    Fault(
        "disagreeing-row",
        "one record twice, with two prices",
        on_records=records.disagreeing_row,
        fits=_has_values,
    ),
    Fault("null-price", "one price is null", on_records=records.null_price, fits=_has_values),
    Fault(
        "text-price", "one price is the text N/A", on_records=records.text_price, fits=_has_values
    ),
    Fault(
        "thousands",
        "one price is a text with a thousands separator",
        on_records=records.thousands,
        fits=_has_values,
    ),
    Fault(
        "sum-off",
        "one LMP is not the sum of its components",
        on_records=records.sum_off,
        fits=_has_components,
    ),
    Fault("new-field", "an unknown field on each record", on_records=records.new_field),
    Fault(
        "missing-field",
        "a price field gone from each record",
        on_records=records.missing_field,
        fits=_has_values,
    ),
    Fault(
        "renamed-field",
        "a price field under another name",
        on_records=records.renamed_field,
        fits=_has_values,
    ),
    Fault(
        "wrong-place",
        "one place's rows claim another, in a set with places",
        on_records=records.wrong_place,
        fits=_has_place,
    ),
    Fault(
        "nameless-place",
        "one node of an LMP comes with its id alone, without name and type",
        on_records=records.nameless_place,
        fits=_has_nodes,
    ),
    Fault(
        "grouped",
        "the market day of a day-ahead service inside a list",
        on_response=responses.grouped,
        fits=_has_market_day,
    ),
    Fault(
        "timestamp-off",
        "some five-minute timestamps one or two seconds late",
        on_records=records.timestamp_off,
        fits=_has_five_minutes,
    ),
)

FAULTS = {row.name: row for row in _ROWS}
