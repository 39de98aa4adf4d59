"""Responses that wait to be stored, as a download leaves them; what is in them does not matter."""

from pathlib import Path

from isone.market.requests import Request
from isone.store.files import make_folder, sha256
from isone.store.ledger import Entry
from isone.store.store import Store


def entry(request: Request, content: bytes) -> Entry:
    """What would be noted of a response."""
    return Entry(
        request=request.name,
        size=len(content),
        sha256=sha256(content),
        rows=1,
        fetched="2024-02-01T00:00:00+00:00",
        source="sandbox",
        revision="final",
    )


def received(store: Store, request: Request, content: bytes) -> tuple[Request, Path, Entry]:
    """A response under its unvalidated name."""
    make_folder(store.raw_dir(request.dataset, request.day.year))
    path = store.unvalidated_path(request)
    path.write_bytes(content)
    return request, path, entry(request, content)
