"""The sandbox as a whole: its options, what it answers, and the log of what it was asked."""

import base64
import contextlib
import datetime as dt
import hmac
import ipaddress
import json
import math
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TextIO
from urllib.parse import unquote, urlsplit

from isone.errors import UsageError
from isone.market import market_time
from isone.market.servers import REPLAY_SERVER, SANDBOX_SERVER
from isone.sandbox.faults.fault import LOGIN_PATH, Fault, Settings
from isone.sandbox.faults.responses import CHALLENGE, too_many
from isone.sandbox.feeds import BASE_PATH
from isone.sandbox.plan import FaultPlan
from isone.sandbox.recordings import Recordings
from isone.sandbox.report_files import ReportFiles
from isone.sandbox.response import Response, html_response
from isone.sandbox.server import Server
from isone.sandbox.synthetic import Synthetic

_MINUTE = 60.0
_LONGEST_WAIT = 86400
_JSON_RANGES = frozenset(("application/json", "application/*", "*/*"))


@dataclass(frozen=True)
class Request:
    """One request as the log keeps it; credentials are never part of it."""

    when: str
    """UTC, ISO 8601."""
    method: str
    path: str
    status: int | None
    """What was answered; None where the client got no status line."""
    fault: str | None
    """The name of the fault the request suffered."""
    error: str | None = None
    """What kept the sandbox itself from answering: the client got a 500."""


class Sandbox:
    """A local stand-in of ISO-NE's web services, serving from a thread of its own.

    Use it in a `with` statement. Prices are synthetic from `seed` unless a recorded response is
    found in `replay`. Nothing but this machine can reach it. Raises UsageError for options that
    cannot be, and for a port that is in use.

    nodes         network nodes besides the hub, eight load zones and seven external nodes; a
                  few have prices and are in no list of locations, as retired ones are
    seed          another seed invents other prices and other chances of faults
    today         the day (taken at noon) that decides what is published; else the clock
    host, port    a loopback address; port 0 takes any free one
    latency       seconds before each answer
    username, password   a login to ask for; None asks for none
    rate_limit    requests a minute, over which the answer is 429
    retry_after   seconds named in `Retry-After` with a 429 or 503; None names none
    hold          seconds that the faults `silence` and `stall` last
    redirect_to   where the fault `login-redirect` leads: a path, or a URL on another host
    faults        orders `NAME[:PATHGLOB][xCOUNT]`
    fault_rate    share of the requests that suffer one of the faults; None: all that match
    replay        folder of recorded responses laid out as the URLs are
    replay_only   answer 404 to what is not recorded, instead of inventing it
    requests_log  file to append each request to, as a line of JSON
    server_name   what `Server` says, for tests that take it for the service; else what it is
    """

    def __init__(
        self,
        *,
        nodes: int = 12,
        seed: int = 0,
        today: dt.date | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        username: str | None = None,
        password: str | None = None,
        rate_limit: int | None = None,
        retry_after: int | None = None,
        hold: float = 60.0,
        redirect_to: str = LOGIN_PATH,
        faults: Iterable[str] = (),
        fault_rate: float | None = None,
        replay: str | Path | None = None,
        replay_only: bool = False,
        requests_log: str | Path | None = None,
        server_name: str | None = None,
    ) -> None:
        _require_numbers(latency, hold, port, rate_limit, retry_after)
        _require(
            (username is None) == (password is None),
            "A login needs both a username and a password.",
        )
        _require(not replay_only or replay is not None, "Only replaying needs a folder to replay.")
        self.host = _loopback(host)
        self.faults = FaultPlan(faults, fault_rate, seed)
        self.settings = Settings(retry_after, hold, redirect_to)
        self.latency = latency
        self.server_name = server_name or (REPLAY_SERVER if replay_only else SANDBOX_SERVER)
        self.stopping = threading.Event()
        self._port = port
        self._today = today
        self._synthetic = Synthetic(seed, nodes)
        self._report_files = ReportFiles(self._synthetic)
        self._recordings = Recordings(replay) if replay is not None else None
        self._replay_only = replay_only
        self._login = None if username is None else f"{username}:{password}".encode()
        self._rate_limit = rate_limit
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()
        self._log: list[Request] = []
        self._log_path = requests_log
        self._log_file: TextIO | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL to give to a client: `http://127.0.0.1:PORT/api/v1.1`."""
        if self._server is None:
            raise UsageError("The sandbox is not running: use it in a `with` statement.")
        return f"http://{self.host}:{self._server.server_address[1]}{BASE_PATH.rstrip('/')}"

    @property
    def reports_url(self) -> str:
        """The address of the public reports: `http://127.0.0.1:PORT`."""
        return self.url.removesuffix(BASE_PATH.rstrip("/"))

    @property
    def requests(self) -> list[Request]:
        """The requests so far, in the order in which they were answered."""
        with self._lock:
            return list(self._log)

    def start(self) -> "Sandbox":
        """Listen and serve until `stop`."""
        try:
            self._server = Server((self.host, self._port), self)
        except OSError as error:
            raise UsageError(
                f"Port {self._port} on {self.host} cannot be used ({error.strerror}); "
                "name another one, or 0 for any that is free."
            ) from error
        if self._log_path is not None:
            try:
                self._log_file = Path(self._log_path).open("a", encoding="utf-8")  # noqa: SIM115 - open until stop
            except OSError as error:
                self._server.server_close()
                raise UsageError(
                    f"The request log {self._log_path} cannot be written ({error.strerror})."
                ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="isone-sandbox", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving; connections that are still open are closed."""
        if self._server is None or self._thread is None:
            return
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        if self._log_file is not None:
            with contextlib.suppress(OSError):  # said at each request that could not be written
                self._log_file.close()
            self._log_file = None

    def __enter__(self) -> "Sandbox":
        """Start serving."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self.stop()

    def at(self) -> dt.datetime:
        """The instant at which the sandbox believes to be."""
        if self._today is None:
            return market_time.now()
        return dt.datetime.combine(self._today, dt.time(12), market_time.MARKET_ZONE)

    def response(
        self, target: str, accept: str, authorization: str | None, cookies: str = ""
    ) -> Response:
        """What a GET request is answered with, before any fault."""
        try:
            path = unquote(urlsplit(target).path)
        except ValueError as error:
            return html_response(400, "Bad Request", f"{error}.")
        if path == LOGIN_PATH:
            return html_response(200, "Login", "Sign in to ISO New England's sandbox.")
        if not path.startswith(BASE_PATH) and not self._replay_only:
            report = self._report_files.answer(target, cookies, self.at())
            if report is not None:
                return too_many(self.settings) if self._over_limit() else report
        if not self._may_enter(authorization):
            return html_response(401, "Unauthorized", "This request needs a login.", CHALLENGE)
        if self._over_limit():
            return too_many(self.settings)
        if not path.startswith(BASE_PATH):
            return html_response(404, "Not Found", f"The sandbox has nothing at {path}.")
        if not (path.endswith(".json") or _takes_json(accept)):
            return html_response(406, "Not Acceptable", "The sandbox speaks JSON only.")
        below = path.removeprefix(BASE_PATH).removesuffix(".json")
        if self._recordings is not None:
            recorded = self._recordings.find(below)
            if recorded is not None:
                return recorded
            if self._replay_only:
                return html_response(404, "Not Found", f"There is no recorded response to {path}.")
        return self._synthetic.answer(below, self.at())

    def record(
        self,
        method: str,
        path: str,
        status: int | None,
        fault: Fault | None,
        error: str | None = None,
    ) -> None:
        """Add a request to the log, and to the log file."""
        when = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        request = Request(when, method, path, status, fault.name if fault else None, error)
        with self._lock:
            self._log.append(request)
            if self._log_file is not None:
                self._log_file.write(json.dumps(asdict(request)) + "\n")
                self._log_file.flush()

    def _may_enter(self, authorization: str | None) -> bool:
        if self._login is None:
            return True
        scheme, _, sent = (authorization or "").partition(" ")
        expected = base64.b64encode(self._login)
        same = hmac.compare_digest(sent.strip().encode("latin-1", "replace"), expected)
        return scheme.lower() == "basic" and same

    def _over_limit(self) -> bool:
        """Whether the last minute has had as many requests as it may; if not, count this one."""
        if self._rate_limit is None:
            return False
        now = monotonic()
        with self._lock:
            while self._recent and self._recent[0] <= now - _MINUTE:
                self._recent.popleft()
            if len(self._recent) >= self._rate_limit:
                return True
            self._recent.append(now)
            return False


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise UsageError(message)


def _require_numbers(
    latency: float, hold: float, port: int, rate_limit: int | None, retry_after: int | None
) -> None:
    seconds = f"is a number of seconds from 0 to {_LONGEST_WAIT}"
    _require_between(f"The latency {seconds}", latency, 0, _LONGEST_WAIT)
    _require_between(f"The time to hold {seconds}", hold, 0, _LONGEST_WAIT)
    _require_between("A port is a number from 0 to 65535", port, 0, 65535)
    _require_between("The rate limit is a number of requests a minute from 1", rate_limit, 1)
    _require_between("Retry-After is a number of seconds from 0", retry_after, 0)


def _require_between(
    meaning: str, value: float | None, lowest: float, highest: float = math.inf
) -> None:
    _require(value is None or lowest <= value <= highest, f"{meaning}, not {value}.")


def _loopback(host: str) -> str:
    """The address to listen at; raises UsageError for one that others could reach."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise UsageError(f"The sandbox serves this machine only: {host} is not 127.0.0.1.")
    return host


def _takes_json(accept: str) -> bool:
    ranges = {request.partition(";")[0].strip().lower() for request in accept.split(",")}
    return not accept.strip() or not _JSON_RANGES.isdisjoint(ranges)
