"""A response is validated: it is shown to be what was asked for, and the ledger's line is made."""

import contextlib
import dataclasses
import datetime as dt
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from isone.download import empty_days
from isone.errors import NoDataError, ResponseError
from isone.market import flaws, market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.flaws import Flaw
from isone.market.locations import Locations
from isone.market.requests import Request
from isone.response import report_sheet
from isone.run.missing import Accepted
from isone.run.sources import REPORTS, Source
from isone.store import gzipped
from isone.store.files import read_file, sha256
from isone.store.ledger import Entry
from isone.store.store import Store
from isone.text import count, some

if TYPE_CHECKING:
    from isone.response.across_responses import Known
    from isone.response.table import Table
    from isone.response.validate import Finding

log = logging.getLogger(__name__)

_ACKNOWLEDGE = "look at it, and acknowledge it in accepted_flaws where it is right"


class Remark(NamedTuple):
    """What is worth a line in the log, and its level there."""

    level: int
    text: str


class Received(NamedTuple):
    """A response that is here and was not validated yet."""

    request: Request
    path: Path


class Valid(NamedTuple):
    """What is known of a response that is what was asked for."""

    entry: Entry
    remarks: list[Remark]


def say(request: Request, remarks: Collection[Remark]) -> None:
    """Write the remarks about a response into the log."""
    for remark in remarks:
        log.log(remark.level, "%s: %s", request, remark.text)


@dataclass
class Validator:
    """Validates responses of one dataset; each is compared with those before it."""

    store: Store
    dataset: Dataset
    source: Source
    accepted: Accepted
    locations: Locations
    known: "Known"
    """What every new response is compared with."""
    preliminaries: Mapping[str, Entry] = field(default_factory=dict)
    """Preliminary responses that were stored before, by the names of their requests."""
    doubts: Mapping[Request, str] = field(default_factory=dict)
    """Why an empty response is no empty day, as far as that was looked into; "" where it is one."""

    def validate(self, received: Sequence[Received]) -> list[Valid | ResponseError]:
        """For each response what is noted of it, or why it is not what was asked for.

        Small ones are read together, and one by one where any of them is in doubt.
        """
        if len(received) > 1:
            with contextlib.suppress(ResponseError):
                return [*self._valid(received)]
        return [self._valid_one(each) for each in received]

    def _valid_one(self, received: Received) -> Valid | ResponseError:
        try:
            return self._valid([received])[0]
        except ResponseError as error:
            return error

    def _valid(self, received: Sequence[Received]) -> list[Valid]:
        """What is noted of responses. Raises ResponseError unless all are what was asked for."""
        from isone.response.table import read_table  # NumPy, only where there is a response

        contents = [read_file(each.path) for each in received]
        bodies = [gzipped.inflate(content) for content in contents]
        table = read_table(self.dataset, *bodies)
        findings = self._find([each.request for each in received], table)
        parts = zip(received, contents, bodies, findings, table.parts(), strict=True)
        return [self._note(*each) for each in parts]

    def _find(self, requests: Sequence[Request], table: "Table") -> list["Finding"]:
        """What is found in responses, if nothing is missing that has to be there."""
        from isone.response.validate import validate_each

        accepted = [self.accepted.get(request.day, {}) for request in requests]
        today = market_time.now().date()
        findings = validate_each(table, requests, accepted, locations=self.locations, today=today)
        for request, finding, names in zip(requests, findings, accepted, strict=True):
            doubt = self.doubts.get(request, empty_days.EMPTY_ONCE)
            if not finding.rows and not finding.flaws and doubt:
                raise NoDataError(doubt)
            if flaws.MISSING not in names and not finding.forgiven:
                finding.require_whole()
        return findings

    def _note(
        self, received: Received, content: bytes, body: bytes, finding: "Finding", table: "Table"
    ) -> Valid:
        """The ledger's line for a response, and remarks for the log."""
        request, path = received
        revised, remarks = self._compare(request, table)
        source = source_of(body, self.source)
        fetched = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        entry = entry_of(
            request, content, source, fetched.isoformat(timespec="seconds"), finding, **revised
        )
        remarks += _remarks(entry)
        digest, found = self.known.examine(table, request)
        reasons = self.accepted.get(request.day, {})
        remarks += [_of_suspect(flaw, reasons) for flaw in found]
        entry = msgspec.structs.replace(entry, prices=digest, flaws=(*entry.flaws, *found))
        return Valid(entry, remarks)

    def _compare(self, request: Request, table: "Table") -> tuple[dict[str, Any], list[Remark]]:
        """What a final response changes of the preliminary one; nothing without one."""
        from isone.response import revisions
        from isone.response.table import read_table

        preliminary = self.preliminaries.get(request.preliminary.name)
        if preliminary is None or request.prelim:
            return {}, []
        noted = {"first_seen": preliminary.fetched}
        content = read_file(self.store.raw_path(request.preliminary))
        try:
            before = read_table(self.dataset, gzipped.inflate(content), validated=True)
        except ResponseError as error:
            text = f"the preliminary response cannot be compared, {error}"
            return noted, [Remark(logging.WARNING, text)]
        changes = revisions.compare(before, table)
        return {**noted, **changes.noted}, [Remark(logging.INFO, f"final now, {changes}")]


def entry_of(
    request: Request,
    content: bytes,
    source: str,
    received: str,
    finding: "Finding",
    **versions: Any,
) -> Entry:
    """What the ledger notes of a response that is shown to be its request.

    `content` is as served, `received` a time in ISO 8601; `versions` are those fields that tell
    how this response differs from the one before it.
    """
    return Entry(
        request=request.name,
        size=len(content),
        sha256=sha256(content),
        fetched=received,
        source=source,
        revision=DATASETS[request.dataset].version_of(request),
        **{each.name: getattr(finding, each.name) for each in dataclasses.fields(finding)},
        **versions,
    )


def source_of(body: bytes, source: Source) -> str:
    """Where a response came from; one that an earlier run left may be of another source."""
    if report_sheet.is_report(body):
        return REPORTS
    return source.name if source.name != REPORTS else "webservices"


def _remarks(entry: Entry) -> list[Remark]:
    """What is odd about a response though it does no harm, and which flaws are accepted."""
    counts = {
        "rows came twice, exactly alike": entry.duplicates,
        "rows were off their interval's beginning and count for the nearest one": entry.off_grid,
        "rows add up to their total but for rounding": entry.cents_off,
        "rows are at odds with others (energy, a constraint) or with their times": entry.at_odds,
        "intervals are missing and accepted to be": 0 if entry.forgiven else len(entry.missing),
        "intervals are missing, for good as far as one can tell": (
            len(entry.missing) if entry.forgiven else 0
        ),
    }
    lines = [f"{number} {text}" for text, number in counts.items() if number]
    if entry.unknown_fields:
        lines.append(f"new fields, kept in the raw response: {', '.join(entry.unknown_fields)}")
    warnings = [f"{flaws.ALL[flaw.name]} ({flaw.what})" for flaw in entry.flaws]
    if names := entry.unknown_locations:
        warnings.append(
            f"{count(len(names), 'location')} without a known id, left out of the tables until "
            f"final prices are here: {some(names)}"
        )
    return [
        *(Remark(logging.INFO, line) for line in lines),
        *(Remark(logging.WARNING, line) for line in warnings),
    ]


def _of_suspect(flaw: Flaw, reasons: Mapping[str, str]) -> Remark:
    if flaw.name in reasons:
        said = f"{flaw.name}, {flaw.what}; acknowledged: {reasons[flaw.name]}"
        return Remark(logging.INFO, said)
    return Remark(logging.WARNING, f"suspect, {flaw.name}: {flaw.what}; {_ACKNOWLEDGE}")
