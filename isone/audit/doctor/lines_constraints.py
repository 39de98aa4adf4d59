"""What only the live service can tell of locations and of binding constraints."""

from collections import Counter, defaultdict
from typing import Any

from isone.audit.doctor import plans
from isone.audit.doctor.assumptions import (
    CannotTellError,
    Check,
    Seen,
    Verdict,
    as_assumed,
    otherwise,
)
from isone.audit.doctor.probes import Answer, list_in
from isone.market import market_time
from isone.text import count

_DAY_AHEAD, _REAL_TIME = "constraints_da_hourly", "constraints_rt_5min"
_TEXTS = ("Location ID", "Location Name", "Location Type")
_WITH = {_DAY_AHEAD: "lmp_da_hourly", _REAL_TIME: "lmp_rt_5min"}


def location_texts(seen: Seen) -> Verdict:
    """ISO-NE may leave out a location's name or type."""
    if seen.is_csv:
        sheet = seen.newest("lmp_da_hourly").sheet
        columns = [sheet.column(name) for name in _TEXTS] if sheet else []
        texts = set(zip(*(column for column in columns if column is not None), strict=True))
        left_out, number = sum(not all(map(str.strip, each)) for each in texts), len(texts)
    else:
        found = list_in(seen.api("locations/all")[0].json)
        priced = [each["Location"] for each in seen.newest("lmp_da_hourly").records]
        left_out = sum(
            not (each.get("LocationName") and each.get("LocationType")) for each in found
        )
        left_out += sum(not (each.get("$") and each.get("@LocType")) for each in priced)
        number = len(found)
    if not left_out:
        raise CannotTellError(f"all {number:,} have both today")
    return as_assumed(f"one of them is left out {count(left_out, 'time')}")


def location_retired(seen: Seen) -> Verdict:
    """An id that has prices may be in no list."""
    listed = {str(each.get("LocationID")) for each in list_in(seen.api("locations/all")[0].json)}
    priced = {str(each["Location"]["@LocId"]) for each in seen.newest("lmp_da_hourly").records}
    gone = priced - listed
    if not gone:
        raise CannotTellError(f"all {len(priced):,} locations with prices are listed today")
    return as_assumed(f"{len(gone):,} of {len(priced):,} locations with prices are in no list")


def empty_day(seen: Seen) -> Verdict:
    """An empty day of constraints is the set's own wrapper, empty."""
    seen.api()
    empty = [each for each in _constraint_days(seen) if not (each.table and len(each.table))]
    if not empty:
        raise CannotTellError("no day that was asked for is empty")
    strange = [each for each in empty if each.state != "ok"]
    if strange:
        return otherwise(", ".join(f"{each.probe.name}: {_emptiness(each)}" for each in strange))
    return as_assumed(f"so came {', '.join(each.probe.name for each in empty)}")


def constraints_published(seen: Seen) -> Verdict:
    """Constraints are published together with the energy prices of their market."""
    seen.api()
    said: list[Verdict] = []
    for name, companion in _WITH.items():
        answer, prices = seen.newest(name), seen.newest(companion)
        day = answer.probe.request.day if answer.probe.request else ""
        if prices.state != "ok":
            continue
        if answer.table is not None and len(answer.table):
            said.append(as_assumed(f"{name} has {day}, the newest day of {companion}"))
        elif any(record.get("CongestionComponent") for record in prices.records):
            said.append(otherwise(f"{companion} has congestion on {day}, {name} has no rows of it"))
    for word in ("otherwise", "as assumed"):
        found = [each.why for each in said if each.word == word]
        if found:
            return Verdict(word, "; ".join(found))
    raise CannotTellError("the newest days have neither constraints nor congestion")


def info_latest(seen: Seen) -> Verdict:
    """What `info` of the LMP names is the beginning of the newest published interval."""
    wrong: list[str] = []
    right: list[str] = []
    for name in _WITH.values():
        info, newest = seen.api(f"info {name}")[0], seen.newest(name)
        latest = plans.latest_of(info)
        if latest is None:
            wrong.append(f"info {name} names no beginning")
            continue
        if newest.state == "empty":
            wrong.append(f"{name} is empty on the day that info names")
        if newest.table is None:
            continue
        last = max(newest.table.intervals.distinct)
        minutes = (latest - last) // 60
        (wrong if minutes else right).append(
            f"info {name} names the last interval of that day"
            if not minutes
            else f"info {name} names an instant {minutes} minutes off the last interval of that day"
        )
    if wrong or not right:
        if not wrong:
            raise CannotTellError("the newest days were not understood")
        return otherwise("; ".join(wrong))
    return as_assumed("; ".join(right))


def constraints_begin(seen: Seen) -> Verdict:
    """Constraints begin with the market, in March 2003."""
    names = [plans.name_of(_DAY_AHEAD, day) for day in plans.EARLY_DAYS]
    days = [each for each in seen.api(*names) if each.table is not None and len(each.table)]
    if not days:
        raise CannotTellError(f"{' and '.join(names)} have no rows")
    return as_assumed(f"{days[0].probe.name} has {count(_rows(days[0]), 'row')}")


def constraint_timestamps(seen: Seen) -> Verdict:
    """Timestamps of five-minute constraints are on the interval, or anywhere within the day."""
    seen.api()
    answer = seen.newest(_REAL_TIME)
    if answer.state == "odd":
        return otherwise(answer.why)
    instants = [market_time.parse_timestamp(each["BeginDate"]) for each in answer.records]
    if not instants:
        raise CannotTellError("the day has no constraints")
    off = sum(instant % 300 != 0 for instant in instants)
    where = f"{off:,} of {len(instants):,} are off the interval" if off else "all on the interval"
    return as_assumed(f"{len(instants):,} rows, {where}")


def contingency_left_out(seen: Seen) -> Verdict:
    """Without a contingency there is none; rows that differ in nothing else agree."""
    groups: dict[Any, set[Any]] = defaultdict(set)
    for answer in _constraint_days(seen):
        for each in answer.records:
            if not each.get("ContingencyName"):
                group = (answer.probe.name, each["BeginDate"], each["ConstraintName"])
                groups[group].add(each.get("MarginalValue"))
    if not groups:
        raise CannotTellError("every row names one")
    apart = sum(len(values) > 1 for values in groups.values())
    if apart:
        return otherwise(
            f"{apart:,} of {len(groups):,} have several marginal values in an interval"
        )
    return as_assumed(f"{len(groups):,} have none, and no two of an interval disagree")


def marginal_left_out(seen: Seen) -> Verdict:
    """A marginal value may be left out; it is NULL then."""
    rows = [each for answer in _constraint_days(seen) for each in answer.records]
    if not rows:
        raise CannotTellError("no day that was asked for has constraints")
    kinds = Counter(
        "left out" if "MarginalValue" not in each else "null"
        for each in rows
        if each.get("MarginalValue") is None
    )
    if not kinds:
        raise CannotTellError(f"all {count(len(rows), 'row')} have one")
    return as_assumed(
        ", ".join(f"{what} {count(number, 'time')}" for what, number in kinds.items())
    )


def csv_constraints(seen: Seen) -> Verdict:
    """No public CSV of constraints is read."""
    raise CannotTellError("no address of such a file is known that could be asked")


CHECKS: tuple[Check, ...] = (
    location_texts,
    location_retired,
    empty_day,
    constraints_published,
    info_latest,
    constraints_begin,
    constraint_timestamps,
    contingency_left_out,
    marginal_left_out,
    csv_constraints,
)


def _constraint_days(seen: Seen) -> list[Answer]:
    """The answers that are of constraints."""
    seen.api()
    return [each for name in _WITH for each in seen.of(name)]


def _rows(answer: Answer) -> int:
    return len(answer.table) if answer.table is not None else 0


def _emptiness(answer: Answer) -> str:
    if answer.state == "404":
        return "404"
    if answer.state == "odd":
        return answer.why
    return "empty in another way than its own wrapper"
