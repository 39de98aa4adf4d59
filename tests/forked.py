"""Python programs in processes that begin with what they need already imported.

A start of Snakemake is three seconds of imports and half a second of work. Here one process imports
and forks for each program that is asked for; the program is a process of its own as ever, with its
own folder, environment, arguments and output. What is about the start itself, about signals, or
about the process list belongs into a real start: `running.command_line`.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

_PROJECT = Path(__file__).resolve().parent.parent
_IMPORTED = (
    *("snakemake.executors.local", "nbformat", "smart_open", "yte"),
    *("isone.__main__", "isone.run.targets", "isone.run.summary"),
)


class Starter:
    """The process that imports and forks; it runs one program at a time."""

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.communicate()

    def run(
        self, command: list[str], *, folder: Path, environ: Mapping[str, str], timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """What a command, `python -m module words`, does in a folder; its outputs come as one."""
        python, option, module, *words = command
        assert (python, option) == (sys.executable, "-m")
        with tempfile.NamedTemporaryFile() as output:
            order = {"module": module, "words": words, "folder": str(folder)}
            order |= {"environ": dict(environ), "output": output.name}
            self._order(order)
            process = self._answer()
            if not select.select([self._server.stdout], [], [], timeout)[0]:
                os.kill(process, signal.SIGKILL)
                self._answer()
                raise subprocess.TimeoutExpired(command, timeout)
            return subprocess.CompletedProcess(
                command, self._answer(), Path(output.name).read_text()
            )

    def _order(self, order: dict[str, Any]) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(f"{json.dumps(order)}\n".encode())

    def _answer(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())


def _serve() -> None:
    """Fork for each order that comes, and answer with the process and then with its exit code."""
    sys.path[0] = str(_PROJECT)
    for name in _IMPORTED:
        importlib.import_module(name)
    importlib.import_module("snakemake.cli").get_argument_parser()  # which imports all plugins
    gc.freeze()  # what is here already is looked at by no child
    while line := sys.stdin.readline():
        child = os.fork()
        if not child:
            _become(**json.loads(line))
            return
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become(
    module: str, words: list[str], folder: str, environ: dict[str, str], output: str
) -> Any:
    """Be the program that was asked for."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    written = os.open(output, os.O_WRONLY | os.O_APPEND)
    for source, target in ((nowhere, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.path[0] = folder
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _serve()
