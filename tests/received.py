"""Replies that wait to be filed, as a download leaves them; what is in them does not matter."""

from isone.market.datasets import Part
from isone.store.store import Entry, Proven, Store, make_folder, sha256


def entry(part: Part, content: bytes) -> Entry:
    """What would be noted of a reply."""
    return Entry(
        part=part.name,
        size=len(content),
        sha256=sha256(content),
        rows=1,
        fetched="2024-02-01T00:00:00+00:00",
        source="sandbox",
        revision="final",
    )


def received(store: Store, part: Part, content: bytes) -> Proven:
    """A reply under its unproven name."""
    make_folder(store.raw_dir(part.dataset, part.day.year))
    path = store.unproven_path(part)
    path.write_bytes(content)
    return Proven(part, path, entry(part, content))
