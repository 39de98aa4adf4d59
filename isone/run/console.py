"""What a job says on the screen: plain lines on standard error.

While a bar is shown there (`progress`), rich puts itself in the place of standard error, and the
lines appear above the bar. So no job has to load rich to say something: only a bar needs it.
"""

import logging
import sys


def say(sentence: str) -> None:
    """Print one line, at once."""
    print(sentence, file=sys.stderr, flush=True)


class ConsoleHandler(logging.Handler):
    """Log lines on the screen, above the bar where one is shown."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        try:
            say(self.format(record))
        except Exception:
            self.handleError(record)
