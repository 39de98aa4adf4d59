"""Snakemake's terminal output, in the workflow's own words: see `isone.run.screen`.

Snakemake finds this by the name of the package. `profiles/default` chooses it where it is
installed; where it is not, Snakemake says what it always says.
"""

import sys
from logging import LogRecord
from typing import NoReturn

from snakemake.common.argparse import ArgumentParser
from snakemake_interface_logger_plugins.base import LogHandlerBase

from isone.run import slips
from isone.run.screen import Screen


def _refuse(parser: ArgumentParser, message: str) -> NoReturn:
    """Say in one sentence what is wrong with an option; the page of all options is `--help`'s."""
    print(slips.option(message, parser._option_string_actions), file=sys.stderr)
    sys.exit(2)


# Options are read before there is a screen, but after plugins are loaded.
ArgumentParser.error = _refuse


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
