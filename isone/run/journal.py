"""One attempt of a job: its log, its status file, its start and its end, whatever happens in it."""

import base64
import contextlib
import datetime as dt
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from isone.errors import IsoneError, StopRunError, UsageError
from isone.run.console import ConsoleHandler, say
from isone.run.sources import Credentials
from isone.store.files import make_folder, write_whole
from isone.store.processes import this_host

log = logging.getLogger("isone")

_RULE = "=" * 80
FAILED, USAGE, INTERRUPTED = 1, 2, 130
_STATUS_SIZE = 8192
"""Bytes of a status file, filled up with blanks: so its end can be told on a full disk too."""
NO_MEMORY = (
    "there is not enough memory here; give it more, or run fewer jobs at a time, and run again"
)
_WANT_OF_MEMORY = (
    *("can't start new thread", "annot allocate memory"),
    "failed to map segment from shared object",
)


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
        message = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in message)
        if message != said:
            record.msg, record.args = message, ()
        return True


@dataclass
class Journal:
    """The record of one attempt. Use it as a context manager around the work.

    Leaving it writes how the attempt ended, and turns an error into its exit code (`exit_code`):
    an error of this package into one sentence, any other into a traceback in the log.
    """

    name: str
    command: str
    status_path: Path
    log_dir: Path
    attempt: int = 1
    attempts: int = 1
    heading: str = ""
    """A line above the start, such as `Download 1/4: …`."""
    stable_log: Path | None = None
    """Rule's own log, which becomes a link to this attempt's."""
    exit_code: int = 0
    may_stop_run: bool = False
    """Whether the run ends with an attempt that shows that no job of it can succeed."""
    stop_run: bool = False
    """Whether the attempt showed that no job of the run can succeed."""
    facts: dict[str, Any] = field(default_factory=dict)
    redaction: Redaction = field(default_factory=Redaction)
    _handlers: list[logging.Handler] = field(default_factory=list)
    _interrupted: bool = False

    def __enter__(self) -> "Journal":
        """Open the log and say what begins."""
        self._started = dt.datetime.now(dt.UTC)
        make_folder(self.log_dir)
        make_folder(self.status_path.parent)
        timestamp = f"{self._started:%Y%m%d_%H%M%S}Z"
        self.log_path = self.log_dir / f"{self.name}_attempt{self.attempt}_{timestamp}.log"
        self._open_handlers()
        self._link_stable_log()
        signal.signal(signal.SIGTERM, self._interrupt)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._interrupt)
        self.facts = {
            "name": self.name,
            "attempt": self.attempt,
            "attempts": self.attempts,
            "process": os.getpid(),
            "host": this_host(),
            "command": self.command,
            "log": str(self.log_path),
            "started": _iso(self._started),
        }
        self.tell(state="running")
        if self.heading:
            log.info("%s", self.heading)
        log.info(
            "%s\nStarting: %s (attempt %d of %d)\nCommand: %s\nLog file: %s\nStarted at: %s\n%s",
            *(_RULE, self.name, self.attempt, self.attempts, self.command, self.log_path),
            *(_iso(self._started), _RULE),
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Say and note how it ended; the exit code stands for the error."""
        state, message = self._verdict(error)
        if message:
            log.error("%s", message)
        ended = dt.datetime.now(dt.UTC)
        log.info(
            "%s\nCompleted: %s\nExit code: %d\nStatus: %s\nCompleted at: %s\n%s",
            *(_RULE, self.name, self.exit_code, state.upper(), _iso(ended), _RULE),
        )
        with contextlib.suppress(OSError):
            self.tell(state=state, exit_code=self.exit_code, message=message, ended=_iso(ended))
        for handler in self._handlers:
            log.removeHandler(handler)
            handler.close()
        if signal.getsignal(signal.SIGINT) == self._interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return True

    def tell(self, **facts: Any) -> None:
        """Add facts to the status file, which anybody may read at any time."""
        self.facts |= facts
        content = (json.dumps(self.facts, indent=1) + "\n").encode().ljust(_STATUS_SIZE)
        try:
            write_whole(self.status_path, content, lasting=False)
        except OSError:
            with self.status_path.open("r+b") as file:  # a full disk has room for what is there
                file.write(content)
                file.truncate()

    def _verdict(self, error: BaseException | None) -> tuple[str, str]:
        if error is not None and self._interrupted:  # DuckDB makes errors of its own of it
            error = KeyboardInterrupt()
        match error:
            case None:
                return ("succeeded" if self.exit_code == 0 else "failed"), ""
            case KeyboardInterrupt():
                self.exit_code = INTERRUPTED
                return "interrupted", "interrupted; run again to resume"
            case StopRunError() | UsageError():
                self.exit_code, self.stop_run = USAGE, True
                sentence = str(error).rstrip(".")
                return "failed", f"{sentence}. The run stops" if self.may_stop_run else sentence
            case IsoneError():
                self.exit_code = self.exit_code or FAILED
                return "failed", str(error)
            case OSError():
                self.exit_code = FAILED
                return "failed", os_sentence(error)
            case _ if error is not None and is_want_of_memory(error):
                self.exit_code = FAILED
                return "failed", NO_MEMORY
            case _:
                self.exit_code = FAILED
                self._handlers[0].handle(
                    log.makeRecord(
                        log.name, logging.ERROR, "", 0, "unexpected error", (),
                        (type(error), error, error.__traceback__),
                    )
                )  # fmt: skip
                return "failed", (
                    f"unexpected {type(error).__name__}: {error}; this is a fault of the program, "
                    f"its traceback is in {self.log_path}"
                )

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupted = True
        raise KeyboardInterrupt

    def _open_handlers(self) -> None:
        to_file = logging.FileHandler(self.log_path, encoding="utf-8")
        to_file.setFormatter(_in_utc("%(asctime)sZ %(levelname)s %(message)s"))
        to_screen = ConsoleHandler()
        to_screen.setFormatter(logging.Formatter("%(message)s"))
        self._handlers = [to_file, to_screen]
        for handler in self._handlers:
            handler.addFilter(self.redaction)
            log.addHandler(handler)
        log.setLevel(logging.INFO)

    def _link_stable_log(self) -> None:
        if self.stable_log is None:
            return
        make_folder(self.stable_log.parent)
        self.stable_log.unlink(missing_ok=True)
        self.stable_log.symlink_to(os.path.relpath(self.log_path, self.stable_log.parent))


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """For a program's outermost level: an error is one sentence and an exit code, no traceback."""
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted; run again to resume")
        sys.exit(INTERRUPTED)
    except IsoneError as error:
        say(f"error: {error}")
        sys.exit(USAGE if isinstance(error, UsageError | StopRunError) else FAILED)
    except OSError as error:
        say(f"error: {os_sentence(error)}")
        sys.exit(FAILED)
    except Exception as error:
        if not is_want_of_memory(error):
            raise
        say(f"error: {NO_MEMORY}")
        sys.exit(FAILED)


def is_want_of_memory(error: BaseException) -> bool:
    """Whether the system had no memory left, or none for another thread or library."""
    return isinstance(error, MemoryError) or str(error).endswith(_WANT_OF_MEMORY)


def os_sentence(error: OSError) -> str:
    """What the operating system refused, as a sentence."""
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}; fix it and run again to resume"


def _iso(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _in_utc(form: str) -> logging.Formatter:
    formatter = logging.Formatter(form)
    formatter.converter = time.gmtime
    return formatter
