"""The short form of `tests/torture`; the long one is `make torture`, which kills whole runs too."""

import subprocess
import sys

import pytest
from running import PROJECT

DOWNLOAD = (
    "--kills 4 --terms 2 --disks 2 --cuts 3 --memory 1 --seeds 1 --every 120 --days 12 "
    "--damaged 9 --fuzzed 9"
)
ROOMS = "--kills 2 --terms 1 --disks 1 --cuts 1 --memory 1 --every 300 --days 5"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("only", "counts", "rows"),
    [
        pytest.param("download responses", DOWNLOAD, 9, id="downloads"),
        pytest.param("pack load", ROOMS, 12, id="packing and loading"),
        pytest.param(
            "postgres", "--clients 2 --servers 1 --days 10 --every 40", 4, id="PostgreSQL"
        ),
    ],
)
def test_what_is_tortured_stays_whole_and_goes_on(only: str, counts: str, rows: int) -> None:
    done = subprocess.run(
        [
            *(sys.executable, str(PROJECT / "tests" / "torture")),
            *("--only", *only.split(), *counts.split()),
        ],
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "VIOLATED" not in done.stdout
    assert done.stdout.count("\n") == 2 + rows, done.stdout
