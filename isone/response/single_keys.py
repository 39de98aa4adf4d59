"""Keys that a JSON object has twice, of which a reader would silently take the last."""

import json
from typing import Any

from isone.errors import ResponseError
from isone.response.parse import shown


def require_single_keys(body: bytes) -> None:
    """Raise ResponseError where an object of a response has a key twice.

    For small responses, which are read again for it; those of prices have their own check
    (`parse.unknown_keys`).
    """
    try:
        json.loads(body, object_pairs_hook=_single)
    except (ValueError, RecursionError):  # who reads it next says what is wrong
        return


def _single(pairs: list[tuple[str, Any]]) -> None:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ResponseError(f"the response has {shown(key)} twice in one object")
