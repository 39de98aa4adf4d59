"""Run the benchmarks: `python -m bench [PART ...]`; `--write` puts the figures into the docs.

Each part is a module of the same name with `measure`, which gives its lines, and, where there is
something to profile, `subject`, which is what is looked at, with `SUBJECTS`, its arguments.
"""

import argparse
import importlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import page
from bench.lines import HEADINGS, PEAK, Line, peak_megabytes, shown
from bench.options import Options
from bench.profiling import profile

PARTS = (
    "request_count",
    "download",
    "pack",
    "small_responses",
    "public_csv",
    "deep_check",
    "load",
    "report",
    "figures",
    "browser",
    "fresh_clone",
    "start_up",
    "finished_run",
    "growth",
)


class _WithoutPandas:
    """Hides pandas: a baseline needs it, and Arrow would load it; our own packages do not."""

    def find_spec(self, name: str, *_: object) -> None:
        """Let the import system find everything else."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def main() -> int:
    """Run the parts that were named, or all; 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=5, help="times each (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="small sizes: only to see it run")
    parser.add_argument("--write", action="store_true", help="put the figures into the docs")
    parser.add_argument("--no-profile", action="store_true", help="do not look where time goes")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "isone-bench",
        help="where synthetic days are kept for the next run (%(default)s)",
    )
    parser.add_argument("--subject", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    if given.subject is not None:
        sys.meta_path.insert(0, _WithoutPandas())
        importlib.import_module(f"bench.{given.parts[0]}").subject(*given.subject)
        print(PEAK, peak_megabytes())
        return 0
    options = Options(given.folder, 2 if given.quick else given.rounds, given.quick)
    broken = 0
    print(shown(HEADINGS))
    for name in given.parts or PARTS:
        part: Any = importlib.import_module(f"bench.{name}")
        before = os.getloadavg()[0]
        lines: list[Line] = []
        for line in part.measure(options):
            print(shown(line.cells), flush=True)
            lines.append(line)
        broken += sum(line.verdict == "missed" for line in lines)
        profiles = {}
        if not given.no_profile:
            for what, arguments in part.subjects(options).items():
                profiles[what] = profile(name, *arguments)
                print(f"  where the time goes: {what}")
                for share, place in profiles[what]:
                    print(f"    {share:6.1%}  {place}")
        if given.write:
            page.write(name, part.__doc__ or "", lines, profiles, (before, os.getloadavg()[0]))
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
