"""Faults of the message and of the connection: damaged, cut, slow or silent."""

import zlib
from dataclasses import replace
from functools import cache

from isone.sandbox.faults.fault import Settings, Wire
from isone.sandbox.message import Message
from isone.sandbox.response import HTML

BOMB = 200  # MB


def half(message: Message) -> Message:
    return message.with_body(message.body[: len(message.body) // 2])


def damage(message: Message) -> Message:
    """Turn one bit around in the middle of the body."""
    middle = len(message.body) // 2
    body = bytearray(message.body)
    body[middle] ^= 0x10
    return message.with_body(bytes(body))


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    blanks = b" " * 1_000_000
    return b"".join(packer.compress(blanks) for _ in range(BOMB)) + packer.flush()


def gzip_bomb(message: Message) -> Message:
    return message.with_body(_bomb()).with_header("Content-Encoding", "gzip")


def wrong_type(message: Message) -> Message:
    return message.with_header("Content-Type", HTML)


def _send_half(message: Message, wire: Wire) -> None:
    wire.send(message.encode()[: message.head_length + len(message.body) // 2])


def cut(message: Message, wire: Wire, settings: Settings) -> None:
    _send_half(message, wire)


def reset(message: Message, wire: Wire, settings: Settings) -> None:
    _send_half(message, wire)
    wire.wait(0.02)  # a reset may overtake bytes that have not been handed over yet
    wire.reset()


def reset_early(message: Message, wire: Wire, settings: Settings) -> None:
    wire.reset()


def silence(message: Message, wire: Wire, settings: Settings) -> None:
    wire.wait(settings.hold)


def stall(message: Message, wire: Wire, settings: Settings) -> None:
    _send_half(message, wire)
    wire.wait(settings.hold)


def drip(message: Message, wire: Wire, settings: Settings) -> None:
    for byte in message.encode():
        wire.send(bytes((byte,)))
        wire.wait(1)


def slow(message: Message, wire: Wire, settings: Settings) -> None:
    data = message.encode()
    for first in range(0, len(data), 1000):
        wire.send(data[first : first + 1000])
        wire.wait(0.1)


def hang_up(message: Message, wire: Wire, settings: Settings) -> None:
    wire.send(message.encode())


def overlong(message: Message, wire: Wire, settings: Settings) -> None:
    wire.send(message.with_header("Content-Length", str(len(message.body) - 10)).encode())


def chunks_cut(message: Message, wire: Wire, settings: Settings) -> None:
    headers = tuple(h for h in message.headers if h[0] != "Content-Length")
    chunk = message.body[: len(message.body) // 2]
    head = replace(message, headers=(*headers, ("Transfer-Encoding", "chunked")), body=b"")
    wire.send(head.encode() + f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
