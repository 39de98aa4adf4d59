"""The way to one service: requests' own adapter, with a limit to how long a response may take.

A read time-out does not limit that: each byte that drips in, of headers too, begins it again. So
the time is looked at before each read.
"""

import base64
import functools
import http.client
import io
import os
import time
from queue import SimpleQueue
from typing import Any

import requests

from isone.errors import TransientError


class Deadline:
    """When the response that is being received has to be here."""

    def __init__(self, seconds: float) -> None:
        """Take the limit of each exchange."""
        self._seconds = seconds
        self.begin()

    def begin(self) -> None:
        """Begin an exchange."""
        self._ends = time.monotonic() + self._seconds

    def require_time(self) -> None:
        """Raise TransientError once the time is up."""
        if time.monotonic() > self._ends:
            raise TransientError(f"no whole response within {self._seconds:g} s")


class Adapter(requests.adapters.HTTPAdapter):
    """Sends requests to one host, always with the same options; so one pool is all it needs.

    Raises TransientError for a response that is not whole `seconds` after its request.
    """

    def __init__(self, seconds: float) -> None:
        """Take the limit."""
        super().__init__()
        self._deadline = Deadline(seconds)
        self._pool: Any = None
        self._checked: Any = None

    def send(self, *args: Any, **options: Any) -> requests.Response:
        """Send a request, whose time begins now."""
        self._deadline.begin()
        return super().send(*args, **options)

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """The pool of connections to the host; requests asks for it before each request."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **options)
            # An interrupt may leave the lock of urllib3's own queue taken, and itself wait for it.
            self._pool.pool = SimpleQueue()
            connect = self._pool.ConnectionCls
            self._pool.ConnectionCls = functools.partial(_connect, connect, self._deadline)
        return self._pool

    def cert_verify(self, conn: Any, _url: str, verify: Any, cert: Any) -> None:
        """Check certificates on plain http too, where requests does not: a proxy's with TLS.

        Once for a pool is enough: requests looks for their files before each request.
        """
        if conn is not self._checked:
            super().cert_verify(conn, "https:", verify, cert)  # type: ignore[no-untyped-call]
            self._checked = conn

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """The account for a proxy, whose password may hold any character."""
        user, password = requests.utils.get_auth_from_url(proxy)
        if not user:
            return {}
        pair = base64.b64encode(os.fsencode(f"{user}:{password}"))
        return {"Proxy-Authorization": f"Basic {pair.decode()}"}

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._pool is not None:
            self._pool.close()
        super().close()
        self._pool = self._checked = None


def _connect(connect: Any, deadline: Deadline, **options: Any) -> Any:
    """A connection whose responses, a proxy's to CONNECT too, keep to the deadline."""
    connection = connect(**options)
    connection.response_class = functools.partial(_Response, deadline)
    return connection


class _Response(http.client.HTTPResponse):
    def __init__(self, deadline: Deadline, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fp = io.BufferedReader(_Incoming(deadline, self.fp.detach()))


class _Incoming(io.RawIOBase):
    """The bytes of a socket, as long as there is time."""

    def __init__(self, deadline: Deadline, raw: io.RawIOBase) -> None:
        super().__init__()
        self._deadline = deadline
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._deadline.require_time()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
