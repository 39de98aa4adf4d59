"""Verdicts: what the deep check found of a dataset-year, as data and as a table to read."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from isone.errors import UNREADABLE, DamagedError, printable
from isone.store.fields import require_days, require_moments
from isone.store.files import read_file, write_whole
from isone.store.store import Store
from isone.text import first_lines

OK, DAMAGED, MISSING = "OK", "damaged", "missing"


class Damage(msgspec.Struct, frozen=True):
    """Something stored that is not what it was validated to be."""

    where: str
    """`raw`, `marker`, `parquet`, `duckdb` or `postgresql`."""
    reason: str
    day: str | None = None
    request: str | None = None
    """The response's name, where one response is damaged."""

    def __post_init__(self) -> None:
        """Raise ValueError where its day is none."""
        if self.day is not None:
            require_days(self.day)

    def __str__(self) -> str:
        """Read as in a list: where, when, what."""
        return ": ".join(word for word in (self.where, self.day, self.reason) if word)


class Verdict(msgspec.Struct, frozen=True):
    """What is known of a dataset-year after everything of it was read again."""

    dataset: str
    period: str
    verdict: str
    verified: str
    """When: ISO 8601, UTC."""
    days: int = 0
    requests: int = 0
    rows: dict[str, int] = {}
    """Rows by where they were read (`raw`, `parquet`, `duckdb`, `postgresql`), if they were."""
    digests: dict[str, str] = {}
    """The content's digest, likewise, whatever the order of rows; of `raw` and `parquet` that of
    the period, of the databases that of the whole year."""
    damage: tuple[Damage, ...] = ()
    notes: tuple[str, ...] = ()
    """What does no harm, or was not looked at, and why."""

    def __post_init__(self) -> None:
        """Raise ValueError where it was found at no time."""
        require_moments(self.verified)

    @property
    def name(self) -> str:
        """Dataset and period."""
        return f"{self.dataset} {self.period}"


_decoder = msgspec.json.Decoder(Verdict)
_WHERE = ("raw", "parquet", "duckdb", "postgresql")
_NAMED = 40


def write_verdict(store: Store, verdict: Verdict) -> Path:
    """Write a verdict in one step."""
    path = store.verdict_path(verdict.dataset, verdict.period)
    write_whole(path, msgspec.json.format(msgspec.json.encode(verdict), indent=1) + b"\n")
    return path


def read_verdict(path: Path) -> Verdict:
    """Read a verdict back. Raises DamagedError for a file that is none."""
    try:
        return _decoder.decode(read_file(path))
    except UNREADABLE as error:
        raise DamagedError(f"{path} is no verdict ({error}); remove it and check again") from error


def table(verdicts: Iterable[Verdict]) -> str:
    """The verdicts as a table to read, with every damaged day named below it.

    It has a column for each place that was read for any of them: four fit into 80 characters.
    """
    listed = sorted(verdicts, key=lambda verdict: (verdict.dataset, verdict.period))
    read = [where for where in _WHERE if any(where in each.rows for each in listed)]
    header = ("dataset", "period", "verdict", "days", *(f"rows {where}" for where in read))
    lines = [header]
    lines += [
        (
            *(each.dataset, each.period, each.verdict.upper(), f"{each.days:,}"),
            *(f"{each.rows[where]:,}" if where in each.rows else "-" for where in read),
        )
        for each in listed
    ]
    widths = [max(len(line[number]) for line in lines) for number in range(len(header))]
    text = [_aligned(line, widths) for line in lines]
    text.insert(1, "-" * len(text[0]))
    for each in listed:
        damage = first_lines([*_damage_lines(each.damage)], "line", _NAMED, "in its verdict")
        notes = first_lines(each.notes, "note", _NAMED, "in its verdict")
        text += [f"{each.name}: {line}" for line in damage]
        text += [f"{each.name}: note: {note}" for note in notes]
    return "\n".join(map(printable, text))


def _damage_lines(damage: Iterable[Damage]) -> Iterator[str]:
    """Each damage as a line; days that follow each other with the same trouble share one."""
    for (where, reason), group in groupby(damage, key=lambda each: (each.where, each.reason)):
        days = [each.day for each in group]
        if len(days) > 1:
            yield f"{where}: {days[0]} to {days[-1]}, {len(days)} days: {reason}"
        else:
            yield str(Damage(where, reason, days[0]))


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    words = [
        word.ljust(width) if number < 3 else word.rjust(width)
        for number, (word, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(words).rstrip()
