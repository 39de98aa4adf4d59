"""Snakemake's terminal output, in the workflow's own words: see `isone.run.screen`.

Snakemake finds this by the name of the package. `profiles/default` chooses it where it is
installed; where it is not, Snakemake says what it always says.
"""

import sys
from logging import LogRecord
from types import TracebackType
from typing import Any, NoReturn

from snakemake import cli
from snakemake.common.argparse import ArgumentParser
from snakemake_interface_logger_plugins.base import LogHandlerBase

from isone.run import slips, status
from isone.run.screen import Screen


def _refuse(parser: ArgumentParser, message: str) -> NoReturn:
    """Say in one sentence what is wrong with an option; the page of all options is `--help`'s."""
    print(slips.option(message, parser._option_string_actions), file=sys.stderr)
    sys.exit(2)


def _print(*words: Any, **how: Any) -> None:
    """Print what Snakemake says before there is a screen, but not that the usual profile is read.

    That line alone is wider than a terminal, and says the same before each run.
    """
    if not str(words[0] if words else "").startswith("Using workflow specific profile"):
        print(*words, **how)


def _say_interrupted(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Say that Ctrl-C ended the run, where Snakemake has no words but a traceback."""
    if issubclass(kind, KeyboardInterrupt):
        print(status.RESUMES, file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, traceback)


# Options are read before there is a screen, but after plugins are loaded.
ArgumentParser.error = _refuse
cli.print = _print
sys.excepthook = _say_interrupted


class LogHandler(LogHandlerBase):
    """Hands what Snakemake reports to the screen."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Open the screen."""
        self._screen = Screen.of(self.common_settings)

    def emit(self, record: LogRecord) -> None:
        """Show one record, if a person needs it."""
        try:
            self._screen.show(record)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Take the bars away."""
        self._screen.close()
        super().close()
