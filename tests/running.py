"""How the tests run the workflow."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SERVICE = "isone-test-service"
"""What a sandbox is called (`server_name`) where a test takes it for the real service."""
Snakemake = Callable[..., subprocess.CompletedProcess[str]]


def command_line(
    *config: str, options: tuple[str, ...] = (), targets: tuple[str, ...] = ()
) -> list[str]:
    """The command that a user would type, for the project's Snakefile."""
    words = [sys.executable, "-m", "snakemake", "-s", str(PROJECT / "Snakefile"), "-j1", *options]
    return [*words, "--config", *config, *(["--", *targets] if targets else [])]
