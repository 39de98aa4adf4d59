"""What a benchmark finds: a line of figures, ours and a baseline's, and its target."""

import contextlib
import itertools
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PEAK = "peak memory, MB:"


@dataclass(frozen=True)
class Line:
    """Ours and a baseline's. The target of `ratio` is `at_least` or `at_most`."""

    what: str
    ours: str
    baseline: str = ""
    its: str = ""
    ratio: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def target(self) -> str:
        """The target of the ratio, in short; empty where there is none."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""

    @property
    def verdict(self) -> str:
        """`met` or `missed`; empty where there is no target."""
        if self.ratio is None or not self.target:
            return ""
        low, high = self.at_least or 0, self.at_most or float("inf")
        return "met" if low <= self.ratio <= high else "missed"

    @property
    def cells(self) -> tuple[str, ...]:
        """The line as the cells of a table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.what, self.ours, self.baseline, self.its, ratio, self.target, self.verdict)


HEADINGS = ("", "ours", "baseline", "its", "ratio", "target", "")
_WIDTHS = (46, 18, 26, 12, 7, 7, 8)


def shown(cells: Sequence[str]) -> str:
    """A line for the terminal."""
    return " ".join(f"{cell:<{w}}" for cell, w in zip(cells, _WIDTHS, strict=True)).rstrip()


def markdown(lines: Sequence[Line]) -> str:
    """The lines as a table of a page."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(line.cells for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def take_turns(
    rounds: int, runs: Mapping[str, Callable[[], object]]
) -> dict[str, list[tuple[float, float]]]:
    """Seconds elapsed and of processor, of each run in turn; a first round only warms up."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for number, (name, run) in itertools.product(range(rounds + 1), runs.items()):
        begun, used = time.perf_counter(), time.process_time()
        run()
        if number:
            times[name].append((time.perf_counter() - begun, time.process_time() - used))
    return times


def median_ratio(
    above: Sequence[tuple[float, float]], below: Sequence[tuple[float, float]]
) -> float:
    """The median, over the rounds, of the one's seconds divided by the other's."""
    return statistics.median(a[0] / b[0] for a, b in zip(above, below, strict=True))


def median_seconds(times: Sequence[tuple[float, float]]) -> float:
    """The median of the elapsed seconds."""
    return statistics.median(elapsed for elapsed, _ in times)


def in_a_process(part: str, *arguments: str) -> tuple[float, float]:
    """Seconds and peak megabytes of a part's subject, run in a process of its own."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "bench", part, "--subject", *arguments]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    return time.perf_counter() - begun, float(done.stdout.rpartition(PEAK)[2])


def memory(what: str, part: str, *arguments: str) -> Line:
    """The peak memory, and the seconds, of a part's subject, and their target."""
    seconds, megabytes = in_a_process(part, *arguments)
    ours = f"{megabytes:.0f} MB, {seconds:.0f} s"
    return Line(what, ours, "target", "500 MB", megabytes / 500, at_most=1)


def peak_megabytes() -> float:
    """The most memory that this process has had.

    Linux keeps it for the program alone; what `getrusage` says includes the process it came from.
    """
    with contextlib.suppress(FileNotFoundError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes
