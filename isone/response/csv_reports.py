"""Public reports read as the web services' responses: the same rows from comma-separated text.

A report's first column tells what a line is: `C` comment, `H` headings (names, then types), `D`
data, `T` trailer. Here its data is rewritten into the JSON in which the web services would send it,
so that one reader and one set of checks do for both sources.

What a report leaves out is filled in from what is known: the names of locations where it has ids
alone, ids where it has names alone. `learn` adds to the hub and zones, which are always known. A
row whose location's id nobody knows stays a row, with an empty id: so a report has the same number
of rows whatever is known when it is read.
Source: real heads of reports, and what working public clients expect where none was seen.
"""

import csv
import datetime as dt
import io
import json
import operator
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from isone.errors import NoDataError, ResponseError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.locations import CORE_LOCATIONS
from isone.store import location_table
from isone.store.store import Store

NO_DATA = b"No data exists for this period"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BEGINNINGS = (b'"C"', b'"H"', b"C,", b"H,", NO_DATA)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DIGITS = 40  # more are no price
_DATE, _TIME = ("date", "localdate"), ("localtime", "datetime", "time")
_HOUR_ENDING = ("hourending", "localhourending")
_ID = ("locationid", "reservezoneid")
_NAME = ("locationname", "reservezonename", "interfacename", "location")
_TYPE = ("locationtype",)
_KNOWN = {*_DATE, *_TIME, *_HOUR_ENDING, *_ID, *_NAME, *_TYPE}

Place = tuple[int, str | None, str | None]
"""A location: id, name, type."""
_learned: dict[int, tuple[str | None, str | None]] = dict(CORE_LOCATIONS)
_ids: dict[str, int] = {name: id for id, (name, _) in CORE_LOCATIONS.items()}


def learn(places: Iterable[Place]) -> None:
    """Know these locations too, in this process, where a report leaves out ids or names.

    Of two with one name the later counts; hub and zones are known for good.
    """
    for id, name, kind in places:
        if id not in CORE_LOCATIONS:
            _learned[id] = (name, kind)
        if name and _ids.get(name) not in CORE_LOCATIONS:
            _ids[name] = id


def learn_from(store: Store) -> None:
    """Know every location that was ever listed, to fill in what public CSV leaves out.

    A name that was another location's before is the one's that was listed last.
    """
    listed = sorted(
        location_table.read_table(store), key=lambda seen: (seen.last_seen, not seen.gone)
    )
    learn((seen.id, seen.name, seen.type) for seen in listed)


def is_report(body: bytes) -> bool:
    """Whether a body is a public report, or says in a report's way that there is none."""
    return body.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(_BEGINNINGS)


def places_in(body: bytes) -> list[Place]:
    """The locations of a report that has ids, names and types, each once.

    Raises ResponseError where it has not.
    """
    sheet = _read_sheet(body)
    columns = [sheet.column(headings) for headings in (_ID, _NAME, _TYPE)]
    if any(column is None for column in columns):
        raise ResponseError("the report does not name its locations")
    found = set(zip(*(column for column in columns if column), strict=True))
    return sorted((_whole(id), name, kind) for id, name, kind in found)


def as_response(dataset: Dataset, body: bytes) -> bytes:
    """A report's data as the JSON in which the web services would send it.

    Prices keep the digits they have. Raises NoDataError where the report says that there is none,
    and ResponseError where it is not a whole report of this dataset.
    """
    sheet = _read_sheet(body)
    if dataset.public_csv is None:
        raise ResponseError(f"{dataset.name} has no public report")
    starts = map(operator.add, _timestamps(dataset, sheet), _places(dataset, sheet))
    numbers = [_numbers(field, column) for field, column in _fields(dataset, sheet)]
    values = map(",".join, zip(*numbers, strict=True))
    records = [f"{start}{prices}}}" for start, prices in zip(starts, values, strict=True)]
    text = f"[{','.join(records)}]"
    for key in reversed(dataset.wrapper):
        text = f"{{{json.dumps(key)}:{text}}}"
    return text.encode()


@dataclass(frozen=True)
class _Sheet:
    """The lines of a report, taken apart."""

    comments: tuple[str, ...]
    headings: tuple[str, ...]
    """As served."""
    columns: Sequence[tuple[str, ...]]
    """Data, one tuple a heading, in the order of the file."""

    @property
    def named(self) -> str:
        """The headings, as far as a sentence has room for them."""
        return ", ".join(self.headings)[:300]

    def find(self, names: Iterable[str]) -> int | None:
        """Where the first of some headings stands; None where none of them does."""
        plain = [_plain(heading) for heading in self.headings]
        return next((plain.index(name) for name in names if name in plain), None)

    def column(self, names: Iterable[str]) -> tuple[str, ...] | None:
        """The data under the first of some headings; None where there is none of them."""
        found = self.find(names)
        return None if found is None else self.columns[found]


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def _read_sheet(body: bytes) -> _Sheet:
    body = body.removeprefix(_BYTE_ORDER_MARK).lstrip()
    if body.startswith(NO_DATA):
        raise NoDataError("no report is published for that day")
    comments: list[str] = []
    headings: list[list[str]] = []
    rows: list[list[str]] = []
    whole = False
    try:
        for line in csv.reader(io.StringIO(body.decode("utf-8"), newline=""), strict=True):
            kind = line[0] if line else ""
            if kind == "D":
                rows.append(line)
            elif kind == "H":
                headings.append(line[1:])
            elif kind == "C":
                comments += line[1:]
            elif kind == "T":
                whole = True
            elif line:
                raise ResponseError(f"the report has a line that begins with {kind[:20]!r}")
    except (csv.Error, UnicodeDecodeError) as error:
        raise ResponseError(f"the report is not comma-separated text in UTF-8: {error}") from error
    if not headings:
        raise ResponseError("the report has no headings")
    if not whole:  # how many lines the trailer counts is not what was seen to be there
        raise ResponseError("the report has no trailer: it was cut off")
    if not rows:
        raise NoDataError("the report has no data")
    if set(map(len, rows)) != {1 + len(headings[0])}:
        raise ResponseError("the report has lines with another number of values than headings")
    _, *columns = zip(*rows, strict=True)
    return _Sheet(tuple(comments), tuple(headings[0]), columns)


def _fields(dataset: Dataset, sheet: _Sheet) -> list[tuple[str, tuple[str, ...]]]:
    """The record's fields and their data; an unknown heading becomes a field of its own."""
    report = dataset.public_csv
    assert report is not None  # noqa: S101 - for the type checker; as_response has seen to it
    plain = [_plain(heading) for heading in sheet.headings]
    found: dict[str, int] = {}
    for field, headings in report.headings.items():
        column = sheet.find(map(_plain, headings))
        if column is not None:
            found[field] = column
    required = {column.field for column in dataset.columns if column.required}
    lacking = sorted(report.headings[field][0] for field in required - set(found))
    if lacking:
        raise ResponseError(f"the report lacks {', '.join(lacking)}; it has {sheet.named}")
    taken = set(found.values())
    unknown = [i for i, name in enumerate(plain) if i not in taken and name not in _KNOWN]
    pairs = [*found.items(), *((sheet.headings[i], i) for i in unknown)]
    return [(field, sheet.columns[i]) for field, i in pairs]


def _numbers(field: str, column: tuple[str, ...]) -> list[str]:
    """A field's prices as JSON, with its name; each distinct price is written once."""
    written = {text: f"{json.dumps(field)}:{_number(text)}" for text in set(column)}
    return [written[text] for text in column]


def _number(text: str) -> str:
    """A price as JSON: the same digits; an empty one is null; anything else goes as text."""
    text = text.strip()
    if _NUMBER.fullmatch(text) and len(text) <= _DIGITS:
        return text if text.lstrip("-")[:1] != "0" or "." in text else str(int(text))
    return json.dumps(text) if text else "null"


def _timestamps(dataset: Dataset, sheet: _Sheet) -> list[str]:
    """The beginning of each row's record: its timestamp, as JSON."""
    opened, closed = "".join(f"{{{json.dumps(key)}:" for key in dataset.begins), ""
    closed = "}" * (len(dataset.begins) - 1)
    found = _instants(dataset, sheet)
    written = {t: f'{opened}"{market_time.timestamp(t)}"{closed},' for t in set(found)}
    return [written[instant] for instant in found]


def _instants(dataset: Dataset, sheet: _Sheet) -> list[int]:
    """When each row's interval begins, or its snapshot was taken (UTC seconds).

    The hour that comes twice in autumn is told apart by its mark (`02X`), or else by order: then
    each place must have it twice, the second time after the first. Of snapshots, which have no
    fixed minutes, no row may be earlier than the one before it.
    """
    labels = _labels(sheet)
    choices = {label: _choices(label) for label in set(labels)}
    for label, found in choices.items():
        if not found:
            raise ResponseError(f"the report has a row of {' '.join(label)}, a time there was not")
    if all(len(found) == 1 for found in choices.values()):
        return [choices[label][0] for label in labels]
    if dataset.times.minutes is None:
        return _ascending(labels, choices)
    return _by_order(sheet, labels, choices)


Label = tuple[str, str]
"""A day (YYYY-MM-DD), and an hour ending (`02X`) or a time of day (`01:05:00`)."""


def _labels(sheet: _Sheet) -> list[Label]:
    date, ending, time = (sheet.column(names) for names in (_DATE, _HOUR_ENDING, _TIME))
    if ending is not None and date is not None:
        read = {
            pair: (_day(pair[0]), pair[1].strip()) for pair in set(zip(date, ending, strict=True))
        }
        return [read[pair] for pair in zip(date, ending, strict=True)]
    if time is None:
        raise ResponseError(f"the report has no time: its headings are {sheet.named}")
    if date is not None:
        time = tuple(map(" ".join, zip(date, time, strict=True)))
    texts = set(time)
    alone = _day_of_report(sheet) if any(" " not in text.strip() for text in texts) else ""
    found = {}
    for text in texts:
        day, _, clock_time = text.strip().replace("T", " ").rpartition(" ")
        found[text] = (_day(day) if day else alone, clock_time)
    return [found[text] for text in time]


def _day(text: str) -> str:
    for form in ("%m/%d/%Y", "%Y-%m-%d"):
        try:
            return str(dt.datetime.strptime(text.strip(), form).date())
        except ValueError:
            continue
    raise ResponseError(f"the report has {text[:40]!r} for a date")


def _day_of_report(sheet: _Sheet) -> str:
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
    sheet: _Sheet, labels: Sequence[Label], choices: dict[Label, tuple[int, ...]]
) -> list[int]:
    """The instants of rows where the second of two hours is not marked.

    A line that is an exact copy of the line before it is of the same hour.
    """
    places = sheet.column((*_ID, *_NAME)) or ("",) * len(labels)
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


def _copies(sheet: _Sheet, keys: Sequence[tuple[str, Label]]) -> set[int]:
    """The lines that are exact copies of the line before them.

    Two hours that have the same prices look like that too: so a place's only two lines of a label
    are no copies.
    """
    lines = list(zip(*sheet.columns, strict=True))
    copies = {n for n in range(1, len(lines)) if lines[n] == lines[n - 1]}
    lines_of = Counter(keys)
    return {n for n in copies if lines_of[keys[n]] > 2}


def _places(dataset: Dataset, sheet: _Sheet) -> list[str]:
    """Each row's place as JSON, followed by a comma; nothing where prices have no place."""
    if dataset.id_key is None:
        return [""] * len(sheet.columns[0])
    columns = [sheet.column(names) for names in (_ID, _NAME, _TYPE)]
    present = [column for column in columns if column is not None]
    if not present:
        raise ResponseError("the report does not say which location its prices are of")
    keys = list(zip(*present, strict=True))
    written: dict[tuple[str, ...], str] = {}
    for key in set(keys):
        texts = iter(key)
        id, name, kind = (None if column is None else next(texts) for column in columns)
        written[key] = _place(dataset, id, name, kind)
    return [written[key] for key in keys]


def _place(dataset: Dataset, id: str | None, name: str | None, kind: str | None) -> str:
    key = dataset.id_key
    assert key is not None  # noqa: S101 - for the type checker; _places has seen to it
    numbers: dict[str, int] = {each: number for number, (each, _) in key.known.items()}
    if not key.outer:
        number = _whole(id) if id is not None else numbers.get(name or "", 0)
        called = name if name is not None else key.known.get(number, ("", None))[0]
        return (
            f"{json.dumps(key.field)}:{number},{json.dumps(key.name_field)}:{json.dumps(called)},"
        )
    if id is None:
        if not name:
            raise ResponseError("the report has a row without the name of its location")
        id = str(numbers[name] if name in numbers else _ids.get(name, ""))
    of_id, of_type, of_name = key.inner
    location: dict[str, str] = {of_id: id}
    known = _learned.get(_whole(id), (None, None)) if id else (None, None)
    for field, text in ((of_type, kind or known[1]), (of_name, name or known[0])):
        if field and text is not None:
            location[field] = text
    return f"{json.dumps(key.outer)}:{json.dumps(location, separators=(',', ':'))},"


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
        raise ResponseError(f"the report has {text[:40]!r} for an id")
    return int(text.strip())
