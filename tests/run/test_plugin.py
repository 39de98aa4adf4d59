"""What the logger's plugin changes in Snakemake beside the screen."""

import subprocess
import sys

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
