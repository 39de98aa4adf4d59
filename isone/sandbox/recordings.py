"""Recorded responses in a folder that is laid out as the service's URLs are."""

import gzip
import re
import zlib
from pathlib import Path

from isone.errors import UsageError
from isone.sandbox.feeds import BASE_PATH, MalformedError, NotFoundError, Query, read_query
from isone.sandbox.response import Response

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


class Recordings:
    """A folder such as `FOLDER/api/v1.1/hourlylmp/da/final/day/20170101.json` (or `.json.gz`)."""

    def __init__(self, folder: str | Path) -> None:
        """Raises UsageError where the folder is not there."""
        self._folder = Path(folder).resolve()
        if not self._folder.is_dir():
            raise UsageError(f"The folder of recorded responses {folder} is not there.")

    def find(self, path: str) -> Response | None:
        """The recorded response to a path below the base path (without `.json`), if any."""
        segments = (BASE_PATH + path).strip("/").split("/")
        if not all(_SEGMENT.fullmatch(segment) for segment in segments):
            return None
        file = self._folder.joinpath(*segments)
        plain = file.with_name(f"{file.name}.json")
        packed = file.with_name(f"{file.name}.json.gz")
        if self._holds(packed):
            data = packed.read_bytes()
            return Response(200, _unpacked(data), query=_query(path), packed=data)
        if self._holds(plain):
            return Response(200, plain.read_bytes(), query=_query(path))
        return None

    def _holds(self, file: Path) -> bool:
        """Whether the file is there, and in the folder itself: links out of it are not followed."""
        return file.is_file() and file.resolve().is_relative_to(self._folder)


def _unpacked(data: bytes) -> bytes:
    """What a recorded response holds; nothing where it is damaged, which is served as it is."""
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return b""


def _query(path: str) -> Query | None:
    try:
        return read_query(path)
    except (NotFoundError, MalformedError):
        return None
