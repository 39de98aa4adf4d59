"""Words that a count decides, shortened lists, and the name that was probably meant."""

import difflib
import re
import textwrap
from collections.abc import Iterable, Sequence


def count(number: int, one: str, many: str = "") -> str:
    """A number and what it counts: `1 day`, `2,000 days`; without `many` an `s` is added."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def size(number: int) -> str:
    """A number of bytes as people say it: `1.2 GB`, `16.9 MB`, `13 kB`."""
    if number >= 1e9:
        return f"{number / 1e9:,.1f} GB"
    return f"{number / 1e6:,.1f} MB" if number >= 1e6 else f"{number / 1e3:,.0f} kB"


def some(names: Sequence[str], most: int = 10, apart: str = ", ") -> str:
    """The first of some names, and how many more there are: `A, B and 1,200 more`.

    Sentences rather than names stand `apart` by a semicolon: `A; B; and 3 more`.
    """
    more = f"{apart.strip(', ')} and {len(names) - most:,} more" if len(names) > most else ""
    return f"{apart.join(names[:most])}{more}"


def first_lines(lines: Sequence[str], one: str, most: int, where: str) -> list[str]:
    """The first of some lines, then how many more are elsewhere: `and 3 more days, in the log`."""
    more = len(lines) - most
    return [*lines[:most], *([f"and {count(more, f'more {one}')}, {where}"] if more > 0 else [])]


def wrapped(line: str, width: int) -> str:
    """A line in as many lines as it needs to be no wider than `width`; later ones are indented.

    A rule, such as `####`, is cut. A word that is wider, such as a path, stays whole.
    """
    if len(line) <= width:
        return line
    if len(set(line)) == 1:
        return line[:width]
    mark = re.match(r"#? *(\[ *\d+/\d+\] |\d+\. |\w+  +)?", line)
    start = mark[0] if mark else ""
    indent = f"#{' ' * (len(start) - 1)}" if line.startswith("#") else " " * len(start)
    broken = textwrap.wrap(
        line[len(start) :],
        width,
        initial_indent=start,
        subsequent_indent=indent or "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(broken)


def listed(words: Sequence[str], last: str) -> str:
    """Words in a row, with `or` or `and` before the last one."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def nearest(name: str, known: Iterable[str], most: int = 1) -> str:
    """A question after the names that are most like this one; empty where none is.

    Names in which this one stands as it is come before at most so many others.
    """
    folded = {each.casefold(): each for each in known}
    word = name.casefold()
    like = [each for each in folded if len(word) > 2 and word in each][:5]
    like = like or difflib.get_close_matches(word, folded, n=most, cutoff=0.5)
    return f"did you mean {listed([repr(folded[each]) for each in like], 'or')}?" if like else ""
