"""A sandbox that changes some of its responses, as faults cannot do to public CSV."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from isone.sandbox import Sandbox
from isone.sandbox.response import Response

Change = Callable[[Response], Response]


class Altered(Sandbox):
    """Applies each change to the responses whose path and query match its glob."""

    def __init__(self, changes: Mapping[str, Change], **options: Any) -> None:
        super().__init__(**options)
        self._changes = changes
        self.cookies: list[str] = []

    def response(
        self, target: str, accept: str, authorization: str | None, cookies: str = ""
    ) -> Response:
        self.cookies.append(cookies)
        found = super().response(target, accept, authorization, cookies)
        for glob, change in self._changes.items():
            if fnmatchcase(target, glob):
                found = change(found)
        return found


def with_body(change: Callable[[bytes], bytes]) -> Change:
    """A change of the body alone."""
    return lambda found: replace(found, body=change(found.body), packed=None)
