"""What is there and what is not: the state of every day, from the database and the store's files.

The database knows the days of finished years; of years that are under way, the ledgers beside the
responses say what is validated, and the jobs' status files why a day is missing.
"""

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from isone.audit.verify import verdict
from isone.errors import DamagedError
from isone.load.history import rows_of_day
from isone.load.sql import COMPLETE, NO_MANIFEST
from isone.market import flaws, market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS, PRELIM_AFTER
from isone.report.day import EMPTY_DAY, VALIDATED, Day, State
from isone.report.stored_year import StoredYear, is_prelim, read_year
from isone.run import missing, status
from isone.run.settings import Settings
from isone.store.ledger import Entry
from isone.store.periods import year_of
from isone.store.store import Store
from isone.store.year_marker import FORGIVEN, DayFlaw, Manifest
from isone.text import count

_DIGEST = 16  # characters that are shown
_GONE = "a response on the disk is gone, or has another size than was validated"
_UNDER_WAY = "validated; not in the database yet"


def examine(store: Store, settings: Settings, known: pa.Table, at: dt.datetime) -> list[Day]:
    """Every day of every dataset-year that was ever asked for, by dataset and day.

    `known` are the days as `queries.coverage.operating_days` has them; `at` is the present. States
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
            year = read_year(store, dataset, number)
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
        row["gap_reason"] or (EMPTY_DAY if row["rows"] == 0 and state in VALIDATED else ""),
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
    names += [(name, year_of(p)) for name in DATASETS for p in store.marker_periods(name)]
    for name in status.last_statuses(store):
        dataset, _, year = name.removeprefix("isone_").rpartition("_")
        if year.isdecimal():
            names.append((dataset, int(year)))
    return {(dataset, year) for dataset, year in names if dataset in DATASETS}


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _year_days(
    store: Store,
    settings: Settings,
    year: StoredYear,
    known: Mapping[dt.date, Day],
    at: dt.datetime,
) -> list[Day]:
    name, has_responses = year.dataset.name, store.raw_dir(year.dataset.name, year.number).is_dir()
    published = market_time.last_published(_earliest(year.dataset), at)
    accepted = missing.accepted_days(settings.accepted_flaws, name)
    gaps = {_day(gap.day): gap.reason for each in year.manifests for gap in each.gaps}
    damaged = _damaged(store, name, year.number)
    days: list[Day] = []
    for day in market_time.days(year.first, dt.date(year.number, 12, 31)):
        here, had = known.get(day), year.by_day.get(day)
        found, left = year.responses(day) if had and not here else ([], 0)
        if here and has_responses and here.state in VALIDATED and not _had_still(here, had or {}):
            days.append(replace(here, state=State.DAMAGED, note=_GONE))
        elif here:
            days.append(here)
        elif found and not left:
            reason = gaps.get(day) or accepted.get(day, "")
            days.append(_of_entries(year.dataset, day, found, reason, settings))
        elif had:
            state, why = year.reasons.get(day, (State.MISSING, ""))
            note = f"{count(len(had), 'response')} of it here, {left} missing"
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
        with contextlib.suppress(OSError, DamagedError):
            judged = verdict.read_verdict(path)
            at = _market_time(judged.verified)
            for damage in judged.damage:
                if damage.day:
                    found[dt.date.fromisoformat(damage.day)] = at, str(damage.reason)
    return found


def _market_time(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment.astimezone(market_time.MARKET_ZONE).replace(tzinfo=None)


def _of_entries(
    dataset: Dataset, day: dt.date, entries: Sequence[Entry], reason: str, settings: Settings
) -> Day:
    """A day that is validated, in a year that is not finished."""
    preliminary = [entry for entry in entries if is_prelim(entry)]
    state = State.PRELIMINARY if preliminary else State.FINAL
    gap = any(entry.missing for entry in entries)
    fetched = max(entry.fetched for entry in entries)
    notes = [] if any(entry.rows for entry in entries) else [EMPTY_DAY]
    if 0 < len(preliminary) < len(entries):
        notes.append(f"{len(preliminary)} of its {len(entries)} responses are preliminary")
    return Day(
        dataset.name,
        day,
        State.GAP if gap else state,
        rows_of_day(entries),
        entries[0].sha256[:_DIGEST] if len(entries) == 1 else "",
        _market_time(fetched),
        (reason or FORGIVEN) if gap else "; ".join([*notes, _UNDER_WAY]),
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


def _absent(year: StoredYear, day: dt.date, published: dt.date, accepted: str) -> Day:
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
