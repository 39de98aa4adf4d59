"""A response on the wire: status line, headers and body, compressed where asked for."""

import email.utils
import zlib
from dataclasses import dataclass
from http import HTTPStatus

from isone.sandbox.response import Response

_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"  # no name, no time, no system named
_LEVEL = 1  # the ratio of the real responses at a tenth of the usual level's time


@dataclass(frozen=True)
class Message:
    """An HTTP answer, ready to be written."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def encode(self) -> bytes:
        """Status line, headers and body in one piece."""
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join((*lines, "", "")).encode("latin-1") + self.body

    @property
    def head_length(self) -> int:
        """How many bytes of the encoded message come before the body."""
        return len(self.encode()) - len(self.body)

    def without_body(self) -> "Message":
        """The answer to HEAD: the headers alone."""
        return Message(self.status, self.headers, b"")

    def with_header(self, name: str, value: str) -> "Message":
        """The same with one header set, in its place if there was one."""
        others = tuple(h for h in self.headers if h[0].lower() != name.lower())
        return Message(self.status, (*others, (name, value)), self.body)

    def with_body(self, body: bytes) -> "Message":
        """The same with another body and the length that belongs to it."""
        message = self.with_header("Content-Length", str(len(body)))
        return Message(message.status, message.headers, body)


def make_message(response: Response, gzipped: bool, server: str) -> Message:
    """Turn a response into a message of a server of this name, with its body compressed or not."""
    body = response.body
    headers = [
        ("Date", email.utils.formatdate(usegmt=True)),
        ("Server", server),
        ("Content-Type", response.content_type),
    ]
    if gzipped:
        body = response.packed if response.packed is not None else compress(body)
        headers.append(("Content-Encoding", "gzip"))
    headers += [("Content-Length", str(len(body))), ("Vary", "Accept-Encoding"), *response.headers]
    return Message(response.status, tuple(headers), body)


def compress(data: bytes) -> bytes:
    """The gzip form of some bytes; the same bytes always give the same form."""
    raw = zlib.compress(data, _LEVEL, wbits=-zlib.MAX_WBITS)
    trailer = zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
    return _GZIP_HEAD + raw + trailer


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
