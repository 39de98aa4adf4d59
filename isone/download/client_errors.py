"""One response of the service: what its status and headers say, its body, and what went wrong."""

import datetime as dt
import email.utils
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import requests
import urllib3

from isone.download import proxies
from isone.errors import IsoneError, NotFoundError, ResponseError, StopRunError, TransientError
from isone.market.servers import SANDBOX_SERVER
from isone.response.parse import shown
from isone.run.sources import Source, account_help
from isone.store.gzipped import pack

_CHUNK = 1 << 16
_LARGEST_BODY = 64 * 2**20  # bytes on the wire; a full day of all locations has 0.6 MB
_GZIP = {"gzip", "x-gzip"}  # one and the same (RFC 9110)


def check_server(response: requests.Response, source: Source) -> None:
    """Refuse synthetic prices where real ones are stored, and real ones among synthetic ones."""
    is_sandbox = response.headers.get("Server", "").startswith(SANDBOX_SERVER)
    if is_sandbox and not source.is_sandbox:
        raise StopRunError(
            f"{source.base_url} is the sandbox: its prices are synthetic; say source=sandbox, and "
            "they are kept apart from real ones, in the folder sandbox below data_dir"
        )
    if source.is_sandbox and not is_sandbox and response.status_code in {200, 404}:
        raise StopRunError(
            f"{source.base_url} is not the sandbox, whose responses say so (Server: "
            f"{SANDBOX_SERVER}): its prices may be real and are not stored among synthetic ones; "
            "leave out source=sandbox, or fix base_url"
        )


def check_status(response: requests.Response, source: Source, proxy: str | None = None) -> None:
    """Raise what a status other than 200 means, and what there is to do about it."""
    status = response.status_code
    if status == 200:
        return
    way = proxies.speaks_for(source.base_url, proxy)
    if status == 401:
        raise StopRunError(
            f"{source.base_url}{way} refused the account (401): check the user name and password, "
            "and mind that a new account waits for ISO-NE's approval; "
            f"{account_help(source.base_url)}"
        )
    if status == 403:
        raise StopRunError(
            f"{source.base_url}{way} forbids the request (403): the account may lack access to the "
            "web services, or this address is blocked; sign in to ISO Express to see which"
        )
    if status == 407 and proxy:
        raise proxies.wants_login(proxy)
    if status == 404:
        raise NotFoundError("the service has no data (404)")
    if 300 <= status < 400:
        target = shown(response.headers.get("Location", "nowhere"))
        raise TransientError(f"the service redirects to {target} ({status}), which is not followed")
    answer = f"the service answered {status} {_phrase(status)}".rstrip() + way
    if status in {408, 429} or status >= 500:
        wish = retry_after(response.headers)
        asks = f" and asks to wait {wish:.0f} s" if wish else ""
        raise TransientError(f"{answer}{asks}", wish)
    raise ResponseError(answer)


def _phrase(status: int) -> str:
    """What a status is called in the standard; the service's own words may be anything."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a `Retry-After` asks for, given as seconds or as a date; None for neither.

    A date is compared with the service's own clock where it tells the time: this machine's may be
    wrong.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until = _moment(text)
    if until is None:
        return None
    now = _moment(headers.get("Date", "")) or dt.datetime.now(dt.UTC)
    return max(0.0, (until - now).total_seconds())


def _moment(text: str) -> dt.datetime | None:
    """A date as HTTP writes one; None for anything else."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def check_headers(headers: Mapping[str, str]) -> bool:
    """Refuse what is not JSON; tell whether it comes gzipped."""
    content_type = headers.get("Content-Type", "nothing")
    kind, _, parameters = content_type.lower().partition(";")
    if kind.strip() != "application/json":
        raise TransientError(f"the service sent {shown(content_type)} instead of JSON")
    charset = parameters.replace('"', "").strip().removeprefix("charset=")
    if charset not in {"", "utf-8", "utf8"}:
        raise ResponseError(f"the service sent JSON in {shown(charset)} instead of UTF-8")
    return is_gzipped(headers)


def is_gzipped(headers: Mapping[str, str]) -> bool:
    """Whether the body is gzipped. Raises ResponseError where it is packed otherwise."""
    encoding = headers.get("Content-Encoding", "identity").lower()
    if encoding not in {*_GZIP, "identity"}:
        raise ResponseError(f"the service packed its response as {shown(encoding)} instead of gzip")
    return encoding in _GZIP


def receive(raw: Any, *, gzipped: bool) -> bytes:
    """The whole body, gzipped; one that came plain is packed."""
    chunks: list[bytes] = []
    received = 0
    while chunk := raw.read1(_CHUNK, decode_content=False):
        received += len(chunk)
        if received > _LARGEST_BODY:
            raise ResponseError(f"the response is larger than {_LARGEST_BODY >> 20} MB")
        chunks.append(chunk)
    if received == 0:
        raise TransientError("the service sent an empty body")
    body = b"".join(chunks)
    return body if gzipped else pack(body)


def explain(error: Exception, url: str, base_url: str, proxy: str | None) -> IsoneError:
    """What an error of requests or urllib3 means: StopRunError where no other try can succeed."""
    cause = _cause(error)
    of_proxy = proxies.explain(error, cause, proxy, url) if proxy else None
    if of_proxy:
        return of_proxy
    if isinstance(cause, ssl.SSLCertVerificationError):
        return StopRunError(
            f"the certificate of {base_url} is not trusted ({cause.verify_message}): check this "
            "machine's clock; behind a proxy that inspects traffic, name its authority with "
            "ca_bundle=FILE"
        )
    way = f", through the proxy {proxy}" if proxy else ""
    return TransientError(f"{_sentence(error, cause)} ({base_url}{way})")


def _cause(error: BaseException) -> BaseException:
    """The innermost reason of a chain that requests and urllib3 wrap around it."""
    reason = getattr(error, "reason", None) or getattr(error, "original_error", None)
    inner = reason if isinstance(reason, BaseException) else None
    if inner is None and error.args and isinstance(error.args[0], BaseException):
        inner = error.args[0]
    return _cause(inner) if inner is not None else error


def _sentence(error: Exception, cause: BaseException) -> str:
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return "the name of the service cannot be looked up: is there a network?"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection within the connect_timeout"
    if isinstance(error, requests.exceptions.ReadTimeout) or isinstance(
        cause, urllib3.exceptions.ReadTimeoutError
    ):
        return "nothing came within the read_timeout"
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return "no connection to the service"
    if isinstance(cause, ssl.SSLError):
        return f"the encrypted connection broke ({cause.reason or 'cut off'})"
    return f"the connection broke ({type(cause).__name__})"
