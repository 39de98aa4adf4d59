"""Empty days: whether an empty response is a day that owes no row, or one that is not published.

Sets that list what happens, such as binding constraints, have days without a record, and a day that
is not out yet looks the same. So an empty response counts for a day only if

1. it comes a second time, at the end of the attempt,
2. ISO-NE says that the energy prices of that market and version are out through that day, and
3. it is not one of more than a month of empty days, which would rather be a set that does not
   reach back so far.

What is left to belief: that ISO-NE publishes constraints together with the prices they make.

Where nothing is stored and the first days are all empty, that is enough. Each empty day is asked
for twice in an attempt, and there are three attempts: a year before prices begin, or a wrong
address, would send thousands of requests to say what the first ten say.
"""

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping

import msgspec

from isone.download import location_list
from isone.download.client import Client
from isone.errors import DownloadError, NoDataError, NotFoundError, ResponseError, StopRunError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.market.times import Events
from isone.response.single_keys import require_single_keys
from isone.store import gzipped
from isone.store.ledger import Entry
from isone.store.store import Store

log = logging.getLogger(__name__)

LONGEST = 31
"""Days in a row without a record that are believed."""
ENOUGH = 10
"""Different days, all of them empty, after which no more are asked for."""
EMPTY_ONCE = "the response has no record: an empty day, or one that is not published"


class _ServiceInfo(msgspec.Struct):
    LatestBeginDate: str


class _Response(msgspec.Struct):
    ServiceInfo: _ServiceInfo


_decoder = msgspec.json.Decoder(_Response)


def doubts(
    client: Client, dataset: Dataset, empty: Collection[Request], entries: Mapping[str, Entry]
) -> dict[Request, str]:
    """Why each of some requests whose response was empty is no empty day; "" where it may be one.

    `entries` are the requests that are stored. Asks the service once for each version, final and
    preliminary; where it does not answer, that is the doubt.
    """
    known = {Request.named(dataset.name, name) for name, entry in entries.items() if not entry.rows}
    runs = _runs({day for request in (*empty, *known) if request for day in request.days})
    found: dict[Request, str] = {}
    for prelim in sorted({request.prelim for request in empty}):
        of_version = [request for request in empty if request.prelim == prelim]
        published, trouble = _published_until(client, dataset, of_version[0])
        for request in of_version:
            if trouble:
                found[request] = f"{EMPTY_ONCE}: {trouble}"
            elif request.bounds[1] > published:
                found[request] = (
                    f"{EMPTY_ONCE}: prices are out until {market_time.local_time(published)}"
                )
            elif runs[request.day] > LONGEST:
                found[request] = (
                    f"the response has no record, one of {runs[request.day]} such days running; "
                    f"more than {LONGEST} are not taken for empty days"
                )
            else:
                found[request] = ""
    return found


def _published_until(client: Client, dataset: Dataset, request: Request) -> tuple[int, str]:
    """Up to when (UTC seconds) the prices beside this set are out, or what hinders to tell."""
    times = dataset.times
    companion = DATASETS[times.published_with] if isinstance(times, Events) else dataset
    try:
        body = gzipped.inflate(client.fetch(companion.request.info_path(request)))
        require_single_keys(body)
        latest = _decoder.decode(body).ServiceInfo.LatestBeginDate
        return market_time.parse_timestamp(latest) + (companion.times.minutes or 0) * 60, ""
    except (DownloadError, ResponseError, msgspec.DecodeError, ValueError) as error:
        log.warning("%s: how far it is published cannot be told: %s", companion.name, error)
        return 0, f"how far {companion.name} is published cannot be told"


def _runs(days: Iterable[dt.date]) -> dict[dt.date, int]:
    """Of each day, how many days without a gap between them it is one of."""
    lengths: dict[dt.date, int] = {}
    run: list[dt.date] = []
    for day in sorted(days):
        if run and day - run[-1] > dt.timedelta(days=1):
            run = []
        run.append(day)
        lengths |= dict.fromkeys(run, len(run))
    return lengths


class FirstDays:
    """Watches the first days of a dataset of which nothing is stored, until one is not empty."""

    def __init__(self, store: Store, dataset: Dataset, client: Client) -> None:
        """Begin to watch."""
        self._store, self._dataset, self._client = store, dataset, client
        self._empty: list[Request] = []
        self._not_found = True
        self.is_over = False
        """Whether there is nothing to watch for any more."""

    def stored(self) -> None:
        """Learn that a day is there, which ends the watch."""
        self.is_over = True

    def failed(self, request: Request, error: ResponseError) -> None:
        """Learn why a request was not stored; anything but an empty response ends the watch.

        Of a set whose days may be empty an empty day may be right, so only 404 counts there.
        """
        found = isinstance(error, NotFoundError)
        may_be_empty = self._dataset.times.may_be_empty
        if not isinstance(error, NoDataError) or (may_be_empty and not found):
            self.is_over = True
        elif request.day not in {each.day for each in self._empty}:
            self._empty.append(request)
            self._not_found = self._not_found and found

    def require_any(self) -> None:
        """Raise where enough days were asked for and are empty.

        StopRunError where the service knows none of the addresses, and either nothing at all was
        ever stored or it does not know that of its locations either; DownloadError otherwise.
        """
        if self.is_over or len(self._empty) < ENOUGH:
            return
        base_url = self._client.source.base_url
        days = (
            f"the first {len(self._empty)} days of {self._dataset.name} that were asked for "
            f"({self._empty[0].day} to {self._empty[-1].day})"
        )
        if not self._not_found:
            raise DownloadError(
                f"{base_url} has no data for {days}, so no more are; choose days that it "
                "has, with `years` or `through`"
            )
        sentence = f"{base_url} answered 404 for all of {days}; check base_url"
        if self._store.has_responses() and location_list.has_address(self._client):
            raise DownloadError(sentence)
        raise StopRunError(sentence)
