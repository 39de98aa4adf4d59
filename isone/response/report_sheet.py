"""Public reports taken apart: comma-separated text in which each line says what it is.

A line's first value tells it: `C` comment, `H` headings (names, then types), `D` data, `T` trailer.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isone.errors import NoDataError, ResponseError, printable

if TYPE_CHECKING:
    from isone.response.columns import Words

NO_DATA = b"No data exists for this period"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BEGINNINGS = (b'"C"', b'"H"', b"C,", b"H,", NO_DATA)
_DATA = (b'\n"D",', b"\nD,", b'\r"D",', b"\rD,")
_LINE_END = re.compile(rb"[\r\n]")
_NO_CSV = "the report is not comma-separated text in UTF-8"
DATE, TIME = ("date", "localdate"), ("localtime", "datetime", "time")
HOUR_ENDING = ("hourending", "localhourending")
ID = ("locationid", "reservezoneid")
NAME = ("locationname", "reservezonename", "interfacename", "location")
TYPE = ("locationtype",)


def is_report(body: bytes) -> bool:
    """Whether a body is a public report, or says in a report's way that there is none."""
    return body.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(_BEGINNINGS)


@dataclass(frozen=True)
class Sheet:
    """The lines of a report, taken apart."""

    comments: tuple[str, ...]
    headings: tuple[str, ...]
    """As served."""
    columns: Sequence["Words"]
    """The texts of the data, as served, by headings."""

    def __len__(self) -> int:
        """How many lines of data there are."""
        return len(self.columns[0].at)

    @property
    def named(self) -> str:
        """The headings, as far as a sentence has room for them."""
        return ", ".join(self.headings)[:300]

    def find(self, names: Iterable[str]) -> int | None:
        """Where the first of some headings stands; None where none of them does."""
        own = [plain(heading) for heading in self.headings]
        return next((own.index(name) for name in names if name in own), None)

    def column(self, names: Iterable[str]) -> "Words | None":
        """The data under the first of some headings; None where there is none of them."""
        found = self.find(names)
        return None if found is None else self.columns[found]


def plain(heading: str) -> str:
    """A heading without case and punctuation, as it is compared."""
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def read_sheet(body: bytes) -> Sheet:
    """The lines of a report.

    Raises NoDataError where it says that there is none, or has none, and ResponseError where it is
    no whole report.
    """
    body = body.removeprefix(_BYTE_ORDER_MARK).lstrip()
    if body.startswith(NO_DATA):
        raise NoDataError("no report is published for that day")
    first, end = _data_of(body)
    comments: list[str] = []
    headings: list[list[str]] = []
    is_whole = False
    for line in _lines(body[:first] + body[end:]):
        kind = line[0] if line else ""
        if kind == "H":
            headings.append(line[1:])
        elif kind == "C":
            comments += line[1:]
        elif kind == "T":
            is_whole = True
        elif line:
            raise ResponseError(f"the report has a line that begins with {kind[:20]!r}")
    if not headings:
        raise ResponseError("the report has no headings")
    if not is_whole:  # how many lines the trailer counts is not what was seen to be there
        raise ResponseError("the report has no trailer: it was cut off")
    if first == end:
        raise NoDataError("the report has no data")
    columns = _columns(body[first:end], 1 + len(headings[0]))
    return Sheet(tuple(comments), tuple(headings[0]), columns)


def _data_of(body: bytes) -> tuple[int, int]:
    """Where the lines of data begin and end, which follow one another."""
    begins = [at for at in map(body.find, _DATA) if at >= 0]
    if not begins:
        return len(body), len(body)
    rest = _LINE_END.search(body, max(map(body.rfind, _DATA)) + 1)
    return min(begins) + 1, rest.start() + 1 if rest else len(body)


def _lines(text: bytes) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text.decode("utf-8"), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ResponseError(f"{_NO_CSV}: {error}") from error


def _columns(text: bytes, width: int) -> list["Words"]:
    """The columns of lines of data, but for the first one, which says that they are."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    from isone.response.columns import Words

    names = [str(number) for number in range(width)]
    words = pa.dictionary(pa.int32(), pa.string())
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(text), column_names=names),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, words)),
        ).combine_chunks()
        chunks = [column.chunk(0) for column in table.columns]
        kind, *columns = [Words(c.dictionary.to_pylist(), c.indices.to_numpy()) for c in chunks]
    except ValueError as error:  # Arrow's own are some
        if "Expected" in str(error):
            raise ResponseError(
                "the report has lines with another number of values than headings"
            ) from error
        raise ResponseError(f"{_NO_CSV}: {printable(str(error)[:200])}") from error
    if others := set(kind.distinct) - {"D"}:
        raise ResponseError(f"the report has a line that begins with {min(others)[:20]!r}")
    return columns
