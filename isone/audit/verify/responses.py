"""The responses of a dataset-year: each validated again, and all of them looked at together."""

import contextlib
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from isone.audit.verify import raw
from isone.audit.verify.findings import Findings
from isone.audit.verify.verdict import Damage
from isone.errors import DamagedError, IsoneError
from isone.load.comparison import Comparison, DayDigests
from isone.market import flaws
from isone.market.dataset import Dataset
from isone.market.locations import Locations
from isone.market.requests import Request
from isone.response import across_responses
from isone.response.batches import Stored, in_batches
from isone.response.table import Table, read_table
from isone.response.validate import Finding, validate_each
from isone.run.progress import Advance
from isone.store import gzipped
from isone.store.files import read_file, sha256
from isone.store.ledger import Entry
from isone.store.periods import year_of
from isone.store.store import Store
from isone.store.year_marker import Manifest

_ROWS_AT_ONCE = 50_000


def verify_responses(
    store: Store,
    dataset: Dataset,
    period: str,
    manifest: Manifest,
    chosen: Locations,
    comparison: Comparison,
    findings: Findings,
    advance: Advance,
) -> DayDigests:
    """Validate every response again; returns the days of the rows that the table has to hold."""
    kept = DayDigests()
    suspects_found = _UnnotedSuspects(store, dataset, manifest, year_of(period))
    ledger = store.read_ledger(dataset.name, year_of(period))
    accepted = _accepted(manifest)
    waiting: list[pa.Table] = []
    entries = {entry.request: entry for entry in manifest.requests}
    read = 0
    for batch in in_batches(_stored(dataset, entries.values(), findings)):
        for responses, table in _tables(store, dataset, batch, ledger, accepted, findings):
            requests = [each.request for each in responses]
            for request, part in zip(requests, table.parts(), strict=True):
                findings.notes += suspects_found.of(request, part)
            unknown = [each.entry.unknown_locations for each in responses]
            waiting.append(raw.rows_of(table, requests, chosen, unknown))
        if sum(rows.num_rows for rows in waiting) >= _ROWS_AT_ONCE:
            kept.add(comparison.of_table(dataset, pa.concat_tables(waiting)))
            waiting.clear()
        read += len(batch)
        advance(read, len(entries), "responses")
    if waiting:
        kept.add(comparison.of_table(dataset, pa.concat_tables(waiting)))
    findings.count("raw", kept)
    return kept


def _stored(dataset: Dataset, entries: Iterable[Entry], findings: Findings) -> Iterator[Stored]:
    for entry in entries:
        if request := Request.named(dataset.name, entry.request):
            yield Stored(request, entry)
        else:
            findings.damage.append(
                Damage("marker", f"{entry.request!r} is the name of no response")
            )


def _accepted(manifest: Manifest) -> defaultdict[str, set[str]]:
    """The flaws, by name, that each day may have."""
    accepted: defaultdict[str, set[str]] = defaultdict(set)
    for gap in manifest.gaps:
        accepted[gap.day].add(flaws.MISSING)
    for flaw in manifest.flaws:
        accepted[flaw.day].add(flaw.flaw)
    return accepted


class _UnnotedSuspects:
    """The check across responses once more, for what is suspect and not in the marker."""

    def __init__(self, store: Store, dataset: Dataset, manifest: Manifest, year: int) -> None:
        self._known = across_responses.Known.of(store, dataset, [year])
        self._noted = {(each.day, each.flaw) for each in manifest.flaws}
        self._doubles = {
            entry.prices
            for entry in manifest.requests
            for flaw in entry.flaws
            if flaw.name == "same-as-another-day"
        }

    def of(self, request: Request, table: Table) -> list[str]:
        """What is suspect of a response and not in the marker, in sentences."""
        digest, found = self._known.examine(table, request)
        return [
            f"{request}: suspect, and not in the marker: {flaw.name}, {flaw.what}"
            for flaw in found
            if (str(request.day), flaw.name) not in self._noted
            and not (flaw.name == "same-as-another-day" and digest in self._doubles)
        ]


def _tables(
    store: Store,
    dataset: Dataset,
    batch: Sequence[Stored],
    ledger: Mapping[str, Entry],
    accepted: Mapping[str, Container[str]],
    findings: Findings,
) -> Iterator[tuple[Sequence[Stored], Table]]:
    """The rows of a batch, as one table where all of it is what the marker says.

    Where that is not so, each response is looked at by itself, and the damage is noted.
    """
    together = None
    if len(batch) > 1:
        with contextlib.suppress(IsoneError, OSError):
            together = _validated(store, dataset, batch, accepted)
    if together is not None:
        yield batch, together
        return
    for each in batch:
        table = _read(store, dataset, each, ledger.get(each.request.name), accepted, findings)
        if table is not None:
            yield [each], table


def _read(
    store: Store,
    dataset: Dataset,
    stored: Stored,
    noted: Entry | None,
    accepted: Mapping[str, Container[str]],
    findings: Findings,
) -> Table | None:
    """A response's rows, if it is what the marker says; None, with the damage noted, if it is not.

    Where the marker says another thing than the ledger, and the response is as the ledger has it
    (`noted`), it is the marker that is damaged, and not the response.
    """
    request, entry = stored
    day = str(request.day)
    try:
        return _validated(store, dataset, [stored], accepted)
    except (IsoneError, OSError) as error:
        if noted and noted != entry:
            with contextlib.suppress(IsoneError, OSError):
                table = _validated(store, dataset, [Stored(request, noted)], accepted)
                reason = f"what it says of the response is not what the ledger says ({error})"
                findings.damage.append(Damage("marker", f"{request}: {reason}", day))
                return table
        reason = str(error.strerror if isinstance(error, OSError) else error)
        findings.damage.append(Damage("raw", f"{request}: {reason}", day, request.name))
        return None


def _validated(
    store: Store,
    dataset: Dataset,
    batch: Sequence[Stored],
    accepted: Mapping[str, Container[str]],
) -> Table:
    """The rows of responses, if each is the one that the manifest describes, and whole.

    Each may have those flaws that the manifest says were accepted, by name, and no other.
    """
    table = read_table(dataset, *[_body(store, *each) for each in batch])
    names = [accepted.get(str(each.request.day), ()) for each in batch]
    found = validate_each(table, [each.request for each in batch], names)
    for each, finding, of_day in zip(batch, found, names, strict=True):
        _compare(each.entry, finding, of_day)
    return table


def _body(store: Store, request: Request, entry: Entry) -> bytes:
    content = read_file(store.raw_path(request))
    if len(content) != entry.size or sha256(content) != entry.sha256:
        raise DamagedError("the file is not the one that was stored: its SHA-256 is another")
    return gzipped.inflate(content)


def _compare(entry: Entry, finding: Finding, accepted: Container[str]) -> None:
    """Raise DamagedError where the manifest says another thing than the response."""
    if flaws.MISSING not in accepted:
        finding.require_whole()
    if finding.flaws != tuple(flaw for flaw in entry.flaws if flaw.name in flaws.REJECTED):
        raise DamagedError("the marker says other flaws than the response has")
    for name in ("rows", "places", "duplicates", "missing"):
        if getattr(finding, name) != getattr(entry, name):
            raise DamagedError(
                f"the marker says {name} {getattr(entry, name)}, the response has "
                f"{getattr(finding, name)}"
            )
