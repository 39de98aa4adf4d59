"""What only the live service can tell of load, its forecasts, and preliminary and other sets."""

import datetime as dt

from isone.audit.doctor import plans
from isone.audit.doctor.assumptions import (
    CannotTellError,
    Check,
    Seen,
    Verdict,
    as_assumed,
    csv_is_read,
    days_are_there,
    otherwise,
)
from isone.audit.doctor.probes import Answer
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.text import count

_LOAD, _HOURLY, _FORECAST = "load_5min", "load_hourly", "forecast_hourly"
_QUARTERS, _PRELIM = "constraints_rt_15min", "lmp_rt_hourly_prelim"
_BIDS_CLOSE = dt.time(10, 30)


def load_begins(seen: Seen) -> Verdict:
    """Load begins in 2020 and its forecasts in 2024, and both are kept for good."""
    return days_are_there(seen, *plans.first_days(plans.LOAD_BEGINS))


def load_sums(seen: Seen) -> Verdict:
    """Load is native load and pumping, and solar behind the meter the same in both sums."""
    seen.api()
    answers = [seen.newest(name) for name in (_LOAD, _HOURLY)]
    wrong = [each.probe.name for each in answers if "add up" in each.why]
    if wrong:
        return otherwise(f"not so in {', '.join(wrong)}")
    rows = sum(len(each.table) for each in answers if each.table is not None)
    if not rows:
        raise CannotTellError("the newest days have no rows")
    return as_assumed(f"so in {count(rows, 'row')}")


def load_gaps(seen: Seen) -> Verdict:
    """Load misses an interval now and then for good."""
    seen.api()
    answer = seen.newest(_LOAD)
    request = answer.probe.request
    if answer.table is None or request is None:
        raise CannotTellError("the newest day has no rows")
    missing = len(DATASETS[_LOAD].intervals(request)) - len(answer.table.intervals.distinct)
    if missing <= 0:
        raise CannotTellError(f"{answer.probe.name} has all of its intervals")
    return as_assumed(f"{answer.probe.name} lacks {count(missing, 'interval')}")


def load_fields(seen: Seen) -> Verdict:
    """Solar behind the meter may be left out of a record, load may not."""
    seen.api()
    records = seen.newest(_LOAD).records
    if not records:
        raise CannotTellError("the newest day has no rows")
    fields = {column.field: column.required for column in DATASETS[_LOAD].columns}
    null = {field for field in fields if any(each.get(field) is None for each in records)}
    said = ", ".join(sorted(null)) or "no field"
    needed = [field for field in null if fields[field]]
    return (otherwise if needed else as_assumed)(f"{said} is left out of some record")


def csv_load(seen: Seen) -> Verdict:
    """The files of load name the columns as clients do, and an interval by its beginning."""
    return csv_is_read(seen, _LOAD, _HOURLY)


def forecast_publications(seen: Seen) -> Verdict:
    """Every publication of a day's forecast has all of its hours, and one is there by 10:30."""
    seen.api()
    answer = seen.newest(_FORECAST)
    if answer.state == "odd":
        return otherwise(f"{answer.probe.name}: {answer.why}")
    times = {each["CreationDate"] for each in answer.records}
    if not times or answer.probe.request is None:
        raise CannotTellError("the newest day has no forecast")
    before = answer.probe.request.day - dt.timedelta(days=1)
    closes = market_time.instants(before, _BIDS_CLOSE.hour, _BIDS_CLOSE.minute)[-1]
    known = sum(dt.datetime.fromisoformat(each).timestamp() <= closes for each in times)
    said = f"{count(len(times), 'publication')}, {known} of them by 10:30 of the day before"
    return as_assumed(said) if known else otherwise(said)


def forecast_net(seen: Seen) -> Verdict:
    """The net load forecast is the load forecast, and an adjustment is mostly absent."""
    seen.api()
    records = seen.newest(_FORECAST).records
    if not records:
        raise CannotTellError("the newest day has no forecast")
    other = sum(each.get("NetLoadMw", each["LoadMw"]) != each["LoadMw"] for each in records)
    adjusted = sum(each.get("LoadAdjustmentMw") is not None for each in records)
    said = f"of {count(len(records), 'row')} {other} differ, {adjusted} have an adjustment"
    return otherwise(said) if other else as_assumed(said)


def quarter_hour_constraints(seen: Seen) -> Verdict:
    """Fifteen-minute constraints have a time of their own, and one value for each such time."""
    seen.api()
    answer = seen.newest(_QUARTERS)
    if answer.state == "odd":
        return otherwise(f"{answer.probe.name}: {answer.why}")
    keys = [_key(each) for each in answer.records]
    if not keys:
        raise CannotTellError(f"{answer.probe.name} has none")
    bare = sum(not key[2] for key in keys)
    said = f"{count(len(keys) - len(set(keys)), 'row')} of {len(keys):,} come again, {bare} bare"
    return as_assumed(said) if len(keys) == len(set(keys)) and not bare else otherwise(said)


def prelim_kept(seen: Seen) -> Verdict:
    """Preliminary prices of a past year are still there."""
    answer = seen.api(plans.name_of(_PRELIM, plans.a_year_ago(seen.now)))[0]
    return (as_assumed if _has_rows(answer) else otherwise)(f"{answer.probe.name}: {answer.state}")


CHECKS: tuple[Check, ...] = (
    load_begins,
    load_sums,
    load_gaps,
    load_fields,
    csv_load,
    forecast_publications,
    forecast_net,
    quarter_hour_constraints,
    prelim_kept,
)


def _has_rows(answer: Answer) -> bool:
    return answer.table is not None and len(answer.table) > 0


def _key(record: dict[str, object]) -> tuple[object, ...]:
    names = ("BeginDate", "ConstraintName", "MarginalValueInterval")
    return tuple(record.get(name) for name in names)
