"""A response of the sandbox before transport: status, body and what the body holds."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from isone.sandbox.feeds import Query

JSON = "application/json"
HTML = "text/html; charset=UTF-8"


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
