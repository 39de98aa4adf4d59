"""Custom downloads: programs that a JSON file names, each run as a job of its own."""

import codecs
import datetime as dt
import io
import json
import logging
import os
import re
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

from msgspec import Meta, Struct

from isone.errors import UsageError, printable
from isone.market.datasets import DATASETS
from isone.run import arguments, selection, sources
from isone.run.console import SCREEN
from isone.run.log import Redaction
from isone.run.settings import HANDED_ON, PROJECT, read_settings, validate

log = logging.getLogger(__name__)

_NAME = r"[A-Za-z0-9_.-]{1,64}"
_OURS = re.compile(
    rf"isone_({'|'.join(DATASETS)})_\d{{4}}|(pack|load|recheck|write|describe)_.*|verify.*|reconcile"
)
"""What the workflow's own jobs, their logs and status files are called."""
_KEPT_BACK = ("PGPASSWORD", "ISONE_NOTIFY")
"""Environment variables with secrets that no program which downloads needs."""
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_LAST_WORDS = 1.0  # seconds in which what a program wrote last is read
_CHUNK = 1 << 16


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """A custom download as it is written."""

    name: Annotated[str, Meta(description="Unique identifier of the download.")]
    script: Annotated[str, Meta(description="Path of the program, relative to the project folder.")]
    args: Annotated[tuple[str | int | float, ...], Meta(description="List of its arguments.")]
    stop_on_failure: Annotated[
        bool,
        Meta(
            description="If true, no further download is started once this one has failed for good."
        ),
    ] = False


Entries = Annotated[
    tuple[Entry, ...],
    Meta(
        min_length=1,
        title="Custom downloads",
        description="A JSON list; each entry becomes a job with marker, log, retries and a line "
        "in the summary.",
    ),
]
"""A file of them; `schemas/downloads.schema.yaml` is written from it."""


@dataclass(frozen=True)
class CustomDownload:
    """A program inside the project folder, its arguments, and what its failure means."""

    name: str
    script: Path
    args: tuple[str, ...]
    stop_on_failure: bool

    @property
    def command(self) -> list[str]:
        """The argument list it is started with; a shell never sees it."""
        program = [sys.executable, str(self.script)] if self.script.suffix == ".py" else []
        return [*(program or [str(self.script)]), *self.args]

    @property
    def shown(self) -> str:
        """The command as a person reads it."""
        start = ["python"] if self.script.suffix == ".py" else []
        return printable(shlex.join([*start, str(self.script.relative_to(PROJECT)), *self.args]))

    @property
    def data_type(self) -> str | None:
        """What it brings, where its program is one of the project's own scripts."""
        return arguments.data_type_of(self.script)


def read_downloads(path: Path, config: Mapping[str, Any] | None = None) -> list[CustomDownload]:
    """The custom downloads of a JSON file, for a run with this configuration.

    Raises UsageError, with a sentence for each wrong entry, for a file that is absent or no JSON,
    lacks a field, names something twice, names a program that is not a file inside the project
    folder, or gives one of the project's own scripts arguments that it does not take.
    """
    try:
        text = path.read_text(encoding="utf-8")
        entries = json.loads(text, object_pairs_hook=_without_twins)
    except OSError as error:
        raise UsageError(f"downloads: cannot read {path}: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise UsageError(f"downloads: {path} is not valid JSON: {_json_mistake(error)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"downloads: {path} is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:  # a number, or a nesting, beyond all measure
        raise UsageError(f"downloads: {path} is no list of downloads: {error}") from error
    entries = validate(entries, Entries, f"downloads: {path}")
    downloads, troubles = [], []
    for entry in entries:
        try:
            downloads.append(_download(entry, config or {}))
        except UsageError as error:
            troubles.append(str(error))
    if troubles:
        raise UsageError("; ".join(troubles))
    names = [download.name.lower() for download in downloads]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"downloads: the name {name!r} is in {path} more than once")
    return downloads


def _without_twins(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; ValueError for a key that is there twice, of which one would be lost."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the key {name[:80]!r} is twice in one entry")
    return dict(pairs)


def _json_mistake(error: json.JSONDecodeError) -> str:
    where = f"in line {error.lineno}, column {error.colno}"
    before, after = error.doc[: error.pos].rstrip(), error.doc[error.pos :].lstrip()
    if before.endswith(",") and after[:1] in ("]", "}", ""):
        return f"a comma with nothing after it, before {where.removeprefix('in ')}"
    return f"{error.msg} {where}"


def _download(entry: Entry, config: Mapping[str, Any]) -> CustomDownload:
    name, script = entry.name, entry.script
    if not re.fullmatch(_NAME, name) or name.startswith("."):
        raise UsageError(
            f"downloads: {name!r} cannot name a job; use letters, digits, '_', '-' and '.'"
        )
    if _OURS.fullmatch(name):
        raise UsageError(
            f"downloads: {name!r} is the name of a job of this workflow; choose another"
        )
    args = tuple(str(arg) for arg in entry.args)
    if any("\0" in word for word in (script, *args)):
        raise UsageError(f"downloads: {name}: a NUL character can be in no program's arguments")
    try:
        program = (PROJECT / script).resolve()
        is_file = program.is_file()
    except (OSError, RuntimeError) as error:  # a name too long, a circle of links
        raise UsageError(
            f"downloads: {name}: {script[:80]!r} cannot be a program's path"
        ) from error
    if not program.is_relative_to(PROJECT):
        raise UsageError(
            f"downloads: {name}: {script} is outside the project folder; only programs inside it "
            "are run"
        )
    if not is_file:
        raise UsageError(f"downloads: {name}: there is no program {script} in the project folder")
    if program.suffix != ".py" and not os.access(program, os.X_OK):
        raise UsageError(f"downloads: {name}: {script} is neither a .py file nor executable")
    download = CustomDownload(name, program, args, entry.stop_on_failure)
    try:
        _wanted(download, config)
    except UsageError as error:
        raise UsageError(f"downloads: {name}: {error}") from error
    return download


def _wanted(download: CustomDownload, config: Mapping[str, Any]) -> arguments.Wanted | None:
    """What it asks for, where its program is one of the project's own scripts."""
    if download.data_type is None:
        return None
    if {"-h", "--help"} & set(download.args):
        raise UsageError("--help downloads nothing")
    return arguments.read(download.data_type, download.args, config)


def require_source(download: CustomDownload, config: Mapping[str, Any]) -> None:
    """Refuse one of the project's own scripts that has no account for what it is to bring.

    Raises what `sources.open_service` does, and UsageError for what is in no public CSV.
    """
    wanted = _wanted(download, config)
    if wanted is None or wanted.settings.source == "sandbox":
        return
    public = sources.open_service(wanted.settings).gives_reports
    names = [name for name in wanted.settings.datasets if DATASETS[name].public_csv is None]
    if public and names:
        raise UsageError(
            f"downloads: {download.name}: {', '.join(names)} is in no public CSV report; "
            f"leave that out, or {sources.ACCOUNT_HELP}"
        )


def command(download: CustomDownload, config: Mapping[str, Any]) -> str:
    """The command line that, started in this folder, does what the run's configuration says."""
    wanted = _wanted(download, config)
    if wanted is None:
        return printable(shlex.join(download.command))
    return arguments.command(wanted.data_type, download.args, wanted.settings, wanted.said)


def made_from(
    download: CustomDownload, config: Mapping[str, Any], at: dt.datetime
) -> dict[str, Any]:
    """What the marker of a custom download hangs on, as things are at `at`.

    That is its entry, and for one of the project's own scripts also its last day (`end_date`), and
    by dataset through which day that is published (`through`) and final (`final_through`): when
    that is another day, there is more to bring.
    """
    said: dict[str, Any] = {"command": download.shown}
    wanted = _wanted(download, config)
    if wanted is None:
        return said
    newest = {
        name: selection.newest_days(DATASETS[name], wanted.settings, at)
        for name in wanted.settings.datasets
    }
    return said | {
        "end_date": str(wanted.last),
        "through": {name: str(min(wanted.last, had)) for name, (had, _) in newest.items()},
        "final_through": {name: str(min(wanted.last, had)) for name, (_, had) in newest.items()},
    }


def open_ends(download: CustomDownload, config: Mapping[str, Any], at: dt.datetime) -> list[str]:
    """In a sentence for each dataset: the days asked for that are not published at `at`."""
    wanted = _wanted(download, config)
    if wanted is None:
        return []
    ends = {
        name: selection.newest_days(DATASETS[name], wanted.settings, at)[0]
        for name in wanted.settings.datasets
    }
    return [
        arguments.end_sentence(name, newest, wanted.last, wanted.settings)
        for name, newest in ends.items()
        if newest < wanted.last
    ]


def run_program(download: CustomDownload, config: Mapping[str, Any]) -> int:
    """Run a custom download's program; each line it prints goes to log and screen.

    Returns its exit code. Ctrl-C and SIGTERM reach the program too. The configuration is handed on
    to it; passwords are not, but for the account that the project's own scripts need, and what it
    prints of any is taken out. What it leaves behind in the background is not waited for.
    """
    settings = read_settings(config)
    redaction = Redaction()
    for account in sources.known_accounts(settings.base_url):
        redaction.hide(account)
    redaction.hide_text(*_secrets(os.environ))
    log.addFilter(redaction)
    try:
        with subprocess.Popen(  # noqa: S603 - a list, no shell; the program lies in this project
            download.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(download, os.environ)
            | {HANDED_ON: json.dumps(dict(config), default=str)},
        ) as program:
            try:
                for line in _lines(program):
                    log.info("%s", line)
                return program.wait()
            except BaseException:
                program.terminate()
                raise
    finally:
        log.removeFilter(redaction)


def _environment(download: CustomDownload, environ: Mapping[str, str]) -> dict[str, str]:
    """What a program inherits: nobody's password that it has no use for."""
    account = sources.ACCOUNT_VARIABLES if download.data_type is None else ()
    kept_back = {*_KEPT_BACK, *account, SCREEN}  # what it prints goes into the log
    return {name: value for name, value in environ.items() if name not in kept_back}


def _secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """What stands in the environment for other parts of a run, and in no log."""
    yield environ.get("PGPASSWORD", "")
    messages = environ.get("ISONE_NOTIFY", "").split()
    for url in messages:
        yield url
        yield from (request for request in re.split(r"[:/@?&=#,]+", url) if len(request) >= 8)
    proxies = [environ.get(name) for variable in _PROXIES for name in (variable, variable.lower())]
    for url in filter(None, [*messages, *proxies]):
        if password := re.search(r"^(?:\w+://)?[^/@:]*:(.+)@", url):
            yield from (password[1], unquote(password[1]))


def _lines(program: subprocess.Popen[bytes]) -> Iterator[str]:
    """What a program prints, line by line, until it has ended, whoever else holds its output."""
    assert program.stdout is not None  # noqa: S101 - it was started with a pipe
    decoder = io.IncrementalNewlineDecoder(
        codecs.getincrementaldecoder("utf-8")("replace"), translate=True
    )
    output = program.stdout.fileno()
    unfinished = ""
    until = None
    while True:
        if until is None and program.poll() is not None:
            until = time.monotonic() + _LAST_WORDS
        ready, _, _ = select.select([output], [], [], 0.1 if until is None else 0)
        if ready:
            chunk = os.read(output, _CHUNK)
            *lines, unfinished = (unfinished + decoder.decode(chunk, final=not chunk)).split("\n")
            yield from lines
            if not chunk:
                break
        if until is not None and (not ready or time.monotonic() > until):
            log.info("what it left behind in the background is not waited for")
            break
    if unfinished:
        yield unfinished
