"""The marker of a dataset-year, compared with its own name and with the calendar.

A day is there when the responses that the marker lists bring it in one of the ways that a download
accepts: by location, by hour, or by blocks of public CSV; after the day through which all are
final, also preliminary.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

from isone.audit.verify.verdict import Damage
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.requests import Request
from isone.run.dataset_year import DatasetYear
from isone.run.missing import ways_of_day
from isone.store.year_marker import DayFlaw, Gap, Manifest
from isone.text import count, some

_PRELIM = ".prelim"
_NAMED = 3  # gaps and flaws that a note names


def find_damage(dataset: Dataset, period: str, manifest: Manifest) -> Iterator[Damage]:
    """What is wrong with the marker of `period`, whatever its responses are like."""
    if manifest.rows != sum(entry.rows for entry in manifest.requests):
        yield Damage("marker", "its rows do not add up")
    job = _job(dataset, period, manifest)
    if (manifest.dataset, manifest.period, job.period) != (dataset.name, period, period):
        reason = f"it describes {manifest.dataset} {job.period}, which is not what its name says"
        yield Damage("marker", reason)
    for name, times in Counter(entry.request for entry in manifest.requests).items():
        if times > 1:
            yield Damage("marker", f"it lists {name} {times} times", _day_text(dataset, name))
    for entry in manifest.requests:
        request = Request.named(dataset.name, entry.request)
        if request and entry.revision != dataset.version_of(request):
            reason = f"it calls {entry.request} {entry.revision}"
            yield Damage("marker", reason, _day_text(dataset, entry.request))
    yield from _damaged_days(dataset, job, manifest)


def _damaged_days(dataset: Dataset, job: DatasetYear, manifest: Manifest) -> Iterator[Damage]:
    listed: defaultdict[dt.date, set[str]] = defaultdict(set)
    for entry in manifest.requests:
        request = Request.named(dataset.name, entry.request)
        for day in request.days if request else ():
            listed[day].add(entry.request)
    gaps = {gap.day: gap for gap in manifest.gaps}
    for day in market_time.days(job.first, job.last):
        ways = [
            {request.name for request in way} for way in ways_of_day(dataset, day, job.locations)
        ]
        has_to_be_final = day <= (job.final_through or job.last)
        reason = _what_is_wrong(ways, listed.pop(day, set()), gaps.get(str(day)), has_to_be_final)
        if reason:
            yield Damage("marker", reason, str(day))
    for day in sorted(listed):
        yield Damage("marker", "the day is in it, and not in its period", str(day))


def _what_is_wrong(
    ways: Collection[set[str]], listed: set[str], gap: Gap | None, has_to_be_final: bool
) -> str:
    """What is wrong with the responses listed for a day; "" where they bring it."""
    if not listed:
        return "" if gap and gap.nothing_published else "the day is not in it"
    preliminary = {name for name in listed if name.endswith(_PRELIM)}
    if preliminary and has_to_be_final:
        return "the day is preliminary, and has to be final"
    names = {name.removesuffix(_PRELIM) for name in listed}
    if len(names) < len(listed):
        return "a response is in it both final and preliminary"
    if names in ways or (gap and any(names < way for way in ways)):
        return ""
    if any(names > way for way in ways):
        return "it has more responses of the day than bring it"
    return "not all of the day is in it"


def _job(dataset: Dataset, period: str, manifest: Manifest) -> DatasetYear:
    """The dataset-year that a marker describes; one that is older leaves the rest to its name."""
    first, last = (dt.date.fromisoformat(day) for day in (manifest.first_day, manifest.last_day))
    final = DatasetYear.of_period(dataset.name, period, manifest.locations).final_through
    if manifest.final_through:
        final = dt.date.fromisoformat(manifest.final_through)
    open_end = final if final and final < last else None
    return DatasetYear(dataset.name, first.year, first, last, manifest.locations, open_end)


def _day_of(dataset: Dataset, request_name: str) -> dt.date | None:
    request = Request.named(dataset.name, request_name)
    return request.day if request else None


def _day_text(dataset: Dataset, request_name: str) -> str | None:
    day = _day_of(dataset, request_name)
    return str(day) if day else None


def notes(manifest: Manifest) -> Iterator[str]:
    """The gaps and flaws that a marker lists: accepted ones with the reason, and suspect ones."""
    gaps = [f"{gap.day} ({gap.reason})" for gap in manifest.gaps]
    if gaps:
        yield f"{count(len(gaps), 'accepted gap')}: {some(gaps, _NAMED, '; ')}"
    accepted = [_flaw(each) for each in manifest.flaws if each.is_accepted]
    if accepted:
        yield f"{count(len(accepted), 'accepted flaw')}: {some(accepted, _NAMED, '; ')}"
    for title, acknowledged in (("not acknowledged", False), ("acknowledged", True)):
        found = [
            _flaw(each)
            for each in manifest.flaws
            if not each.is_accepted and bool(each.reason) == acknowledged
        ]
        if found:
            yield f"{count(len(found), 'suspect flaw')}, {title}: {some(found, _NAMED, '; ')}"


def _flaw(flaw: DayFlaw) -> str:
    reason = f" ({flaw.reason})" if flaw.reason else ""
    return f"{flaw.day} {flaw.flaw}: {flaw.what}{reason}"
