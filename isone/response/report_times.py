"""When the rows of a public report begin, told from its dates, hours and order."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from isone.errors import ResponseError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.response.columns import Words, together
from isone.response.report_sheet import DATE, HOUR_ENDING, ID, NAME, TIME, Sheet

Label = tuple[str, str]
"""A day (YYYY-MM-DD), and an hour ending (`02X`) or a time of day (`01:05:00`)."""


def instants(dataset: Dataset, sheet: Sheet) -> Words:
    """When each row's interval begins, or its snapshot was taken (UTC seconds).

    The hour that comes twice in autumn is told apart by its mark (`02X`), or else by order: then
    each place must have it twice, the second time after the first. Of snapshots, which have no
    fixed minutes, no row may be earlier than the one before it. Raises ResponseError for a time
    that there was not.
    """
    labels = _labels(sheet)
    choices = {label: _choices(label) for label in labels.distinct}
    for label, found in choices.items():
        if not found:
            raise ResponseError(f"the report has a row of {' '.join(label)}, a time there was not")
    if all(len(found) == 1 for found in choices.values()):
        return labels.map(lambda label: choices[label][0])
    if dataset.times.minutes is None:
        return Words.of(_ascending(labels.to_list(), choices))
    return Words.of(_by_order(sheet, labels.to_list(), choices))


def _labels(sheet: Sheet) -> Words:
    """The label of each row."""
    date, ending, time = (sheet.column(names) for names in (DATE, HOUR_ENDING, TIME))
    if ending is not None and date is not None:
        return together(date, ending).map(lambda pair: (_day(pair[0]), pair[1].strip()))
    if time is None:
        raise ResponseError(f"the report has no time: its headings are {sheet.named}")
    if date is not None:
        time = together(date, time).map(" ".join)
    served = time.map(lambda text: text.strip().replace("T", " "))
    alone = _day_of_report(sheet) if any(" " not in text for text in served.distinct) else ""

    def label(text: str) -> Label:
        day, _, clock_time = text.rpartition(" ")
        return _day(day) if day else alone, clock_time

    return served.map(label)


@lru_cache(maxsize=64)  # each label of a day asks for it again
def _day(text: str) -> str:
    for form in ("%m/%d/%Y", "%Y-%m-%d"):
        try:
            return str(dt.datetime.strptime(text.strip(), form).date())
        except ValueError:
            continue
    raise ResponseError(f"the report has {text[:40]!r} for a date")


def _day_of_report(sheet: Sheet) -> str:
    """The day a report says it is for, in its comments."""
    for comment in sheet.comments:
        match = re.search(r"Report for: *(\d\d/\d\d/\d{4})( *- *\1)?\s*$", comment)
        if match:
            return _day(match[1])
    raise ResponseError("the report does not say which day it is for")


def _choices(label: Label) -> tuple[int, ...]:
    """The instants that a label may stand for: two for the unmarked hour that comes twice."""
    day, text = dt.date.fromisoformat(label[0]), label[1]
    ending = re.fullmatch(r"(\d{1,2})(X?)", text)
    time = re.fullmatch(r"(\d\d):(\d\d)(?::(\d\d))?", text)
    try:
        if ending:
            found = market_time.instants(day, int(ending[1]) - 1)
            return found[1:] if ending[2] else found
        if time:
            return market_time.instants(day, *(int(number or 0) for number in time.groups()))
    except ValueError:
        return ()
    raise ResponseError(f"the report has {text[:40]!r} for a time")


def _ascending(labels: Sequence[Label], choices: Mapping[Label, tuple[int, ...]]) -> list[int]:
    """The instants of rows in order of time: where the clock goes back, the second hour begins."""
    latest = 0
    found: list[int] = []
    for label in labels:
        later = [instant for instant in choices[label] if instant >= latest]
        if not later:
            raise ResponseError(f"the report has {' '.join(label)} out of order")
        latest = later[0]
        found.append(latest)
    return found


def _by_order(
    sheet: Sheet, labels: Sequence[Label], choices: Mapping[Label, tuple[int, ...]]
) -> list[int]:
    """The instants of rows where the second of two hours is not marked.

    A line that is an exact copy of the line before it is of the same hour.
    """
    place_words = sheet.column((*ID, *NAME))
    places = place_words.to_list() if place_words else [""] * len(labels)
    marked = {(day, text.rstrip("X")) for day, text in labels if text.endswith("X")}
    copies = _copies(sheet, list(zip(places, labels, strict=True)))
    met: Counter[tuple[str, Label]] = Counter()
    latest: dict[str, int] = {}
    found: list[int] = []
    for line, (place, label) in enumerate(zip(places, labels, strict=True)):
        if line in copies:
            found.append(found[-1])
            continue
        options = choices[label]
        number = 0
        if len(options) == 2 and label not in marked:
            number = met[place, label]
            met[place, label] += 1
            if number > 1:
                raise ResponseError(f"the report has {' '.join(label)} more than twice")
            if number and options[1] <= latest[place]:
                raise ResponseError(f"the report has {' '.join(label)} twice, and not in order")
            if not number and options[0] < latest.get(place, 0):
                raise ResponseError(f"the report has {' '.join(label)} twice, and not in order")
        instant = options[number]
        latest[place] = max(instant, latest.get(place, 0))
        found.append(instant)
    once = [label for (_, label), count in met.items() if count == 1]
    if once:
        raise ResponseError(f"the report has {' '.join(once[0])} once, where clocks show it twice")
    return found


def _copies(sheet: Sheet, keys: Sequence[tuple[str, Label]]) -> set[int]:
    """The lines that are exact copies of the line before them.

    Two hours that have the same prices look like that too: so a place's only two lines of a label
    are no copies.
    """
    alike = np.logical_and.reduce([words.at[1:] == words.at[:-1] for words in sheet.columns])
    lines_of = Counter(keys)
    return {n for n in (np.flatnonzero(alike) + 1).tolist() if lines_of[keys[n]] > 2}
