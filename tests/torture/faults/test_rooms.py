"""What a user reads when packing, loading, reporting, checking or comparing goes wrong.

Each sentence of the page on trouble is brought about for real, and must stand on the terminal and,
where a job says it, in the summary too.
"""

import datetime as dt
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from filled import TODAY, build_duckdb, config_for, fill
from postgres_server import GUARDED, Server, running_server
from running import Snakemake, by_hand, reconcile, run_script, verify
from torture.faults.test_troubleshooting import PAGE, pieces, quotes

from isone.run import notify
from isone.run.summary import summary
from isone.run.targets import Run
from isone.sandbox import Sandbox
from isone.store.store import Store

DATASET, PERIOD = "lmp_da_hourly", "2025.through-20251103"
YEAR = {"dataset": DATASET, "period": PERIOD}
Act = Callable[[Store, dict[str, Any]], int]
Spoil = Callable[[Store], object]


def response(store: Store) -> Path:
    return store.root / "raw" / DATASET / "2025" / "20251102.json.gz"


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def pack_it(store: Store, config: dict[str, Any]) -> int:  # noqa: ARG001 - all are called alike
    return run_script("pack_prices", config, **YEAR)


def load_it(store: Store, config: dict[str, Any]) -> int:  # noqa: ARG001
    return run_script("load_duckdb", config)


def report_it(store: Store, config: dict[str, Any]) -> int:
    return by_hand(config, "report", "--folder", str(store.root / "reports"))


def verify_it(store: Store, config: dict[str, Any]) -> int:  # noqa: ARG001
    return verify(config, (DATASET, PERIOD))


def recheck_it(store: Store, config: dict[str, Any]) -> int:
    with Sandbox(nodes=2, today=TODAY, faults=["missing-interval"]) as sandbox:
        config = config | {"base_url": sandbox.url}
        note = {"note": store.root / "note.json"}
        days = "20251102-20251103"
        return run_script("recheck_prices", config, outputs=note, dataset=DATASET, days=days)


def into(database: str) -> Act:
    """Loading into a database; `{}` in its address is the server's folder."""

    def act(store: Store, config: dict[str, Any]) -> int:  # noqa: ARG001
        config = config | {"database": database.replace("{}", config.pop("server"))}
        return run_script("load_postgres", config, **YEAR)

    return act


def into_after(*statements: str, user: str = "postgres", options: str = "") -> Act:
    """Loading once more, after somebody did this to the database, who is still connected."""

    def act(store: Store, config: dict[str, Any]) -> int:  # noqa: ARG001
        import psycopg

        folder = config.pop("server")
        config["database"] = f"postgresql://postgres@/postgres?host={folder}"
        assert run_script("load_postgres", config, **YEAR) == 0
        with psycopg.connect(config["database"], autocommit=True) as other:
            for statement in statements:
                other.execute(statement.encode())
            config["database"] = f"postgresql://{user}@/postgres?host={folder}&options={options}"
            code = run_script("load_postgres", config, **YEAR)
            other.execute("DROP SCHEMA isone_sandbox CASCADE")
        return code

    return act


def without_psycopg(store: Store, config: dict[str, Any]) -> int:  # noqa: ARG001
    config["database"] = "postgresql://me@127.0.0.1:1/none"
    with patch.dict(sys.modules, {"psycopg": None}):
        return run_script("load_postgres", config, **YEAR)


def against(name: str) -> Act:
    """Holding against a workbook in the store's folder."""

    def act(store: Store, config: dict[str, Any]) -> int:
        tables = [str(store.parquet_path(DATASET, PERIOD))]
        smd = {"smd": str(store.root / name)}
        return reconcile(config | smd, tables)

    return act


def workbook(name: str, sheet: str) -> Spoil:
    def write(store: Store) -> None:
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        rows = book.create_sheet(sheet)
        rows.append(["Date", "Hr_End", "DA_LMP", "RT_LMP"])
        rows.append([dt.datetime(2025, 11, 1), "05", -999.5, 1])
        book.save(store.root / name)

    return write


def nothing(store: Store) -> None:
    """The fault is not in what is stored."""


CASES: dict[str, tuple[Spoil, Act]] = {
    "is not the response that was validated: its SHA-256 differs": (
        lambda s: flip(response(s)),
        pack_it,
    ),
    "bytes where … were validated": (lambda s: response(s).write_bytes(b"x"), pack_it),
    "is not there": (lambda s: response(s).unlink(), pack_it),
    "is not the marker of a complete year": (
        lambda s: s.marker_path(DATASET, PERIOD).write_bytes(b'{"dataset":"\xff'),
        pack_it,
    ),
    "is not a whole Parquet file; delete it": (
        lambda s: s.parquet_path(DATASET, PERIOD).write_bytes(b"PAR1 and no more"),
        load_it,
    ),
    "database … cannot be reached": (nothing, into("postgresql://me@127.0.0.1:1/none")),
    "the user name or the password is wrong: set PGPASSWORD": (
        nothing,
        into(f"postgresql://{GUARDED}@/postgres?host={{}}&passfile=/nowhere"),
    ),
    "it asks for a password: set PGPASSWORD": (
        nothing,
        into(f"postgresql://{GUARDED}@/postgres?host={{}}&passfile=/nowhere"),
    ),
    "it does not exist; make it with createdb": (
        nothing,
        into("postgresql://postgres@/no?host={}"),
    ),
    "there is no such user": (nothing, into("postgresql://nobody_here@/postgres?host={}")),
    "there is no such service": (nothing, into("service=nowhere_at_all")),
    "loading into PostgreSQL needs the package psycopg": (nothing, without_psycopg),
    "it takes no more connections now": (
        nothing,
        into_after("CREATE ROLE few LOGIN CONNECTION LIMIT 0", user="few"),
    ),
    "its statement_timeout ended the load; raise it for this user": (
        nothing,
        into_after("DROP VIEW isone_sandbox.locations CASCADE", options="-cstatement_timeout%3D1"),
    ),
    "another session kept a table longer than lock_timeout allows; run again": (
        nothing,
        into_after(
            "SELECT pg_advisory_lock(hashtextextended('isone/schema', 0))",
            options="-clock_timeout%3D9",
        ),
    ),
    "it takes no changes: name the primary server": (
        nothing,
        into_after(
            "DROP TABLE isone_sandbox.lmp_da_hourly_2025",
            options="-cdefault_transaction_read_only%3Don",
        ),
    ),
    "something of your own depends on what has to be replaced": (
        nothing,
        into_after(
            "CREATE VIEW isone_sandbox.mine AS SELECT * FROM isone_sandbox.locations",
            "DROP VIEW isone_sandbox.lmp_spread_hourly",
        ),
    ),
    "are not those that this version makes; load again with …": (
        nothing,
        into_after("ALTER TABLE isone_sandbox.lmp_rt_5min RENAME COLUMN lmp TO price"),
    ),
    "holds other tables, which are not this workflow's": (
        nothing,
        into_after(
            "DROP SCHEMA isone_sandbox CASCADE",
            "CREATE SCHEMA isone_sandbox",
            "CREATE TABLE isone_sandbox.about (key text, value text)",
        ),
    ),
    "no database is given": (
        nothing,
        lambda _, config: by_hand(config, "load", "--to", "postgres"),
    ),
    "cannot be reported on": (
        lambda s: (s.root / "isone.duckdb").write_bytes(b"no database" * 500),
        report_it,
    ),
    "with --config refetch=true it is removed": (
        lambda s: flip(response(s)),
        verify_it,
    ),
    "not downloaded whole": (lambda s: s.marker_path(DATASET, PERIOD).unlink(), verify_it),
    "could not be compared: …": (nothing, recheck_it),
    "the stored response … is gone or damaged": (lambda s: flip(response(s)), recheck_it),
    "differ from ISO-NE's own figures": (workbook("smd.xlsx", "ISO NE CA"), against("smd.xlsx")),
    "is no workbook that can be read": (
        lambda s: (s.root / "smd.xlsx").write_text("a page"),
        against("smd.xlsx"),
    ),
    "has none of the sheets": (workbook("smd.xlsx", "Sheet"), against("smd.xlsx")),
}
"""By the sentence: what is spoilt, and the job that then fails."""
ELSEWHERE = {
    "the message about this run could not be sent",
    "apprise is not installed, so no message will be sent",
    "The report shows what is here and what is missing also now",
    "may not make the schema",  # tests/load/test_postgres_holdings.py
    "nothing is packed in …",  # tests/run/test_by_hand.py
}
"""Sentences that no job says; the tests below bring them about, or those that are named."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three days downloaded, packed and in DuckDB."""
    store = Store(tmp_path_factory.mktemp("sound") / "sandbox")
    fill(store, [DATASET], "2025-11-01", "2025-11-03")
    build_duckdb(store)
    return store


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as started:
        yield started


def test_every_sentence_of_these_rooms_is_brought_about() -> None:
    room = PAGE.partition("## Tables, databases, the report")[2].partition("\n## ")[0]
    quoted = {quote for quote in quotes() if f"| `{quote}`" in room}
    assert quoted == CASES.keys() | ELSEWHERE


@pytest.mark.parametrize("sentence", CASES)
def test_what_is_on_the_page_is_on_the_terminal_and_in_the_summary(
    sentence: str,
    sound: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    spoil, act = CASES[sentence]
    store = Store(Path(shutil.copytree(sound.root, tmp_path / "sandbox")))
    config = config_for(store)
    if "wrong" in sentence:
        monkeypatch.setenv("PGPASSWORD", "canary-wrong")
    else:
        monkeypatch.delenv("PGPASSWORD", raising=False)
    Run.of(config | {"years": 2025, "through": "2025-11-03"}).start(retries=0)
    spoil(store)
    if act.__closure__ and act.__qualname__.startswith("into"):
        config["server"] = str(request.getfixturevalue("server").folder)
    assert act(store, config) in {1, 2}
    capture = capsys.readouterr()
    terminal = " ".join((capture.out + capture.err).split())
    summed_up = " ".join(summary(store, ended=True).split())
    for piece in pieces(sentence):
        assert piece in terminal
        assert piece in summed_up
    assert "Traceback" not in terminal
    assert "unexpected" not in terminal
    assert "canary" not in terminal + summed_up


def test_a_message_that_is_not_sent_is_told_on_the_terminal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    apprise = pytest.importorskip("apprise")
    assert apprise
    store = Store(tmp_path / "sandbox")
    config = config_for(store, years=2025, through="2025-11-03")
    Run.of(config).start(retries=0)
    monkeypatch.setenv(notify.VARIABLE, "json://me:canary-secret@127.0.0.1:9/hook nonsense://x")
    notify.tell_end(store)
    said = capsys.readouterr()
    assert "the message about this run could not be sent" in said.err
    assert "canary" not in said.err + said.out
    monkeypatch.setattr(notify, "_apprise", lambda: None)
    said_at_start = Run.of(config).start(retries=0)
    assert "apprise is not installed, so no message will be sent" in said_at_start


@pytest.mark.workflow
def test_a_run_that_fails_says_how_its_report_is_had_all_the_same(
    workflow: Path, snakemake: Snakemake
) -> None:
    """The commands are those that a user types; here they are run as they stand."""
    import shlex
    import subprocess

    config = ["source=sandbox", "years=2024", "through=2024-01-03", "markets=da", "sandbox_nodes=0"]
    config += ["services=regulation", "sandbox_faults=missing-interval:*hourlylmp*/day/20240102"]
    done = snakemake(*config, options=("--restart-times", "0"), targets=("all",))
    assert done.returncode == 1
    assert "isone_regulation_5min_2024: SUCCESS" in done.stdout
    told = done.stdout.partition("The report shows what is here and what is missing also now")[2]
    commands = [line for line in told.splitlines()[1:] if line.startswith("   ")][:2]
    page = workflow / "reports" / "sandbox" / "isone.html"
    assert not page.exists()
    for command in commands:
        assert " -m isone " in command
        subprocess.run(shlex.split(command), cwd=workflow, check=True, capture_output=True)
    assert "2024-01-02" in page.read_text()
    assert (workflow / "data" / "sandbox" / "isone.duckdb").exists()


def test_where_nothing_is_here_yet_no_report_is_offered(tmp_path: Path) -> None:
    from isone.report.outputs import how_by_hand
    from isone.run.settings import read_settings

    settings = read_settings({"data_dir": str(tmp_path)})
    assert how_by_hand(settings, Store(tmp_path)) == ""
