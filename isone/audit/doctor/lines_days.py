"""What only the live service can tell of preliminary days, averages and strike prices."""

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
from isone.market.datasets import DATASETS, PRELIM_AFTER
from isone.text import count


def prelim_published(seen: Seen) -> Verdict:
    """Preliminary prices are out 30 hours after the operating day began."""
    expected = DATASETS["lmp_rt_hourly"].last_published(PRELIM_AFTER, seen.now)
    if seen.is_csv:
        answer = seen.csv(plans.name_of("lmp_rt_hourly", expected, prelim=True))[0]
        if answer.state in {"empty", "404"}:
            return otherwise(f"no file of {expected} yet")
        return as_assumed(f"{expected} is there")
    newest = plans.published_day(seen.api("info lmp_rt_hourly prelim")[0])
    if newest is None:
        raise CannotTellError("info names no beginning")
    said = f"the newest day is {newest}, and {expected} was expected"
    return as_assumed(said) if newest >= expected else otherwise(said)


def final_published(seen: Seen) -> Verdict:
    """Every final day is published after six days."""
    names = [row.name for row in DATASETS.values() if row.has_prelim and row.times.owes_rows]
    asked = [seen.newest(name) for name in names if not seen.is_csv or DATASETS[name].public_csv]
    expected = DATASETS["lmp_rt_hourly"].last_published(
        DATASETS["lmp_rt_hourly"].publication_lag, seen.now
    )
    late = [each.probe.name for each in asked if each.state in {"empty", "404"}]
    newest = None if seen.is_csv else plans.published_day(seen.answers.get("info lmp_rt_5min"))
    if newest and newest < expected:
        late.append(f"lmp_rt_5min after {newest}")
    if late:
        return otherwise(f"not published: {', '.join(late)}")
    return as_assumed(f"{count(len(asked), 'dataset')} have {expected}")


def prelim_reserve_file(seen: Seen) -> Verdict:
    """The preliminary hourly reserve file is at the path of the final one, with `prelim`."""
    day = DATASETS["reserve_hourly"].last_published(PRELIM_AFTER, seen.now)
    answer = seen.csv(plans.name_of("reserve_hourly", day, prelim=True))[0]
    match answer.state:
        case "404":
            return otherwise("that address answers 404")
        case "empty":
            raise CannotTellError(f"the address answers, and has no data of {day}")
        case "odd":
            return otherwise(answer.why)
    return as_assumed(f"it has {count(len(answer.sheet.data) if answer.sheet else 0, 'line')}")


def prelim_lmp_names(seen: Seen) -> Verdict:
    """Preliminary hourly LMP files have names without ids, and stored lists know these names."""
    day = DATASETS["lmp_rt_hourly"].last_published(PRELIM_AFTER, seen.now)
    answer = seen.csv(plans.name_of("lmp_rt_hourly", day, prelim=True))[0]
    known = _names(seen.newest("lmp_da_hourly"))
    if answer.sheet is None or not answer.sheet.data:
        raise CannotTellError(f"there is no file of {day}")
    if answer.sheet.column("Location ID") is not None:
        return otherwise("they have ids")
    names = _names(answer)
    unknown = len(names - known)
    said = f"{unknown:,} of {len(names):,} names are not in today's day-ahead file"
    return otherwise(said) if unknown else as_assumed(said)


def averages_hours(_seen: Seen) -> Verdict:
    """ISO-NE's monthly averages count the hours that there were."""
    raise CannotTellError(
        "it takes all prices of a month in which clocks change: download a March and run "
        "`snakemake -j1 --config years=… -- reconcile`"
    )


def strike_fields(seen: Seen) -> Verdict:
    """Of a strike price's fields only the price has to be there."""
    seen.api()
    answer = seen.newest("strike_da_hourly")
    records, columns = answer.records, DATASETS["strike_da_hourly"].columns
    if not records:
        raise CannotTellError("the day has no strike prices")
    missing = {c.field: sum(each.get(c.field) is None for each in records) for c in columns}
    if missing.pop("strike_price"):
        return otherwise("the strike price itself is left out")
    null = [field for field, number in missing.items() if number == len(records)]
    some = [field for field, number in missing.items() if 0 < number < len(records)]
    said = [f"never there: {', '.join(null)}"] if null else []
    said += [f"at times not there: {', '.join(some)}"] if some else []
    extra = {shapes.key(name) for each in records for name in each}
    extra -= {*(c.field for c in columns), "market_hour"}
    said += [f"not known: {', '.join(sorted(extra))}"] if extra else []
    return as_assumed("; ".join(said) or f"all fields are in all {len(records)} records")


def workbook_regulation(seen: Seen) -> Verdict:
    """The workbook's regulation columns are means, minima and maxima of five-minute prices."""
    raise CannotTellError("the yearly workbook tells: run reconcile with smd=FILE")


def workbook_spring(seen: Seen) -> Verdict:
    """The workbook's labels of a spring day decide which hours it counts."""
    raise CannotTellError("the yearly workbook tells: run reconcile with smd=FILE")


CHECKS: tuple[Check, ...] = (
    prelim_published,
    final_published,
    prelim_reserve_file,
    prelim_lmp_names,
    averages_hours,
    strike_fields,
    workbook_regulation,
    workbook_spring,
)


def _names(answer: Answer) -> set[str]:
    names = answer.sheet.column("Location Name", "Location") if answer.sheet else None
    if names is None:
        raise CannotTellError(f"{answer.probe.name} names no locations")
    return {name.strip() for name in names}
