"""A job: one attempt at some work, with its log, its status file and its exit code.

A script that a rule runs is `with job(snakemake) as it:` around its work; a command by hand is
`with by_hand(name, config) as it:` around the same work. Whatever happens inside, the log and the
status file say how it ended, and the process ends with the exit code that belongs to it.
"""

import contextlib
import datetime as dt
import errno
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from isone.errors import IsoneError, StopRunError, UsageError
from isone.run import status
from isone.run.console import has_screen, say, say_error, wants_lines
from isone.run.log import Redaction, close_log, lead_to, log, open_log, say_instead
from isone.run.settings import Settings, read_settings
from isone.store.files import make_folder, open_own, write_whole
from isone.store.processes import end_at_once, introduce_user, this_host, without_pandas
from isone.store.store import Store

FAILED, USAGE, STOPPED, INTERRUPTED = 1, 2, 3, 130
"""Exit codes; `STOPPED` is that of a job that did not start because the run was stopped."""
_RULE = "=" * 80
_STATUS_SIZE = 8192
"""Bytes of a status file, filled up with blanks: so its end can be told on a full disk too."""
_ADVANCE_EVERY = 0.5  # seconds
NO_MEMORY = (
    "there is not enough memory here; give it more, or run fewer jobs at a time, and run again"
)
_WANT_OF_MEMORY = (
    *("can't start new thread", "annot allocate memory"),
    "failed to map segment from shared object",
)


@dataclass
class Job:
    """One attempt of a job. Use it as a context manager around the work.

    An error of this package becomes one sentence, any other a traceback in the log. Where the exit
    code is not 0 in the end, leaving the block raises SystemExit with it.
    """

    name: str
    config: Mapping[str, Any]
    settings: Settings
    stable_log: Path | None = None
    """The rule's own log, which becomes a link to this attempt's."""
    attempt: int = 1
    attempts: int = 1
    heading: str = ""
    """A line above the start, such as `Download 1/4: …`."""
    is_download: bool = False
    """Whether the run stops where the attempt shows that no download of it can succeed."""
    stops_run: bool = False
    """Whether the run stops where the last attempt fails."""
    exit_code: int = 0
    status: dict[str, Any] = field(default_factory=dict)
    redaction: Redaction = field(default_factory=Redaction)
    _handlers: list[logging.Handler] = field(default_factory=list)
    _interrupted: bool = False
    _advanced: float = 0.0

    @property
    def store(self) -> Store:
        """Where the data is."""
        return Store(self.settings.store_dir)

    @property
    def status_path(self) -> Path:
        """Where it says how it is, for anybody to read at any time."""
        return status.status_path(self.store, self.name)

    def __enter__(self) -> "Job":
        """Open the log and say what begins."""
        started = dt.datetime.now(dt.UTC)
        folder = self.settings.log_dir
        make_folder(folder)
        make_folder(self.status_path.parent)
        timestamp = f"{started:%Y%m%d_%H%M%S}Z"
        self.log_path = folder / f"{self.name}_attempt{self.attempt}_{timestamp}.log"
        self._file, self._handlers = open_log(self.log_path, self.redaction)
        if self.stable_log:
            lead_to(self.log_path, self.stable_log)
        signal.signal(signal.SIGTERM, self._interrupt)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._interrupt)
        self.status = {
            "name": self.name,
            "attempt": self.attempt,
            "attempts": self.attempts,
            "process": os.getpid(),
            "host": this_host(),
            "log": str(self.log_path),
            "started": _iso(started),
        }
        self.tell(state="running")
        if self.heading:
            log.info("%s", self.heading)
        log.info(
            "%s\nStarting: %s (attempt %d of %d)\nLog file: %s\nStarted at: %s\n%s",
            *(_RULE, self.name, self.attempt, self.attempts, self.log_path, _iso(started), _RULE),
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Say and note how it ended; raises SystemExit unless it ended well."""
        state, message = self._verdict(error)
        if message:
            log.error("%s", message)
        ended = _iso(dt.datetime.now(dt.UTC))
        log.info(
            "%s\nCompleted: %s\nExit code: %d\nStatus: %s\nCompleted at: %s\n%s",
            *(_RULE, self.name, self.exit_code, state.upper(), ended, _RULE),
        )
        with contextlib.suppress(OSError):
            self.tell(
                state=state,
                exit_code=self.exit_code,
                message=message,
                ended=ended,
                warnings=self._file.warnings,
                warned=self._file.warned,
            )
        close_log(self._handlers)
        if signal.getsignal(signal.SIGINT) == self._interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._is_fatal(error):
            status.stop(self.store, self.name, message)
        if self.exit_code:
            raise SystemExit(self.exit_code) from None
        return True

    def tell(self, **said: Any) -> None:
        """Add to what the status file says."""
        self.status |= said
        content = (json.dumps(self.status, indent=1) + "\n").encode().ljust(_STATUS_SIZE)
        try:
            write_whole(self.status_path, content, lasting=False)
        except OSError:
            with open_own(
                self.status_path, "r+b"
            ) as file:  # a full disk has room for what is there
                file.write(content)
                file.truncate()

    def advance(self, done: int, total: int, unit: str) -> None:
        """Say how much of the work is done; not more than twice a second, but for the end."""
        now = time.monotonic()
        if done >= total or now - self._advanced >= _ADVANCE_EVERY:
            self._advanced = now
            self.tell(done=done, total=total, unit=unit)

    def command(self, words: str) -> None:
        """Say by which command a person does the same."""
        log.info("Command: %s", words)

    def wait(self, seconds: float) -> None:
        """Wait before another attempt."""
        log.info("attempt %d begins after the retry_delay of %g s", self.attempt, seconds)
        waiting = f"waiting {seconds:g} s before attempt {self.attempt}"
        self.tell(waiting=waiting)
        if wants_lines():
            say(f"{self.name}: {waiting}")
        time.sleep(seconds)
        self.tell(waiting="")

    def _is_fatal(self, error: BaseException | None) -> bool:
        """Whether no further job of the run is to start."""
        given_up = self.exit_code != 0 and self.attempt >= self.attempts
        hopeless = isinstance(error, StopRunError | UsageError) and not self._interrupted
        return self.is_download and (hopeless or (given_up and self.stops_run))

    def _verdict(self, error: BaseException | None) -> tuple[str, str]:
        """How it ended, in a word, and what there is to say of that; sets the exit code."""
        if error is not None and self._interrupted:  # DuckDB makes errors of its own of it
            error = KeyboardInterrupt()
        match error:
            case None:
                return ("succeeded" if self.exit_code == 0 else "failed"), ""
            case KeyboardInterrupt():
                self.exit_code = INTERRUPTED
                return "interrupted", status.RESUMES
            case StopRunError() | UsageError():
                self.exit_code = USAGE
                sentence = str(error).rstrip(".")
                return "failed", f"{sentence}. The run stops" if self.is_download else sentence
            case IsoneError():
                self.exit_code = self.exit_code or FAILED
                return "failed", str(error)
            case OSError():
                self.exit_code = FAILED
                return "failed", os_sentence(error)
            case _ if is_want_of_memory(error):
                self.exit_code = FAILED
                return "failed", NO_MEMORY
            case _:
                self.exit_code = FAILED
                traceback = (type(error), error, error.__traceback__)
                words = (log.name, logging.ERROR, "", 0, "unexpected error", ())
                self._file.handle(log.makeRecord(*words, traceback))
                return "failed", (
                    f"unexpected {type(error).__name__}: {error}; this is a fault of the program, "
                    f"its traceback is in {self.log_path}"
                )

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupted = True
        raise KeyboardInterrupt


@contextlib.contextmanager
def job(snakemake: Any) -> Iterator[Job]:
    """The job of a rule's script, named as the rule's log is.

    A rule with the resource `attempt` downloads: it waits before another attempt, is not tried
    again where that cannot help, and may stop the run. No job of a stopped run starts.
    """
    with sentences():
        settings = read_settings(snakemake.config)
        store, stable_log = Store(settings.store_dir), Path(snakemake.log[0])
        attempt = getattr(snakemake.resources, "attempt", 0)
        period = getattr(snakemake.wildcards, "period", "") if attempt else ""
        name = status.download_name(stable_log, period)
        if reason := status.stopped(store):
            by = reason.partition(":")[0]
            _end(STOPPED, f"{name} does not start: the run was stopped by {by}", stable_log)
        if attempt > 1 and (before := status.status_of(store, name)).permanent:
            why = f"no other attempt can end otherwise; see {before.log}"
            _end(USAGE, f"{name} is not tried again: {why}", stable_log)
        plan = status.read_plan(store) if attempt else None
        with Job(
            name,
            snakemake.config,
            settings,
            stable_log,
            attempt=max(attempt, 1),
            attempts=max(plan.attempts if plan else 1, attempt),
            heading=plan.heading(name) if plan else "",
            is_download=attempt > 0,
            stops_run=settings.stop_on_failure,
        ) as it:
            if attempt > 1:
                it.wait(settings.retry_delay * 2 ** (attempt - 2))
            yield it


@contextlib.contextmanager
def by_hand(name: str, config: Mapping[str, Any]) -> Iterator[Job]:
    """A job that a person started."""
    with sentences(), Job(name, config, read_settings(config)) as it:
        yield it


def _end(exit_code: int, sentence: str, stable_log: Path) -> None:
    """End before anything was begun, and say why."""
    if not has_screen():
        say(sentence)
    say_instead(sentence, stable_log)
    sys.exit(exit_code)


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """For a program's outermost level: an error is one sentence and an exit code, no traceback."""
    introduce_user()
    end_at_once()
    try:
        with without_pandas():
            yield
    except KeyboardInterrupt:
        say(status.RESUMES)
        sys.exit(INTERRUPTED)
    except IsoneError as error:
        say_error(error)
        sys.exit(USAGE if isinstance(error, UsageError | StopRunError) else FAILED)
    except OSError as error:
        say_error(os_sentence(error))
        sys.exit(FAILED)
    except Exception as error:
        if not is_want_of_memory(error):
            raise
        say_error(NO_MEMORY)
        sys.exit(FAILED)


def is_want_of_memory(error: BaseException) -> bool:
    """Whether the system had no memory left, or none for another thread or library."""
    return isinstance(error, MemoryError) or str(error).endswith(_WANT_OF_MEMORY)


def os_sentence(error: OSError) -> str:
    """What the operating system refused, as a sentence."""
    where = f" ({error.filename})" if error.filename else ""
    fix = "free some space" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "fix it"
    return f"{error.strerror or error}{where}; {fix} and run again to resume"


def _iso(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
