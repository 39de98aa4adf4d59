"""Processes: which of them run on which machine, who runs this one, what it loads, how it ends.

A number means something only beside its host.
"""

import atexit
import contextlib
import gc
import getpass
import os
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path


def this_host() -> str:
    """The name of this machine."""
    return os.uname().nodename


def runs_here(process: int) -> bool:
    """Whether this machine has a process of this number, whoever it belongs to."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def introduce_user() -> None:
    """Give a user whom the system does not know, as in a container, a name and no home.

    Snakemake asks for the name of whoever runs it, Altair for a home, which it then does not use.
    """
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["LOGNAME"] = str(os.getuid())
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = "/nonexistent"


@contextlib.contextmanager
def without_pandas() -> Iterator[None]:
    """Keep Arrow from loading pandas, which it does at its first array wherever it is installed.

    Nothing of ours uses it, and it is 0.3 s of each job that packs, a third of a small year's.
    """
    refusal = _Refusal()
    sys.meta_path.insert(0, refusal)
    try:
        yield
    finally:
        sys.meta_path.remove(refusal)


class _Refusal:
    """What Python asks first where a module is: pandas has nothing that could load it."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        return ModuleSpec(name, None) if name == "pandas" else None


def end_at_once() -> None:
    """Have this process end without taking apart all that it has loaded: 0.4 s of Snakemake's.

    Whatever has to be said, written or closed at the end still is. But with DuckDB all is as it
    was: its binding calls everything leaked that is left.
    """
    atexit.register(_leave_all)


def _leave_all() -> None:
    if "_duckdb" not in sys.modules:
        gc.freeze()
