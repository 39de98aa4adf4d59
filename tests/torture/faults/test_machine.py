"""What the machine may do to a download: full disks, closed folders, rivals, flipped bytes."""

import base64
import contextlib
import errno
import itertools
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from reading import examine
from running import PROJECT, SERVICE, command_line, run_script
from torture.faults.operations import FailingOperations
from torture.faults.rig import BAD_DAY, DAYS, Rig, asked

from isone.errors import DownloadError, IsoneError, UsageError
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.sandbox import Sandbox
from isone.store import gzipped
from isone.store.files import sha256
from isone.store.store import Store

Undisturbed = Callable[..., dict[str, str]]
BAD = f"{BAD_DAY:%Y%m%d}"
YEAR = {"dataset": "lmp_da_hourly", "period": "2024.through-20240103"}

JOB = """
import json, sys
from running import run_script
year = {"dataset": sys.argv[2], "period": sys.argv[3]}
sys.exit(run_script("download_prices", json.loads(sys.argv[1]), **year))
"""


def settings(sandbox: Sandbox, folder: Path, **config: Any) -> dict[str, Any]:
    return {
        "years": 2024,
        "source": "sandbox",
        "base_url": sandbox.url,
        "data_dir": str(folder / "data"),
        "log_dir": str(folder / "logs"),
        "newest_first": False,
    } | config


def job(
    sandbox: Sandbox, folder: Path, *, before: Callable[[], None] | None = None, **config: Any
) -> tuple[list[str], dict[str, Any]]:
    """The command of a job of three days, and how to start it."""
    words = [json.dumps(settings(sandbox, folder, **config)), *YEAR.values()]
    command = [sys.executable, "-c", JOB, *words]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    environ = os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests'}"}
    return command, {**output, "env": environ, "preexec_fn": before}


def run_job(sandbox: Sandbox, folder: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    command, how = job(sandbox, folder, **options)
    return subprocess.run(command, timeout=300, **how)


def go_on(sandbox: Sandbox, folder: Path) -> int:
    """The same job again, undisturbed, for which this process will do; its exit code."""
    return run_script("download_prices", settings(sandbox, folder), **YEAR)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users may reach too."""
    import shutil
    import tempfile

    made = Path(tempfile.mkdtemp(prefix="isone-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


# disk full


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    try:
        subprocess.run(words, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_ends_the_job_in_a_sentence_and_nothing_half_is_stored(
    sandbox: Sandbox, folder: Path, undisturbed: Undisturbed
) -> None:
    with small_disk(folder / "data", 32):
        done = run_job(sandbox, folder)
        assert done.returncode == 1, done.stdout
        assert "No space left on device" in done.stdout
        assert "free some space and run again to resume" in done.stdout
        assert "Traceback" not in done.stdout
        rig = Rig(sandbox.url, Store(folder / "data" / "sandbox"))
        had = rig.stored()
        assert had.items() <= undisturbed().items()
        assert len(had) < 3
        words = ["mount", "-o", "remount,size=4m", str(folder / "data")]
        subprocess.run(words, check=True)
        assert go_on(sandbox, folder) == 0
        assert rig.stored() == undisturbed()
        assert max(asked(sandbox).values()) <= 2


def test_a_file_that_may_not_grow_is_never_stored_short(
    sandbox: Sandbox, folder: Path, undisturbed: Undisturbed
) -> None:
    small = 2048  # less than any response has
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (small, small))  # noqa: E731
    done = run_job(sandbox, folder, before=limit)
    assert done.returncode == 1, done.stdout
    rig = Rig(sandbox.url, Store(folder / "data" / "sandbox"))
    assert rig.stored() == {}
    assert go_on(sandbox, folder) == 0
    assert rig.stored() == undisturbed()


# folders that cannot be written


def test_a_folder_that_may_not_be_written_is_named_before_anything_is_asked(
    sandbox: Sandbox, folder: Path
) -> None:
    data = folder / "data"
    if os.geteuid() == 0:  # whom permissions do not hold up, but a read-only file system does
        with small_disk(data, 64):
            subprocess.run(["mount", "-o", "remount,ro", str(data)], check=True)
            done = run_job(sandbox, folder)
    else:
        data.mkdir(mode=0o555)
        done = run_job(sandbox, folder)
    assert done.returncode == 2, done.stdout
    assert f"cannot make the folder {data / 'sandbox'}" in done.stdout
    assert "Read-only file system" in done.stdout or "Permission denied" in done.stdout
    assert "Traceback" not in done.stdout
    assert not sandbox.requests


def test_a_file_in_the_place_of_a_folder_is_named(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(UsageError, match="cannot make the folder .*data.*"):
        rig.bring()


# rivals


def wait_for(condition: Callable[[], bool], seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def test_a_second_downloader_is_rejected_and_asks_for_nothing(
    sandbox: Sandbox, folder: Path
) -> None:
    sandbox.faults.add("silence:*20240101x1")
    command, how = job(sandbox, folder, read_timeout=30)
    with subprocess.Popen(command, **how) as first:
        wait_for(lambda: bool(sandbox.requests))
        second = run_job(sandbox, folder)
        assert second.returncode == 1
        assert f"isone_lmp_da_hourly_2024 (process {first.pid}, since" in second.stdout
        assert "let it finish, or stop it, and run again" in second.stdout
        assert len(sandbox.requests) == 1
        first.kill()


def test_the_lock_of_a_job_that_was_killed_holds_nobody_up(sandbox: Sandbox, folder: Path) -> None:
    sandbox.faults.add("silence:*20240101x1")
    command, how = job(sandbox, folder, read_timeout=30)
    with subprocess.Popen(command, **how) as first:
        wait_for(lambda: bool(sandbox.requests))
        first.kill()
    assert (folder / "data" / "sandbox" / ".downloading").read_text()
    assert go_on(sandbox, folder) == 0


def test_a_lock_file_with_anything_in_it_holds_nobody_up(rig: Rig) -> None:
    rig.store.root.mkdir()
    (rig.store.root / ".downloading").write_bytes(b"\xff\0 process 1")
    with rig.store.sole_downloader("mine"):
        assert (rig.store.root / ".downloading").read_text().startswith("mine (process")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_an_interrupted_job_says_so_and_goes_on_from_there(
    number: signal.Signals, sandbox: Sandbox, folder: Path, undisturbed: Undisturbed
) -> None:
    sandbox.faults.add("silence:*20240102x1")
    command, how = job(sandbox, folder, read_timeout=30)
    with subprocess.Popen(command, **how) as first:
        wait_for(lambda: len(sandbox.requests) == 2)
        first.send_signal(number)
        said, _ = first.communicate(timeout=300)
    assert first.returncode == 130, said
    assert "interrupted; run again to resume" in said
    assert "Traceback" not in said
    assert go_on(sandbox, folder) == 0
    assert asked(sandbox) == {"20240101": 1, "20240102": 2, "20240103": 1}
    rig = Rig(sandbox.url, Store(folder / "data" / "sandbox"))
    assert rig.stored() == undisturbed()


def test_too_little_memory_ends_the_job_and_files_nothing_wrong(
    sandbox: Sandbox, folder: Path, undisturbed: Undisturbed
) -> None:
    sandbox.faults.add("huge-body:*20240102x1")
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28))  # noqa: E731
    run_job(sandbox, folder, before=limit)
    assert go_on(sandbox, folder) == 0
    rig = Rig(sandbox.url, Store(folder / "data" / "sandbox"))
    had, right = rig.stored(), undisturbed()
    assert {name for name in had if had[name] != right[name]} <= {f"{BAD}.json.gz"}
    for day in DAYS:
        content = rig.store.raw_path(Request("lmp_da_hourly", day)).read_bytes()
        dataset = DATASETS["lmp_da_hourly"]
        examine(dataset, Request(dataset.name, day), gzipped.inflate(content)).require_whole()


# what lies in the store already


def test_a_stored_byte_that_flipped_no_longer_has_the_digest_of_the_ledger(rig: Rig) -> None:
    rig.bring()
    path = rig.store.raw_path(Request("lmp_da_hourly", BAD_DAY))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    entry = rig.store.read_ledger("lmp_da_hourly", 2024)[BAD]
    assert sha256(path.read_bytes()) != entry.sha256


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda content: content[:-9], id="cut off"),
        pytest.param(lambda content: b"", id="emptied"),
        pytest.param(lambda content: content + b"more", id="longer"),
        pytest.param(lambda content: b"<html>", id="something else"),
    ],
)
def test_a_stored_day_of_another_size_is_set_aside_and_fetched_again_alone(
    spoil: Callable[[bytes], bytes], rig: Rig, sandbox: Sandbox, undisturbed: Undisturbed
) -> None:
    rig.bring()
    path = rig.store.raw_path(Request("lmp_da_hourly", BAD_DAY))
    path.write_bytes(spoil(path.read_bytes()))
    outcome = rig.bring()
    assert (outcome.already_downloaded, outcome.stored) == (2, 1)
    assert asked(sandbox)[BAD] == 2
    assert len(sandbox.requests) == 4
    assert rig.stored() == undisturbed()
    assert f"{BAD}.json.gz" in rig.rejected()


def test_a_stored_day_that_is_deleted_is_fetched_again_alone(
    rig: Rig, sandbox: Sandbox, undisturbed: Undisturbed
) -> None:
    rig.bring()
    rig.store.raw_path(Request("lmp_da_hourly", BAD_DAY)).unlink()
    rig.bring()
    assert asked(sandbox) == {"20240101": 1, BAD: 2, "20240103": 1}
    assert rig.stored() == undisturbed()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda ledger: b"", id="emptied"),
        pytest.param(lambda ledger: ledger[:-40], id="last line cut off"),
        pytest.param(lambda ledger: b"\0" * len(ledger), id="zeros"),
        pytest.param(lambda ledger: b'{"request": 7}\n[]\nnull\n\xff\n', id="junk"),
        pytest.param(
            lambda ledger: (
                ledger + b'{"request":"../../x","size":1,"sha256":"","rows":1,'
                b'"fetched":"","source":"","revision":"","missing":["x"]}\n'
            ),
            id="a request outside the folder",
        ),
    ],
)
def test_a_spoilt_ledger_costs_proofs_and_no_request(
    spoil: Callable[[bytes], bytes], rig: Rig, sandbox: Sandbox, undisturbed: Undisturbed
) -> None:
    rig.bring()
    path = rig.store.ledger_path("lmp_da_hourly", 2024)
    before = rig.store.read_ledger("lmp_da_hourly", 2024)
    path.write_bytes(spoil(path.read_bytes()))
    outcome = rig.bring()
    assert (outcome.already_downloaded, outcome.stored) == (3, 0)
    assert len(sandbox.requests) == 3
    assert rig.stored() == undisturbed()
    after = rig.store.read_ledger("lmp_da_hourly", 2024)
    assert {n: e.sha256 for n, e in after.items()} == {n: e.sha256 for n, e in before.items()}


@pytest.mark.parametrize(
    "name",
    [
        "20230105.json.gz",  # of another year
        "20240230.json.gz",  # no day
        "20240102.0004000.json.gz",  # a request under another name
        "٢٠٢٤٠١٠٥.json.gz",  # digits of another script
        "notes.json.gz",
        ".20240102.4000.unvalidated",
        ".20230105.unvalidated",
        "..unvalidated",
    ],
)
def test_a_file_with_a_strange_name_is_left_alone(
    name: str, rig: Rig, undisturbed: Undisturbed
) -> None:
    rig.bring()
    strange = rig.store.raw_dir("lmp_da_hourly", 2024) / name
    strange.write_bytes(b"strange")
    assert rig.bring().already_downloaded == 3
    assert undisturbed().items() <= rig.stored().items()


# file operations that fail


@pytest.mark.parametrize(
    ("error", "for_ever"),
    [pytest.param(errno.EIO, False, id="once"), pytest.param(errno.ENOSPC, True, id="for ever")],
)
def test_whichever_file_operation_fails_nothing_wrong_is_stored_and_the_next_run_finishes(
    error: int, for_ever: bool, sandbox: Sandbox, tmp_path: Path
) -> None:
    for n in itertools.count(1):
        sandbox._log.clear()
        one = Rig(sandbox.url, Store(tmp_path / str(n)))
        failing = FailingOperations(one.store.root, n, for_ever=for_ever, error=error)
        finished = False
        with failing.active(), contextlib.suppress(OSError, IsoneError):
            one.year(DAYS[0])
            finished = True
        assert one.marker.exists() or not finished
        if not failing.failed:
            break
        for path in one.store.raw_dir("lmp_da_hourly", 2024).glob("[0-9]*.json.gz"):
            gzipped.inflate(path.read_bytes())
        one.year(DAYS[0])
        assert len(one.stored()) == 1
        assert len(sandbox.requests) <= 2, failing.failed
    assert n > 30
    assert finished


# secrets


def test_the_password_is_in_no_file_log_or_process_list(tmp_path: Path) -> None:
    password = "canary-9f41c3-password"  # noqa: S105 - a canary
    pair = base64.b64encode(f"someone:{password}".encode()).decode()
    work = tmp_path / "work"
    work.mkdir()
    (work / "config.yaml").write_text((PROJECT / "config.yaml").read_text())
    environ = os.environ | {"ISONE_USERNAME": "someone", "ISONE_PASSWORD": password}
    with Sandbox(
        nodes=0,
        username="someone",
        password=password,
        latency=0.1,
        server_name=SERVICE,
        faults=["server-error:*20240102*x1", "login-redirect:*20240103*x1"],
    ) as service:
        config = [f"base_url={service.url}", "years=2024", "through=2024-01-04", "markets=da"]
        config += ["data_types=lmp", "retry_delay=0", "backoff_first=0.1"]
        command = command_line(*config, options=("--verbose",), targets=("download",))
        seen = 0
        with subprocess.Popen(
            command, cwd=work, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            while process.poll() is None:
                for line in Path("/proc").glob("[0-9]*/cmdline"):
                    with contextlib.suppress(OSError):
                        words = line.read_bytes().decode(errors="replace")
                        seen += "lmp_da_hourly" in words or "snakemake" in words
                        assert password not in words
                        assert pair not in words
                time.sleep(0.05)
            said = process.stdout.read().decode() if process.stdout else ""
        assert process.returncode == 0, said
        assert seen
        assert {request.status for request in service.requests} == {200, 302, 500}
    everything = [path for path in work.rglob("*") if path.is_file()]
    assert len(everything) > 10
    for secret in (password, pair):
        assert secret not in said
        assert not [path for path in everything if secret.encode() in path.read_bytes()]


def test_what_a_refused_account_is_told_does_not_hold_the_password(tmp_path: Path) -> None:
    from isone.run.sources import Credentials

    with Sandbox(nodes=0, username="someone", password="right") as service:  # noqa: S106
        rig = Rig(service.url, Store(tmp_path), credentials=Credentials("someone", "canary-wrong"))
        with pytest.raises(IsoneError, match="refused the account") as caught:
            rig.bring()
    assert "canary" not in repr(caught.value)
    assert "canary" not in repr(rig.credentials)
    assert isinstance(caught.value, IsoneError) and not isinstance(caught.value, DownloadError)
