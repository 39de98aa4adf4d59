"""Custom downloads: programs that a JSON file names, each run as a job of its own."""

import json
import logging
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from isone.errors import UsageError, printable
from isone.settings import PROJECT, validate

log = logging.getLogger(__name__)

_NAME = r"[A-Za-z0-9_.-]{1,64}"


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
        start = "python " if self.script.suffix == ".py" else ""
        return printable(" ".join([f"{start}{self.script.relative_to(PROJECT)}", *self.args]))

    @property
    def made_from(self) -> dict[str, str]:
        """What its marker hangs on."""
        return {"command": self.shown}


def read_downloads(path: Path) -> list[CustomDownload]:
    """The custom downloads of a JSON file.

    Raises UsageError, in one sentence, for a file that is absent or no JSON, lacks a field, names
    something twice, or names a program that is not a file inside the project folder.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"downloads: cannot read {path}: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise UsageError(
            f"downloads: {path} is not valid JSON: {error.msg} in line {error.lineno}"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"downloads: {path} is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:  # a number, or a nesting, beyond all measure
        raise UsageError(f"downloads: {path} is no list of downloads: {error}") from error
    validate(entries, _schema(), f"downloads: {path}")
    downloads = [_download(entry) for entry in entries]
    names = [download.name.lower() for download in downloads]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"downloads: the name {name!r} stands in {path} more than once")
    return downloads


def _download(entry: dict[str, Any]) -> CustomDownload:
    name, script = entry["name"], entry["script"]
    if not re.fullmatch(_NAME, name) or name.startswith("."):
        raise UsageError(
            f"downloads: {name!r} cannot name a job; use letters, digits, '_', '-' and '.'"
        )
    args = tuple(str(arg) for arg in entry["args"])
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
    return CustomDownload(name, program, args, entry.get("stop_on_failure", False))


def _schema() -> dict[str, Any]:
    text = (PROJECT / "schemas" / "downloads.schema.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def run_program(download: CustomDownload, environ: dict[str, str]) -> int:
    """Run a custom download's program; each line it prints goes to log and screen.

    Returns its exit code. Ctrl-C and SIGTERM reach the program too.
    """
    with subprocess.Popen(  # noqa: S603 - a list, no shell; the program lies in this project
        download.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | environ,
        text=True,
        errors="replace",
    ) as program:
        try:
            for line in program.stdout or ():
                log.info("%s", line.rstrip("\n"))
        except BaseException:
            program.terminate()
            raise
    return program.returncode
