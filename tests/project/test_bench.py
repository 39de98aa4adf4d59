import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench import page
from bench.__main__ import PARTS
from bench.lines import PROJECT, Line
from bench.profiling import _place


def test_the_fewest_requests_are_sent() -> None:
    command = [sys.executable, "-m", "bench", "request_count", "--no-profile"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"\bmet$", done.stdout, re.MULTILINE)) == 2


def test_a_part_that_there_is_not_is_named() -> None:
    command = [sys.executable, "-m", "bench", "packing"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "no part is called packing" in done.stderr


@pytest.mark.parametrize("name", PARTS)
def test_every_part_says_what_it_compares_and_has_lines_to_give(name: str) -> None:
    part = importlib.import_module(f"bench.{name}")
    assert part.__doc__
    assert callable(part.measure)
    assert callable(part.subjects)


def test_a_ratio_meets_its_target_or_misses_it() -> None:
    assert Line("x", "1", ratio=0.9, at_least=0.95).verdict == "missed"
    assert Line("x", "1", ratio=0.9, at_least=0.5).verdict == "met"
    assert Line("x", "1", ratio=1.2, at_most=1.0).verdict == "missed"
    assert Line("x", "1", ratio=1.2).verdict == ""


def test_a_section_takes_the_place_of_its_older_self(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    for ours in ("1 s", "2 s"):
        for name in ("pack", "load"):
            page.write(name, f"About {name}.\n\nMore.", [Line("it", ours)], {}, (0.1, 0.2))
    text = page.PAGE.read_text()
    assert text.count("## About pack\n") == text.count("## About load\n") == 1
    assert "2 s" in text
    assert "1 s" not in text


def test_a_sample_counts_for_our_innermost_function() -> None:
    ours, numpy = "validate (isone/response/validate.py:7)", "take (numpy/core.py:3)"
    assert (
        _place(["main (x.py:1)", ours, numpy])
        == "validate (isone/response/validate.py) → take (numpy/core.py)"
    )
    assert _place([ours]) == "validate (isone/response/validate.py)"
    assert _place(["main (x.py:1)"]) == ""
