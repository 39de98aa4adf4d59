"""What the sandbox assumes of paths that the workflow itself does not request."""

from typing import Any

from isone.audit.doctor import plans, shapes
from isone.audit.doctor.assumptions import (
    CannotTellError,
    Check,
    Seen,
    Verdict,
    as_assumed,
    otherwise,
)
from isone.audit.doctor.probes import Answer
from isone.market import market_time
from isone.market.datasets import DATASETS

_PRICES = ("RegServiceClearingPrice", "RegCapacityClearingPrice")


def typeless_version(seen: Seen) -> Verdict:
    """A path without a version gives the final one where it is published."""
    typeless = seen.api("no version")[0]
    final = seen.newest("regulation_5min")
    prelim = seen.api(f"{final.probe.name} prelim")[0]
    if not typeless.records:
        return otherwise(f"{typeless.probe.path} answers {typeless.state}")
    as_final, as_prelim = (_prices(typeless) == _prices(each) for each in (final, prelim))
    if as_final and as_prelim:
        raise CannotTellError("final and preliminary prices of that day are the same")
    if as_final:
        return as_assumed("the final one")
    return otherwise(
        "the preliminary one" if as_prelim else "neither the final nor the preliminary"
    )


def current_day_ahead_services(seen: Seen) -> Verdict:
    """`current` of day-ahead services is the newest market day."""
    answer = seen.api("current reserve_da_hourly")[0]
    if answer.table is None:
        return otherwise(f"{answer.probe.path} answers {answer.state}")
    days = {market_time.local_time(each).date() for each in answer.table.intervals.distinct}
    newest = plans.published_day(seen.api("info lmp_da_hourly")[0])
    if newest is None:
        raise CannotTellError("info names no newest day")
    hours = len(answer.table.intervals.distinct)
    said = f"{hours} hours of {min(days)}, and the newest day is {newest}"
    return as_assumed(said) if days == {newest} and hours > 1 else otherwise(said)


def current_others(seen: Seen) -> Verdict:
    """`current` of all others is the newest published interval; day-ahead, the current one."""
    lmp, regulation = seen.api("current lmp_da_hourly", "current regulation_5min")
    latest = plans.latest_of(seen.api("info regulation_5min prelim")[0])
    missing = [each.probe.path for each in (lmp, regulation) if each.table is None]
    if missing:
        return otherwise(f"no records at {', '.join(missing)}")
    hour = int(seen.now.timestamp()) // 3600 * 3600
    hours, intervals = (each.table.intervals.distinct for each in (lmp, regulation) if each.table)
    wrong = [] if max(hours) - hour in {0, 3600} and len(hours) == 1 else ["day-ahead LMP"]
    if latest is None:
        raise CannotTellError("info names no newest interval")
    is_newest = len(intervals) == 1 and 0 <= max(intervals) - latest <= 300
    wrong += [] if is_newest else ["five-minute regulation"]
    return otherwise(f"not so: {' and '.join(wrong)}") if wrong else as_assumed("both so")


def location_unlisted(seen: Seen) -> Verdict:
    """An id that is not listed is answered with 404."""
    seen.api()
    answer = seen.answers.get("unlisted location")
    if answer is None or not any(answer.statuses):
        raise CannotTellError("it was not answered")
    statuses = [shapes.phrase(status) for status in answer.statuses if status]
    return (as_assumed if answer.state == "404" else otherwise)(" and ".join(statuses))


def current_in_list(seen: Seen) -> Verdict:
    """A single current record of a dataset without locations comes in a list."""
    answer = seen.api("current regulation_5min")[0]
    outer, inner = DATASETS["regulation_5min"].wrapper
    records: Any = answer.json[outer][inner] if answer.state != "404" else None
    if isinstance(records, dict):
        return otherwise("it is an object")
    if not isinstance(records, list) or len(records) != 1:
        raise CannotTellError("there is not one record alone")
    return as_assumed("a list of one")


def interval_begin_date(seen: Seen) -> Verdict:
    """`IntervalBeginDate` is in five-minute reserve records, and the same as `BeginDate`."""
    seen.api()
    five, hourly = (seen.newest(name).records for name in ("reserve_5min", "reserve_hourly"))
    if not five or not hourly:
        raise CannotTellError("there are no reserve records")
    there = [each for each in five if "IntervalBeginDate" in each]
    others = sum(each["IntervalBeginDate"] != each["BeginDate"] for each in there)
    in_hourly = sum("IntervalBeginDate" in each for each in hourly)
    said = f"in {len(there):,} of {len(five):,} five-minute records, {others:,} of them another"
    said += f"; in {in_hourly:,} of {len(hourly):,} hourly ones"
    is_so = len(there) == len(five) and not others and not in_hourly
    return as_assumed(said) if is_so else otherwise(said)


def reserve_hourly_headings(seen: Seen) -> Verdict:
    """The hourly reserve file: date, hour ending, id, three prices, three quantities."""
    seen.csv()
    sheet = seen.newest("reserve_hourly").sheet
    report = DATASETS["reserve_hourly"].public_csv
    if sheet is None or report is None or not sheet.headings:
        raise CannotTellError("there is no such file")
    wanted = [names for field, names in report.headings.items() if "Requirement" not in field]
    first = [("Date",), ("Hour Ending",), ("Location ID",)]
    is_so = len(sheet.headings) == 9 and all(
        sheet.find(each) is not None for each in first + wanted
    )
    said = ", ".join(map(shapes.key, sheet.headings))
    return as_assumed(said) if is_so else otherwise(said)


CHECKS: tuple[Check, ...] = (
    typeless_version,
    current_day_ahead_services,
    current_others,
    location_unlisted,
    current_in_list,
    interval_begin_date,
    reserve_hourly_headings,
)


def _prices(answer: Answer) -> list[tuple[Any, ...]]:
    in_order = sorted(answer.records, key=lambda each: str(each["BeginDate"]))
    return [tuple(each.get(field) for field in _PRICES) for each in in_order]
