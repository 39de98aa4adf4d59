"""The short form of `tests/torture`; the long one is `make torture`."""

import subprocess
import sys

import pytest
from running import PROJECT

DOWNLOAD = (
    "--kills 8 --terms 4 --disks 2 --cuts 6 --memory 1 --seeds 1 --every 30 --days 30 "
    "--damaged 9 --fuzzed 9"
)
ROOMS = "--kills 3 --terms 2 --disks 1 --cuts 2 --memory 1 --every 70 --days 10"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("only", "counts", "rows"),
    [
        pytest.param("download", DOWNLOAD, 9, id="downloads"),
        pytest.param("pack load", ROOMS, 12, id="packing and loading"),
        pytest.param("postgres", "--clients 2 --servers 1 --days 10", 3, id="PostgreSQL"),
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


@pytest.mark.slow
@pytest.mark.workflow
def test_whole_runs_that_are_killed_go_on_and_leave_what_an_undisturbed_one_does() -> None:
    command = [sys.executable, str(PROJECT / "tests" / "torture"), "--only", "runs", "--runs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("came to their end") == 2, done.stdout
