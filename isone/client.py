"""One request at a time over one connection, patient with a busy service, strict with its replies.

A reply's body is streamed to disk as served, still gzipped; what is in it is checked elsewhere.
Sleeping and retrying happen here and nowhere else.
"""

import contextlib
import datetime as dt
import email.utils
import logging
import signal
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import requests
import tenacity
import urllib3

from isone import __version__
from isone.errors import DownloadError, NoDataError, ReplyError, StopRunError, TransientError
from isone.settings import HttpPolicy
from isone.sources import ACCOUNT_HELP, Source, is_loopback

log = logging.getLogger(__name__)

_CHUNK = 1 << 16
_LARGEST_BODY = 64 * 2**20  # bytes on the wire; a full day of all locations has 0.6 MB
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
        """Open a session; set `on_wait` to be told `(seconds, reason)` before each wait."""
        self.source = source
        self.policy = policy
        self.requests_sent = 0
        self.retries = 0
        self.waited = 0.0
        self.on_wait: Callable[[float, str], None] = lambda seconds, reason: None
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers.update(_HEADERS)
        self._session.auth = _authentication(source)
        self._session.trust_env = not is_loopback(source.base_url)  # no proxy to this machine
        options = self._session.merge_environment_settings(
            source.base_url, {}, True, policy.ca_bundle or True, None
        )
        self._options: dict[str, Any] = {**options, "stream": True, "allow_redirects": False}

    def __enter__(self) -> "Client":
        """Return the client itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the connection."""
        self._session.close()

    def fetch(self, path: str, target: Path) -> None:
        """Bring the reply for a path into the file `target`, gzipped.

        Retries 429, 5xx and transport errors with exponential back-off and jitter, and honours
        `Retry-After`. Raises DownloadError when patience is at its end, NoDataError for a 404,
        ReplyError for an unusable reply, StopRunError where no request can succeed.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=self._wait,
            stop=self._patience_ends,
            before_sleep=self._before_sleep,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            retrying(self._fetch_once, self.source.url(path), target)
        except TransientError as error:
            raise DownloadError(
                f"{error}; patience for one request (backoff_total, "
                f"{self.policy.backoff_total:g} s of waiting) is at its end; "
                "run again to go on from here"
            ) from error

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Seconds until the next try: twice the last, and never sooner than the server asks."""
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "retry_after", None) or 0.0
        backoff = tenacity.wait_exponential_jitter(
            initial=self.policy.backoff_first,
            max=self.policy.backoff_longest,
            jitter=self.policy.backoff_first / 2,
        )(state)
        return float(max(asked, backoff))

    def _patience_ends(self, state: tenacity.RetryCallState) -> bool:
        return state.idle_for + state.upcoming_sleep > self.policy.backoff_total

    def _before_sleep(self, state: tenacity.RetryCallState) -> None:
        reason = str(state.outcome.exception()) if state.outcome else ""
        self.retries += 1
        self.waited += state.upcoming_sleep
        log.warning("waiting %.1f s: %s", state.upcoming_sleep, reason)
        self.on_wait(state.upcoming_sleep, reason)

    def _fetch_once(self, url: str, target: Path) -> None:
        self.requests_sent += 1
        request = self._session.prepare_request(requests.Request("GET", url))
        timeouts = (self.policy.connect_timeout, self.policy.read_timeout)
        try:
            with (
                _deadline(self.policy.total_timeout),
                self._session.send(request, timeout=timeouts, **self._options) as response,
            ):
                _check_status(response, self.source)
                gzipped = _check_headers(response)
                _save(response.raw, target, gzipped=gzipped)
        except requests.exceptions.SSLError as error:
            raise StopRunError(
                f"the certificate of {self.source.base_url} is not trusted ({_cause(error)}); "
                "behind a proxy that inspects traffic, name its authority with ca_bundle=FILE"
            ) from error
        except (
            requests.exceptions.RequestException,
            urllib3.exceptions.HTTPError,
            TransientError,
        ) as error:
            self._session.close()  # what a broken exchange left in the connection must not be read
            if isinstance(error, TransientError):
                raise
            raise TransientError(f"{_explain(error)} ({self.source.base_url})") from error


def _authentication(source: Source) -> Any:
    """Basic auth for the source's own host; else nothing, not even what netrc may hold."""
    if source.credentials:
        return requests.auth.HTTPBasicAuth(source.credentials.username, source.credentials.password)
    return lambda request: request


def _check_status(response: requests.Response, source: Source) -> None:
    status = response.status_code
    if status == 200:
        return
    if status == 401:
        raise StopRunError(
            f"{source.base_url} refused the account (401): check the user name and password, and "
            f"mind that a new account waits for ISO-NE's approval; {ACCOUNT_HELP}"
        )
    if status == 403:
        raise StopRunError(
            f"{source.base_url} forbids the request (403): the account may lack access to the "
            "web services, or this address is blocked; sign in to ISO Express to see which"
        )
    if status == 404:
        raise NoDataError("the service has no data (404)")
    if 300 <= status < 400:
        target = response.headers.get("Location", "nowhere")
        raise TransientError(f"the service redirects to {target} ({status}), which is not followed")
    if status == 429 or status >= 500:
        retry_after = _retry_after(response.headers.get("Retry-After"))
        asks = f" and asks to wait {retry_after:.0f} s" if retry_after else ""
        raise TransientError(f"the service answered {status} {response.reason}{asks}", retry_after)
    raise ReplyError(f"the service answered {status} {response.reason}")


def _retry_after(text: str | None) -> float | None:
    """Seconds that a `Retry-After` asks for, given as seconds or as a date; None for neither."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment - dt.datetime.now(moment.tzinfo)).total_seconds())


def _check_headers(response: requests.Response) -> bool:
    """Refuse what is not JSON; tell whether it comes gzipped."""
    content_type = response.headers.get("Content-Type", "nothing")
    kind, _, parameters = content_type.lower().partition(";")
    if kind.strip() != "application/json":
        raise TransientError(f"the service sent {content_type} instead of JSON")
    charset = parameters.replace('"', "").strip().removeprefix("charset=")
    if charset not in {"", "utf-8", "utf8"}:
        raise ReplyError(f"the service sent JSON in {charset} instead of UTF-8")
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in {"gzip", "identity"}:
        raise ReplyError(f"the service packed its reply as {encoding} instead of gzip")
    return encoding == "gzip"


def _save(raw: Any, target: Path, *, gzipped: bool) -> None:
    """Stream a body to disk; one that came plain is packed on the way."""
    packer = None if gzipped else zlib.compressobj(1, wbits=31)
    received = 0
    with target.open("wb") as file:
        while chunk := raw.read1(_CHUNK, decode_content=False):
            received += len(chunk)
            if received > _LARGEST_BODY:
                raise ReplyError(f"the reply is larger than {_LARGEST_BODY >> 20} MB")
            file.write(packer.compress(chunk) if packer else chunk)
        if packer:
            file.write(packer.flush())
    if received == 0:
        raise TransientError("the service sent an empty body")


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Give the exchange up after so many seconds, however slowly bytes still drip in.

    Signals reach the main thread only; elsewhere the read time-out has to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TransientError(f"no whole reply within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _cause(error: BaseException) -> BaseException:
    """The innermost reason of a chain that requests and urllib3 wrap around it."""
    reason = getattr(error, "reason", None)
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
    return f"the connection broke ({type(cause).__name__})"
