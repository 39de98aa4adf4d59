"""The operating days as the manifests of complete years describe them."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Any

from isone.load.packed import PackedFile
from isone.load.sql import COMPLETE, GAP_ACCEPTED, NOTHING_PUBLISHED
from isone.store import location_table
from isone.store.ledger import Entry
from isone.store.store import Store
from isone.store.year_marker import Manifest, read_manifest

DayRow = tuple[
    str, dt.date, str, str | None, int | None, str, str, dt.datetime | None, dt.datetime | None,
    str, str | None, str | None, str | None,
]  # fmt: skip
"""A row of the table `operating_days`, in the order of its columns."""


def operating_days(store: Store, files: Iterable[PackedFile]) -> list[DayRow]:
    """The days of these files, each once: of files that overlap, the first one's word counts."""
    rows: dict[tuple[str, dt.date], DayRow] = {}
    for file in files:
        marker = store.marker_path(file.dataset, file.period)
        if marker.exists():
            for row in days_of(read_manifest(marker)):
                rows.setdefault(row[:2], row)
    return [rows[key] for key in sorted(rows)]


def days_of(manifest: Manifest) -> list[DayRow]:
    """A manifest's days, ascending."""
    dataset = manifest.dataset
    requests: dict[dt.date, list[Entry]] = {}
    for request in manifest.requests:
        for day in request.days:
            requests.setdefault(day, []).append(request)
    gaps = {dt.date.fromisoformat(gap.day): gap for gap in manifest.gaps}
    rows: list[DayRow] = [
        (
            dataset,
            day,
            GAP_ACCEPTED if day in gaps else COMPLETE,
            _all_of(request.revision for request in found),
            rows_of_day(found),
            ", ".join(f"raw/{dataset}/{day.year}/{request.file}" for request in found),
            _digest_of(found),
            dt.datetime.fromisoformat(max(request.fetched for request in found)),
            dt.datetime.fromisoformat(
                min(request.first_seen or request.fetched for request in found)
            ),
            _all_of(request.source for request in found),
            gaps[day].reason if day in gaps else None,
            _flaws_of(manifest, day, accepted=True),
            _flaws_of(manifest, day, accepted=False),
        )
        for day, found in requests.items()
    ]
    rows += [
        (
            *(dataset, day, NOTHING_PUBLISHED, None, 0, "", "", None, None),
            *(manifest.source, gap.reason, None, None),
        )
        for day, gap in gaps.items()
        if day not in requests
    ]
    return sorted(rows, key=lambda row: row[1])


def rows_of_day(entries: Iterable[Entry]) -> int | None:
    """How many rows the responses of a day hold; None where one holds those of other days too."""
    entries = list(entries)
    if any(entry.rows and len(entry.days) > 1 for entry in entries):
        return None
    return sum(entry.rows for entry in entries)


def _all_of(words: Iterable[str]) -> str:
    """What a day's requests are, each word once: `final`, or `final and prelim`."""
    return " and ".join(sorted(set(words)))


def _flaws_of(manifest: Manifest, day: dt.date, *, accepted: bool) -> str | None:
    """The flaws of a day, accepted ones or others, in one text; None where there are none."""
    found = [
        f"{each.flaw}: {each.what}{f' ({each.reason})' if each.reason else ''}"
        for each in manifest.flaws
        if each.day == str(day) and each.is_accepted == accepted
    ]
    return "; ".join(found) or None


def listed_locations(store: Store) -> list[tuple[Any, ...]]:
    """The rows of the table `listed_locations`, in the order of its columns, by id."""
    day = dt.date.fromisoformat
    return [
        (
            *(seen.id, seen.name, seen.type, seen.area),
            *(day(seen.first_seen), day(seen.last_seen), day(seen.gone) if seen.gone else None),
        )
        for seen in location_table.read_table(store)
    ]


def _digest_of(requests: list[Entry]) -> str:
    """A day's digest: its response's, or one over those of its requests in order of name."""
    if len(requests) == 1:
        return requests[0].sha256
    digests = (request.sha256 for request in sorted(requests, key=lambda request: request.request))
    return hashlib.sha256("".join(digests).encode()).hexdigest()
