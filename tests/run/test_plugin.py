"""What the logger's plugin and the Snakefile change in Snakemake beside the screen."""

import os
import subprocess
import sys

import pytest
from snakemake.scheduling.job_scheduler import JobScheduler

ENDS = """
import sys
import snakemake_logger_plugin_isone
from snakemake import cli

cli.print("Using workflow specific profile profiles/default for setting …", file=sys.stderr)
cli.print("Using profile mine for setting …", file=sys.stderr)
raise {}
"""


def ended(error: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ENDS.format(error)], capture_output=True, text=True, timeout=60
    )


def test_ctrl_c_is_a_sentence_and_the_usual_profile_no_line() -> None:
    done = ended("KeyboardInterrupt")
    assert done.stderr == "Using profile mine for setting …\ninterrupted; run again to resume\n"
    assert done.returncode != 0


def test_an_error_keeps_its_traceback() -> None:
    done = ended("ValueError('odd')")
    assert "Traceback" in done.stderr
    assert done.stderr.endswith("ValueError: odd\n")


def test_snakemake_still_has_the_limit_that_the_snakefile_takes_away() -> None:
    """With it a run sleeps up to a second after its last job; under another name it would again."""
    for method in (JobScheduler.__init__, JobScheduler.schedule):
        assert "job_rate_limiter" in method.__code__.co_names


@pytest.mark.parametrize("is_job", [True, False], ids=["a job below the screen", "anything else"])
def test_a_job_that_ctrl_c_ends_while_it_imports_has_no_traceback(is_job: bool) -> None:
    words = [sys.executable, "-c", "import isone; raise KeyboardInterrupt"]
    environ = os.environ | ({"ISONE_SCREEN": "bars"} if is_job else {})
    done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=60)
    assert ("Traceback" in done.stderr) != is_job
    assert done.returncode != 0
