"""What a run's files say when its jobs are on other machines."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from running import PROJECT

from isone.errors import UsageError
from isone.run import clusters, notify, status
from isone.run.plan import Plan
from isone.run.summary import summary
from isone.store.files import write_whole
from isone.store.processes import this_host
from isone.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def write_plan(store: Store, *, process: int, host: str) -> Plan:
    plan = Plan("sandbox", "data", "logs", (), (), 1, "2026-01-01 00:00:00", process, host)
    write_whole(status.plan_path(store), msgspec.json.encode(plan))
    return plan


def write_job(store: Store, state: str, **facts: object) -> None:
    facts = {"state": state, "started": "2026-01-01 00:00:01", "attempt": 1} | facts
    write_whole(status.status_path(store, "pack_something"), json.dumps(facts).encode())


STOP = """
import sys
from pathlib import Path
from isone.run import status
from isone.run.summary import summary
from isone.store.store import Store
status.stop(Store(Path(sys.argv[1])), "a job", "a reason")
"""


@pytest.mark.parametrize(
    ("host", "signalled"),
    [pytest.param(this_host(), True, id="here"), pytest.param("login1", False, id="elsewhere")],
)
def test_only_a_snakemake_of_this_machine_is_told_to_end(
    store: Store, host: str, signalled: bool
) -> None:
    parent = (
        "import subprocess, sys, time\n"
        "sys.stdin.readline()\n"
        "subprocess.run([sys.executable, '-c', sys.argv[2], sys.argv[1]], check=True)\n"
        "print('still here', flush=True)\n"
    )
    snakemake = subprocess.Popen(
        [sys.executable, "-c", parent, str(store.root), STOP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    write_plan(store, process=snakemake.pid, host=host)
    said, _ = snakemake.communicate("go\n", timeout=60)
    assert snakemake.returncode == (-signal.SIGTERM if signalled else 0)
    assert said == ("" if signalled else "still here\n")
    assert status.stopped(store) == "a job: a reason"


def test_a_job_that_was_killed_elsewhere_is_named_when_the_run_has_ended(store: Store) -> None:
    write_plan(store, process=os.getpid(), host=this_host())
    write_job(store, "running", process=1, host="node7")
    assert "pack_something" not in summary(store)
    said = summary(store, ended=True)
    assert "And pack_something: INTERRUPTED (attempts: 1)\n   it ended before it could" in said
    write_job(store, "succeeded")
    assert "pack_something" not in summary(store, ended=True)


def test_where_messages_go_is_remembered_and_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(notify.VARIABLE, "json://127.0.0.1/")
    monkeypatch.setattr(notify, "_remembered", [])
    clusters.keep_secrets_here({})
    assert notify.VARIABLE not in os.environ
    assert notify.wanted() == ["json://127.0.0.1/"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("ISONE_PASSWORD", "~/.netrc"),
        ("ISONE_API_PASSWORD", "~/.netrc"),
        ("PGPASSWORD", "~/.pgpass"),
    ],
)
def test_a_password_in_the_environment_is_refused_with_the_place_for_it(
    name: str, place: str
) -> None:
    with pytest.raises(UsageError, match=f"{name} is set.* put it into {place}"):
        clusters.keep_secrets_here({name: "secret"})
