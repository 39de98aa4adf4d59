"""A fresh clone: what sets it up, and how long the first `make` takes until there is a page.

The set-up is compared with uv alone, which makes an environment and syncs the same lock; both with
uv on the PATH and its cache filled. `make` is the whole of it: set-up, a year from the sandbox,
DuckDB, page and figures.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.lines import PROJECT, Line, median_ratio, median_seconds, take_turns
from bench.options import Options

MOST = 75  # seconds until the page is there
_PAGE = Path("reports/sandbox/isone.html")


def measure(options: Options) -> Iterator[Line]:
    """A line for the set-up and, unless in short, one for all that `make` does."""
    with tempfile.TemporaryDirectory(prefix="isone-bench-") as name:
        clone = Path(name) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
        yield _set_up(clone, options.rounds)
        if not options.quick:
            yield from _make(clone)


def _set_up(clone: Path, rounds: int) -> Line:
    uv, venv = str(Path(sys.executable).with_name("uv")), str(clone.parent / "plain")

    def ours() -> None:
        shutil.rmtree(clone / ".venv", ignore_errors=True)
        _run(["make", "setup"], clone)

    def theirs() -> None:
        shutil.rmtree(venv, ignore_errors=True)
        _run([uv, "venv", "--python", sys.executable, venv], clone)
        _run([uv, "pip", "sync", "--python", venv, "requirements.lock"], clone)

    turns = take_turns(rounds, {"ours": ours, "theirs": theirs})
    took = {name: f"{median_seconds(times):.2f} s" for name, times in turns.items()}
    ratio = median_ratio(turns["ours"], turns["theirs"])
    return Line("set-up", took["ours"], "uv alone", took["theirs"], ratio, at_most=1.3)


def _make(clone: Path) -> Iterator[Line]:
    shutil.rmtree(clone / ".venv", ignore_errors=True)
    begun, at = time.time(), time.perf_counter()
    _run(["make"], clone)
    whole = time.perf_counter() - at
    page = (clone / _PAGE).stat().st_mtime - begun
    yield Line("fresh clone → page", f"{page:.1f} s", "target", f"{MOST} s", page / MOST, at_most=1)
    yield Line("… until `make` has ended, figures and all", f"{whole:.1f} s")


def _run(command: list[str], folder: Path) -> None:
    """Run a command as a user would who has a uv on the PATH; its words only where it fails."""
    environ = dict(os.environ)
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    environ["PYTHON"] = sys.executable
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user has not set it
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def subjects(_options: Options) -> dict[str, list[str]]:
    """Nothing to look into: it is made of other programs."""
    return {}
