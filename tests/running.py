"""How the tests run the workflow."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
Snakemake = Callable[..., subprocess.CompletedProcess[str]]


def command_line(
    *config: str, options: tuple[str, ...] = (), targets: tuple[str, ...] = ()
) -> list[str]:
    """The command that a user would type, for the project's Snakefile."""
    words = [sys.executable, "-m", "snakemake", "-s", str(PROJECT / "Snakefile"), "-j1", *options]
    return [*words, "--config", *config, *(["--", *targets] if targets else [])]
