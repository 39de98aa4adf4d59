"""Days of a dataset are downloaded: asked for, validated, stored; what is missing is named.

A response that is rejected or empty is asked for once more at the end.
"""

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from isone.download import empty_days, location_list
from isone.download.asking import Asking, reject
from isone.download.client import Client
from isone.download.empty_days import FirstDays
from isone.download.outcome import Outcome
from isone.download.validation import Received, Validator, say
from isone.errors import NoFileError, ResponseError
from isone.market import flaws
from isone.market.dataset import Dataset
from isone.market.locations import Locations
from isone.market.requests import Request
from isone.run import missing
from isone.run.progress import Progress
from isone.store.files import make_folder, remove
from isone.store.ledger import Entry
from isone.store.store import Store
from isone.store.year_marker import day_flaws
from isone.text import count, first_lines

log = logging.getLogger(__name__)

_NAMED_SUSPECTS = 10
_GONE = "its response was here and is gone again: what else works in this folder? then run again"


@dataclass
class Downloader:
    """Downloads days of one dataset into a store, with one client."""

    store: Store
    client: Client
    dataset: Dataset
    accepted: missing.Accepted = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    """Learns of each request that is stored, or given up, as it happens."""
    keep_prelim: bool = False
    """Whether a preliminary response stays beside the final one that takes its place."""

    def bring(
        self,
        days: Collection[dt.date],
        locations: Locations,
        final_through: dt.date | None = None,
    ) -> Outcome:
        """Download all days at these locations, but for what is stored already.

        Days after `final_through` may be preliminary where final prices are not out yet.
        Raises DownloadError when the service cannot be reached for longer than patience lasts, or
        where nothing is stored and the first days are all empty; StopRunError when no request can
        succeed. What was stored before stays stored.
        """
        years = {day.year for day in days}
        validator = self._validator(years, locations)
        entries = self._entries(years)
        validator.preliminaries = _preliminary(entries)
        to_ask = self._missing(days, locations, entries)
        self.progress.plan(to_ask)
        outcome = Outcome(
            already_downloaded=len(set(days) - {day for each in to_ask for day in each.days})
        )
        hoped_for = {each for each in to_ask if missing.is_hoped_for(each, final_through)}
        asking = Asking(self.client, validator, outcome, self.progress, hoped_for, None)
        failed = self._ask_first(asking, to_ask, entries)
        usable = missing.usable(entries, locations, self.accepted)
        failed = self._ask_preliminary(asking, failed, usable)
        if failed:
            self._ask_again(asking, failed, entries)
        outcome.entries = self._entries(years)
        for request in self._missing(days, locations, outcome.entries):
            if request not in hoped_for and not self._gap_accepted(request):
                outcome.missing.setdefault(request, _GONE)
        for request in outcome.missing:
            self.progress.request(request, False)
        return outcome

    def _validator(self, years: Collection[int], locations: Locations) -> Validator:
        """What validates the days of these years, and has validated what earlier runs left."""
        from isone.response import (
            across_responses,  # NumPy, only where there is something to download
        )

        for year in years:
            make_folder(self.store.raw_dir(self.dataset.name, year))
        validator = Validator(
            self.store,
            self.dataset,
            self.client.source,
            self.accepted,
            locations,
            known=across_responses.Known.of(self.store, self.dataset, years),
            preliminaries=_preliminary(self._entries(years)),
        )
        for year in years:
            self._validate_leftovers(validator, year)
        return validator

    def _ask_first(
        self, asking: Asking, requests: list[Request], entries: Mapping[str, Entry]
    ) -> list[Request]:
        """Ask for all that is missing, watching the first days where nothing is stored yet."""
        if entries:
            return asking.ask(requests)
        asking.first_days = FirstDays(self.store, self.dataset, self.client)
        failed = asking.ask(requests)
        asking.first_days.require_any()
        asking.first_days = None
        return failed

    def _ask_preliminary(
        self, asking: Asking, failed: list[Request], usable: Mapping[str, Entry]
    ) -> list[Request]:
        """For final requests that are not out yet, or rejected, have preliminary ones instead.

        Returns what failed.
        """
        outcome = asking.outcome
        to_ask: list[Request] = []
        for request in (each for each in failed if each in asking.hoped_for):
            del outcome.missing[request]
            if request.preliminary.name in usable:
                outcome.preliminary += 1
                self.progress.request(request, True)
            else:
                to_ask.append(request.preliminary)
        if to_ask and self.client.source.gives_reports:
            location_list.learn_stored(self.store)  # final ones have ids that these may lack
        before = outcome.stored
        still_failed = asking.ask(to_ask)
        outcome.preliminary += outcome.stored - before
        return [*(each for each in failed if each not in asking.hoped_for), *still_failed]

    def _ask_again(
        self, asking: Asking, failed: list[Request], entries: Mapping[str, Entry]
    ) -> None:
        """Ask once more, now that an empty response may be that of an empty day."""
        reasons = asking.outcome.missing
        empty = [request for request in failed if reasons[request] == empty_days.EMPTY_ONCE]
        if empty:
            doubts = empty_days.doubts(self.client, self.dataset, empty, entries)
            asking.validator.doubts = doubts
        log.info("asking again for %d responses that were rejected or empty", len(failed))
        asking.ask(failed)

    def _missing(
        self, days: Collection[dt.date], locations: Locations, entries: dict[str, Entry]
    ) -> list[Request]:
        return missing.missing_requests(
            self.dataset,
            days,
            locations,
            entries,
            self.accepted,
            from_reports=self.client.source.gives_reports,
        )

    def _gap_accepted(self, request: Request) -> bool:
        return flaws.MISSING in self.accepted.get(request.day, {})

    def _entries(self, years: Iterable[int]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for year in years:
            entries |= self.store.read_ledger(self.dataset.name, year)
        return entries

    def _validate_leftovers(self, validator: Validator, year: int) -> None:
        """Validate what an earlier run received but did not store, or stored but did not note."""
        name, store = self.dataset.name, self.store
        unknown = store.stored_requests(name, year) - set(store.read_ledger(name, year))
        for request in self._named(store.unvalidated_requests(name, year), year):
            path = store.unvalidated_path(request)
            if _validate_leftover(validator, request, path):
                remove(path)  # a kill cut it off while it was written
        for request in self._named(unknown, year):
            path = store.raw_path(request)
            if error := _validate_leftover(validator, request, path):
                reject(store, request, path, error)

    def _named(self, names: Iterable[str], year: int) -> list[Request]:
        """The requests of a year that some names are of; a file may have any name."""
        requests = [Request.named(self.dataset.name, name) for name in sorted(names)]
        return [each for each in requests if each and each.day.year == year]

    def unacknowledged(self, outcome: Outcome) -> list[str]:
        """What is suspect of the stored days and not acknowledged, in sentences for the summary."""
        found = [
            f"suspect, {each.day}: {each.flaw}, {each.what}"
            for each in day_flaws(outcome.entries.values(), self.accepted)
            if each.flaw in flaws.SUSPECT and not each.reason
        ]
        found = first_lines(found, "suspect", _NAMED_SUSPECTS, "named in the logs")
        return [*found, "what to do about suspect days: docs/suspects.md"] if found else []

    def account(self, outcome: Outcome) -> str:
        """What a download did, in one line for the log."""
        client = self.client
        return (
            f"{count(outcome.already_downloaded, 'day')} already downloaded, "
            f"{count(outcome.stored, 'response')} stored, "
            f"{outcome.preliminary} of recent days preliminary, "
            f"{count(client.requests_sent, 'request')}, "
            f"{count(client.retries.count, 'retry', 'retries')}, "
            f"{client.retries.waited:.0f} s waited"
        )


def _validate_leftover(validator: Validator, request: Request, path: Path) -> ResponseError | None:
    """Validate and store a response that is here already; returns why it is rejected, if it is."""
    try:
        (result,) = validator.validate([Received(request, path)])
    except NoFileError as error:
        return ResponseError(str(error))
    if isinstance(result, ResponseError):
        return result
    validator.store.save_responses([(request, path, result.entry)])
    say(request, result.remarks)
    log.info("%s was received earlier and is validated now", request)
    return None


def _preliminary(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    return {name: entry for name, entry in entries.items() if entry.revision == "prelim"}
