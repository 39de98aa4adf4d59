"""A run of empty days: where nothing is stored and the first days are all empty, that is enough.

Each empty day is asked for twice in an attempt, and there are three attempts: a year before prices
begin, or a wrong address, would send thousands of requests to say what the first ten say.
"""

from isone.errors import DownloadError, NoDataError, NotFoundError, ResponseError, StopRunError
from isone.market.dataset import Dataset
from isone.market.requests import Request
from isone.store.store import Store

ENOUGH = 10
"""Different days, all of them empty, after which no more are asked for."""


class FirstDays:
    """Watches the first days of a dataset of which nothing is stored, until one is not empty."""

    def __init__(self, store: Store, dataset: Dataset, base_url: str) -> None:
        """Begin to watch."""
        self._store, self._dataset, self._base_url = store, dataset, base_url
        self._empty: list[Request] = []
        self._not_found = True
        self._over = False

    def stored(self) -> None:
        """Learn that a day is there, which ends the watch."""
        self._over = True

    def failed(self, request: Request, error: ResponseError) -> None:
        """Learn why a request was not stored; anything but an empty response ends the watch.

        Of a set whose days may be empty an empty day may be right, so only 404 counts there.
        """
        found = isinstance(error, NotFoundError)
        if not isinstance(error, NoDataError) or not (
            found or not self._dataset.times.may_be_empty
        ):
            self._over = True
        elif request.day not in {each.day for each in self._empty}:
            self._empty.append(request)
            self._not_found = self._not_found and found

    def require_any(self) -> None:
        """Raise where enough days were asked for and are empty.

        StopRunError where the service knows none of the addresses and nothing at all was ever
        stored from it, DownloadError otherwise.
        """
        if self._over or len(self._empty) < ENOUGH:
            return
        days = (
            f"the first {len(self._empty)} days of {self._dataset.name} that were asked for "
            f"({self._empty[0].day} to {self._empty[-1].day})"
        )
        if not self._not_found:
            raise DownloadError(
                f"{self._base_url} has no data for {days}, so no more are; choose days that it "
                "has, with `years` or `through`"
            )
        sentence = f"{self._base_url} answered 404 for all of {days}; check base_url"
        if any((self._store.root / "raw").glob("*/*/ledger.jsonl")):
            raise DownloadError(sentence)
        raise StopRunError(sentence)
