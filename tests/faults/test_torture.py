"""The short form of `tests/torture.py`; the long one is `make torture`."""

import subprocess
import sys

import pytest
from running import PROJECT

SHORT = (
    "--kills 8 --terms 4 --disks 2 --cuts 6 --seeds 1 --every 30 --days 30 --damaged 9 --fuzzed 9"
).split()


@pytest.mark.slow
def test_a_tortured_download_loses_nothing_and_repeats_little() -> None:
    done = subprocess.run(
        [sys.executable, str(PROJECT / "tests" / "torture.py"), *SHORT],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "VIOLATED" not in done.stdout
    assert done.stdout.count("\n") == 10, done.stdout
