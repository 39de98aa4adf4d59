"""`docs/performance.md`: each part's section is written again when that part has run."""

import datetime as dt
import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence

from bench.lines import PROJECT, Line, markdown

PAGE = PROJECT / "docs" / "performance.md"
_HEAD = """\
# Performance

What `make bench ARGS=--write` measured: ours and each baseline in turn, in one run. The figures are
medians, the ratios the median of the rounds' ratios. `make bench PARTS="pack load"` runs only these
parts. With a target of at least (≥), the ratio is the baseline's time as a share of ours: 1.00 is
as fast, 2.00 twice as fast. With a target of at most (≤), it is ours as a share of the baseline's.
Below each table is where the time went: samples of the threads that worked, by our innermost
function and the function it had called.

"""
_VERSIONS = ("snakemake", "requests", "msgspec", "numpy", "pyarrow", "duckdb", "gridstatus")


def write(
    name: str,
    about: str,
    lines: Sequence[Line],
    profiles: Mapping[str, Sequence[tuple[float, str]]],
    load: tuple[float, float],
) -> None:
    """Put a part's section into the page, in the place of the one that is there."""
    title, _, story = about.strip().partition("\n\n")
    heading = title.replace("\n", " ").rstrip(".")
    section = [f"<!-- {name} -->\n## {heading}\n", story, "", markdown(lines)]
    for what, shares in profiles.items():
        if shares:
            section += [f"Where the time goes: {what}\n", "| share | where |\n|---:|---|"]
            section += [f"| {share:.1%} | `{place}` |" for share, place in shares] + [""]
    section += [_circumstances(load), f"<!-- end of {name} -->\n"]
    text = "\n".join(section)
    page = PAGE.read_text() if PAGE.exists() else _HEAD
    old = re.compile(rf"<!-- {name} -->\n.*?<!-- end of {name} -->\n", re.DOTALL)
    page = old.sub(lambda _: text, page) if old.search(page) else f"{page}{text}\n"
    PAGE.write_text(page)


def _circumstances(load: tuple[float, float]) -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    memory = pages * size / 2**30
    versions = [f"Python {platform.python_version()}"]
    for package in _VERSIONS:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {package}")
    command = f"python -m bench {' '.join(sys.argv[1:])}".strip()
    return (
        f"`{command}` on {dt.date.today()}: {os.cpu_count()} cores ({platform.machine()}), "
        f"{memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}; load average "
        f"{load[0]:.1f} before, {load[1]:.1f} after; {', '.join(versions)}.\n"
    )
