"""Faults of a response: another status, another page, another body."""

import json
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from time import time

from isone.sandbox.faults.fault import Settings, json_bytes
from isone.sandbox.response import Response, html_response, wrap

CHALLENGE = ("WWW-Authenticate", 'Basic realm="ISO New England sandbox"')


def grouped(response: Response, settings: Settings) -> Response:
    """The market day inside a list, as where the service has several of them to give."""
    content = json.loads(response.body)
    outer, middle = (response.query.feed.wrapper if response.query else ())[:2]
    content[outer][middle] = [content[outer][middle]]
    return replace(response, body=json_bytes(content), packed=None)


def status(code: int, title: str, text: str) -> Callable[[Response, Settings], Response]:
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
    return status(429, "Too Many Requests", "Too many requests; try again later.")(
        Response(429, b""), settings
    )


def too_many_until(response: Response, settings: Settings) -> Response:
    wait = 1 if settings.retry_after is None else settings.retry_after
    moment = formatdate(time() + wait, usegmt=True)
    answer = too_many(Settings())
    return replace(answer, headers=(("Retry-After", moment),))


def redirect(response: Response, settings: Settings) -> Response:
    page = html_response(302, "Found", "Sign in to go on.")
    return replace(page, headers=(("Location", settings.redirect_to),))


def page(response: Response, settings: Settings) -> Response:
    return html_response(200, "Maintenance", "The service is down for maintenance.")


def empty(response: Response, settings: Settings) -> Response:
    body = wrap(response.query.feed.wrapper, []) if response.query else b"{}"
    return replace(response, status=200, body=body, packed=None)


def error_object(response: Response, settings: Settings) -> Response:
    body = b'{"Error":{"Code":"500","Message":"The request could not be processed."}}'
    return replace(response, status=200, body=body, packed=None)


def byte_order_mark(response: Response, settings: Settings) -> Response:
    return replace(response, body=b"\xef\xbb\xbf" + response.body, packed=None)


def huge(response: Response, settings: Settings) -> Response:
    return replace(response, body=response.body + b" " * (99 * len(response.body)), packed=None)
