"""Bring days home: ask, validate, file; name what could not be had.

While a response is awaited the one before it is validated and stored, so validation costs no time;
there is never more than one request. A response that is rejected is asked for once more at the end.
"""

import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from isone.download import locations as known_locations
from isone.download import quiet
from isone.download.client import Client
from isone.download.emptiness import FirstDays
from isone.download.filing import Filing
from isone.errors import DownloadError, IncompleteError, NoDataError, ResponseError
from isone.market import flaws, market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.flaws import Flaw
from isone.market.locations import ALL_LOCATIONS, Locations
from isone.market.requests import Request
from isone.response import parse, reports, revisions, suspects
from isone.response.table import Table, read_table
from isone.response.validate import Finding, validate
from isone.run import missing
from isone.run.dataset_year import DatasetYear
from isone.run.sources import REPORTS, Source
from isone.store.manifest import day_flaws, read_manifest
from isone.store.store import Entry, Store, Validated, make_folder, sha256
from isone.text import count, first_lines, some

log = logging.getLogger(__name__)

_ACKNOWLEDGE = "look at it, and acknowledge it in accepted_flaws where it is right"
_NAMED_SUSPECTS = 10
_FORGIVEN = "single intervals that ISO-NE has left out for good"
_GONE = "its response was here and is gone again: what else works in this folder? then run again"


@dataclass
class Outcome:
    """What a download came to. Days are named by their requests; reasons are sentences."""

    stored: int = 0
    had: int = 0
    preliminary: int = 0
    """Responses that stand in for final ones that are not out yet."""
    missing: dict[Request, str] = field(default_factory=dict)
    gaps: dict[dt.date, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    """What was found in the store at the end, by the names of requests."""

    @property
    def missing_days(self) -> dict[str, str]:
        """The days that are missing, ascending, each with the reason of its first request."""
        reasons: dict[str, str] = {}
        for request in sorted(self.missing, key=lambda request: request.name):
            reasons.setdefault(str(request.day), self.missing[request])
        return reasons


@dataclass
class Downloader:
    """Brings the days of one dataset into a store, from one client.

    `on_request(request, done)` is told of each request that is stored, or given up, as it happens.
    """

    store: Store
    client: Client
    dataset: Dataset
    accepted: missing.Accepted = field(default_factory=dict)
    on_plan: Callable[[list[Request]], None] = lambda requests: None
    on_request: Callable[[Request, bool], None] = lambda request, done: None
    keep_prelim: bool = False
    """Whether a preliminary response stays beside the final one that takes its place."""
    _known: suspects.Known = field(default_factory=suspects.Known)
    """What every new response is compared with."""
    _locations: Locations = ALL_LOCATIONS
    _hoped_for: set[Request] = field(default_factory=set)
    """Final requests that need not be out yet, for each of which a preliminary one will do."""
    _preliminaries: dict[str, Entry] = field(default_factory=dict)
    """What was had in its preliminary version before, by the names of requests."""
    _first_days: FirstDays | None = None
    """The first days asked for, where nothing of them is stored yet."""
    _doubts: dict[Request, str] = field(default_factory=dict)
    """Why an empty response is no empty day, as far as that was looked into; "" where it is one."""

    def bring(
        self,
        days: Collection[dt.date],
        locations: Locations,
        final_through: dt.date | None = None,
    ) -> Outcome:
        """Have all days at these locations, asking for nothing that is had already.

        Days after `final_through` are had preliminary where final prices are not out yet.
        Raises DownloadError when the service cannot be reached for longer than patience lasts, or
        where nothing is stored and the first days are all empty; StopRunError when no request can
        succeed. What was stored before stays stored.
        """
        outcome = Outcome()
        self._locations = locations
        years = {day.year for day in days}
        for year in years:
            make_folder(self.store.raw_dir(self.dataset.name, year))
        self._known = suspects.Known.of(self.store, self.dataset, years)
        for year in years:
            self._validate_leftovers(year)
        entries = self._entries(years)
        self._preliminaries = _preliminary(entries)
        lacking = self._lacking(days, locations, entries)
        self.on_plan(lacking)
        self._hoped_for = {p for p in lacking if missing.is_hoped_for(p, final_through)}
        if not entries:
            url = self.client.source.base_url
            self._first_days = FirstDays(self.store, self.dataset, url)
        outcome.had = len(set(days) - {day for request in lacking for day in request.days})
        failed = self._pass(lacking, outcome)
        self._stop_if_all_empty()
        self._first_days = None
        usable = missing.usable(entries, locations, self.accepted)
        failed = self._preliminary(failed, usable, outcome)
        if failed:
            empty = [request for request in failed if outcome.missing[request] == quiet.ONCE]
            if empty:
                self._doubts = quiet.doubts(self.client, self.dataset, empty, entries)
            log.info("asking again for %d responses that were rejected or empty", len(failed))
            self._pass(failed, outcome)
        outcome.entries = self._entries(years)
        for request in self._lacking(days, locations, outcome.entries):
            if request not in self._hoped_for and not self._gap_accepted(request):
                outcome.missing.setdefault(request, _GONE)
        for request in outcome.missing:
            self.on_request(request, False)
        return outcome

    def _stop_if_all_empty(self) -> None:
        if self._first_days:
            self._first_days.require_any()

    def _lacking(
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

    def _preliminary(
        self, failed: list[Request], entries: Mapping[str, Entry], outcome: Outcome
    ) -> list[Request]:
        """For final requests that are not out yet, or rejected, have preliminary ones instead.

        Returns what failed.
        """
        to_ask: list[Request] = []
        others: list[Request] = []
        for request in failed:
            if request not in self._hoped_for:
                others.append(request)
                continue
            prelim = request.preliminary
            del outcome.missing[request]
            if prelim.name in entries:
                outcome.preliminary += 1
                self.on_request(request, True)
            else:
                to_ask.append(prelim)
        if to_ask and self.client.source.gives_reports:
            known_locations.learn_stored(self.store)  # final ones have the ids that these may lack
        before = outcome.stored
        still_failed = self._pass(to_ask, outcome)
        outcome.preliminary += outcome.stored - before
        return [*others, *still_failed]

    def unacknowledged(self, outcome: Outcome) -> list[str]:
        """What is suspect of the stored days and not acknowledged, in sentences for the summary."""
        found = [
            f"suspect, {each.day}: {each.flaw}, {each.what}"
            for each in day_flaws(outcome.entries.values(), self.accepted)
            if each.flaw in flaws.SUSPECT and not each.reason
        ]
        found = first_lines(found, "suspect", _NAMED_SUSPECTS, "named in the logs")
        return [*found, "what to do about suspect days: docs/suspects.md"] if found else []

    def _gap_accepted(self, request: Request) -> bool:
        return flaws.MISSING in self.accepted.get(request.day, {})

    def account(self, outcome: Outcome) -> str:
        """What a download did, in one line for the log."""
        client = self.client
        return (
            f"{count(outcome.had, 'day')} already downloaded, "
            f"{count(outcome.stored, 'response')} stored, "
            f"{outcome.preliminary} of recent days preliminary, "
            f"{count(client.requests_sent, 'request')}, "
            f"{count(client.retries, 'retry', 'retries')}, "
            f"{client.waited:.0f} s waited"
        )

    def _entries(self, years: Iterable[int]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for year in years:
            entries |= self.store.read_ledger(self.dataset.name, year)
        return entries

    def _validate_leftovers(self, year: int) -> None:
        """Validate what an earlier run received but did not file, or stored but did not note."""
        known = self.store.read_ledger(self.dataset.name, year)
        self._preliminaries |= _preliminary(known)
        unknown = self.store.stored_requests(self.dataset.name, year) - set(known)
        unvalidated = self.store.unvalidated_requests(self.dataset.name, year)
        for names, path_of in (
            (unvalidated, self.store.unvalidated_path),
            (unknown, self.store.raw_path),
        ):
            for name in sorted(names):
                request = Request.named(self.dataset.name, name)
                if request is None or request.day.year != year:
                    continue
                try:
                    validated = self._validate(
                        request, path_of(request), path_of(request).read_bytes()
                    )
                    self.store.save_responses([validated])
                    log.info("%s was received earlier and is validated now", request)
                except ResponseError as error:
                    if path_of == self.store.unvalidated_path:  # a kill cut it off while written
                        path_of(request).unlink()
                    else:
                        self._refuse(request, path_of(request), error)

    def _pass(self, requests: list[Request], outcome: Outcome) -> list[Request]:
        """Ask once for each request; returns those that were rejected or empty."""
        failed: list[Request] = []
        received: list[tuple[Request, Path, bytes]] = []  # and not validated yet: one at most

        def validate_last() -> None:
            note_stored()
            if received:
                request, path, content = received.pop()
                try:
                    filing.file(self._validate(request, path, content))
                    if self._first_days:
                        self._first_days.stored()
                except ResponseError as error:
                    self._note_failure(request, error, outcome, failed)

        def note_stored() -> None:
            for request in filing.stored():
                outcome.stored += 1
                outcome.missing.pop(request, None)
                self.on_request(request, True)

        with Filing(self.store) as filing:
            try:
                for request, content in self._responses(requests, outcome, failed, validate_last):
                    validate_last()
                    path = self.store.unvalidated_path(request)
                    path.write_bytes(content)
                    received.append((request, path, content))
            finally:
                validate_last()
                filing.finish()
                note_stored()
        return failed

    def _responses(
        self,
        requests: list[Request],
        outcome: Outcome,
        failed: list[Request],
        meanwhile: Callable[[], None],
    ) -> Iterator[tuple[Request, bytes]]:
        """Ask for one request after the other; yields those that were answered.

        While a response is awaited, or the time for another try, `meanwhile` is called.
        Where patience for a request ends, the next one is tried once: if that fails too, the
        service is out of order, and if not, only that request is missing.
        """
        worn_out: DownloadError | None = None
        for request in requests:
            self._stop_if_all_empty()
            path = self.client.source.path(self.dataset, request)
            try:
                content = self.client.fetch(path, patient=worn_out is None, meanwhile=meanwhile)
            except ResponseError as error:
                worn_out = None
                self._note_failure(request, error, outcome, failed)
            except DownloadError as error:
                if worn_out:
                    raise worn_out from error
                worn_out = DownloadError(f"{request}: {error}")
                outcome.missing[request] = str(error)
                log.warning("%s: given up for now, %s", request, error)
            else:
                worn_out = None
                yield request, content

    def _validate(self, request: Request, path: Path, content: bytes) -> Validated:
        """Show that the response at `path` is the request that was asked for."""
        body = parse.inflate(content)
        table = read_table(self.dataset, body)
        finding = validate(
            table,
            request,
            locations=self._locations,
            accepted=self.accepted.get(request.day, {}),
            today=market_time.now().date(),
        )
        doubt = self._doubts.get(request, quiet.ONCE)
        if not finding.rows and not finding.flaws and doubt:
            raise NoDataError(doubt)
        if not self._gap_accepted(request) and not finding.forgiven:
            finding.require_whole()
        revised = self._revised(request, table)
        source = source_of(body, self.client.source)
        entry = entry_of(request, content, source, _received_at(path), finding, **revised)
        for remark in _remarks(entry):
            log.info("%s: %s", request, remark)
        for flaw in entry.flaws:
            log.warning("%s: %s (%s)", request, flaws.ALL[flaw.name], flaw.what)
        if finding.unknown_locations:
            names = finding.unknown_locations
            log.warning(
                "%s: %s without a known id, left out of the tables until final prices are here: %s",
                *(request, count(len(names), "location"), some(names)),
            )
        digest, found = self._known.examine(table, request)
        self._say_suspects(request, found)
        entry = msgspec.structs.replace(entry, prices=digest, flaws=(*entry.flaws, *found))
        return Validated(request, path, entry)

    def _say_suspects(self, request: Request, found: Iterable[Flaw]) -> None:
        reasons = self.accepted.get(request.day, {})
        for flaw in found:
            if flaw.name in reasons:
                said = f"acknowledged: {reasons[flaw.name]}"
                log.info("%s: %s, %s; %s", request, flaw.name, flaw.what, said)
            else:
                log.warning("%s: suspect, %s: %s; %s", request, flaw.name, flaw.what, _ACKNOWLEDGE)

    def _revised(self, request: Request, table: Table) -> dict[str, Any]:
        """What a final response changes of the preliminary one; nothing without one."""
        prelim = request.preliminary
        before = None if request.prelim else self._preliminaries.get(prelim.name)
        if before is None:
            return {}
        content = self.store.raw_path(prelim).read_bytes()
        try:
            stored = read_table(self.dataset, parse.inflate(content), validated=True)
        except ResponseError as error:
            log.warning("%s: what was here before cannot be compared, %s", request, error)
            return {"first_seen": before.fetched}
        changes = revisions.compare(stored, table)
        log.info("%s: final now, %s", request, changes)
        return {"first_seen": before.fetched, **changes.noted}

    def _note_failure(
        self, request: Request, error: ResponseError, outcome: Outcome, failed: list[Request]
    ) -> None:
        path = self.store.unvalidated_path(request)
        if request in self._hoped_for and isinstance(error, IncompleteError):
            path.unlink(missing_ok=True)
            log.info("%s: not final yet", request)
        else:
            self._refuse(request, path, error)
            hoped_for = request in self._hoped_for
            if not hoped_for and self._gap_accepted(request) and isinstance(error, IncompleteError):
                outcome.gaps[request.day] = self.accepted[request.day][flaws.MISSING]
                self.on_request(request, True)
                return
            if self._first_days and not hoped_for:
                self._first_days.failed(request, error)
        failed.append(request)
        outcome.missing[request] = str(error)

    def _refuse(self, request: Request, path: Path, error: ResponseError) -> None:
        if not path.exists() or isinstance(error, NoDataError):
            path.unlink(missing_ok=True)
            log.warning("%s: %s", request, error)
            return
        kept = self.store.reject_response(request, path, str(error))
        log.warning("%s: rejected, %s (kept as %s)", request, error, kept)


def download_year(downloader: Downloader, job: DatasetYear, *, newest_first: bool) -> Outcome:
    """Have every day of a dataset-year and write its marker.

    Raises DownloadError, naming the days, where some are missing; no marker is written then.
    """
    store, dataset = downloader.store, downloader.dataset
    days = job.days(newest_first=newest_first)
    outcome = downloader.bring(days, job.locations, job.final_through)
    if outcome.missing:
        raise MissingDaysError(outcome)
    usable = missing.usable(outcome.entries, job.locations, downloader.accepted)
    entries = missing.requests_of_days(
        dataset, job.days(newest_first=False), job.locations, usable, job.final_through
    )
    store.write_marker(
        job.dataset, job.period, manifest(job, entries, downloader.accepted, downloader.client)
    )
    store.remove_markers(job.dataset, job.superseded(store.marker_periods(job.dataset)))
    if not downloader.keep_prelim:
        _remove_preliminary(store, job, entries)
    return outcome


def _remove_preliminary(store: Store, job: DatasetYear, entries: Sequence[Entry]) -> None:
    """Remove the preliminary responses of days that are final now, but for what a marker names."""
    needed = {entry.request for entry in entries}
    for period in store.marker_periods(job.dataset, job.year):
        if period != job.period:
            requests = read_manifest(store.marker_path(job.dataset, period)).requests
            needed |= {entry.request for entry in requests}
    final = {entry.day for entry in entries} - {e.day for e in entries if e.revision != "final"}
    for name, entry in _preliminary(store.read_ledger(job.dataset, job.year)).items():
        request = Request.named(job.dataset, name)
        if request and entry.day in final and name not in needed:
            store.raw_path(request).unlink(missing_ok=True)


class MissingDaysError(DownloadError):
    """Some days could not be had; `outcome` has their names and reasons."""

    def __init__(self, outcome: Outcome) -> None:
        """Say which days, up to ten of them by name, and the first reason."""
        days = outcome.missing_days
        reason = next(iter(days.values()))
        super().__init__(f"{count(len(days), 'day')} missing: {some([*days])} ({reason})")
        self.outcome = outcome


def manifest(
    job: DatasetYear, entries: list[Entry], accepted: missing.Accepted, client: Client
) -> dict[str, Any]:
    """A complete year as its marker describes it: every request, gap and flaw, with the reasons."""
    here = {day for entry in entries for day in entry.days}
    partial = {entry.day for entry in entries if entry.missing}
    gaps = [
        {"day": str(day), "reason": reasons[flaws.MISSING], "nothing_published": day not in here}
        for day, reasons in sorted(accepted.items())
        if flaws.MISSING in reasons
        and job.first <= day <= job.last
        and (day in partial or day not in here)
    ]
    named = {gap["day"] for gap in gaps}
    forgiven = {str(entry.day) for entry in entries if entry.missing and entry.forgiven}
    gaps += [
        {"day": day, "reason": _FORGIVEN, "nothing_published": False, "forgiven": True}
        for day in forgiven - named
    ]
    gaps.sort(key=lambda gap: str(gap["day"]))
    return {
        "dataset": job.dataset,
        "period": job.period,
        "first_day": str(job.first),
        "last_day": str(job.last),
        "locations": job.locations if DATASETS[job.dataset].per_location else "all",
        "source": client.source.name,
        "base_url": client.source.base_url,
        "synthetic_prices": client.source.name == "sandbox",
        "written": market_time.utc_now(),
        "final_through": str(job.final_through or job.last),
        "days": len(here),
        "rows": sum(entry.rows for entry in entries),
        "gaps": gaps,
        "flaws": msgspec.to_builtins(day_flaws(entries, accepted)),
        "requests": [msgspec.to_builtins(entry) for entry in entries],
    }


def entry_of(
    request: Request,
    content: bytes,
    source: str,
    received: str,
    finding: Finding,
    **versions: Any,
) -> Entry:
    """What the ledger notes of a response that is shown to be its request.

    `content` is as served, `received` an instant in ISO 8601; `versions` are those fields that tell
    how this response differs from the one before it.
    """
    return Entry(
        request=request.name,
        size=len(content),
        sha256=sha256(content),
        fetched=received,
        source=source,
        revision="prelim" if request.prelim else "final",
        **{name: getattr(finding, name) for name in finding.__dataclass_fields__},
        **versions,
    )


def _preliminary(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    return {name: entry for name, entry in entries.items() if entry.revision == "prelim"}


def source_of(body: bytes, source: Source) -> str:
    """Where a response came from; one that an earlier run left may be of another source."""
    if reports.is_report(body):
        return REPORTS
    return source.name if source.name != REPORTS else "webservices"


def _remarks(entry: Entry) -> list[str]:
    """What is worth a line in the log though it does no harm."""
    remarks = {
        "rows came twice, exactly alike": entry.duplicates,
        "rows were off their interval's beginning and count for the nearest one": entry.off_grid,
        "rows add up to a cent more or less than the LMP": entry.cents_off,
        "rows are at odds with others (energy, a constraint) or with their times": entry.at_odds,
        "intervals are missing and accepted to be": 0 if entry.forgiven else len(entry.missing),
        "intervals are missing, for good as far as one can tell": (
            len(entry.missing) if entry.forgiven else 0
        ),
    }
    lines = [f"{count} {text}" for text, count in remarks.items() if count]
    if entry.unknown_fields:
        lines.append(f"new fields, kept in the raw response: {', '.join(entry.unknown_fields)}")
    return lines


def _received_at(path: Path) -> str:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).isoformat(timespec="seconds")
