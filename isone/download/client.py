"""One request at a time over one connection: patient with a busy service, strict with responses.

A response's body is handed on as served, still gzipped; what is in it is checked elsewhere.
Sleeping and retrying happen here and nowhere else.
"""

import contextlib
import datetime as dt
import email.utils
import gzip
import logging
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
import tenacity
import urllib3

from isone import __version__
from isone.download import proxies
from isone.download.browsing import Visit
from isone.download.connection import Adapter, ElsewhereError
from isone.download.deadline import Deadline
from isone.errors import (
    DownloadError,
    NotFoundError,
    ResponseError,
    StopRunError,
    TransientError,
    UsageError,
)
from isone.market.servers import SANDBOX_SERVER
from isone.response.parse import shown
from isone.run.settings import HttpPolicy
from isone.run.sources import Source, account_help, is_loopback

log = logging.getLogger(__name__)

_CHUNK = 1 << 16
_LARGEST_BODY = 64 * 2**20  # bytes on the wire; a full day of all locations has 0.6 MB
_GZIP = {"gzip", "x-gzip"}  # one and the same (RFC 9110)
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"isone-prices/{__version__}",
}


class Client:
    """A session with one source. Use it as a context manager; it is not for several threads."""

    def __init__(
        self,
        source: Source,
        policy: HttpPolicy,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open a session; set `on_wait` to be told `(seconds, reason)` before each wait.

        Raises UsageError for an address that cannot be asked and for an unreadable `ca_bundle`.
        """
        self.source = source
        self.policy = policy
        self.requests_sent = 0
        self.retries = 0
        self.waited = 0.0
        self.last_response: requests.Response | None = None  # its status and headers, read or not
        self.on_wait: Callable[[float, str], None] = lambda seconds, reason: None
        self._meanwhile: Callable[[], None] = lambda: None
        self._deadline = Deadline(policy.total_timeout)
        self._patiently = self._trying(self._patience_ends, sleep)
        self._once = self._trying(tenacity.stop_after_attempt(1), sleep)
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, Adapter(self._use_wait))
        self._session.headers.update(_HEADERS)
        self._visit = Visit(source) if source.gives_reports else None
        if self._visit:
            self._session.headers.update(self._visit.headers)
        self._session.auth = _authentication(source)
        try:
            self._session.trust_env = not is_loopback(source.base_url)  # no proxy to this machine
            self._request = self._session.prepare_request(requests.Request("GET", source.base_url))
            # asked directly: a session would read a redirect's body, however large
            self._adapter = self._session.get_adapter(source.base_url)
        except ValueError as error:
            raise UsageError(f"base_url: {source.base_url!r} cannot be asked: {error}") from error
        _require_readable(policy.ca_bundle)
        surroundings: Mapping[str, Any] = self._session.merge_environment_settings(
            source.base_url, {}, True, policy.ca_bundle or True, None
        )
        self._options = {**surroundings, "timeout": (policy.connect_timeout, policy.read_timeout)}
        self._proxy = proxies.find(source.base_url, surroundings["proxies"])

    def __enter__(self) -> "Client":
        """Return the client itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the connection."""
        self._session.close()

    def fetch(
        self, path: str, *, patient: bool = True, meanwhile: Callable[[], None] = lambda: None
    ) -> bytes:
        """The body of the response for a path, gzipped.

        While the response is awaited, or the time for another try, `meanwhile` is called; what it
        raises ends the request and is raised here.

        If `patient`, retries 429, 5xx and transport errors with exponential back-off and jitter,
        and honours `Retry-After`. Raises DownloadError when patience is at its end, NoDataError for
        a 404, ResponseError for an unusable response, StopRunError where no request can succeed.
        """
        self._meanwhile = meanwhile
        retrying = self._patiently if patient else self._once
        try:
            return retrying(self._fetch_once, self.source.url(path))
        except TransientError as error:
            raise DownloadError(
                f"{error}; patience for one request (backoff_total, "
                f"{self.policy.backoff_total:g} s of waiting) is at its end; "
                "run again to resume"
            ) from error

    def _trying(self, stop: Any, sleep: Callable[[float], None]) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=self._wait,
            stop=stop,
            before_sleep=self._before_sleep,
            sleep=sleep,
            reraise=True,
        )

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Seconds until the next try: twice the last, and never sooner than the server asks."""
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "retry_after", None) or 0.0
        first, longest = self.policy.backoff_first, self.policy.backoff_longest
        backoff = tenacity.wait_exponential(multiplier=first, max=longest)(state)
        return float(max(asked, backoff + tenacity.wait_random(0, first / 2)(state)))

    def _patience_ends(self, state: tenacity.RetryCallState) -> bool:
        return state.idle_for + state.upcoming_sleep > self.policy.backoff_total

    def _before_sleep(self, state: tenacity.RetryCallState) -> None:
        reason = str(state.outcome.exception()) if state.outcome else ""
        self.retries += 1
        self.waited += state.upcoming_sleep
        log.warning("waiting %.1f s: %s", state.upcoming_sleep, reason)
        self.on_wait(state.upcoming_sleep, reason)
        self._meanwhile()

    def _fetch_once(self, url: str) -> bytes:
        """Send one request through the session's adapter, which follows no redirect."""
        try:
            if self._visit:
                return self._visit_once(self._visit, url)
            with self._exchange(url) as response:
                _check_status(response, self.source, self._proxy)
                gzipped = _check_headers(response.headers)
                return _receive(response.raw, gzipped=gzipped)
        except ElsewhereError as elsewhere:
            self._session.close()
            raise elsewhere.error from None
        except (
            requests.exceptions.RequestException,
            urllib3.exceptions.HTTPError,
            TransientError,
        ) as error:
            self._session.close()  # what a broken exchange left in the connection must not be read
            if isinstance(error, TransientError):
                raise
            cause = _cause(error)
            of_proxy = self._proxy and proxies.explain(error, cause, self._proxy, url)
            if of_proxy:
                raise of_proxy from error
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise StopRunError(
                    f"the certificate of {self.source.base_url} is not trusted "
                    f"({cause.verify_message}): check this machine's clock; behind a proxy that "
                    "inspects traffic, name its authority with ca_bundle=FILE"
                ) from error
            way = f", through the proxy {self._proxy}" if self._proxy else ""
            raise TransientError(f"{_explain(error)} ({self.source.base_url}{way})") from error

    @contextlib.contextmanager
    def _exchange(self, url: str) -> Iterator[requests.Response]:
        """One request and its response, within the total deadline."""
        self.requests_sent += 1
        self.last_response = None
        request = self._request.copy()
        request.url = url
        if self._visit:
            self._visit.add_cookies(request)
        with (
            self._deadline.running(),
            self._adapter.send(request, **self._options) as response,
        ):
            self.last_response = response
            _check_server(response, self.source)
            if self._visit:
                self._visit.keep_cookies(response)
            yield response

    def _use_wait(self) -> None:
        with self._deadline.paused():
            self._meanwhile()

    def _visit_once(self, visit: Visit, url: str) -> bytes:
        """Get a public report, after the page that hands out the cookie where one is needed."""
        if visit.must_open_page(url):
            with self._exchange(visit.page_url) as page:
                _receive(page.raw, gzipped=True)  # read to its end, so that the connection is free
        with self._exchange(url) as response:
            if response.status_code == 403:
                raise visit.refused()
            _check_status(response, self.source, self._proxy)
            return visit.require_report(
                _receive(response.raw, gzipped=_is_gzipped(response.headers))
            )


def _require_readable(ca_bundle: str | None) -> None:
    """Refuse a `ca_bundle` that is not there or holds no certificates."""
    if ca_bundle is None:
        return
    is_folder = Path(ca_bundle).is_dir()
    try:
        ssl.create_default_context(
            cafile=None if is_folder else ca_bundle, capath=ca_bundle if is_folder else None
        )
    except OSError as error:
        raise UsageError(
            f"ca_bundle: {ca_bundle} holds no certificates that can be read ({error.strerror})"
        ) from error


def _authentication(source: Source) -> Any:
    """Basic auth for the source's own host; else nothing, not even what netrc may hold."""
    if source.credentials:
        pair = (source.credentials.username, source.credentials.password)
        return requests.auth.HTTPBasicAuth(*(os.fsencode(text) for text in pair))
    return lambda request: request


def _check_server(response: requests.Response, source: Source) -> None:
    """Refuse synthetic prices where real ones are stored, and real ones among synthetic ones."""
    is_sandbox = response.headers.get("Server", "").startswith(SANDBOX_SERVER)
    if is_sandbox and not source.is_sandbox:
        raise StopRunError(
            f"{source.base_url} is the sandbox: its prices are synthetic; say source=sandbox, and "
            "they are kept apart from real ones, in the folder sandbox below data_dir"
        )
    if source.is_sandbox and not is_sandbox and response.status_code == 200:
        raise StopRunError(
            f"{source.base_url} is not the sandbox, whose responses say so (Server: "
            f"{SANDBOX_SERVER}): its prices may be real and are not stored among synthetic ones; "
            "leave out source=sandbox, or mend base_url"
        )


def _check_status(response: requests.Response, source: Source, proxy: str | None = None) -> None:
    status = response.status_code
    if status == 200:
        return
    if status == 401:
        raise StopRunError(
            f"{source.base_url} refused the account (401): check the user name and password, and "
            f"mind that a new account waits for ISO-NE's approval; {account_help(source.base_url)}"
        )
    if status == 403:
        raise StopRunError(
            f"{source.base_url} forbids the request (403): the account may lack access to the "
            "web services, or this address is blocked; sign in to ISO Express to see which"
        )
    if status == 407 and proxy:
        raise proxies.wants_login(proxy)
    if status == 404:
        raise NotFoundError("the service has no data (404)")
    if 300 <= status < 400:
        target = shown(response.headers.get("Location", "nowhere"))
        raise TransientError(f"the service redirects to {target} ({status}), which is not followed")
    answer = f"the service answered {status} {_phrase(status)}".rstrip()
    if status in {408, 429} or status >= 500:
        retry_after = _retry_after(response.headers)
        asks = f" and asks to wait {retry_after:.0f} s" if retry_after else ""
        raise TransientError(f"{answer}{asks}", retry_after)
    raise ResponseError(answer)


def _phrase(status: int) -> str:
    """What a status is called in the standard; the service's own words may be anything."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a `Retry-After` asks for, given as seconds or as a date; None for neither.

    A date is held against the service's own clock where it tells the time: this machine's may be
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


def _check_headers(headers: Mapping[str, str]) -> bool:
    """Refuse what is not JSON; tell whether it comes gzipped."""
    content_type = headers.get("Content-Type", "nothing")
    kind, _, parameters = content_type.lower().partition(";")
    if kind.strip() != "application/json":
        raise TransientError(f"the service sent {shown(content_type)} instead of JSON")
    charset = parameters.replace('"', "").strip().removeprefix("charset=")
    if charset not in {"", "utf-8", "utf8"}:
        raise ResponseError(f"the service sent JSON in {shown(charset)} instead of UTF-8")
    return _is_gzipped(headers)


def _is_gzipped(headers: Mapping[str, str]) -> bool:
    encoding = headers.get("Content-Encoding", "identity").lower()
    if encoding not in {*_GZIP, "identity"}:
        raise ResponseError(f"the service packed its response as {shown(encoding)} instead of gzip")
    return encoding in _GZIP


def _receive(raw: Any, *, gzipped: bool) -> bytes:
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
    return body if gzipped else gzip.compress(body, 1, mtime=0)


def _cause(error: BaseException) -> BaseException:
    """The innermost reason of a chain that requests and urllib3 wrap around it."""
    reason = getattr(error, "reason", None) or getattr(error, "original_error", None)
    inner = reason if isinstance(reason, BaseException) else None
    if inner is None and error.args and isinstance(error.args[0], BaseException):
        inner = error.args[0]
    return _cause(inner) if inner is not None else error


def _explain(error: Exception) -> str:
    cause = _cause(error)
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return "the name of the service cannot be looked up: is there a network?"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection within the connect_timeout"
    if isinstance(error, requests.exceptions.ReadTimeout) or isinstance(
        cause, urllib3.exceptions.ReadTimeoutError
    ):
        return "the service fell silent"
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return "no connection to the service"
    if isinstance(cause, ssl.SSLError):
        return f"the encrypted connection broke ({cause.reason or 'cut off'})"
    return f"the connection broke ({type(cause).__name__})"
