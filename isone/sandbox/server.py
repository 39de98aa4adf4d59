"""HTTP/1.1 on this machine: a thread for each connection, one write for each answer."""

import contextlib
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Protocol

from isone.market.servers import REPLAY_SERVER, SANDBOX_SERVER
from isone.sandbox.faults.fault import Fault, Settings
from isone.sandbox.faults.records import spoil_records
from isone.sandbox.message import Message, make_message
from isone.sandbox.plan import FaultPlan
from isone.sandbox.response import Response, html_response

_RESET = struct.pack("ii", 1, 0)  # linger on, for no time: closing sends a reset
_REFUSED_WEIGHTS = frozenset(("q=0", "q=0.0", "q=0.00", "q=0.000"))


class Backend(Protocol):
    """What the server needs to know of the sandbox it serves for."""

    faults: FaultPlan
    settings: Settings
    latency: float
    server_name: str
    stopping: threading.Event

    def response(
        self, target: str, accept: str, authorization: str | None, cookies: str = ""
    ) -> Response:
        """What a GET request is answered with, before any fault."""

    def record(
        self,
        method: str,
        path: str,
        status: int | None,
        fault: Fault | None,
        error: str | None = None,
    ) -> None:
        """Add a request to the log."""


class Server(ThreadingMixIn, TCPServer):
    """Accepts connections and remembers them, so that they can be closed at the end."""

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], backend: Backend) -> None:
        """Listen at an address; raises OSError where that cannot be."""
        self.backend = backend
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Accept a connection."""
        connection, client = super().get_request()
        with self._lock:
            self._open.add(connection)
        return connection, client

    def shutdown_request(self, request: Any) -> None:
        """End a connection: in order, unless it is to be reset."""
        with self._lock:
            self._open.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET)) == _RESET:
            request.close()
        else:
            super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close every connection that is still open; their threads then end."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):  # closed in the meantime
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error; anything else is reported as usual."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection. It is also the `Wire` that faults act on."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle_one_request(self) -> None:
        """Read a request and answer it, whatever its method."""
        self.raw_requestline = self.rfile.readline(65537)
        self.close_connection = True
        if not self.raw_requestline or len(self.raw_requestline) > 65536:
            return
        if self.parse_request():
            self._answer()

    def version_string(self) -> str:
        """What `Server` says where a request is no HTTP and the library answers by itself."""
        return self.server.backend.server_name

    def _answer(self) -> None:
        backend = self.server.backend
        error = None
        self.wait(backend.latency)  # before it works: the client may be at the answer before
        try:
            message, fault = self._prepare()
        except Exception as reason:  # whatever it is, the client gets an answer and the log knows
            error = f"{type(reason).__name__}: {reason}"
            print(f"isone-sandbox: {self.path} was answered with 500: {error}", file=sys.stderr)
            page = html_response(
                500, "Internal Server Error", "The sandbox failed; its log says why."
            )
            message, fault = make_message(page, gzipped=False, server=backend.server_name), None
        seen = None if fault is not None and not fault.answers else message.status
        try:
            backend.record(self.command, self.path, seen, fault, error)
        except OSError as reason:
            print(f"isone-sandbox: the request log cannot be written: {reason}", file=sys.stderr)
        if fault is not None and fault.on_wire is not None:
            self.close_connection = True
            fault.on_wire(message, self, backend.settings)
        else:
            self.send(message.encode())

    def _prepare(self) -> tuple[Message, Fault | None]:
        """The answer to the request, and the fault that it suffers."""
        backend = self.server.backend
        if self.command == "GET":
            accept = self.headers.get("Accept", "")
            authorization = self.headers.get("Authorization")
            cookies = self.headers.get("Cookie", "")
            response = backend.response(self.path, accept, authorization, cookies)
            fault = backend.faults.choose(self.path.partition("?")[0], response)
        else:
            response = html_response(
                405, "Method Not Allowed", "Only GET is allowed.", ("Allow", "GET")
            )
            fault = None
            self.close_connection = True  # a body may follow that nobody is going to read
        if fault is not None:
            response = spoil_records(fault, response)
            if fault.on_response is not None:
                response = fault.on_response(response, backend.settings)
        gzipped = _takes_gzip(self.headers.get("Accept-Encoding", ""))
        name = backend.server_name
        if fault is not None and name == REPLAY_SERVER:
            name = SANDBOX_SERVER  # a recorded response that was changed is recorded no more
        message = make_message(response, gzipped, name)
        if self.command == "HEAD":
            message = message.without_body()
        if fault is not None and fault.on_message is not None:
            message = fault.on_message(message)
        return message, fault

    def send(self, data: bytes) -> None:
        """Write bytes as they are."""
        self.wfile.write(data)

    def wait(self, seconds: float) -> None:
        """Let time pass; ends early when the sandbox stops."""
        if seconds > 0:
            self.server.backend.stopping.wait(seconds)

    def reset(self) -> None:
        """End the connection with a reset instead of in order."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the sandbox keeps its own log."""


def _takes_gzip(accept_encoding: str) -> bool:
    for request in accept_encoding.lower().split(","):
        coding, _, weight = request.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in _REFUSED_WEIGHTS
    return False
