"""One request at a time over one connection: patient with a busy service, strict with responses.

A response's body is handed on as served, still gzipped; what is in it is checked elsewhere. When a
request is sent again, and after how long, is in `retries`.
"""

import contextlib
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import requests
import urllib3

from isone import __version__
from isone.download import client_errors, proxies
from isone.download.browsing import Visit
from isone.download.connection import Adapter
from isone.download.retries import Retries
from isone.errors import DownloadError, StopRunError, TransientError, UsageError
from isone.run.settings import HttpPolicy
from isone.run.sources import Source, is_loopback

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
        has_answered: bool = False,
    ) -> None:
        """Open a session. `has_answered` says that the service is known to be there.

        Raises UsageError for an address that cannot be asked and for an unreadable `ca_bundle`.
        """
        self.source = source
        self.policy = policy
        self.requests_sent = 0
        self.retries = Retries(policy, sleep, has_answered=has_answered)
        self.last_response: requests.Response | None = None
        """The newest exchange's status and headers; None where nothing came."""
        self._visit = Visit(source) if source.gives_reports else None
        self._session = _session(source, policy, self._visit)
        self._request, self._adapter = _directly(self._session, source.base_url)
        _require_readable(policy.ca_bundle)
        surroundings: Mapping[str, Any] = self._session.merge_environment_settings(
            source.base_url, {}, True, policy.ca_bundle or True, None
        )
        silence = min(policy.read_timeout, policy.total_timeout)
        self._options = {**surroundings, "timeout": (policy.connect_timeout, silence)}
        self._proxy = proxies.find(source.base_url, surroundings["proxies"])
        self._is_proxys_word = bool(proxies.speaks_for(source.base_url, self._proxy))

    def __enter__(self) -> "Client":
        """Return the client itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the connection."""
        self._session.close()

    def fetch(self, path: str, *, patient: bool = True) -> bytes:
        """The body of the response for a path, gzipped.

        If `patient`, retries 429, 5xx and transport errors with exponential back-off and jitter,
        and honours `Retry-After`. Raises DownloadError when patience is at its end, NoDataError for
        a 404, ResponseError for an unusable response, StopRunError where no request can succeed or
        the service has never answered.
        """
        url = self.source.url(path)
        try:
            if not patient:
                return self._fetch_once(url)
            return self.retries.run(self._fetch_once, url)
        except TransientError as error:
            if patient and not self.retries.has_answered:
                raise self._never_answered(error) from error
            raise DownloadError(
                f"{error}; patience for one request (backoff_total, "
                f"{self.policy.backoff_total:g} s of waiting) is at its end; "
                "run again to resume"
            ) from error

    def _never_answered(self, error: TransientError) -> StopRunError:
        base_url = self.source.base_url
        return StopRunError(
            f"{base_url} has never answered ({str(error).removesuffix(f' ({base_url})')}): check "
            "the network, base_url and proxy (HTTPS_PROXY); nothing was downloaded"
        )

    def _fetch_once(self, url: str) -> bytes:
        """Send one request through the session's adapter, which follows no redirect."""
        try:
            if self._visit:
                return self._visit_once(self._visit, url)
            with self._exchange(url) as response:
                client_errors.check_status(response, self.source, self._proxy)
                gzipped = client_errors.check_headers(response.headers)
                return client_errors.receive(response.raw, gzipped=gzipped)
        except TransientError:
            self._session.close()  # what a broken exchange left in the connection must not be read
            raise
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            self._session.close()
            raise client_errors.explain(error, url, self.source.base_url, self._proxy) from error

    @contextlib.contextmanager
    def _exchange(self, url: str) -> Iterator[requests.Response]:
        """One request and its response."""
        self.requests_sent += 1
        self.last_response = None
        request = self._request.copy()
        request.url = url
        if self._visit:
            self._visit.add_cookies(request)
        with self._adapter.send(request, **self._options) as response:
            # an error may be a proxy's own
            self.retries.has_answered |= response.status_code < 500 or not self._is_proxys_word
            self.last_response = response
            client_errors.check_server(response, self.source)
            if self._visit:
                self._visit.keep_cookies(response)
            yield response

    def _visit_once(self, visit: Visit, url: str) -> bytes:
        """Get a public report, after the page that hands out the cookie where one is needed."""
        if visit.must_open_page(url):
            with self._exchange(visit.page_url) as page:
                # to its end: the connection is free then
                client_errors.receive(page.raw, gzipped=True)
        with self._exchange(url) as response:
            if response.status_code == 403:
                raise visit.refused()
            client_errors.check_status(response, self.source, self._proxy)
            return visit.require_report(
                client_errors.receive(
                    response.raw, gzipped=client_errors.is_gzipped(response.headers)
                )
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


def _session(source: Source, policy: HttpPolicy, visit: Visit | None) -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, Adapter(policy.total_timeout))
    session.headers.update({**_HEADERS, **(visit.headers if visit else {})})
    session.auth = _authentication(source)
    return session


def _directly(
    session: requests.Session, base_url: str
) -> tuple[requests.PreparedRequest, requests.adapters.BaseAdapter]:
    """What asks an address; a session itself would read a redirect's body, however large."""
    try:
        session.trust_env = not is_loopback(base_url)  # no proxy to this machine
        request = session.prepare_request(requests.Request("GET", base_url))
        return request, session.get_adapter(base_url)
    except ValueError as error:
        raise UsageError(f"base_url: {base_url!r} cannot be asked: {error}") from error


def _authentication(source: Source) -> Any:
    """Basic auth for the source's own host; else nothing, not even what netrc may hold."""
    if source.credentials:
        pair = (source.credentials.username, source.credentials.password)
        return requests.auth.HTTPBasicAuth(*(os.fsencode(text) for text in pair))
    return lambda request: request
