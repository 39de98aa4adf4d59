"""How public reports are asked for, and how a response is told from a page that blocks the way.

ISO-NE's public host answers like a site for people: it wants a browser's headers, hands out a
cookie with its pages, and without that refuses reports that it makes on request.
Source: what working public clients do.
"""

from typing import Final

import requests

from isone.errors import StopRunError, TransientError
from isone.response import report_sheet
from isone.run.sources import Source
from isone.store import gzipped

COOKIE: Final = "isox_token"
_MADE_ON_REQUEST = "/transform/"
_HEAD = 512  # bytes of a body that tell what it is


class Visit:
    """What a session with the public host remembers: its cookies."""

    def __init__(self, source: Source) -> None:
        """Begin without any cookie."""
        assert source.page is not None  # noqa: S101 - whoever has no page makes no visit
        self.page_url = source.url(source.page)
        self._base_url = source.base_url
        self._cookies: dict[str, str] = {}
        self._refused = False

    @property
    def headers(self) -> dict[str, str]:
        """What a browser would say of itself, and where it comes from."""
        return {
            "Accept": "text/csv,text/html;q=0.9,*/*;q=0.8",
            "Accept-Language": "en-US,en;q=0.9",
            "Referer": self.page_url,
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        }

    def must_open_page(self, url: str) -> bool:
        """Whether the page has to be got before this address is asked."""
        on_request = url.removeprefix(self._base_url).startswith(_MADE_ON_REQUEST)
        return (on_request or self._refused) and COOKIE not in self._cookies

    def add_cookies(self, request: requests.PreparedRequest) -> None:
        """Send back what the host handed out; no redirect leads it to another one."""
        if self._cookies:
            pairs = (f"{name}={value}" for name, value in self._cookies.items())
            request.headers["Cookie"] = "; ".join(pairs)

    def keep_cookies(self, response: requests.Response) -> None:
        """Keep what a response hands out."""
        self._cookies |= response.cookies.get_dict()

    def refused(self) -> Exception:
        """What a 403 means: the first time that a new cookie is needed, then that it is no use."""
        if not self._refused:
            self._refused = True
            self._cookies.clear()
            return TransientError(f"{self._base_url} forbids the report (403) without a new cookie")
        return StopRunError(
            f"{self._base_url} forbids the report (403), also with its cookie: it blocks this "
            "address for now; wait an hour, or take the web services with an account"
        )

    def require_report(self, packed: bytes) -> bytes:
        """The body, still gzipped, if it is a report or says that there is none.

        Raises TransientError for a page: a block, or a login. The next try gets a new cookie.
        """
        head = gzipped.inflate_head(packed, _HEAD)
        if report_sheet.is_report(head):
            self._refused = False
            return packed
        self._refused = True
        self._cookies.clear()
        raise TransientError(f"{self._base_url} sent a page instead of the report")
