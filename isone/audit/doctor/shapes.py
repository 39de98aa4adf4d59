"""What a response is made of, without any of its values: keys, types, counts, headers."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

OTHER = "(of another form)"
_KEY = re.compile(r"[@$#_A-Za-z][\w@$#. :/()%&+-]{0,59}", re.ASCII)
_NUMBER_IN_KEY = re.compile(r"\d[.,]\d|\d{5}")
_MOST_KEYS = 60
_DEEPEST = 12
_FORMS = (
    ("empty", r"\s*"),
    ("timestamp with offset", r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)"),
    ("timestamp without offset", r"\d{4}-\d\d-\d\dT[\d:.]+"),
    ("date", r"\d\d/\d\d/\d{4}|\d{4}-\d\d-\d\d"),
    ("date and time", r"(\d\d/\d\d/\d{4}|\d{4}-\d\d-\d\d) [\d:]+"),
    ("time of day", r"\d\d:\d\d(:\d\d)?"),
    ("two digits and X", r"\d\dX"),
    ("digits", r"\d+"),
    ("number", r"-?\d+(\.\d*)?([eE][+-]?\d+)?"),
)
_DIRECTIVE = r"(no-cache|no-store|private|public|must-revalidate|(s-maxage|max-age)=\d{1,9})"
_VARIES = r"(\*|Accept(-Encoding|-Language)?|Authorization|Cookie|Origin|User-Agent)"
_HEADER_FORMS = {
    "content-type": r"[\w.+-]{1,30}/[\w.+-]{1,30}(; ?charset=[\w-]{1,15})?",
    "content-encoding": r"(x-)?gzip|br|deflate|identity|zstd",
    "content-length": r"\d{1,9}",
    "server": r"[A-Za-z][A-Za-z-]{0,29}(/\d[\d.]{0,9})?",
    "retry-after": r"\d{1,6}",
    "vary": rf"{_VARIES}(, ?{_VARIES})*",
    "cache-control": rf"{_DIRECTIVE}(, ?{_DIRECTIVE})*",
    "transfer-encoding": r"chunked",
    "www-authenticate": r"(Basic|Bearer|Digest|Negotiate)\b.*",
    "x-cache": r"(Hit|Miss|RefreshHit|Error) from cloudfront",
}
"""The headers of which more than the name is kept, and how they have to be written."""


def key(text: str) -> str:
    """A key or heading as it is, if it is written like a name; no number passes for one."""
    if _KEY.fullmatch(text) and not _NUMBER_IN_KEY.search(text):
        return text
    return OTHER


def of_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The names of headers, and of a few also what they say; a cookie is never among these."""
    found = {}
    for name, value in headers.items():
        form = _HEADER_FORMS.get(name.lower())
        said = re.fullmatch(form, value) if form else None
        scheme = said[1] if said and name.lower() == "www-authenticate" else None
        found[key(name)] = scheme or (value if said else "" if form is None else OTHER)
    return found


def content_type(headers: Mapping[str, str]) -> str:
    """The type that a response announces, if it is written like one."""
    return of_headers({"Content-Type": headers.get("Content-Type", "")})["Content-Type"]


def of_body(body: bytes, sheet: "Sheet | None" = None) -> dict[str, Any]:
    """What a body is made of: public CSV, whose `sheet` may be known, JSON, a page, or else."""
    sheet = sheet or read_sheet(body)
    if sheet is not None:
        return {"form": "public CSV", **_of_sheet(sheet)}
    text = body.decode("utf-8-sig", "replace")
    try:
        return {"form": "JSON", "content": of_values([json.loads(text)])}
    except (ValueError, RecursionError):
        pass
    is_page = text.lstrip()[:200].lower().startswith(("<!doctype", "<html"))
    return {"form": "HTML" if is_page else OTHER, "bytes": len(body)}


def of_values(values: Sequence[Any], depth: int = 0) -> dict[str, Any]:
    """What some values of JSON have in common: how many are of which type, and what is in them."""
    texts = _forms_of(value for value in values if isinstance(value, str))
    types = Counter(type_of(value) for value in values if not isinstance(value, str))
    types.update({f"text: {form}": number for form, number in texts.items()})
    shape: dict[str, Any] = {"types": dict(types)}
    if depth == _DEEPEST:
        return shape
    objects = [value for value in values if isinstance(value, dict)]
    if objects:
        members: dict[str, list[Any]] = {}
        for value in objects:
            for name, each in value.items():
                members.setdefault(key(name), []).append(each)
        first = list(members.items())[:_MOST_KEYS]
        shape["keys"] = {name: of_values(inside, depth + 1) for name, inside in first}
    lists = [value for value in values if isinstance(value, list)]
    if lists:
        shape["lengths"] = dict(Counter(map(len, lists)).most_common(5))
        shape["items"] = of_values([each for value in lists for each in value], depth + 1)
    return shape


def type_of(value: Any) -> str:
    """The type of a value of JSON that is no text."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "whole number"
        case float():
            return "number"
        case dict():
            return "object"
    return "list"


def form_of(text: str) -> str:
    """How a text is written."""
    return next((name for name, form in _FORMS if re.fullmatch(form, text)), "words")


@dataclass(frozen=True)
class Sheet:
    """The lines of public CSV by their first letter, each without it."""

    headings: list[str]
    data: list[list[str]]
    trailers: list[list[str]]
    lines: Counter[str]
    ends_with_trailer: bool

    def find(self, names: Iterable[str]) -> int | None:
        """Where the first of some headings is, whatever its case and punctuation."""
        plain = [_plain(heading) for heading in self.headings]
        return next((plain.index(_plain(name)) for name in names if _plain(name) in plain), None)

    def column(self, *names: str) -> list[str] | None:
        """The data under the first of some headings."""
        at = self.find(names)
        return None if at is None else [row[at] for row in self.data if len(row) > at]


def read_sheet(body: bytes) -> Sheet | None:
    """The lines of public CSV; None for what is not written like that."""
    text = body.decode("utf-8-sig", "replace").lstrip()
    if text[:2] not in {'"C', '"H', '"D', '"T', "C,", "H,", "D,", "T,"}:
        return None
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), skipinitialspace=True) if row
        ]
    except csv.Error:
        return None
    by_kind: dict[str, list[list[str]]] = {"C": [], "H": [], "D": [], "T": []}
    for kind, *values in rows:
        by_kind.setdefault(kind if kind in by_kind else OTHER, []).append(values)
    return Sheet(
        headings=by_kind["H"][0] if by_kind["H"] else [],
        data=by_kind["D"],
        trailers=by_kind["T"],
        lines=Counter({kind: len(found) for kind, found in by_kind.items() if found}),
        ends_with_trailer=bool(rows) and rows[-1][0] == "T",
    )


def trailer_less_data(sheet: Sheet) -> int | None:
    """By how much what a trailer counts is more than the lines of data; None where it does not."""
    words = " ".join(sheet.trailers[-1]) if sheet.trailers else ""
    said = re.fullmatch(r"\s*(\d{1,9})( lines?)?\s*", words)
    return int(said[1]) - len(sheet.data) if said else None


def _of_sheet(sheet: Sheet) -> dict[str, Any]:
    columns = zip(*(row for row in sheet.data if len(row) == len(sheet.headings)), strict=True)
    forms = [_forms_of(column) for column in columns]
    return {
        "lines": dict(sheet.lines),
        "headings": [key(heading) for heading in sheet.headings],
        "columns": forms,
        "values in a line": dict(Counter(map(len, sheet.data)).most_common(5)),
        "ends with a trailer": sheet.ends_with_trailer,
        "the trailer's number less the lines of data": trailer_less_data(sheet),
    }


def _forms_of(texts: Iterable[str]) -> dict[str, int]:
    """How many texts are written in which way; each different one is looked at once."""
    found: Counter[str] = Counter()
    for text, number in Counter(texts).items():
        found[form_of(text)] += number
    return dict(found)


def without_values(sentence: str) -> str:
    """A sentence about a response's content without what it quotes, and without any number."""
    plain = re.sub(r"'[^']*'|\"[^\"]*\"", "…", sentence)
    return re.sub(r"…?[-+]?\d[\d.,:/+-]*", "…", plain)[:200]


def phrase(status: int) -> str:
    """A status as the standard calls it: `429 Too Many Requests`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.lower())
