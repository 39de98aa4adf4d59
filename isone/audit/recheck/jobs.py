"""Ask again for final days that are had, and record what ISO-NE has corrected since.

Nothing is overwritten silently: where a final day differs now, the response that was had is kept in
`superseded/`, the new one takes its place with a note of what it corrects, and every marker that
names the old one names the new. What hangs on a marker (tables, databases) is then rebuilt by the
next run. A publication that is had, as of a forecast, is never given up for a response without it.
"""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec

from isone.audit.recheck import outputs, verdict
from isone.download.client import Client
from isone.download.session import open_client
from isone.download.validation import entry_of, source_of
from isone.errors import (
    DamagedError,
    DownloadError,
    IncompleteError,
    NoDataError,
    ResponseError,
)
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.response import revisions
from isone.response.across_responses import Known
from isone.response.table import Table, read_table
from isone.response.validate import Finding, validate
from isone.run.job import Job
from isone.run.log import log
from isone.store import gzipped
from isone.store.files import make_folder, read_file, sha256, write_json, write_own, write_whole
from isone.store.ledger import Entry
from isone.store.store import Store
from isone.store.year_marker import DayFlaw, day_flaws, read_manifest
from isone.text import count, some

_REPAIR = "with refetch=true and `-- verify` it is removed, and the next run fetches it again"


def recheck_prices(it: Job, dataset: str, days: str, note: Path) -> None:
    """Ask again for a dataset's newest final days (`20240101-20240107`) and write a note of it.

    The note is kept in the store, too. Raises DownloadError where a day could not be compared.
    """
    first, last = (dt.datetime.strptime(d, "%Y%m%d").date() for d in days.split("-"))
    kept = outputs.kept(it.store, dataset, days, market_time.now())
    with it.store.sole_downloader(it.name), open_client(it.settings, it.redaction) as client:
        found = recheck_days(it.store, client, DATASETS[dataset], first, last)
    write_json(kept, found)
    said = verdict.line(found)
    it.tell(verdict_lines=[said])
    if found["failed"]:
        raise DownloadError(f"{said} (all: {kept})")
    write_json(note, found)
    log.info("%s", said)


def recheck_days(
    store: Store, client: Client, dataset: Dataset, first: dt.date, last: dt.date
) -> dict[str, Any]:
    """Compare each final response of some days with what is served now, and take in corrections.

    Returns what came of it, for the note: how many were compared, what was corrected, what failed.
    """
    corrected: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    compared = 0
    for year in range(first.year, last.year + 1):
        for entry in _had(store, dataset.name, year):
            request = Request.named(dataset.name, entry.request)
            if request is None or request.prelim or not first <= request.day <= last:
                continue
            if (entry.source == "reports") != client.source.gives_reports:
                continue  # it is compared with its own source alone
            try:
                new = _recheck(store, client, dataset, request, entry)
            except (ResponseError, DamagedError) as error:
                failed[request.name] = str(error)
                log.warning("%s: cannot be compared, %s", request, error)
                continue
            compared += 1
            if new:
                corrected.append(msgspec.to_builtins(new))
    return {
        "dataset": dataset.name,
        "first_day": str(first),
        "last_day": str(last),
        "asked": market_time.utc_now(),
        "compared": compared,
        "corrected": corrected,
        "failed": failed,
    }


def _had(store: Store, dataset: str, year: int) -> list[Entry]:
    """What was validated of a year, the newest of each request, whether or not it is there.

    The ledger has no entry of a file that is gone or has another size; the year's markers do.
    """
    known: dict[str, Entry] = {}
    for period in store.marker_periods(dataset, year):
        requests = read_manifest(store.marker_path(dataset, period)).requests
        known |= {entry.request: entry for entry in requests}
    return list((known | store.read_ledger(dataset, year)).values())


def _recheck(
    store: Store, client: Client, dataset: Dataset, request: Request, entry: Entry
) -> Entry | None:
    """The entry of the corrected response, stored; None where nothing has changed."""
    path = store.raw_path(request)
    had = read_file(path) if path.exists() else b""
    if sha256(had) != entry.sha256:
        raise DamagedError(f"the stored response {path} is gone or damaged; {_REPAIR}")
    content = client.fetch(client.source.path(dataset, request))
    if entry.corrects:
        _rewrite_markers(store, dataset.name, entry)  # in case a crash came in between
    before, after = gzipped.inflate(had), gzipped.inflate(content)
    if before == after:
        return None
    table, finding = _validated(dataset, request, entry, after)
    had_table = read_table(dataset, before, validated=True)
    _require_publications(had_table, table)
    changes = revisions.compare(had_table, table)
    if not changes.rows:
        return None
    prices, found = Known.of(store, dataset, [request.day.year]).examine(table, request)
    new = entry_of(
        request,
        content,
        source_of(after, client.source),
        market_time.utc_now(),
        finding,
        first_seen=entry.first_seen or entry.fetched,
        corrects=entry.sha256,
        **changes.noted,
    )
    new = msgspec.structs.replace(new, prices=prices, flaws=(*new.flaws, *found))
    kept = store.superseded_path(request, entry)
    _replace(store, request, had, kept, content, new)
    log.warning("%s: corrected by ISO-NE, %s (the response before it: %s)", request, changes, kept)
    for flaw in found:
        log.warning("%s: suspect, %s: %s", request, flaw.name, flaw.what)
    return new


def _validated(
    dataset: Dataset, request: Request, entry: Entry, body: bytes
) -> tuple[Table, Finding]:
    """What is served now. Raises ResponseError where it is worse than what was stored."""
    table = read_table(dataset, body)
    accepted = {flaw.name for flaw in entry.flaws}
    finding = validate(table, request, accepted=accepted, today=market_time.now().date())
    if set(finding.missing) - set(entry.missing):
        finding.require_whole()  # what was had is better than what is served now
    if entry.rows and not finding.rows:
        raise NoDataError("the response is empty now; what was stored is kept")
    return table, finding


def _require_publications(before: Table, after: Table) -> None:
    """Raise IncompleteError where only the older of two responses has a publication."""
    columns = [k.column.name for k in before.dataset.text_keys if k.kind == "publication"]
    times = (set(before.texts[name].distinct) - set(after.texts[name].distinct) for name in columns)
    lost = sorted(str(each) for found in times for each in found)
    if lost:
        raise IncompleteError(
            f"the response lacks {count(len(lost), 'publication')} now, of {some(lost)}; what was "
            "stored is kept"
        )


def _replace(
    store: Store, request: Request, had: bytes, kept: Path, content: bytes, new: Entry
) -> None:
    """Keep the response that was stored at `kept`, and store the corrected one in its place."""
    make_folder(kept.parent)
    write_whole(kept, had)
    unvalidated = store.unvalidated_path(request)
    write_own(unvalidated, content)
    store.save_responses([(request, unvalidated, new)])
    _rewrite_markers(store, request.dataset, new)


def _rewrite_markers(store: Store, dataset: str, new: Entry) -> None:
    """Let every marker that names the response which this one corrects name this one."""
    for period in store.marker_periods(dataset):
        path = store.marker_path(dataset, period)
        try:
            read_manifest(path)
        except DamagedError:  # it names no response; the next run or deep check removes it
            continue
        marker = json.loads(read_file(path))
        requests = marker.get("requests", [])
        old = {"request": new.request, "sha256": new.corrects}
        replaced = [msgspec.to_builtins(new) if old.items() <= p.items() else p for p in requests]
        if replaced != requests:
            rows = sum(request["rows"] for request in replaced)
            reasons: dict[dt.date, dict[str, str]] = {}
            for flaw in msgspec.convert(marker.get("flaws", []), list[DayFlaw]):
                reasons.setdefault(dt.date.fromisoformat(flaw.day), {})[flaw.flaw] = flaw.reason
            flaws = day_flaws(msgspec.convert(replaced, list[Entry]), reasons)
            changed = {"requests": replaced, "rows": rows, "flaws": msgspec.to_builtins(flaws)}
            store.write_marker(dataset, period, marker | changed)
