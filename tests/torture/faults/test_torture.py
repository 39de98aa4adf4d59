"""The short form of `tests/torture`; the long one is `make torture`, which kills whole runs too."""

import subprocess
import sys

import pytest
from running import PROJECT

ONLY = ("download", "responses", "pack", "load", "postgres")
COUNTS = (
    "--kills 3 --terms 1 --disks 1 --cuts 2 --memory 1 --seeds 1 --every 240 --days 5 "
    "--damaged 9 --fuzzed 9 --clients 2 --servers 1 --steps 40"
)
ROWS = 7 + 2 + 6 + 6 + 4
"""Of the downloads, the responses, packing, loading and PostgreSQL."""


@pytest.mark.slow(70)
def test_what_is_tortured_stays_whole_and_goes_on() -> None:
    """All at once, for they share the undisturbed days and tables."""
    done = subprocess.run(
        [sys.executable, str(PROJECT / "tests" / "torture"), "--only", *ONLY, *COUNTS.split()],
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "VIOLATED" not in done.stdout
    assert done.stdout.count("\n") == 2 + ROWS, done.stdout
