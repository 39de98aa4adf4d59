"""A sandbox in a process of its own, and the log of what it was asked."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from running import PROJECT


@dataclass
class Server:
    """Where a sandbox listens, and its log."""

    url: str
    log: Path

    def asked(self) -> list[str]:
        """The paths of all requests so far."""
        return [json.loads(line)["path"] for line in self.log.read_text().splitlines()]


@contextlib.contextmanager
def server(folder: Path, *options: str) -> Iterator[Server]:
    """Start a sandbox; stop it at the end."""
    log = folder / f"requests-{time.monotonic_ns()}.jsonl"
    command = [sys.executable, "-m", "isone.sandbox", "--port", "0", "--nodes", "0"]
    command += ["--today", "2026-06-15", "--request-log", str(log), *options]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process.stdout.readline().strip() if process.stdout else "", log)
        finally:
            process.terminate()
