"""What the fault tests share: a download into a folder, and a server that does as it is told."""

import contextlib
import datetime as dt
import hashlib
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import Outcome
from isone.market.datasets import DATASETS
from isone.market.locations import Locations
from isone.run.dataset_year import DatasetYear
from isone.run.missing import Accepted
from isone.run.progress import Progress
from isone.run.settings import HttpPolicy
from isone.run.sources import Credentials, Source
from isone.sandbox import Sandbox
from isone.store.store import Store

DAYS = tuple(dt.date(2024, 1, day) for day in (1, 2, 3))
BAD_DAY = DAYS[1]
TODAY = dt.date(2026, 6, 15)
POLICY = HttpPolicy(
    connect_timeout=2,
    read_timeout=20,
    total_timeout=30,
    backoff_first=5,
    backoff_longest=300,
    backoff_total=1200,
)
JSON_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass
class _Reasons(Progress):
    """Notes why the client waits."""

    reasons: list[str]

    def wait(self, _seconds: float, reason: str) -> None:
        self.reasons.append(reason)


@dataclass
class Rig:
    """A store, and the means to fill it from a service; waits are noted instead of waited."""

    url: str
    store: Store
    policy: HttpPolicy = POLICY
    waits: list[float] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    credentials: Credentials | None = None
    pause: float = 0.0
    """How long each wait is in truth, in seconds."""

    def client(self, **policy: Any) -> Client:
        source = Source("sandbox", self.url, self.credentials)
        client = Client(source, replace(self.policy, **policy), sleep=self._wait)
        client.retries.progress = _Reasons(self.reasons)
        return client

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        time.sleep(self.pause)

    def bring(
        self,
        days: tuple[dt.date, ...] = DAYS,
        dataset: str = "lmp_da_hourly",
        locations: Locations = "all",
        accepted: Accepted | None = None,
        **policy: Any,
    ) -> Outcome:
        with self.client(**policy) as client:
            downloader = Downloader(self.store, client, DATASETS[dataset], accepted or {})
            return downloader.bring(days, locations)

    def year(self, last: dt.date = DAYS[-1], **policy: Any) -> Outcome:
        """A job: the days of DAYS, and their marker."""
        with self.client(**policy) as client:
            downloader = Downloader(self.store, client, DATASETS["lmp_da_hourly"])
            job = DatasetYear("lmp_da_hourly", 2024, DAYS[0], last, "all")
            return download_year(downloader, job, newest_first=False)

    @property
    def marker(self) -> Path:
        """The marker of such a job, if there is one."""
        folder = self.store.root / "complete" / "lmp_da_hourly"
        return next(folder.glob("2024*.json"), folder / "none")

    def stored(self, dataset: str = "lmp_da_hourly") -> dict[str, str]:
        """Everything under a final name: name → digest."""
        return contents(self.store.raw_dir(dataset, 2024), "[0-9]*.json.gz")

    def rejected(self) -> dict[str, str]:
        """What is kept aside: name → the reason beside it."""
        folder = self.store.root / "rejected"
        return {path.name: path.with_suffix(".txt").read_text() for path in folder.rglob("*.gz")}


def contents(folder: Path, pattern: str = "*") -> dict[str, str]:
    """The digests of the files in a folder, by name."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob(pattern)}


def asked(sandbox: Sandbox) -> Counter[str]:
    """How often each day was asked for, by the server's own log."""
    return Counter(request.path.partition("/day/")[2][:8] for request in sandbox.requests)


class Peer:
    """A server of the test's own: `act(connection, number)` does what it likes to a connection.

    The heads of the requests that `act` reads with `read_head` are kept in `heads`.
    """

    def __init__(
        self, act: Callable[[socket.socket, int], None], tls: ssl.SSLContext | None = None
    ) -> None:
        self._act, self._tls = act, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.scheme = "https" if tls else "http"
        self.connections = 0
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._accepter = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/api/v1.1"

    def __enter__(self) -> "Peer":
        self._accepter.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepter.join(5)
        for connection in list(self._open):  # one that is kept alive would be waited for
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            thread = threading.Thread(
                target=self._serve, args=(connection, self.connections), daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        accepted = connection
        with connection:
            try:
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                self._act(connection, number)
            except OSError:
                pass  # the client hung up, as many of these tests want
            finally:
                self._open.discard(accepted)
                connection.close()


def read_head(connection: socket.socket) -> str:
    """Read one request up to its empty line."""
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(65536)
        if not received:
            raise ConnectionError("the client hung up")
        head += received
    return head.decode("latin-1")


def response(body: bytes, headers: str = "Content-Encoding: gzip\r\n") -> bytes:
    """A whole and right answer."""
    return f"{JSON_HEAD}{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
