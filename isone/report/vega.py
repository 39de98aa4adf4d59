"""Vega, Vega-Lite and vega-embed as one script, with nothing left to load.

vl-convert puts them together again each time, which takes two seconds, as long as all else that the
page needs. So a process of its own does it beside that, once: the script stays in the user's cache.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from isone.errors import IsoneError
from isone.store.files import write_whole

_SNIPPET = "window.vegaEmbed=vegaEmbed;"
_PROGRAM = f"""
import sys, vl_convert
sys.stdout.buffer.write(vl_convert.javascript_bundle({_SNIPPET!r}).encode())
"""
_SCRIPT_END = re.compile(r"<(?=/script|!--)", re.IGNORECASE)


@cache
def library() -> str:
    """The script, fit for a page: as it was kept, or made here and now."""
    return _kept() or _keep(_made_here())


@contextmanager
def beside() -> Iterator[Callable[[], str]]:
    """Have the script made in a process of its own; yields what waits for it.

    Where that process fails it is made here, so that what is the matter is told as anything else.
    """
    if kept := _kept():
        yield lambda: kept
        return
    command = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(  # noqa: S603 - nothing of it is given
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:

        def wait() -> str:
            made, _ = process.communicate()
            return _keep(_made_here() if process.returncode else made.decode())

        try:
            yield wait
        finally:
            process.kill()  # where nobody waited; else it has ended


def _made_here() -> str:
    import vl_convert

    return str(vl_convert.javascript_bundle(_SNIPPET))


def _place() -> Path:
    """Where the script is kept; another version of what makes it has another place."""
    cache_home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache_home) / "isone" / f"vega-{version('vl-convert-python')}.js"


def _kept() -> str:
    """The script that was made before; empty where there is none."""
    with suppress(OSError, RuntimeError, UnicodeError):  # no home, nothing there, or not ours
        return _fit(_place().read_text("utf-8"))
    return ""


def _keep(script: str) -> str:
    """Keep the script for the next page, where that can be; returns it, fit for a page."""
    with suppress(OSError, RuntimeError, IsoneError):  # no home, or no place in it
        write_whole(_place(), script.encode())
    return _fit(script)


def _fit(script: str) -> str:
    """A script that cannot end the element around it."""
    return _SCRIPT_END.sub(r"\\x3c", script)
