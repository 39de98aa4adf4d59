"""How much room on the disk the responses of some requests will take."""

from collections.abc import Mapping, Sequence

from isone.market.dataset import Dataset
from isone.market.requests import Request
from isone.run.settings import Settings
from isone.store.ledger import Entry

_BYTES_A_ROW = 20
"""Gzipped, measured with the sandbox at full scale: LMP 16 to 22, regulation 12, reserves 24."""
_LEAST = 4096  # bytes; what the smallest file takes
_LOCATIONS = 1_300
_ZONES = 4
_CORE = 21
"""Locations of the sandbox besides its network nodes."""


def estimate(
    dataset: Dataset, requests: Sequence[Request], entries: Mapping[str, Entry], settings: Settings
) -> int:
    """Bytes that the responses of some requests of a dataset-year will take, all in all.

    Each as many as the stored ones of its kind, in `entries`, take on average; where there are
    none, as many as its rows do.
    """
    if not requests:
        return 0
    kind = _kind(requests[0].name)
    stored = [entry.size for name, entry in entries.items() if _kind(name) == kind]
    if stored:
        each = sum(stored) // len(stored)
    else:
        each = _rows(dataset, requests[0], settings) * _BYTES_A_ROW
    return len(requests) * max(each, _LEAST)


def _kind(name: str) -> str:
    """Whether a request is for all of a day, a location, an hour or a block of hours."""
    scope = name[8:10].lstrip(".")
    return "location" if scope.isdigit() else scope.replace("p", "")  # preliminary ones too


def _rows(dataset: Dataset, request: Request, settings: Settings) -> int:
    hours = 24 * len(request.days)
    if request.hour is not None:
        hours = 1
    elif request.block is not None and dataset.public_csv:
        hours = dataset.public_csv.block_hours
    keys = _ZONES
    if request.location is not None:
        keys = 1
    elif dataset.chooses_locations:
        sandbox = settings.source == "sandbox"
        keys = _CORE + settings.sandbox.nodes if sandbox else _LOCATIONS
    return hours * 60 // (dataset.times.minutes or 5) * keys
