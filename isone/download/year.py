"""Bring days home: ask, prove, file; name what could not be had.

While a reply is awaited the one before it is proven and filed, so proof costs no time; there is
never more than one request. A reply that is refused is asked for once more at the end.
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
from isone.errors import DownloadError, IncompleteError, NoDataError, ReplyError
from isone.market import flaws
from isone.market.datasets import ALL_LOCATIONS, DATASETS, Dataset, Locations, Part
from isone.market.flaws import Flaw
from isone.response import check, parse, reports, revisions, suspects
from isone.run import selection
from isone.run.selection import Job
from isone.run.sources import REPORTS, Source
from isone.store.manifest import day_flaws, read_manifest
from isone.store.store import Entry, Proven, Store, make_folder, sha256
from isone.text import count, some

log = logging.getLogger(__name__)

_ACKNOWLEDGE = "look at it, and acknowledge it in accepted_flaws where it is right"
_NAMED_SUSPECTS = 10
_GONE = "its reply was here and is gone again: what else works in this folder? then run again"


@dataclass
class Outcome:
    """What a download came to. Days are named by their parts; reasons are sentences."""

    filed: int = 0
    had: int = 0
    preliminary: int = 0
    """Replies that stand in for final ones that are not out yet."""
    missing: dict[Part, str] = field(default_factory=dict)
    gaps: dict[dt.date, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    """What was found in the store at the end, by the names of parts."""

    @property
    def missing_days(self) -> dict[str, str]:
        """The days that are missing, ascending, each with the reason of its first part."""
        reasons: dict[str, str] = {}
        for part in sorted(self.missing, key=lambda part: part.name):
            reasons.setdefault(str(part.day), self.missing[part])
        return reasons


@dataclass
class Downloader:
    """Brings the days of one dataset into a store, from one client.

    `on_part(part, done)` is told of each part that is filed, or given up, as it happens.
    """

    store: Store
    client: Client
    dataset: Dataset
    accepted: selection.Accepted = field(default_factory=dict)
    on_plan: Callable[[list[Part]], None] = lambda parts: None
    on_part: Callable[[Part, bool], None] = lambda part, done: None
    keep_prelim: bool = False
    """Whether a preliminary reply stays beside the final one that takes its place."""
    _known: suspects.Known = field(default_factory=suspects.Known)
    """What every new reply is compared with."""
    _locations: Locations = ALL_LOCATIONS
    _hoped_for: set[Part] = field(default_factory=set)
    """Final parts that need not be out yet, for each of which a preliminary one will do."""
    _preliminaries: dict[str, Entry] = field(default_factory=dict)
    """What was had in its preliminary version before, by the names of parts."""
    _first_days: FirstDays | None = None
    """The first days asked for, where nothing of them is stored yet."""
    _doubts: dict[Part, str] = field(default_factory=dict)
    """Why an empty reply is no quiet day, as far as that was looked into; "" where it is one."""

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
        succeed. What was filed before stays filed.
        """
        outcome = Outcome()
        self._locations = locations
        years = {day.year for day in days}
        for year in years:
            make_folder(self.store.raw_dir(self.dataset.name, year))
        self._known = suspects.Known.of(self.store, self.dataset, years)
        for year in years:
            self._prove_leftovers(year)
        entries = self._entries(years)
        self._preliminaries = _preliminary(entries)
        lacking = self._lacking(days, locations, entries)
        self.on_plan(lacking)
        self._hoped_for = {p for p in lacking if selection.is_hoped_for(p, final_through)}
        if not entries:
            url = self.client.source.base_url
            self._first_days = FirstDays(self.store, self.dataset, url)
        outcome.had = len(days) - len({part.day for part in lacking})
        failed = self._pass(lacking, outcome)
        self._stop_if_all_empty()
        self._first_days = None
        usable = selection.usable(entries, locations, self.accepted)
        failed = self._preliminary(failed, usable, outcome)
        if failed:
            empty = [part for part in failed if outcome.missing[part] == quiet.ONCE]
            if empty:
                self._doubts = quiet.doubts(self.client, self.dataset, empty, entries)
            log.info("asking again for %d replies that were refused or empty", len(failed))
            self._pass(failed, outcome)
        outcome.entries = self._entries(years)
        for part in self._lacking(days, locations, outcome.entries):
            if part not in self._hoped_for and not self._gap_accepted(part):
                outcome.missing.setdefault(part, _GONE)
        for part in outcome.missing:
            self.on_part(part, False)
        return outcome

    def _stop_if_all_empty(self) -> None:
        if self._first_days:
            self._first_days.require_any()

    def _lacking(
        self, days: Collection[dt.date], locations: Locations, entries: dict[str, Entry]
    ) -> list[Part]:
        return selection.parts_lacking(
            self.dataset,
            days,
            locations,
            entries,
            self.accepted,
            from_reports=self.client.source.gives_reports,
        )

    def _preliminary(
        self, failed: list[Part], entries: Mapping[str, Entry], outcome: Outcome
    ) -> list[Part]:
        """For final parts that are not out yet, or rejected, have preliminary ones instead.

        Returns what failed.
        """
        to_ask: list[Part] = []
        others: list[Part] = []
        for part in failed:
            if part not in self._hoped_for:
                others.append(part)
                continue
            prelim = part.preliminary
            del outcome.missing[part]
            if prelim.name in entries:
                outcome.preliminary += 1
                self.on_part(part, True)
            else:
                to_ask.append(prelim)
        if to_ask and self.client.source.gives_reports:
            known_locations.learn_stored(self.store)  # final ones have the ids that these may lack
        before = outcome.filed
        still_failed = self._pass(to_ask, outcome)
        outcome.preliminary += outcome.filed - before
        return [*others, *still_failed]

    def unacknowledged(self, outcome: Outcome) -> list[str]:
        """What is suspect of the stored days and not acknowledged, in sentences for the summary."""
        found = [
            f"suspect, {each.day}: {each.flaw}, {each.what}"
            for each in day_flaws(outcome.entries.values(), self.accepted)
            if each.flaw in flaws.SUSPECT and not each.reason
        ]
        more = len(found) - _NAMED_SUSPECTS
        if more > 0:
            found[_NAMED_SUSPECTS:] = [f"and {count(more, 'more suspect')}, named in the logs"]
        return [*found, "what to do about suspect days: docs/suspects.md"] if found else []

    def _gap_accepted(self, part: Part) -> bool:
        return flaws.MISSING in self.accepted.get(part.day, {})

    def account(self, outcome: Outcome) -> str:
        """What a download did, in one line for the log."""
        client = self.client
        return (
            f"{count(outcome.had, 'day')} had before, {count(outcome.filed, 'reply', 'replies')} "
            f"filed, {outcome.preliminary} of recent days preliminary, "
            f"{count(client.requests_sent, 'request')}, "
            f"{count(client.retries, 'retry', 'retries')}, "
            f"{client.waited:.0f} s waited"
        )

    def _entries(self, years: Iterable[int]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for year in years:
            entries |= self.store.read_ledger(self.dataset.name, year)
        return entries

    def _prove_leftovers(self, year: int) -> None:
        """Prove what an earlier run received but did not file, or filed but did not note."""
        known = self.store.read_ledger(self.dataset.name, year)
        self._preliminaries |= _preliminary(known)
        unknown = self.store.parts_had(self.dataset.name, year) - set(known)
        unproven = self.store.parts_unproven(self.dataset.name, year)
        for names, path_of in (
            (unproven, self.store.unproven_path),
            (unknown, self.store.raw_path),
        ):
            for name in sorted(names):
                part = Part.named(self.dataset.name, name)
                if part is None or part.day.year != year:
                    continue
                try:
                    proven = self._prove(part, path_of(part), path_of(part).read_bytes())
                    self.store.file_parts([proven])
                    log.info("%s was received earlier and is proven now", part)
                except ReplyError as error:
                    if path_of == self.store.unproven_path:  # a kill cut it off while written
                        path_of(part).unlink()
                    else:
                        self._refuse(part, path_of(part), error)

    def _pass(self, parts: list[Part], outcome: Outcome) -> list[Part]:
        """Ask once for each part; returns those that were refused or empty."""
        failed: list[Part] = []
        received: list[tuple[Part, Path, bytes]] = []  # and not proven yet: one at most

        def prove_last() -> None:
            note_filed()
            if received:
                part, path, content = received.pop()
                try:
                    filing.file(self._prove(part, path, content))
                    if self._first_days:
                        self._first_days.stored()
                except ReplyError as error:
                    self._note_failure(part, error, outcome, failed)

        def note_filed() -> None:
            for part in filing.filed():
                outcome.filed += 1
                outcome.missing.pop(part, None)
                self.on_part(part, True)

        with Filing(self.store) as filing:
            try:
                for part, content in self._replies(parts, outcome, failed, prove_last):
                    prove_last()
                    path = self.store.unproven_path(part)
                    path.write_bytes(content)
                    received.append((part, path, content))
            finally:
                prove_last()
                filing.finish()
                note_filed()
        return failed

    def _replies(
        self,
        parts: list[Part],
        outcome: Outcome,
        failed: list[Part],
        meanwhile: Callable[[], None],
    ) -> Iterator[tuple[Part, bytes]]:
        """Ask for one part after the other; yields those that were answered.

        While a reply is awaited, or the time for another try, `meanwhile` is called.
        Where patience for a part ends, the next one is tried once: if that fails too, the service
        is out of order, and if not, only that part is missing.
        """
        worn_out: DownloadError | None = None
        for part in parts:
            self._stop_if_all_empty()
            path = self.client.source.path(self.dataset, part)
            try:
                content = self.client.fetch(path, patient=worn_out is None, meanwhile=meanwhile)
            except ReplyError as error:
                worn_out = None
                self._note_failure(part, error, outcome, failed)
            except DownloadError as error:
                if worn_out:
                    raise worn_out from error
                worn_out = DownloadError(f"{part}: {error}")
                outcome.missing[part] = str(error)
                log.warning("%s: given up for now, %s", part, error)
            else:
                worn_out = None
                yield part, content

    def _prove(self, part: Part, path: Path, content: bytes) -> Proven:
        """Show that the reply at `path` is the part that was asked for."""
        body = parse.inflate(content)
        cells = suspects.read_cells(self.dataset, body)
        finding = check.examine(
            self.dataset,
            part,
            body,
            locations=self._locations,
            accepted=self.accepted.get(part.day, {}),
            cells=cells,
        )
        doubt = self._doubts.get(part, quiet.ONCE)
        if not finding.rows and not finding.flaws and doubt:
            raise NoDataError(doubt)
        if not self._gap_accepted(part):
            finding.require_whole()
        revised = self._revised(part, body)
        source = source_of(body, self.client.source)
        entry = entry_of(part, content, source, _received_at(path), finding, **revised)
        for remark in _remarks(entry):
            log.info("%s: %s", part, remark)
        for flaw in entry.flaws:
            log.warning("%s: %s (%s)", part, flaws.ALL[flaw.name], flaw.what)
        if finding.unknown_locations:
            names = finding.unknown_locations
            log.warning(
                "%s: %s without a known id, left out of the tables until final prices are here: %s",
                *(part, count(len(names), "location"), some(names)),
            )
        digest, found = self._known.examine(self.dataset, part, body, cells)
        self._say_suspects(part, found)
        entry = msgspec.structs.replace(entry, prices=digest, flaws=(*entry.flaws, *found))
        return Proven(part, path, entry)

    def _say_suspects(self, part: Part, found: Iterable[Flaw]) -> None:
        reasons = self.accepted.get(part.day, {})
        for flaw in found:
            if flaw.name in reasons:
                said = f"acknowledged: {reasons[flaw.name]}"
                log.info("%s: %s, %s; %s", part, flaw.name, flaw.what, said)
            else:
                log.warning("%s: suspect, %s: %s; %s", part, flaw.name, flaw.what, _ACKNOWLEDGE)

    def _revised(self, part: Part, body: bytes) -> dict[str, Any]:
        """What a final reply changes of the preliminary one that is here; nothing without one."""
        prelim = part.preliminary
        before = None if part.prelim else self._preliminaries.get(prelim.name)
        if before is None:
            return {}
        content = self.store.raw_path(prelim).read_bytes()
        try:
            changes = revisions.compare(self.dataset, parse.inflate(content), body)
        except ReplyError as error:
            log.warning("%s: what was here before cannot be compared, %s", part, error)
            return {"first_seen": before.fetched}
        log.info("%s: final now, %s", part, changes)
        return {"first_seen": before.fetched, **changes.noted}

    def _note_failure(
        self, part: Part, error: ReplyError, outcome: Outcome, failed: list[Part]
    ) -> None:
        path = self.store.unproven_path(part)
        if part in self._hoped_for and isinstance(error, IncompleteError):
            path.unlink(missing_ok=True)
            log.info("%s: not final yet", part)
        else:
            self._refuse(part, path, error)
            hoped_for = part in self._hoped_for
            if not hoped_for and self._gap_accepted(part) and isinstance(error, IncompleteError):
                outcome.gaps[part.day] = self.accepted[part.day][flaws.MISSING]
                self.on_part(part, True)
                return
            if self._first_days and not hoped_for:
                self._first_days.failed(part, error)
        failed.append(part)
        outcome.missing[part] = str(error)

    def _refuse(self, part: Part, path: Path, error: ReplyError) -> None:
        if not path.exists() or isinstance(error, NoDataError):
            path.unlink(missing_ok=True)
            log.warning("%s: %s", part, error)
            return
        kept = self.store.refuse_part(part, path, str(error))
        log.warning("%s: refused, %s (kept as %s)", part, error, kept)


def download_year(downloader: Downloader, job: Job, *, newest_first: bool) -> Outcome:
    """Have every day of a dataset-year and write its marker.

    Raises DownloadError, naming the days, where some are missing; no marker is written then.
    """
    store, dataset = downloader.store, downloader.dataset
    days = job.days(newest_first=newest_first)
    outcome = downloader.bring(days, job.locations, job.final_through)
    if outcome.missing:
        raise MissingDaysError(outcome)
    usable = selection.usable(outcome.entries, job.locations, downloader.accepted)
    entries = selection.parts_of_days(
        dataset, job.days(newest_first=False), job.locations, usable, job.final_through
    )
    store.write_marker(
        job.dataset, job.period, manifest(job, entries, downloader.accepted, downloader.client)
    )
    store.remove_markers(job.dataset, job.superseded(store.marker_periods(job.dataset)))
    if not downloader.keep_prelim:
        _remove_preliminary(store, job, entries)
    return outcome


def _remove_preliminary(store: Store, job: Job, entries: Sequence[Entry]) -> None:
    """Remove the preliminary responses of days that are final now, but for what a marker names."""
    needed = {entry.part for entry in entries}
    for period in store.marker_periods(job.dataset):
        if period.startswith(f"{job.year}") and period != job.period:
            parts = read_manifest(store.marker_path(job.dataset, period)).parts
            needed |= {entry.part for entry in parts}
    final = {entry.day for entry in entries} - {e.day for e in entries if e.revision != "final"}
    for name, entry in _preliminary(store.read_ledger(job.dataset, job.year)).items():
        part = Part.named(job.dataset, name)
        if part and entry.day in final and name not in needed:
            store.raw_path(part).unlink(missing_ok=True)


class MissingDaysError(DownloadError):
    """Some days could not be had; `outcome` has their names and reasons."""

    def __init__(self, outcome: Outcome) -> None:
        """Say which days, up to ten of them by name, and the first reason."""
        days = outcome.missing_days
        reason = next(iter(days.values()))
        super().__init__(f"{count(len(days), 'day')} missing: {some([*days])} ({reason})")
        self.outcome = outcome


def manifest(
    job: Job, entries: list[Entry], accepted: selection.Accepted, client: Client
) -> dict[str, Any]:
    """A proven year as its marker describes it: every part, gap and flaw, with the reasons."""
    parted = {entry.part[:8] for entry in entries}
    partial = {entry.part[:8] for entry in entries if entry.missing}
    gaps = [
        {
            "day": str(day),
            "reason": reasons[flaws.MISSING],
            "nothing_published": f"{day:%Y%m%d}" not in parted,
        }
        for day, reasons in sorted(accepted.items())
        if flaws.MISSING in reasons
        and job.first <= day <= job.last
        and (f"{day:%Y%m%d}" in partial or f"{day:%Y%m%d}" not in parted)
    ]
    return {
        "dataset": job.dataset,
        "period": job.period,
        "first_day": str(job.first),
        "last_day": str(job.last),
        "locations": job.locations if DATASETS[job.dataset].per_location else "all",
        "source": client.source.name,
        "base_url": client.source.base_url,
        "invented_prices": client.source.name == "sandbox",
        "written": _utc(dt.datetime.now(dt.UTC).timestamp()),
        "final_through": str(job.final_through or job.last),
        "days": len(parted),
        "rows": sum(entry.rows for entry in entries),
        "gaps": gaps,
        "flaws": msgspec.to_builtins(day_flaws(entries, accepted)),
        "parts": [msgspec.to_builtins(entry) for entry in entries],
    }


def entry_of(
    part: Part,
    content: bytes,
    source: str,
    received: str,
    finding: check.Finding,
    **versions: Any,
) -> Entry:
    """What the ledger notes of a reply that is shown to be its part.

    `content` is as served, `received` an instant in ISO 8601; `versions` are those fields that tell
    how this reply differs from the one before it.
    """
    return Entry(
        part=part.name,
        size=len(content),
        sha256=sha256(content),
        fetched=received,
        source=source,
        revision="prelim" if part.prelim else "final",
        **{name: getattr(finding, name) for name in finding.__dataclass_fields__},
        **versions,
    )


def _preliminary(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    return {name: entry for name, entry in entries.items() if entry.revision == "prelim"}


def source_of(body: bytes, source: Source) -> str:
    """Where a reply came from; one that an earlier run left may be of another source."""
    if reports.is_report(body):
        return REPORTS
    return source.name if source.name != REPORTS else "webservices"


def _remarks(entry: Entry) -> list[str]:
    """What is worth a line in the log though it does no harm."""
    remarks = {
        "rows came twice, exactly alike": entry.duplicates,
        "rows were off their interval's beginning and count for the nearest one": entry.off_grid,
        "rows add up to a cent more or less than the LMP": entry.cents_off,
        "rows are at odds with others (energy, a constraint), or with their stamps": entry.at_odds,
        "intervals are missing and accepted to be": len(entry.missing),
    }
    lines = [f"{count} {text}" for text, count in remarks.items() if count]
    if entry.unknown_fields:
        lines.append(f"new fields, kept in the raw reply: {', '.join(entry.unknown_fields)}")
    return lines


def received_now() -> str:
    """This instant, as the ledger writes one."""
    return _utc(dt.datetime.now(dt.UTC).timestamp())


def _received_at(path: Path) -> str:
    return _utc(path.stat().st_mtime)


def _utc(timestamp: float) -> str:
    return dt.datetime.fromtimestamp(timestamp, dt.UTC).isoformat(timespec="seconds")
