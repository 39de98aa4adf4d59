"""What is there and what is not: the state of every day, from the database and the store's files.

The database knows the days of finished years; of years that are under way, the ledgers beside the
replies say what is proven, and the jobs' status files why a day is missing.
"""

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa

from isone import clock, run, selection
from isone.database.history import COMPLETE, NO_MANIFEST
from isone.datasets import DATASETS, Dataset, Part
from isone.selection import Job
from isone.settings import Settings
from isone.store import Entry, Store
from isone.verify import verdict

_DIGEST = 16  # characters that are shown
_UNDER_WAY = "proven; its year is not finished, so it is in no table yet"


class State(StrEnum):
    """What is known of a day."""

    FINAL = "proven, final"
    PRELIMINARY = "proven, preliminary"
    GAP = "accepted gap"
    DAMAGED = "damaged or refused"
    MISSING = "missing"
    UNPROVEN = "in the tables without proof"
    AHEAD = "not yet published"
    NOT_ASKED = "not asked for"


QUIET = "a quiet day: nothing happened that has a row"
"""What is said of a proven day without a row, in a dataset that owes none."""
PROVEN = (State.FINAL, State.PRELIMINARY)
WANTING = (State.DAMAGED, State.MISSING, State.UNPROVEN)


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


@dataclass
class _Year:
    """What the store's files say of a dataset-year."""

    first: dt.date
    last: dt.date | None = None
    """The last day that was asked for; None where nobody can tell."""
    periods: set[str] = field(default_factory=set)


def examine(store: Store, settings: Settings, known: pa.Table, at: dt.datetime) -> list[Day]:
    """Every day of every dataset-year that was ever asked for, by dataset and day.

    `known` are the days as `report_queries.operating_days` gives them; `at` is the present.
    """
    in_tables: dict[tuple[str, int], dict[dt.date, Day]] = {}
    for row in known.to_pylist():
        key = row["dataset"], row["operating_day"].year
        in_tables.setdefault(key, {})[row["operating_day"]] = _of_row(row)
    years = _years(store)
    days: list[Day] = []
    for dataset in DATASETS.values():
        numbers = {year for name, year in (*in_tables, *years) if name == dataset.name}
        for year in sorted(numbers):
            found = years.get((dataset.name, year)) or _Year(_first_day(dataset, year))
            known_days = in_tables.get((dataset.name, year), {})
            days += _year_days(store, settings, dataset, year, found, known_days, at)
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
        preliminary = (row["revision"] or "").startswith("prelim")
        state = State.PRELIMINARY if preliminary else State.FINAL
    else:
        state = State.UNPROVEN if row["verdict"] == NO_MANIFEST else State.GAP
    return Day(
        row["dataset"],
        row["operating_day"],
        state,
        row["rows"],
        (row["digest"] or "")[:_DIGEST],
        row["fetched"],
        row["gap_reason"] or (QUIET if row["rows"] == 0 and state in PROVEN else ""),
    )


def _years(store: Store) -> dict[tuple[str, int], _Year]:
    """The dataset-years that have files, or stand in the plan of the newest run."""
    plan = run.read_plan(store)
    markers = [Path(download.marker) for download in plan.downloads] if plan else []
    markers += (store.root / "complete").glob("*/*.json")
    years: dict[tuple[str, int], _Year] = {}
    for marker in markers:
        dataset = DATASETS.get(marker.parent.name)
        if dataset is None:
            continue
        job = Job.of_period(dataset.name, marker.stem, "all")
        year = years.setdefault((dataset.name, job.year), _Year(job.first))
        year.last = max(job.last, year.last or job.last)
        year.periods.add(job.period)
    for folder in (store.root / "raw").glob("*/[0-9][0-9][0-9][0-9]"):
        dataset = DATASETS.get(folder.parent.name)
        if dataset:
            key = dataset.name, int(folder.name)
            years.setdefault(key, _Year(_first_day(dataset, key[1])))
    return years


def _first_day(dataset: Dataset, year: int) -> dt.date:
    return max(dataset.first_day, dt.date(year, 1, 1))


def _year_days(
    store: Store,
    settings: Settings,
    dataset: Dataset,
    year: int,
    found: _Year,
    known: Mapping[dt.date, Day],
    at: dt.datetime,
) -> list[Day]:
    every = list(clock.days(found.first, dt.date(year, 12, 31)))
    published = clock.last_published(dataset.publication_lag, at)
    entries = store.read_ledger(dataset.name, year)
    accepted = selection.accepted_days(settings.accepted_flaws, dataset.name)
    reasons = _reasons(store, dataset.name, year)
    damaged = _damaged(store, dataset.name, year)
    has_replies = store.raw_dir(dataset.name, year).is_dir()
    flaws = selection.accepted_flaws(settings.accepted_flaws, dataset.name)
    parts = selection.parts_lacking(dataset, every, settings.locations, entries, flaws)
    lacking = {part.day for part in parts}
    had = _by_day(entries.values())
    days: list[Day] = []
    for day in every:
        here = known.get(day)
        if here and not (has_replies and day not in had and here.state in PROVEN):
            days.append(here)
        elif here:
            note = "its reply on the disk is gone, or has another size than was proven"
            days.append(replace(here, state=State.DAMAGED, note=note))
        elif day not in lacking and day in had:
            days.append(_of_entries(dataset, day, had[day], accepted.get(day, "")))
        elif day in accepted and day not in reasons:
            days.append(Day(dataset.name, day, State.GAP, note=accepted[day]))
        else:
            days.append(_absent(dataset, day, found, published, reasons.get(day), had.get(day)))
    return [_with_damage(day, damaged.get(day.day)) for day in days]


def _with_damage(day: Day, damage: tuple[dt.datetime, str] | None) -> Day:
    """A day as the newest deep check found it, unless it was fetched again since."""
    if damage is None or (day.fetched and day.fetched > damage[0]):
        return day
    return replace(day, state=State.DAMAGED, note=damage[1])


def _damaged(store: Store, dataset: str, year: int) -> dict[dt.date, tuple[dt.datetime, str]]:
    """The days that a deep check found damaged: when it looked (market time), and what it found."""
    found: dict[dt.date, tuple[dt.datetime, str]] = {}
    for path in sorted((store.root / "verified" / dataset).glob(f"{year}*.json")):
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


def _by_day(entries: Iterable[Entry]) -> dict[dt.date, list[Entry]]:
    days: dict[dt.date, list[Entry]] = {}
    for entry in entries:
        with contextlib.suppress(ValueError):
            days.setdefault(dt.date.fromisoformat(entry.part[:8]), []).append(entry)
    return days


def _of_entries(dataset: Dataset, day: dt.date, entries: Sequence[Entry], reason: str) -> Day:
    """A day that is proven, in a year that is not finished."""
    preliminary = any(entry.revision.startswith("prelim") for entry in entries)
    state = State.PRELIMINARY if preliminary else State.FINAL
    gap = any(entry.missing for entry in entries)
    fetched = max(entry.fetched for entry in entries)
    quiet = [] if any(entry.rows for entry in entries) else [QUIET]
    return Day(
        dataset.name,
        day,
        State.GAP if gap else state,
        sum(entry.rows for entry in entries),
        entries[0].sha256[:_DIGEST] if len(entries) == 1 else "",
        _market_time(fetched),
        reason if gap else "; ".join([*quiet, _UNDER_WAY]),
    )


def _absent(
    dataset: Dataset,
    day: dt.date,
    year: _Year,
    published: dt.date,
    reason: tuple[State, str] | None,
    had: Sequence[Entry] | None,
) -> Day:
    if reason:
        return Day(dataset.name, day, *_as_fields(reason))
    if had:
        return Day(dataset.name, day, State.MISSING, note=f"of its parts only {len(had)} came")
    if day > published:
        return Day(dataset.name, day, State.AHEAD)
    if year.last and day > year.last:
        return Day(dataset.name, day, State.NOT_ASKED)
    return Day(dataset.name, day, State.MISSING)


def _as_fields(reason: tuple[State, str]) -> tuple[State, None, str, None, str]:
    state, note = reason
    return state, None, "", None, note


def _reasons(store: Store, dataset: str, year: int) -> dict[dt.date, tuple[State, str]]:
    """Why days are missing: what the last job said, and the replies that were refused."""
    reasons: dict[dt.date, tuple[State, str]] = {}
    for name, text in job_facts(store, f"isone_{dataset}_{year}").get("missing", {}).items():
        with contextlib.suppress(ValueError):
            reasons[dt.date.fromisoformat(name)] = State.MISSING, str(text)
    for path in sorted((store.root / "refused" / dataset).glob(f"{year}*.txt")):
        part = Part.named(dataset, path.name.split(".json")[0])
        if part:
            text = path.read_text("utf-8", "replace").strip()
            reasons[part.day] = State.DAMAGED, text.partition(": ")[2] or text
    return reasons


def job_facts(store: Store, name: str) -> dict[str, Any]:
    """What a job last said of itself; nothing where it never ran."""
    return run.last_statuses(store).get(name, {})
