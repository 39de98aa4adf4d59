"""What only the live service can tell of its public CSV."""

from collections import Counter
from collections.abc import Iterable

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
from isone.market.datasets import DATASETS
from isone.market.locations import RESERVE_ZONES
from isone.text import count, listed

_HOURLY_LMP = ("lmp_da_hourly", "lmp_rt_hourly")
_SYSTEM_ZONE = 7000
_ID = ("Location ID", "Reserve Zone ID")
_NAME = ("Location Name", "Reserve Zone Name", "Location")


def csv_begins(seen: Seen) -> Verdict:
    """Day-ahead LMP on 2016-01-01, all other prices as early as the web services."""
    firsts = [(row.name, row.public_since) for row in plans.csv_of_prices()]
    answers = seen.csv(*(plans.name_of(name, day) for name, day in firsts))
    there = [f"{n} {d}" for (n, d), a in zip(firsts, answers, strict=True) if _has_data(a)]
    gone = [f"{n} {d}" for (n, d), a in zip(firsts, answers, strict=True) if not _has_data(a)]
    if gone:
        return otherwise(f"no data for {', '.join(gone)}")
    return as_assumed(f"there is a file for each first day: {', '.join(there)}")


def csv_headings_5min(seen: Seen) -> Verdict:
    """The headings of the five-minute LMP files are among those that are known."""
    seen.csv()
    return _headings(seen, ["lmp_rt_5min"])


def csv_headings_reserve(seen: Seen) -> Verdict:
    """So are those of the hourly and five-minute reserve files; requirements may be missing."""
    seen.csv()
    return _headings(seen, ["reserve_5min", "reserve_hourly"])


def csv_autumn_hour(seen: Seen) -> Verdict:
    """Files other than hourly LMP write the repeated hour twice in order, or mark it `02X`."""
    day = plans.autumn_day(seen.now)
    seen.csv()
    names = [row.name for row in DATASETS.values() if row.public_csv]
    others = [plans.name_of(name, day) for name in names if name not in _HOURLY_LMP]
    answers = [each for name in others if (each := seen.answers.get(name)) and each.sheet]
    odd = [each for each in answers if each.state == "odd"]
    if odd:
        return otherwise("; ".join(f"{each.probe.name}: {each.why}" for each in odd))
    read = [each for each in answers if each.state == "ok"]
    if not read:
        raise CannotTellError(f"no file of {day} has data")
    return as_assumed(", ".join(f"{_name(each)} {_repeats(each)}" for each in read))


def csv_trailer(seen: Seen) -> Verdict:
    """Every file ends with a trailer."""
    seen.csv()
    files = _files(seen)
    without = [
        each.probe.name for each in files if not (each.sheet and each.sheet.ends_with_trailer)
    ]
    if without:
        return otherwise(f"none at the end of {', '.join(without)}")
    return as_assumed(f"{len(files)} of {count(len(files), 'file')} end with one")


def csv_trailer_count(seen: Seen) -> Verdict:
    """Nothing is assumed about what the trailer counts."""
    seen.csv()
    differences = [
        shapes.trailer_less_data(each.sheet) for each in _files(seen) if each.sheet is not None
    ]
    found = Counter(_difference(each) for each in differences)
    said = ", ".join(f"{what} in {count(number, 'file')}" for what, number in found.items())
    return as_assumed(f"nothing is assumed; it counts {said}")


def csv_static_cookie(seen: Seen) -> Verdict:
    """Static files need no cookie."""
    seen.csv()
    static = [
        each for each in seen.answers.values() if "static" in each.probe.path and each.statuses
    ]
    first = [each.statuses[0] for each in static]
    refused = [each for each in static if each.statuses[0] == 403]
    if refused:
        after = "and answered after it" if any(map(_has_data, refused)) else "and also after it"
        return otherwise(f"{len(refused)} of {len(static)} were refused (403) before, {after}")
    if 200 not in first:
        raise CannotTellError("no static file was answered")
    return as_assumed(f"{first.count(200)} of {count(len(static), 'file')} came without one")


def csv_blocked(seen: Seen) -> Verdict:
    """A blocked request is answered with 403 or with an HTML page."""
    seen.csv()
    statuses = [
        (status, each) for each in seen.answers.values() for status in each.statuses if status
    ]
    odd = sorted({status for status, _ in statuses if status not in {200, 403, 404}})
    if odd:
        return otherwise(f"some requests were answered {', '.join(map(shapes.phrase, odd))}")
    refused = [each for _, each in statuses if 403 in each.statuses or each.state == "refused"]
    if not refused:
        raise CannotTellError("no request was blocked")
    page = any(200 in each.statuses and each.state == "refused" for each in refused)
    return as_assumed("an HTML page" if page else "403")


def csv_local_zones(seen: Seen) -> Verdict:
    """The ten-minute requirements of local zones are empty in the reserve file, not 0."""
    seen.csv()
    forms: Counter[str] = Counter()
    for name in ("reserve_5min", "reserve_hourly"):
        for answer in seen.of(name):
            forms.update(_local_requirements(answer))
    if not forms:
        raise CannotTellError("the reserve files have no such columns")
    said = ", ".join(f"{form} in {number:,}" for form, number in forms.items())
    return as_assumed(said) if set(forms) == {"empty"} else otherwise(said)


def csv_retired_names(seen: Seen) -> Verdict:
    """Old five-minute files have ids alone; those of retired locations have no name anywhere."""
    seen.csv()
    old = seen.csv(plans.name_of("lmp_rt_5min", DATASETS["lmp_rt_5min"].public_since))[0]
    listed_now = _column(seen.newest("lmp_da_hourly"), *_ID)
    found = set(_column(old, *_ID))
    if old.sheet and old.sheet.column(*_NAME) is not None:
        return otherwise("the old file names its locations")
    gone = found - set(listed_now)
    if not gone:
        raise CannotTellError(
            f"all {count(len(found), 'location')} of it are still in today's file"
        )
    return as_assumed(f"{len(gone):,} of {len(found):,} locations are not in today's file")


CHECKS: tuple[Check, ...] = (
    csv_begins,
    csv_headings_5min,
    csv_headings_reserve,
    csv_autumn_hour,
    csv_trailer,
    csv_trailer_count,
    csv_static_cookie,
    csv_blocked,
    csv_local_zones,
    csv_retired_names,
)


def _name(answer: Answer) -> str:
    return answer.probe.request.dataset if answer.probe.request else answer.probe.name


def _has_data(answer: Answer) -> bool:
    return bool(answer.sheet and answer.sheet.data)


def _files(seen: Seen) -> list[Answer]:
    """The answers that are files of data."""
    found = [each for each in seen.answers.values() if _has_data(each)]
    if not found:
        raise CannotTellError("no file was answered")
    return found


def _column(answer: Answer, *names: str) -> list[str]:
    values = answer.sheet.column(*names) if answer.sheet else None
    if values is None:
        raise CannotTellError(f"{answer.probe.name} has no column {names[0]}")
    return [value.strip() for value in values]


def _headings(seen: Seen, names: Iterable[str]) -> Verdict:
    lacks, without, files = [], [], []
    for name in names:
        answer = seen.newest(name)
        sheet, report = answer.sheet, DATASETS[name].public_csv
        if sheet is None or report is None or not sheet.headings:
            continue
        files.append(name)
        fields = {column.field: column.required for column in DATASETS[name].columns}
        missing = {field for field, known in report.headings.items() if sheet.find(known) is None}
        if any(fields[field] for field in missing):
            has = ", ".join(map(shapes.key, sheet.headings))
            needed = sorted(report.headings[field][0] for field in missing if fields[field])
            lacks.append(f"{name} has no {', '.join(needed)}; it has {has}")
        without += [f"{name} {field}" for field in sorted(missing) if not fields[field]]
    if lacks:
        return otherwise("; ".join(lacks))
    if not files:
        raise CannotTellError("no such file was answered")
    nulls = f"; NULL because they are not in it: {', '.join(without)}" if without else ""
    return as_assumed(f"all prices are found in {listed(files, 'and')}{nulls}")


def _repeats(answer: Answer) -> str:
    endings = answer.sheet.column("Hour Ending") if answer.sheet else None
    if endings is None:
        return "by the time of day, in order"
    return "marks it 02X" if any(each.strip().endswith("X") for each in endings) else "in order"


def _difference(number: int | None) -> str:
    if number is None:
        return "nothing that can be read"
    if number == 0:
        return "the lines of data"
    return "one line more" if number == 1 else "another number of lines"


def _local_requirements(answer: Answer) -> list[str]:
    report = answer.dataset.public_csv if answer.dataset else None
    sheet = answer.sheet
    at = sheet.find(_ID) if sheet else None
    if sheet is None or report is None or at is None:
        return []
    columns = [
        sheet.find(report.headings[f]) for f in ("TenMinSpinRequirement", "Total10MinRequirement")
    ]
    zones = {str(zone) for zone in RESERVE_ZONES if zone != _SYSTEM_ZONE}
    cells = [
        row[column].strip()
        for row in sheet.data
        if len(row) == len(sheet.headings) and row[at].strip() in zones
        for column in columns
        if column is not None
    ]
    return ["empty" if not cell else "0" if not cell.strip("0.") else "a number" for cell in cells]
