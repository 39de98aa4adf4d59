"""What is said on the terminal: plain lines on standard error.

Where the workflow's own screen (`isone.run.screen`) shows a run, its jobs say nothing there
themselves: their status files and logs have it. While a bar is shown, rich puts itself in the place
of standard error, and lines appear above the bar.
"""

import logging
import os
import shutil
import sys
from typing import NoReturn

from isone.text import wrapped

SCREEN = "ISONE_SCREEN"
"""Environment variable that says that a screen shows the run, and how: `bars`, `lines`, `quiet`."""
OURS = {"isone": True}
"""Marks a record for that screen as the workflow's own words."""
WHOLE = "isone_whole"
"""Marks a record whose lines are not to be broken."""


def has_screen() -> bool:
    """Whether the workflow's own screen shows what this process does."""
    return bool(os.environ.get(SCREEN))


def wants_lines() -> bool:
    """Whether that screen has no bars, so that jobs say now and then how far they are."""
    return os.environ.get(SCREEN) == "lines"


def announce(text: str, *, whole: bool = False) -> None:
    """Say something about a run, in Snakemake's own process, in its turn among the lines.

    `whole` lines are broken nowhere: commands, which somebody copies.
    """
    text = text.rstrip("\n")
    if not text:
        return
    if has_screen():
        logging.getLogger("snakemake.logging").info(text, extra=OURS | {WHOLE: whole})
    else:
        print(text, file=sys.stderr, flush=True)


def refuse(error: Exception) -> NoReturn:
    """End Snakemake's own process with what is wrong, in its turn among the lines."""
    announce(f"error: {error}")
    sys.exit(1)


def say(sentence: str) -> None:
    """Print one line, at once."""
    print(sentence, file=sys.stderr, flush=True)


def say_error(error: object) -> None:
    """Print what is wrong, on a terminal in as many lines as it needs."""
    sentence = f"error: {error}"
    say(wrapped(sentence, shutil.get_terminal_size().columns) if sys.stderr.isatty() else sentence)


class ConsoleHandler(logging.Handler):
    """Log lines on the screen, above the bar where one is shown."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        try:
            say(self.format(record))
        except Exception:
            self.handleError(record)
