"""The way to one service: requests' own adapter, which also lets the wait for a response be used.

Between a request that is out and the first byte of its response nothing is to be done but to wait.
Work that is done right then costs no time, and needs no thread that takes turns with the exchange.
"""

from collections.abc import Callable
from typing import Any

import requests


class ElsewhereError(Exception):
    """Carries what went wrong in that work past those who would blame the connection for it."""

    def __init__(self, error: Exception) -> None:
        """Take the `error` to be carried."""
        super().__init__(str(error))
        self.error = error


class Adapter(requests.adapters.HTTPAdapter):
    """Sends requests to one host, always with the same options; so one pool is all it needs.

    `meanwhile()` is called each time a request is out. What it raises comes as ElsewhereError.
    """

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        """Take the work to do while a response is awaited."""
        super().__init__()
        self._meanwhile = meanwhile
        self._pool: Any = None

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """The pool of connections to the host; requests asks for it before each request."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **options)
            self._pool.ConnectionCls = _using_waits(self._pool.ConnectionCls, self._meanwhile)
        return self._pool

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        super().close()
        self._pool = None


def _using_waits(connection_type: Any, meanwhile: Callable[[], None]) -> Any:
    """A kind of connection that calls `meanwhile` before it waits for a response."""

    class Connection(connection_type):  # type: ignore[misc]
        def getresponse(self) -> Any:
            try:
                meanwhile()
            except Exception as error:
                raise ElsewhereError(error) from error
            return super().getresponse()

    return Connection
