"""gzip, in which responses come and are stored: unpacked no further than is wise, and packed."""

import gzip

from isal import igzip_lib, isal_zlib

from isone.errors import ResponseError

LARGEST_RESPONSE = 64 * 2**20
"""Bytes of JSON above which a response is rejected unread; a full day of all locations has 6 MB."""
_GZIP = b"\x1f\x8b"
_MOST_MEMBERS = 1000
_SIZE_BYTES = 4  # with which a gzip stream ends: how large it is unpacked, modulo 2**32


def inflate(compressed: bytes) -> bytes:
    """Unpack gzip and let its own trailers show that it is whole.

    Several members are one body, and zeros may follow the last one (RFC 1952). Raises ResponseError
    for what is cut off, damaged, followed by anything else, or too large.
    """
    bodies: list[bytes] = []
    left, rest = LARGEST_RESPONSE, compressed
    while rest.strip(b"\0") or not bodies:
        if bodies and not rest.startswith(_GZIP):
            raise ResponseError("the response goes on after the end of its gzip stream")
        if len(bodies) == _MOST_MEMBERS:
            raise ResponseError(f"the response's gzip stream has more than {_MOST_MEMBERS} members")
        body, rest = _unpack_member(rest, left)
        bodies.append(body)
        left -= len(body)
    return b"".join(bodies)


def _unpack_member(compressed: bytes, left: int) -> tuple[bytes, bytes]:
    """The body of the first gzip member, of at most `left` bytes, and what follows it."""
    stream = isal_zlib.decompressobj(wbits=31)
    said = int.from_bytes(compressed[-_SIZE_BYTES:], "little")
    first = max(1, min(said, left - 1))
    try:
        body = stream.decompress(compressed, first)
        if len(body) == first and not stream.eof:  # larger than it says
            body += stream.decompress(stream.unconsumed_tail, max(left - len(body), 1))
    except igzip_lib.IsalError as error:  # type: ignore[misc] # its stub has an instance
        raise ResponseError(f"the response's gzip stream is damaged ({error})") from error
    if stream.unconsumed_tail or len(body) > left:
        raise ResponseError(f"the response is larger than {LARGEST_RESPONSE >> 20} MB unpacked")
    if not stream.eof:
        raise ResponseError("the response's gzip stream is cut off")
    return body, stream.unused_data


def inflate_head(compressed: bytes, size: int) -> bytes:
    """The first bytes of what gzip holds; fewer if it is cut off. Raises ResponseError for damage.

    What comes after them is not looked at.
    """
    head, rest = b"", compressed
    try:
        for _ in range(_MOST_MEMBERS):
            if len(head) >= size or not rest.strip(b"\0"):
                break
            stream = isal_zlib.decompressobj(wbits=31)
            head += stream.decompress(rest, size - len(head))
            rest = stream.unused_data
    except igzip_lib.IsalError as error:  # type: ignore[misc] # its stub has an instance
        raise ResponseError(f"the response's gzip stream is damaged ({error})") from error
    return head


def pack(data: bytes, level: int = 1) -> bytes:
    """The gzip form of some bytes, the same whenever it is made."""
    return gzip.compress(data, level, mtime=0)
