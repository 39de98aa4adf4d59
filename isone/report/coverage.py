"""What is there and what is not: the state of every day, from the database and the store's files.

The database knows the days of finished years; of years that are under way, the ledgers beside the
responses say what is validated, and the jobs' status files why a day is missing.
"""

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import pyarrow as pa

from isone.audit.verify import verdict
from isone.errors import DamagedError
from isone.load.history import COMPLETE, NO_MANIFEST
from isone.market import clock, flaws
from isone.market.datasets import (
    ALL_LOCATIONS,
    DATASETS,
    HUBS,
    PRELIM_AFTER,
    Dataset,
    Locations,
    Request,
)
from isone.run import missing, status
from isone.run.settings import Settings
from isone.store.manifest import DayFlaw, Manifest, read_manifest
from isone.store.store import Entry, Store
from isone.text import count

_DIGEST = 16  # characters that are shown
_LONGEST_YEAR = 366
_GONE = "a response on the disk is gone, or has another size than was validated"
_UNDER_WAY = "validated; not in the database yet"


class State(StrEnum):
    """What is known of a day."""

    FINAL = "validated, final"
    PRELIMINARY = "validated, preliminary"
    GAP = "accepted gap"
    DAMAGED = "damaged or rejected"
    MISSING = "missing"
    UNVALIDATED = "in the tables, not validated"
    AHEAD = "not yet published"
    NOT_ASKED = "not asked for"


QUIET = "an empty day: nothing happened that has a row"
"""What is said of a validated day without a row, in a dataset that owes none."""
VALIDATED = (State.FINAL, State.PRELIMINARY)
WANTING = (State.DAMAGED, State.MISSING, State.UNVALIDATED)


@dataclass(frozen=True)
class Day:
    """A day of a dataset: its state, and what there is to say about it."""

    dataset: str
    day: dt.date
    state: State
    rows: int | None = None
    digest: str = ""
    fetched: dt.datetime | None = None
    """In market time."""
    note: str = ""
    flaws: tuple[DayFlaw, ...] = ()
    """Flaws of `isone.market.flaws` other than a gap: accepted ones, and suspect ones."""
    requests: tuple[str, ...] = ()
    """The names of the responses that the tables have it from."""

    @property
    def accepted(self) -> list[DayFlaw]:
        """Its flaws that would reject it and were accepted."""
        return [each for each in self.flaws if each.is_accepted]

    @property
    def suspects(self) -> list[DayFlaw]:
        """What is unlikely or doubtful about its prices."""
        return [each for each in self.flaws if not each.is_accepted]


@dataclass
class _Year:
    """What the store's files say of a dataset-year, whatever was asked for last."""

    dataset: Dataset
    number: int
    manifests: list[Manifest] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    """The ledger, where a final response takes the place of its preliminary one."""
    reasons: dict[dt.date, tuple[State, str]] = field(default_factory=dict)
    """Why days are missing: what the last job said, and the responses that were rejected."""
    days_of_job: int = 0
    """How many days, from the first on, the last job was asked for; 0 where none is known."""

    @property
    def first(self) -> dt.date:
        return max(self.dataset.first_day, dt.date(self.number, 1, 1))

    @cached_property
    def last(self) -> dt.date | None:
        """The last day that was ever asked for; None where nobody can tell."""
        job = [self.first + dt.timedelta(days=self.days_of_job - 1)] if self.days_of_job else []
        marked = [dt.date.fromisoformat(each.last_day) for each in self.manifests]
        return max([*job, *marked, *self.by_day, *self.reasons], default=None)

    @cached_property
    def by_day(self) -> dict[dt.date, dict[str, Entry]]:
        """The ledger's entries of each day, by the names of their requests."""
        days: dict[dt.date, dict[str, Entry]] = {}
        for name, entry in self.entries.items():
            with contextlib.suppress(ValueError):
                days.setdefault(entry.day, {})[name] = entry
        return days

    @cached_property
    def scopes(self) -> list[tuple[dt.date, dt.date, Locations]]:
        """Which locations were asked for: from when to when, by the markers, then of the rest."""
        found = [
            (_day(each.first_day), _day(each.last_day), _locations_of(each))
            for each in self.manifests
        ]
        rest = {
            request.location
            for day, entries in self.by_day.items()
            if not any(first <= day <= last for first, last, _ in found)
            for request in (Request.named(self.dataset.name, name) for name in entries)
            if request and request.location is not None
        }
        locations = tuple(sorted(each for each in rest if each is not None))
        return [*found, (self.first, dt.date(self.number, 12, 31), locations or ALL_LOCATIONS)]

    def responses(self, day: dt.date) -> tuple[list[Entry], int]:
        """The entries that make up a day, the final ones if those do; and how many it lacks."""
        had = self.by_day.get(day, {})
        final = {name: entry for name, entry in had.items() if not _is_prelim(entry)}
        locations = next(each for first, last, each in self.scopes if first <= day <= last)
        any_flaw = {day: dict.fromkeys(flaws.ALL, "")}
        for entries in (final, had):
            lacking = missing.missing_requests(self.dataset, [day], locations, entries, any_flaw)
            if not lacking:
                break
        return missing.requests_of_days(self.dataset, [day], locations, entries), len(lacking)


def examine(store: Store, settings: Settings, known: pa.Table, at: dt.datetime) -> list[Day]:
    """Every day of every dataset-year that was ever asked for, by dataset and day.

    `known` are the days as `report_queries.operating_days` gives them; `at` is the present. States
    and numbers follow from what is in the store; of the configuration only reasons are taken.
    """
    in_tables: dict[tuple[str, int], dict[dt.date, Day]] = {}
    for row in known.to_pylist():
        key = row["dataset"], row["operating_day"].year
        in_tables.setdefault(key, {})[row["operating_day"]] = _of_row(row)
    stored = _stored(store)
    days: list[Day] = []
    for dataset in DATASETS.values():
        numbers = {year for name, year in (*in_tables, *stored) if name == dataset.name}
        for number in sorted(numbers):
            year = _read_year(store, dataset, number)
            known_days = in_tables.get((dataset.name, number), {})
            days += _year_days(store, settings, year, known_days, at)
    return days


def counts(days: Iterable[Day]) -> dict[tuple[str, int], Counter[State]]:
    """How many days are in which state, by dataset and year."""
    found: dict[tuple[str, int], Counter[State]] = {}
    for day in days:
        found.setdefault((day.dataset, day.day.year), Counter())[day.state] += 1
    return found


def _of_row(row: Mapping[str, Any]) -> Day:
    """A day as the database has it."""
    if row["verdict"] == COMPLETE:
        state = State.PRELIMINARY if "prelim" in (row["revision"] or "") else State.FINAL
    else:
        state = State.UNVALIDATED if row["verdict"] == NO_MANIFEST else State.GAP
    return Day(
        row["dataset"],
        row["operating_day"],
        state,
        row["rows"],
        (row["digest"] or "")[:_DIGEST],
        row["fetched"],
        row["gap_reason"] or (QUIET if row["rows"] == 0 and state in VALIDATED else ""),
        tuple(
            _noted(row["operating_day"], text)
            for text in (row["accepted_flaws"], row["suspects"])
            if text
        ),
        tuple(_request_name(file) for file in row["files"].split(", ") if file),
    )


def _noted(day: dt.date, text: str) -> DayFlaw:
    """A flaw as a database has it: `name: what (reason)`."""
    name, _, what = text.partition(": ")
    has_reason = name in flaws.REJECTED and what.endswith(")")
    what, _, reason = what.removesuffix(")").rpartition(" (") if has_reason else (what, "", "")
    return DayFlaw(str(day), name, what, reason)


def _request_name(file: str) -> str:
    """The name of the request that a file below the data folder holds."""
    name = file.rpartition("/")[2]
    return name.removesuffix(".json.gz").removesuffix(".csv.gz")


def _stored(store: Store) -> set[tuple[str, int]]:
    """The dataset-years that have files: responses, markers, or what a job said of itself."""
    names = store.downloaded_years()
    for name in status.last_statuses(store):
        dataset, _, year = name.removeprefix("isone_").rpartition("_")
        if year.isdecimal():
            names.append((dataset, int(year)))
    return {(dataset, year) for dataset, year in names if dataset in DATASETS}


def _read_year(store: Store, dataset: Dataset, number: int) -> _Year:
    """All that the store has of a dataset-year but for its rows."""
    manifests = []
    for path in store.complete_markers(dataset.name, number):
        with contextlib.suppress(DamagedError):  # what is wrong with it stands under Quality
            manifests.append(read_manifest(path))
    ledger = store.read_ledger(dataset.name, number)
    prelims = {n.removesuffix(".prelim"): e for n, e in ledger.items() if _is_prelim(e)}
    finals = {name: entry for name, entry in ledger.items() if not _is_prelim(entry)}
    last = last_status(store, f"isone_{dataset.name}_{number}")
    return _Year(
        dataset,
        number,
        manifests,
        prelims | finals,
        _reasons(store, dataset.name, number, last),
        last.days if 0 < last.days <= _LONGEST_YEAR else 0,
    )


def _is_prelim(entry: Entry) -> bool:
    return entry.revision.startswith("prelim")


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _locations_of(manifest: Manifest) -> Locations:
    """The locations that a marker is of, by its name; chosen ones by its requests."""
    if ".at-" not in manifest.period:
        return ALL_LOCATIONS if manifest.period.endswith(".all") else HUBS
    requests = (Request.named(manifest.dataset, entry.request) for entry in manifest.requests)
    found = sorted(
        {request.location for request in requests if request and request.location is not None}
    )
    return tuple(found) or ALL_LOCATIONS


def _year_days(
    store: Store,
    settings: Settings,
    year: _Year,
    known: Mapping[dt.date, Day],
    at: dt.datetime,
) -> list[Day]:
    name, has_responses = year.dataset.name, store.raw_dir(year.dataset.name, year.number).is_dir()
    published = clock.last_published(_earliest(year.dataset), at)
    accepted = missing.accepted_days(settings.accepted_flaws, name)
    gaps = {_day(gap.day): gap.reason for each in year.manifests for gap in each.gaps}
    damaged = _damaged(store, name, year.number)
    days: list[Day] = []
    for day in clock.days(year.first, dt.date(year.number, 12, 31)):
        here, had = known.get(day), year.by_day.get(day)
        found, lacking = year.responses(day) if had and not here else ([], 0)
        if here and has_responses and here.state in VALIDATED and not _had_still(here, had or {}):
            days.append(replace(here, state=State.DAMAGED, note=_GONE))
        elif here:
            days.append(here)
        elif found and not lacking:
            reason = gaps.get(day) or accepted.get(day, "")
            days.append(_of_entries(year.dataset, day, found, reason, settings))
        elif had:
            state, why = year.reasons.get(day, (State.MISSING, ""))
            note = f"{count(len(had), 'response')} of it here, {lacking} missing"
            days.append(Day(name, day, state, note=f"{note}: {why}" if why else note))
        elif day in gaps:
            days.append(Day(name, day, State.GAP, note=gaps[day]))
        else:
            days.append(_absent(year, day, published, accepted.get(day, "")))
    return [_with_damage(_with_flaws(day, year.manifests), damaged.get(day.day)) for day in days]


def _earliest(dataset: Dataset) -> dt.timedelta:
    """How long after it began a day is published first, be it in preliminary form."""
    lag = dataset.publication_lag
    return min(lag, PRELIM_AFTER) if dataset.has_prelim else lag


def _had_still(day: Day, had: Collection[str]) -> bool:
    """Whether all responses that the tables have a day from, or their final ones, are here."""
    names = {name.removesuffix(".prelim") for name in day.requests}
    return names <= set(had)


def _with_flaws(day: Day, manifests: Iterable[Manifest]) -> Day:
    """A day with the flaws that the markers note of it, if they do; each once, with its reason."""
    noted = [each for m in manifests for each in m.flaws if each.day == str(day.day)]
    noted.sort(key=lambda each: each.reason)  # one with a reason comes last, and stays
    found = {(each.flaw, each.what): each for each in noted}
    return replace(day, flaws=tuple(found.values())) if found else day


def _with_damage(day: Day, damage: tuple[dt.datetime, str] | None) -> Day:
    """A day as the newest deep check found it, unless it was fetched again since."""
    if damage is None or (day.fetched and day.fetched > damage[0]):
        return day
    return replace(day, state=State.DAMAGED, note=damage[1])


def _damaged(store: Store, dataset: str, year: int) -> dict[dt.date, tuple[dt.datetime, str]]:
    """The days that a deep check found damaged: when it looked (market time), and what it found."""
    found: dict[dt.date, tuple[dt.datetime, str]] = {}
    for path in store.verdicts(dataset, year):
        with contextlib.suppress(OSError, ValueError):
            judged = verdict.read_verdict(path)
            at = _market_time(judged.verified)
            for damage in judged.damage:
                if damage.day:
                    found[dt.date.fromisoformat(damage.day)] = at, str(damage.reason)
    return found


def _market_time(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment.astimezone(clock.MARKET_ZONE).replace(tzinfo=None)


def _of_entries(
    dataset: Dataset, day: dt.date, entries: Sequence[Entry], reason: str, settings: Settings
) -> Day:
    """A day that is validated, in a year that is not finished."""
    preliminary = [entry for entry in entries if _is_prelim(entry)]
    state = State.PRELIMINARY if preliminary else State.FINAL
    gap = any(entry.missing for entry in entries)
    fetched = max(entry.fetched for entry in entries)
    notes = [] if any(entry.rows for entry in entries) else [QUIET]
    if 0 < len(preliminary) < len(entries):
        notes.append(f"{len(preliminary)} of its {len(entries)} responses are preliminary")
    return Day(
        dataset.name,
        day,
        State.GAP if gap else state,
        sum(entry.rows for entry in entries),
        entries[0].sha256[:_DIGEST] if len(entries) == 1 else "",
        _market_time(fetched),
        reason if gap else "; ".join([*notes, _UNDER_WAY]),
        tuple(dict.fromkeys(_flaws_of(dataset, day, entries, settings))),
    )


def _flaws_of(
    dataset: Dataset, day: dt.date, entries: Iterable[Entry], settings: Settings
) -> Iterator[DayFlaw]:
    """The flaws that the ledger notes of a day, and why they were accepted."""
    for entry in entries:
        for flaw in entry.flaws:
            accepted = missing.accepted_days(settings.accepted_flaws, dataset.name, flaw.name)
            yield DayFlaw(str(day), flaw.name, flaw.what, accepted.get(day, ""))


def _absent(year: _Year, day: dt.date, published: dt.date, accepted: str) -> Day:
    """A day of which nothing is here."""
    name = year.dataset.name
    if day in year.reasons:
        state, why = year.reasons[day]
        return Day(name, day, state, note=why)
    if day > published:
        return Day(name, day, State.AHEAD)
    if year.last is None or day > year.last:
        return Day(name, day, State.NOT_ASKED)
    note = (
        f"accepted, and counts as a gap once its year is complete: {accepted}" if accepted else ""
    )
    return Day(name, day, State.MISSING, note=note)


def _reasons(
    store: Store, dataset: str, year: int, last: status.JobStatus
) -> dict[dt.date, tuple[State, str]]:
    """Why days are missing: what the last job said, and the responses that were rejected."""
    reasons: dict[dt.date, tuple[State, str]] = {}
    for name, text in last.missing.items():
        with contextlib.suppress(ValueError):
            reasons[dt.date.fromisoformat(name)] = State.MISSING, text
    for path in store.rejections(dataset, year):
        request = Request.named(dataset, path.name.split(".json")[0])
        if request:
            text = path.read_text("utf-8", "replace").strip()
            reasons[request.day] = State.DAMAGED, text.partition(": ")[2] or text
    return reasons


def last_status(store: Store, name: str) -> status.JobStatus:
    """What a job last said of itself; nothing where it never ran."""
    return status.last_statuses(store).get(name, status.JobStatus())
