"""The log of an attempt: a file in UTC and the screen, and no password in either."""

import base64
import logging
import os
import time
from pathlib import Path
from typing import Any

from isone.run.console import ConsoleHandler, has_screen
from isone.run.sources import Credentials
from isone.store.files import make_folder, open_own, write_own

log = logging.getLogger("isone")
_WARNINGS_KEPT = 5
_LONGEST_WARNING = 300  # characters
_LEADS_TO = "-> "
"""How a rule's own log begins where the file system has no links."""


class Redaction(logging.Filter):
    """Takes passwords out of every record, as they stand and as Basic authentication packs them.

    It also takes out what no line of a log should hold: characters that move a terminal.
    """

    def __init__(self) -> None:
        """Begin with no secrets to hide."""
        super().__init__()
        self._secrets: set[str] = set()

    def hide(self, credentials: Credentials) -> None:
        """Learn a password that no record may hold."""
        pair = f"{credentials.username}:{credentials.password}"
        self._secrets |= {credentials.password, base64.b64encode(os.fsencode(pair)).decode()}

    def hide_text(self, *secrets: str) -> None:
        """Learn texts that no record may hold, such as a token."""
        self._secrets |= {secret for secret in secrets if secret}

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record that holds a secret, or what would move a terminal."""
        said = message = record.getMessage()
        for secret in sorted(self._secrets, key=len, reverse=True):  # a request may be one too
            message = message.replace(secret, "***")
        if not message.isprintable():
            message = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in message)
        if message != said:
            record.msg, record.args = message, ()
        return True


class LogFile(logging.FileHandler):
    """The log of an attempt, which knows the warnings in it."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        super().__init__(path, encoding="utf-8")
        self.warnings: list[str] = []
        """The first of them."""
        self.warned = 0
        """How many there are."""

    def _open(self) -> Any:
        return open_own(Path(self.baseFilename), self.mode, self.encoding)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        if record.levelno == logging.WARNING:
            self.warned += 1
            if len(self.warnings) < _WARNINGS_KEPT:
                self.warnings.append(record.getMessage()[:_LONGEST_WARNING])
        super().emit(record)


def open_log(path: Path, redaction: Redaction) -> tuple[LogFile, list[logging.Handler]]:
    """Let what is logged go into a file, and to the terminal where no screen shows the run.

    Returns the file and all handlers, for `close_log`.
    """
    in_utc = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s")
    in_utc.converter = time.gmtime
    to_file = LogFile(path)
    to_file.setFormatter(in_utc)
    handlers: list[logging.Handler] = [to_file]
    if not has_screen():
        to_terminal = ConsoleHandler()
        to_terminal.setFormatter(logging.Formatter("%(message)s"))
        handlers.append(to_terminal)
    for handler in handlers:
        handler.addFilter(redaction)
        log.addHandler(handler)
    log.setLevel(logging.INFO)
    return to_file, handlers


def close_log(handlers: list[logging.Handler]) -> None:
    """Let nothing more go there."""
    for handler in handlers:
        log.removeHandler(handler)
        handler.close()


def lead_to(path: Path, stable_log: Path) -> None:
    """Let a rule's own log lead to an attempt's: by a link, or else by a line with its path."""
    make_folder(stable_log.parent)
    stable_log.unlink(missing_ok=True)
    target = os.path.relpath(path, stable_log.parent)
    try:
        stable_log.symlink_to(target)
    except OSError:  # FAT and SMB have no links
        write_own(stable_log, os.fsencode(f"{_LEADS_TO}{target}\n"))


def say_instead(sentence: str, stable_log: Path) -> None:
    """Let a rule's own log say why no attempt was begun."""
    stable_log.unlink(missing_ok=True)
    write_own(stable_log, os.fsencode(f"{sentence}\n"))


def said_instead(stable_log: Path) -> str:
    """Why no attempt was begun; empty where the rule's own log leads to an attempt's."""
    if stable_log.is_symlink() or not stable_log.is_file():
        return ""
    first = stable_log.read_text("utf-8", errors="replace").strip().partition("\n")[0]
    return "" if first.startswith(_LEADS_TO) else first[:500]
