"""What runs and jobs wrote of themselves, read back for a terminal: without what moves one.

Whoever may write into the data folder may have written it.
"""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from isone.errors import printable
from isone.store.files import read_file

_Kind = TypeVar("_Kind")


def read_shown(path: Path, kind: type[_Kind]) -> _Kind:
    """A struct from a JSON file; in its texts `?` is in place of what cannot be printed.

    Lines stay. Raises OSError, and what `UNREADABLE` names for a file of another form.
    """
    return msgspec.convert(_shown(msgspec.json.decode(read_file(path))), type=kind)


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value, besides="\n\t")
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, dict):
        return {_shown(key): _shown(each) for key, each in value.items()}
    return value
