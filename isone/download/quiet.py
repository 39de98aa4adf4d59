"""Empty days: whether an empty response is a day that owes no row, or one that is not published.

Sets that list what happens, such as binding constraints, have days without a record, and a day that
is not out yet looks the same. So an empty response counts for a day only if

1. it comes a second time, at the end of the attempt,
2. ISO-NE says that the energy prices of that market and version are out through that day, and
3. it is not one of more than a month of empty days, which would rather be a set that does not
   reach back so far.

What is left to belief: that ISO-NE publishes constraints together with the prices they make.
"""

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping

import msgspec

from isone.download.client import Client
from isone.errors import DownloadError, ResponseError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.market.times import Events
from isone.response import parse
from isone.store.store import Entry

log = logging.getLogger(__name__)

LONGEST = 31
"""Days in a row without a record that are believed."""
ONCE = "the response has no record: an empty day, or one that is not published"


class _ServiceInfo(msgspec.Struct):
    LatestBeginDate: str


class _Response(msgspec.Struct):
    ServiceInfo: _ServiceInfo


_decoder = msgspec.json.Decoder(_Response)


def doubts(
    client: Client, dataset: Dataset, empty: Collection[Request], entries: Mapping[str, Entry]
) -> dict[Request, str]:
    """Why each of some requests whose response was empty is no empty day; "" where it may be one.

    `entries` are the requests that are had. Asks the service once for each version, final and
    preliminary; where it does not answer, that is the doubt.
    """
    known = {Request.named(dataset.name, name) for name, entry in entries.items() if not entry.rows}
    runs = _runs({request.day for request in (*empty, *known) if request})
    found: dict[Request, str] = {}
    for prelim in sorted({request.prelim for request in empty}):
        of_version = [request for request in empty if request.prelim == prelim]
        published, trouble = _published_until(client, dataset, of_version[0])
        for request in of_version:
            if trouble:
                found[request] = f"{ONCE}: {trouble}"
            elif request.bounds[1] > published:
                found[request] = f"{ONCE}: prices are out until {market_time.local_time(published)}"
            elif runs[request.day] > LONGEST:
                found[request] = (
                    f"the response has no record, one of "
                    f"{runs[request.day]} such days running; more "
                    f"than {LONGEST} are not taken for quiet ones"
                )
            else:
                found[request] = ""
    return found


def _published_until(client: Client, dataset: Dataset, request: Request) -> tuple[int, str]:
    """Up to when (UTC seconds) the prices beside this set are out, or what hinders to tell."""
    times = dataset.times
    companion = DATASETS[times.published_with] if isinstance(times, Events) else dataset
    try:
        body = parse.inflate(client.fetch(companion.request.info_path(request)))
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
