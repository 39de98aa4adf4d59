"""Passwords that must be nowhere: three canaries live through whole runs, and all is read after.

Also inside of what is packed: gzip, Parquet, DuckDB, PostgreSQL, the page's data. The environment
is where they are; nothing else may have them, the process list included.
"""

import base64
import contextlib
import gzip
import importlib.util
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.parse
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import psycopg
import pyarrow.parquet as pq
import pytest
from forked import Starter
from postgres_server import running_server
from psycopg.sql import SQL, Identifier, Literal
from running import PROJECT, SERVICE, command_line

from isone.sandbox import Sandbox

pytestmark = pytest.mark.workflow


def forms(secret: str, user: str = "someone") -> list[bytes]:
    """A secret as it stands, and in every form in which it might be passed on."""
    plain = secret.encode()
    found = [plain, plain[::-1], urllib.parse.quote(secret, safe="").encode(), plain.hex().encode()]
    for text in (plain, f"{user}:{secret}".encode()):
        for shift in range(3):  # in Base64 a text looks in three ways, by where it begins
            packed = base64.b64encode(bytes(shift) + text).rstrip(b"=")
            found.append(packed[-(-shift * 4 // 3) + (shift > 0) : -1])
    return [form for form in found if len(form) > 8]


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every name and every byte below a folder; also what is inside of packed files."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        yield name, os.fsencode(name)
        if path.is_symlink():
            yield name, os.fsencode(path.readlink())
        elif path.is_file():
            content = path.read_bytes()
            yield name, content
            yield from ((f"{name}, unpacked", inner) for inner in unpacked(path, content))


def unpacked(path: Path, content: bytes) -> Iterator[bytes]:
    if content[:2] == b"\x1f\x8b":
        with contextlib.suppress(OSError, EOFError, zlib.error):
            yield gzip.decompress(content)
    if path.suffix == ".parquet":
        file = pq.ParquetFile(path)
        yield repr(file.schema_arrow.metadata).encode() + str(file.schema_arrow).encode()
        yield repr(file.read().to_pydict()).encode()
    if path.suffix == ".duckdb":
        yield from duckdb_texts(path)
    if path.suffix == ".html":
        for packed in re.findall(rb"[A-Za-z0-9+/=]{200,}", content):
            with contextlib.suppress(ValueError, OSError, EOFError, zlib.error):
                yield gzip.decompress(base64.b64decode(packed))


def duckdb_texts(path: Path) -> Iterator[bytes]:
    with duckdb.connect(str(path), read_only=True) as connection:
        for catalogue in ("duckdb_tables()", "duckdb_columns()", "duckdb_views()"):
            yield repr(connection.execute(f"SELECT * FROM {catalogue}").fetchall()).encode()  # noqa: S608
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables()"
        ).fetchall()
        for schema, table in tables:
            query = f'SELECT each::VARCHAR FROM "{schema}"."{table}" AS each'  # noqa: S608
            yield repr(connection.execute(query).fetchall()).encode()


def postgres_texts(address: str) -> Iterator[bytes]:
    """All rows of all tables, as COPY writes them, with the comments."""
    with psycopg.connect(address) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname <> 'information_schema'"
            " AND (schemaname <> 'pg_catalog' OR tablename IN ('pg_description', 'pg_class'))"
        ).fetchall()
        for schema, table in tables:
            query = SQL("COPY (SELECT * FROM {}.{}) TO STDOUT")
            with connection.cursor().copy(
                query.format(Identifier(schema), Identifier(table))
            ) as rows:
                yield b"".join(bytes(request) for request in rows)


class Scene:
    """Working, home and temporary folders of its own, and the canaries in its environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        for name in ("work", "home", "tmp"):
            (folder / name).mkdir(parents=True)
        shutil.copy(PROJECT / "config.yaml", self.work)
        self.service, self.database, self.message = (
            f"canary{secrets.token_hex(6)}{end}" for end in ("a", "b", "c")
        )
        self.said: list[bytes] = []
        self.seen = 0

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG"}}
        return kept | {
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "NETRC": str(self.folder / "no-netrc"),
            "ISONE_USERNAME": "someone",
            "ISONE_PASSWORD": self.service,
            "PGPASSWORD": self.database,
            "ISONE_NOTIFY": f"json://someone:{self.message}@127.0.0.1:9/{self.message}",
        }

    @property
    def searched(self) -> list[bytes]:
        return [
            form for each in (self.service, self.database, self.message) for form in forms(each)
        ]

    def run(
        self,
        config: list[str],
        *options: str,
        targets: tuple[str, ...] = (),
        starter: Starter | None = None,
    ) -> int:
        """Run the workflow and look at the process list all the while."""
        return self.do(*command_line(*config, options=options, targets=targets), starter=starter)

    def do(self, *command: str, starter: Starter | None = None) -> int:
        """Run a command and look at the process list all the while.

        A `starter` forks what else would be started with words of its own: Python's programs.
        """
        searched = self.searched
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(self._end, list(command), starter)
            while not running.done():
                for line in Path("/proc").glob("[0-9]*/cmdline"):
                    with contextlib.suppress(OSError):
                        words = line.read_bytes()
                        self.seen += b"snakemake" in words or b"isone" in words
                        assert not [form for form in searched if form in words]
                time.sleep(0.2)
        self.said.append(running.result().stdout.encode(errors="surrogateescape"))
        return running.result().returncode

    def _end(self, command: list[str], starter: Starter | None) -> subprocess.CompletedProcess[str]:
        if starter is not None:
            return starter.run(command, folder=self.work, environ=self.environ)
        return subprocess.run(
            command,
            cwd=self.work,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="surrogateescape",
        )

    def left(self) -> list[tuple[str, bytes]]:
        """Every name and every byte that is left in its folders, and what was said."""
        said = ((f"output {n}", words) for n, words in enumerate(self.said))
        return [*contents(self.folder), *said]


def test_what_is_searched_for_would_be_found_wherever_it_were(tmp_path: Path) -> None:
    import pyarrow as pa

    secret = "canary5d1f00c3a7"  # noqa: S105 - none
    table = pa.table({"name": [secret]})
    (tmp_path / "in").mkdir()
    (tmp_path / "plain.log").write_text(f"password={secret}")
    (tmp_path / "response.gz").write_bytes(gzip.compress(f"x{secret}".encode()))
    pq.write_table(table, tmp_path / "value.parquet", compression="zstd")
    marked = pa.table({"n": [1]}).replace_schema_metadata({"isone.x": secret})
    pq.write_table(marked, tmp_path / "about.parquet")
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.register("t", table)
        connection.execute("CREATE TABLE x AS SELECT * FROM t")
    hidden = base64.b64encode(gzip.compress(f"{secret}{secrets.token_hex(300)}".encode())).decode()
    (tmp_path / "page.html").write_text(f"<script>{hidden}</script>")
    for shift, name in enumerate(("one", "two", "three")):
        packed = base64.b64encode(b"y" * shift + f"someone:{secret}".encode()).decode()
        (tmp_path / f"{name}.txt").write_text(packed)
    (tmp_path / "in" / f"{secret}.txt").write_text("")
    (tmp_path / "link").symlink_to(f"nowhere-{secret}")
    found = {
        name.partition(",")[0]
        for name, content in contents(tmp_path)
        if any(form in content for form in forms(secret))
    }
    assert found == {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.name != "in"}


@pytest.mark.slow(60)
@pytest.mark.timeout(1800)  # eight runs of Snakemake, of which one is started as a user does it
def test_no_password_is_left_anywhere_by_whole_runs_with_failures_in_them(
    tmp_path: Path, starter: Starter
) -> None:
    scene = Scene(tmp_path / "scene")
    role = SQL("CREATE ROLE loader LOGIN PASSWORD {}").format(Literal(scene.database))
    with (
        running_server() as server,
        Sandbox(
            nodes=0, username="someone", password=scene.service, server_name=SERVICE
        ) as service,
    ):
        server.run("postgres", role.as_string())
        rules = server.folder / "pg_hba.conf"
        rules.write_text(f"local all loader scram-sha-256\n{rules.read_text()}")
        server.run("postgres", "SELECT pg_reload_conf()")
        owner = server.new_database("prices")
        server.run("postgres", "GRANT CREATE ON DATABASE prices TO loader")
        address = server.address("prices", "loader")
        config = [f"base_url={service.url}", "years=2024", "through=2024-01-03", "markets=da"]
        config += ["services=regulation", "retry_delay=0", "backoff_first=0.1"]
        quick = ("--restart-times", "0")

        right, scene.service = scene.service, scene.service[::-1]  # a wrong password: 401
        assert scene.run(config, *quick, starter=starter) == 1
        assert b"refused the account (401)" in scene.said[-1]
        wrong, scene.service = forms(scene.service), right

        service.faults.add("missing-interval:*hourlylmp*/day/20240102")  # a day that fails, ...
        service.faults.add("server-error:*regulation*x1")
        rejected = address.replace("loader@", "loader@127.0.0.1:1").partition("?")[0]
        sent = len(service.requests)
        assert scene.run([*config, f"database={rejected}"], *quick, starter=starter) == 1
        assert b"cannot be reached" in scene.said[-1]  # ... a database that is away, ...
        assert len(service.requests) == sent, "which is said before the first request"
        assert scene.run(config, *quick, starter=starter) == 1
        assert b"missing 2024-01-02" in scene.said[-1]
        assert b"could not be sent" in scene.said[-1]  # and nobody who takes the message
        service.faults.clear()

        config.append(f"database={address}")
        assert scene.run(config, "--verbose", "-p") == 0, scene.said[-1].decode()
        config.append("recheck_days=2")
        checks = ("verify", "recheck")
        assert scene.run(config, targets=checks, starter=starter) == 0, scene.said[-1].decode()
        for shown in (("--dag",), ("--summary",), ("--report", "pictured.html")):
            assert scene.run(config, *shown, starter=starter) == 0, scene.said[-1].decode()

        left = [*scene.left(), *(("postgresql", text) for text in postgres_texts(owner))]
    searched = [*scene.searched, *wrong]
    assert not [name for name, content in left if any(form in content for form in searched)]
    assert scene.seen > 20
    names = {name for name, _ in left}
    assert {"work/pictured.html", "work/reports/isone.html", "work/data/isone.duckdb"} <= names
    assert {"work/data/isone.duckdb, unpacked", "work/reports/isone.html, unpacked"} <= names
    assert any(name.endswith(".parquet, unpacked") for name in names)
    assert sum(len(content) for name, content in left if name == "postgresql") > 50_000


MODULE = f"""
configfile: "others.yaml"

module isone:
    snakefile: "{PROJECT / "Snakefile"}"
    config: config["isone"]
    prefix: "prices"

use rule * from isone as isone_*
"""


@pytest.mark.slow(20)
@pytest.mark.timeout(900)  # six runs
def test_no_password_is_left_anywhere_by_doctor_module_custom_downloads_and_docs(
    tmp_path: Path, starter: Starter
) -> None:
    scene = Scene(tmp_path / "scene")
    with Sandbox(
        nodes=0, username="someone", password=scene.service, server_name=SERVICE
    ) as service:
        config = {"base_url": service.url, "markets": "da", "services": "regulation"}
        config |= {"retry_delay": 0, "backoff_first": 0.1}
        (scene.work / "config.yaml").write_text(json.dumps(config))
        assert scene.do(sys.executable, "-m", "isone", "doctor") in {0, 1}
        assert b"doctor" in scene.said[-1]

        arguments = ["--start-date", "2024-01-01", "--end-date", "2024-01-02"]
        entries = [
            {"name": "mine", "script": "scripts/download_lmp.py", "args": arguments},
            {"name": "wrong", "script": "scripts/draw_workflow.py", "args": ["--no-such"]},
        ]
        (scene.work / "mine.json").write_text(json.dumps(entries))
        assert scene.run(["downloads=mine.json"], "--restart-times", "0") == 1
        assert b"mine: SUCCESS" in scene.said[-1], scene.said[-1].decode()

        others = {"years": 2024, "through": "2024-01-02", "data_types": "lmp", **config}
        (scene.work / "others.yaml").write_text(json.dumps({"isone": others}))
        (scene.work / "Snakefile").write_text(MODULE)
        module = (sys.executable, "-m", "snakemake", "-j1", "isone_load")
        assert scene.do(*module, starter=starter) == 0, scene.said[-1].decode()

    if importlib.util.find_spec("mkdocs"):
        site = str(scene.folder / "site")
        built = (sys.executable, "-m", "mkdocs", "build", "-q", "-d", site)
        assert scene.do(*built, "-f", str(PROJECT / "mkdocs.yml")) == 0, scene.said[-1].decode()
    left = scene.left()
    assert not [n for n, content in left if any(form in content for form in scene.searched)]
    names = {name for name, _ in left}
    assert "work/prices/data/isone.duckdb, unpacked" in names
    assert any(name.startswith("work/doctor/") for name in names)
    assert any(name.startswith("work/logs/mine") for name in names)
    assert scene.seen > 10
