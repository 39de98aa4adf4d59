"""Markers: small files that say what was made, and from what.

Snakemake asks of a marker only whether it is there, and knows nothing else of an earlier run. So
whether a marker still holds is looked into when a run begins: one that does not is removed, and
what it stands for is made again. Each marker has a field `made_from`, which must be as it would be
now; the file it speaks of must be there with the size that it had.

Tables, databases and pages are no outputs of a rule: Snakemake removes those before the job runs,
and they are to stay until the next ones are whole.
"""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from isone.errors import UNREADABLE, NoFileError
from isone.store.files import read_file, remove, sha256, write_json


class Marker(msgspec.Struct, frozen=True):
    """What a marker says that decides whether it holds."""

    made_from: dict[str, Any] = {}
    sha256: str = ""
    """The digest of the one file that was made, where one was."""
    bytes: int | None = None
    """Its size."""


_decoder = msgspec.json.Decoder(Marker)


def read(path: Path) -> Marker | None:
    """What a marker says; None where there is none, or none that can be read."""
    try:
        return _decoder.decode(read_file(path))
    except (FileNotFoundError, *UNREADABLE):
        return None


def digest(path: Path) -> str:
    """The digest of a marker's own text; "" where there is none."""
    with contextlib.suppress(FileNotFoundError, NoFileError):
        return sha256(read_file(path))
    return ""


def write(path: Path, made_from: Mapping[str, Any], **said: Any) -> None:
    """Write a marker, lastingly: what its thing was made from, and what else there is to say."""
    write_json(path, {"made_from": dict(made_from), **said})


def holds(path: Path, made_from: Mapping[str, Any], *files: Path) -> bool:
    """Whether a marker was made from these things, and its files are there, of its size if one."""
    marker = read(path)
    if marker is None or marker.made_from != json.loads(json.dumps(made_from)):
        return False
    return are_here(marker, *files)


def are_here(marker: Marker, *files: Path) -> bool:
    """Whether the files that a marker speaks of are there, of its size if one."""
    return all(file.exists() for file in files) and (
        marker.bytes is None or sum(file.stat().st_size for file in files) == marker.bytes
    )


def keep_if(holds: bool, path: Path) -> None:
    """Remove a marker that does not hold."""
    if not holds:
        remove(path)
