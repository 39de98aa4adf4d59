"""What each figure is drawn from, as one file: so figures need neither the database nor the page.

The page's job gathers everything once and leaves this file in the data folder; the figures' job
reads no other. It is one file so that it is replaced in one step, and has one size and digest.
"""

from collections.abc import Sequence

import msgspec

from isone.errors import LoadError
from isone.report.outputs import DRAWINGS, PAGE
from isone.store import markers
from isone.store.files import read_file, remove, sha256
from isone.store.store import Store


class Drawing(msgspec.Struct, frozen=True):
    """A figure, before it is drawn."""

    name: str
    """What its files are called, without a suffix."""
    has_data: bool
    specification: msgspec.Raw
    """In Vega-Lite with its data, as JSON."""
    csv: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[Drawing])


def encode(drawings: Sequence[Drawing]) -> bytes:
    """The drawings as a file; of the same data always the same bytes."""
    return _encoder.encode(drawings)


def decode(content: bytes) -> list[Drawing]:
    """The drawings of a file. Raises msgspec.ValidationError or DecodeError for any other."""
    return _decoder.decode(content)


def left_by_page(store: Store) -> bytes:
    """The file as the page's job left it.

    Raises LoadError where it is gone or another. The page's marker goes with it, so the next run
    makes both again.
    """
    path, marker = store.report_copy_path(DRAWINGS), store.report_marker(PAGE)
    said = markers.read(marker)
    try:
        content = read_file(path)
    except OSError:
        content = b""
    if said is None or sha256(content) != said.sha256:
        remove(marker)
        raise LoadError(
            f"{path} is not as {marker} says: another run may just have written it, or it is "
            "damaged; run again, and the page and its figures are made again"
        )
    return content
