"""What only the live service can tell of fuels, ties and demand."""

from typing import Any

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
from isone.market import completeness
from isone.market.datasets import DATASETS
from isone.text import count

_FUELS, _INTERCHANGE, _FLOWS = "fuel_mix", "interchange_hourly", "flows_5min"
_NECEC = "4018"
_TOTALS = ("TotalImports", "TotalExports")


def fuel_snapshots(seen: Seen) -> Verdict:
    """A day of the fuel mix begins before 00:30, ends after 23:30, and has no gap above an hour."""
    answer = seen.newest(_FUELS)
    if answer.table is None or not len(answer.table) or answer.probe.request is None:
        raise CannotTellError("the day has no fuel mix")
    stamps = sorted(answer.table.intervals.distinct)
    missing = completeness.missing(
        DATASETS[_FUELS], answer.probe.request, (), {(stamp, ()) for stamp in stamps}
    )
    widest = max((b - a for a, b in zip(stamps, stamps[1:], strict=False)), default=0) // 60
    said = f"{count(len(stamps), 'snapshot')}, at most {widest} minutes apart"
    return otherwise(f"{said}; it lacks {missing[0]}") if missing else as_assumed(said)


def fuel_names(seen: Seen) -> Verdict:
    """The fuels are those that the table names."""
    answer = seen.newest(_FUELS)
    (key,) = DATASETS[_FUELS].text_keys
    if answer.table is None or not len(answer.table):
        raise CannotTellError("the day has no fuel mix")
    new = set(answer.table.texts[key.column.name].distinct) - set(key.known)
    if new:
        return otherwise(f"{count(len(new), 'fuel')} that the table does not name")
    return as_assumed(f"{count(len(answer.table.keys.distinct), 'fuel')}, all of them known")


def supply_begins(seen: Seen) -> Verdict:
    """Fuel mix, interchange and flows are there from their first days on."""
    return days_are_there(seen, *plans.first_days(plans.SUPPLY_BEGINS))


def necec_begins(seen: Seen) -> Verdict:
    """Interface 4018 has rows from February 2026 on, and may have some before."""
    (then,) = seen.api(plans.name_of(_INTERCHANGE, plans.NECEC_DAY))
    now = seen.newest(_INTERCHANGE)
    if _NECEC not in _interfaces(now):
        return otherwise("it has none on the newest day")
    there = "has some" if _NECEC in _interfaces(then) else "has none"
    return as_assumed(f"it {there} on {plans.NECEC_DAY}")


def limit_totals(seen: Seen) -> Verdict:
    """The totals of flows are sums of the limits, the same on each row of an interval."""
    seen.api()
    wrong = 0
    by_interval: dict[str, list[dict[str, Any]]] = {}
    for row in seen.newest(_FLOWS).records:
        by_interval.setdefault(row["BeginDate"], []).append(row)
    for rows in by_interval.values():
        totals = {tuple(row[name] for name in _TOTALS) for row in rows}
        sums = tuple(sum(row[name] for row in rows) for name in ("ImportLimit", "ExportLimit"))
        wrong += totals != {sums}
    if not by_interval:
        raise CannotTellError("the day has no flows")
    said = f"of {count(len(by_interval), 'interval')}, in {wrong} they are not"
    return otherwise(said) if wrong else as_assumed(f"in {count(len(by_interval), 'interval')}")


def imports_negative(seen: Seen) -> Verdict:
    """What is bought comes in and is not above zero; what is sold is not below."""
    rows = [row for name in (_INTERCHANGE, _FLOWS) for row in _records(seen, name)]
    if not rows:
        raise CannotTellError("the newest day has neither interchange nor flows")
    wrong = sum(row["Purchase"] > 0 or row["Sale"] < 0 for row in rows)
    said = f"in {wrong} of {count(len(rows), 'row')} it is otherwise"
    return otherwise(said) if wrong else as_assumed(f"in {count(len(rows), 'row')}")


def csv_supply(seen: Seen) -> Verdict:
    """The files of the fuel mix and of interchange name the columns as clients do."""
    return csv_is_read(seen, _FUELS, _INTERCHANGE)


def flows_gaps(_seen: Seen) -> Verdict:
    """Single intervals of flows may be left out for good, as those of load are."""
    raise CannotTellError("it takes years of days: download some and see the gaps in the report")


def demand_settled(seen: Seen) -> Verdict:
    """Real-time demand is published within six days of the operating day."""
    seen.api()
    answer = seen.newest("demand_rt_hourly")
    if answer.state in {"empty", "404"}:
        return otherwise(f"{answer.probe.name} is not there")
    return as_assumed(f"{answer.probe.name} is there")


CHECKS: tuple[Check, ...] = (
    fuel_snapshots,
    fuel_names,
    supply_begins,
    necec_begins,
    limit_totals,
    imports_negative,
    csv_supply,
    flows_gaps,
    demand_settled,
)


def _interfaces(answer: Answer) -> set[str]:
    if not answer.records:
        raise CannotTellError(f"{answer.probe.name} has no rows")
    return {str(row["Location"]["@LocId"]) for row in answer.records}


def _records(seen: Seen, name: str) -> list[dict[str, Any]]:
    seen.api()
    return seen.newest(name).records
