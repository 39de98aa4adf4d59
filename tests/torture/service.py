"""A sandbox in a process of its own, and the log of what it was asked."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from isone.sandbox.__main__ import main


@dataclass
class Server:
    """Where a sandbox listens, and its log."""

    url: str
    log: Path

    def asked(self) -> list[str]:
        """The paths of all requests so far."""
        return [each["path"] for each in self._requests()]

    def failed(self) -> int:
        """How many of them suffered a fault."""
        return sum(each["fault"] is not None for each in self._requests())

    def _requests(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextlib.contextmanager
def server(folder: Path, *options: str) -> Iterator[Server]:
    """Fork a sandbox; stop it at the end."""
    log = folder / f"requests-{time.monotonic_ns()}.jsonl"
    command = ["--port", "0", "--nodes", "0"]
    command += ["--today", "2026-06-15", "--request-log", str(log), *options]
    said, says = os.pipe()
    process = os.fork()
    if not process:
        _serve(command, says)
    os.close(says)
    with os.fdopen(said) as output:
        try:
            yield Server(output.readline().strip(), log)
        finally:
            os.kill(process, signal.SIGTERM)
            os.waitpid(process, 0)


def _serve(command: list[str], says: int) -> NoReturn:
    """Be `python -m isone.sandbox`."""
    try:
        os.dup2(says, 1)
        os.close(says)
        os._exit(main(command))
    finally:
        os._exit(1)
