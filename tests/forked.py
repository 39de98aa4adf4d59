"""Python programs in processes that begin with what they need already imported.

A start of Snakemake is three seconds of imports and half a second of work, and each of its jobs a
second of imports. Here one process imports and forks for each program that is asked for, and beside
it for each script that the program runs; they are processes of their own as ever, with their own
folder, environment, arguments and output. What is about the start itself, about signals, or about
the process list belongs into a real start: `running.command_line`.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, Self

_PROJECT = Path(__file__).resolve().parent.parent
_IMPORTED = (
    *("snakemake.executors.local", "nbformat", "smart_open", "yte"),
    *("isone.__main__", "isone.run.targets", "isone.run.summary"),
    *("isone.download.jobs", "isone.pack.year", "isone.pack.datapackage"),
    *("isone.load.jobs", "isone.load.duckdb_file", "isone.load.postgres"),
    *("isone.report.jobs", "isone.report.page", "isone.report.files", "isone.sandbox"),
)
_SCRIPT = ["set", "-euo", "pipefail;", sys.executable]
"""How the command begins by which Snakemake starts a script."""


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
        self, command: list[str], *, folder: Path, environ: Mapping[str, str], timeout: float = 400
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


def _serve() -> NoReturn:
    """Fork for each order that comes, and answer with the process and then with its exit code."""
    sys.path[0] = str(_PROJECT)
    for name in _IMPORTED:
        importlib.import_module(name)
    importlib.import_module("snakemake.cli").get_argument_parser()  # which imports all plugins
    gc.freeze()  # what is here already is looked at by no child
    while line := sys.stdin.readline():
        order = json.loads(line)
        orders, ordered = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with orders, ordered:
            if not os.fork():
                orders.close()
                _serve_scripts(ordered, **order)
            child = os.fork()
            if not child:
                ordered.close()
                _become(orders, **order)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        os.wait()  # all its scripts have ended with it
    os._exit(0)  # DuckDB would miss what is frozen


def _become(
    orders: socket.socket,
    module: str,
    words: list[str],
    folder: str,
    environ: dict[str, str],
    output: str,
) -> NoReturn:
    """Be the program that was asked for."""
    _speak(output)
    _be_in(folder, environ)
    started = vars(subprocess) | {"Popen": partial(_popen, orders)}
    importlib.import_module("snakemake.shell").sp = SimpleNamespace(**started)
    sys.path[0] = folder
    sys.argv = [module, *words]
    _to_its_end(lambda: runpy.run_module(module, run_name="__main__", alter_sys=True))


def _speak(output: str) -> None:
    """Read nothing, and write both outputs into one file."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    written = os.open(output, os.O_WRONLY | os.O_APPEND)
    for source, target in ((nowhere, 0), (written, 1), (written, 2)):
        os.dup2(source, target)


def _be_in(folder: str, environ: Mapping[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    tempfile.tempdir = None  # it depends on the environment


def _popen(orders: socket.socket, command: str, *, env: Mapping[str, str], **how: Any) -> Any:
    """What Snakemake's shell starts commands with: a Python script is forked, too."""
    words = shlex.split(command)
    if len(words) != len(_SCRIPT) + 1 or words[:-1] != _SCRIPT:
        return subprocess.Popen(command, env=env, **how)
    ended, ends = os.pipe()
    order = {"script": words[-1], "folder": str(Path.cwd()), "environ": dict(env)}
    socket.send_fds(orders, [json.dumps(order).encode()], [ends])
    os.close(ends)
    return SimpleNamespace(wait=partial(_exit_code, ended))


def _exit_code(ended: int) -> int:
    with os.fdopen(ended) as file:
        return int(file.read())


def _serve_scripts(ordered: socket.socket, output: str, **_: Any) -> NoReturn:
    """Fork for each script that is asked for, until nobody is left who could ask."""
    _speak(output)
    while True:
        said, given, *_ = socket.recv_fds(ordered, 1 << 18, 1)
        if not said:
            break
        if not os.fork():
            _run(given[0], **json.loads(said))
        os.close(given[0])
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    os._exit(0)


def _run(ends: int, script: str, folder: str, environ: dict[str, str]) -> NoReturn:
    """Run a script in a process of its own, and say how that ended."""
    if child := os.fork():
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(ends, b"%d" % ended)
        os._exit(0)
    os.close(ends)
    _be_in(folder, environ)
    sys.path[0] = str(Path(script).parent)
    sys.argv = [script]
    _to_its_end(lambda: runpy.run_path(script, run_name="__main__"))


def _to_its_end(program: Callable[[], object]) -> NoReturn:
    """Run a program and end as Python does, but for taking the imported modules apart."""
    code: Any = None
    try:
        program()
    except SystemExit as end:
        code = end.code
    except BaseException:
        code = 1
        sys.excepthook(*sys.exc_info())
    if isinstance(code, str):
        print(code, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if isinstance(code, str) else code or 0)


if __name__ == "__main__":
    _serve()
