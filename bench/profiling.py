"""Where the time of a subject goes: py-spy's samples, by our function and what it uses."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench.lines import PROJECT

_TOLD = 10
_LINE = re.compile(r":\d+\)$")


def profile(part: str, *arguments: str) -> list[tuple[float, str]]:
    """Shares of the samples in which a thread worked, the largest first; empty without py-spy.

    Each sample counts for the innermost of our functions and, behind an arrow, the innermost
    function of all. Time that a library's own threads take without Python is not seen.
    """
    program = shutil.which("py-spy", path=str(Path(sys.executable).parent))
    if not program:
        return []
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        command = [program, "record", "--format", "raw", "--rate", "250", "--output", file.name]
        command += ["--", sys.executable, "-m", "bench", part, "--subject", *arguments]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
        if done.returncode:
            print(f"py-spy could not look: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            return []
        samples = Counter[str]()
        for line in Path(file.name).read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            samples[_place(stack.split(";"))] += int(count)
    samples.pop("", None)
    total = sum(samples.values()) or 1
    return [(count / total, place) for place, count in samples.most_common(_TOLD)]


def _place(stack: list[str]) -> str:
    """Our innermost function, and the innermost of all where that is another; empty for others."""
    if any("importlib" in frame for frame in stack):
        return "imports, the benchmark's own too"
    ours = [frame for frame in stack if "isone/" in frame]
    if not ours:
        return ""
    innermost = _LINE.sub(")", ours[-1])
    return innermost if stack[-1] == ours[-1] else f"{innermost} → {_LINE.sub(')', stack[-1])}"
