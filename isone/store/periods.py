"""Periods: what the files of a dataset-year are called, such as `2024` or `2026.through-20261120`.

How a period is put together is in `run.dataset_year`; here it is taken apart and looked for.
"""

import datetime as dt
import re
from pathlib import Path

PATTERN = r"(19|20)\d\d(\.through-\d{8}(\.final-\d{8})?)?(\.all|\.at-[0-9a-f]{8})?"
"""What a period looks like in a file's name, as a regular expression."""


def is_period(name: str) -> bool:
    """Whether a name is a period, with days that there are."""
    try:
        return re.fullmatch(PATTERN, name) is not None and all(
            day is None or day.year == year_of(name)
            for day in (day_in(name, "through"), day_in(name, "final"))
        )
    except ValueError:
        return False


def year_of(period: str) -> int:
    """The year that a period is of, or is a part of."""
    return int(period[:4])


def day_in(period: str, word: str) -> dt.date | None:
    """The day that a period names after `through` or `final`; None where it names none."""
    found = re.search(rf"\.{word}-(\d{{8}})", period)
    return dt.datetime.strptime(found[1], "%Y%m%d").date() if found else None


def files_of(folder: Path, year: int | None = None, ending: str = ".json") -> list[Path]:
    """The files of a folder that are called by their periods, in order; those of a year if given.

    `path.stem` is the period. There are none where there is no folder.
    """
    found = sorted(folder.glob(f"*{ending}"))
    periods = [path for path in found if is_period(path.stem)]
    return [path for path in periods if year in (None, year_of(path.stem))]
