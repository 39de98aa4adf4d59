"""A fault of the sandbox: its name, where it acts, and which responses can suffer it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from isone.sandbox.feeds import Feed, Query
from isone.sandbox.message import Message
from isone.sandbox.response import Response, wrap

LOGIN_PATH = "/login"

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


def json_bytes(content: Any) -> bytes:
    """JSON without blanks, as the service writes it."""
    return json.dumps(content, separators=(",", ":")).encode()
