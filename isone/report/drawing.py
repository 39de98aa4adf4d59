"""Vega, Vega-Lite and vega-embed as one script, with nothing left to load.

vl-convert puts them together again each time, which takes two seconds, as long as all else that the
page needs. So a process of its own does it beside that.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

_SNIPPET = "window.vegaEmbed=vegaEmbed;"
_PROGRAM = f"""
import sys, vl_convert
sys.stdout.buffer.write(vl_convert.javascript_bundle({_SNIPPET!r}).encode())
"""
_SCRIPT_END = re.compile(r"<(?=/script|!--)", re.IGNORECASE)


@cache
def library() -> str:
    """The script, fit for a page; made here and now."""
    import vl_convert

    return _fit(str(vl_convert.javascript_bundle(_SNIPPET)))


@contextmanager
def beside() -> Iterator[Callable[[], str]]:
    """Have the script made in a process of its own; yields what waits for it.

    Where that process fails it is made here, so that what is the matter is told as anything else.
    """
    command = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(  # noqa: S603 - nothing of it is given
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:

        def wait() -> str:
            made, _ = process.communicate()
            return library() if process.returncode else _fit(made.decode())

        try:
            yield wait
        finally:
            process.kill()  # where nobody waited; else it has ended


def _fit(script: str) -> str:
    """A script that cannot end the element around it."""
    return _SCRIPT_END.sub(r"\\x3c", script)
