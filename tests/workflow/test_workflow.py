"""The whole workflow, run as a user runs it, on a few synthetic days."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forked import Starter
from running import PROJECT, SERVICE, Snakemake, command_line

from isone.sandbox import Sandbox

pytestmark = pytest.mark.workflow

SMALL = ("years=2024", "through=2024-01-05", "source=sandbox", "markets=da", "retry_delay=0")
"""Five days of three datasets: 15 requests."""
STORE = Path("data/sandbox")


def days_stored(workflow: Path, dataset: str) -> set[str]:
    """The names of the responses of a dataset that lie under their final names."""
    return {path.name for path in (workflow / STORE / "raw" / dataset).rglob("[0-9]*.json.gz")}


def test_a_run_leaves_validated_days_markers_logs_and_a_summary(
    workflow: Path, snakemake: Snakemake
) -> None:
    done = snakemake(*SMALL)
    assert done.returncode == 0, done.stdout
    assert "Requests left to send: 15" in done.stdout
    assert "Successful: 3" in done.stdout
    marker = workflow / STORE / "complete" / "lmp_da_hourly" / "2024.through-20240105.json"
    manifest = json.loads(marker.read_text())
    assert manifest["synthetic_prices"] is True
    assert [request["request"] for request in manifest["requests"]] == [
        f"2024010{n}" for n in range(1, 6)
    ]
    assert len(days_stored(workflow, "lmp_da_hourly")) == 5
    (log,) = (workflow / "logs").glob("isone_lmp_da_hourly_2024_attempt1_*.log")
    stable = workflow / "logs" / "isone_lmp_da_hourly_2024.through-20240105.log"
    assert stable.read_text() == log.read_text()
    (command,) = re.findall(r"^.*Command: (.*)$", log.read_text(), re.MULTILINE)
    stored = {
        path: path.read_bytes() for path in (workflow / STORE / "raw/lmp_da_hourly").rglob("*.gz")
    }
    shutil.rmtree(workflow / STORE)
    copied = subprocess.run(["sh", "-c", command], cwd=workflow, capture_output=True, text=True)
    assert copied.returncode == 0, copied.stderr
    assert {path: path.read_bytes() for path in workflow.rglob("2*.json.gz")} == stored


def test_the_same_again_sends_no_request_and_says_so(snakemake: Snakemake) -> None:
    assert snakemake(*SMALL).returncode == 0
    again = snakemake(*SMALL)
    assert again.returncode == 0
    assert "Requests left to send: 0" in again.stdout
    assert "every day that was asked for is already downloaded and complete" in again.stdout
    assert "Nothing to be done" in again.stdout


def test_a_selection_that_grows_fetches_exactly_what_lacks(snakemake: Snakemake) -> None:
    assert snakemake(*SMALL, "data_types=lmp").returncode == 0
    with Sandbox() as sandbox:
        config = [word for word in SMALL if word != "markets=da"]
        grown = snakemake(*config, "markets=da rt", f"base_url={sandbox.url}")
        assert grown.returncode == 0, grown.stdout
        asked = [request.path for request in sandbox.requests]
    assert len(asked) == len(set(asked)) == 5 * 9 + 2 * 5
    assert not any("hourlylmp" in path for path in asked)


def test_a_dry_run_shows_the_plan_and_leaves_nothing(workflow: Path, snakemake: Snakemake) -> None:
    dry = snakemake(*SMALL, options=("-n",))
    assert dry.returncode == 0
    assert "Requests left to send: 15" in dry.stdout
    assert not (workflow / "data").exists()


def test_one_bad_day_loses_no_other_and_is_named(workflow: Path, snakemake: Snakemake) -> None:
    fault = "sandbox_faults=['missing-interval:hourlylmp/*/day/20240103']"
    done = snakemake(*SMALL, fault, options=("--restart-times", "1"))
    assert done.returncode == 1
    assert days_stored(workflow, "lmp_da_hourly") == {f"2024010{n}.json.gz" for n in (1, 2, 4, 5)}
    assert "isone_lmp_da_hourly_2024: FAILED (attempts: 2)" in done.stdout
    assert "missing 2024-01-03: the response lacks" in done.stdout
    assert "isone_regulation_5min_2024: SUCCESS" in done.stdout
    mended = snakemake(*SMALL)
    assert mended.returncode == 0
    assert "Requests left to send: 1\n" in mended.stdout


def test_stop_on_failure_keeps_the_rest_from_starting(snakemake: Snakemake) -> None:
    fault = "sandbox_faults=['not-found:hourlylmp/*/day/20240103']"
    done = snakemake(*SMALL, fault, "stop_on_failure=true", options=("--restart-times", "0"))
    assert done.returncode == 1
    assert "isone_lmp_da_hourly_2024: FAILED (attempts: 1)" in done.stdout
    assert done.stdout.count("NEVER STARTED") == 2


def test_a_wrong_password_stops_the_run_at_once_and_is_written_nowhere(
    workflow: Path, snakemake: Snakemake
) -> None:
    account = {"ISONE_USERNAME": "someone", "ISONE_PASSWORD": "canary-in-the-coal-mine"}
    with Sandbox(username="someone", password="another one", server_name=SERVICE) as sandbox:
        config = [word for word in SMALL if word != "source=sandbox"]
        done = snakemake(*config, f"base_url={sandbox.url}", environ=account)
        assert len(sandbox.requests) == 1
    assert done.returncode == 1
    assert "refused the account (401)" in done.stdout
    assert done.stdout.count("NEVER STARTED") == 2
    assert "Traceback" not in done.stdout
    left = [path for path in workflow.rglob("*") if path.is_file()]
    assert not [path for path in left if b"canary" in path.read_bytes()]


def test_the_right_password_is_accepted(snakemake: Snakemake) -> None:
    account = {"ISONE_API_USERNAME": "someone", "ISONE_API_PASSWORD": "secret"}
    with Sandbox(username="someone", password="secret", server_name=SERVICE) as sandbox:
        config = [word for word in SMALL if word != "source=sandbox"]
        done = snakemake(*config, f"base_url={sandbox.url}", environ=account)
    assert done.returncode == 0, done.stdout


def test_without_an_account_the_web_services_are_not_asked_and_the_way_to_one_is_told(
    workflow: Path, snakemake: Snakemake
) -> None:
    done = snakemake("years=2024", "source=webservices")
    assert done.returncode == 1
    assert "error: no ISO-NE account is set: set ISONE_USERNAME and ISONE_PASSWORD" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (workflow / "data").exists()


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (("yeers=2024",), "error: unknown configuration key 'yeers'; did you mean 'years'?"),
        (("years=2024", "downloads=nowhere.json"), "error: downloads: cannot read nowhere.json"),
        (("years=2024", "data_dir=config.yaml/data"), "is a file, but"),
    ],
    ids=["a key misspelt", "no such file", "a folder that cannot be"],
)
def test_a_mistake_in_the_configuration_gets_one_sentence(
    snakemake: Snakemake, config: tuple[str, ...], sentence: str
) -> None:
    done = snakemake(*config, options=("-n",))
    assert done.returncode == 1
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout


def test_a_location_that_no_list_has_is_doubted_and_the_others_are_packed(
    snakemake: Snakemake,
) -> None:
    with Sandbox() as sandbox:
        words = (*SMALL, "locations=4000,99999999", f"base_url={sandbox.url}")
        done = snakemake(*words, targets=("pack",))
        asked = [request.path for request in sandbox.requests]
    assert done.returncode == 0, done.stdout
    assert "locations: 99999999 is not in ISO-NE's list of locations" in done.stdout
    assert "location 99999999 has no price in lmp_da_hourly" in done.stdout
    assert asked[0] == "/api/v1.1/locations/all"


def test_requests_come_one_at_a_time_even_with_j8(snakemake: Snakemake) -> None:
    with Sandbox(latency=0.02) as sandbox:
        done = snakemake(*SMALL, f"base_url={sandbox.url}", options=("-j8",))
        moments = [request.when for request in sandbox.requests]
        datasets = [request.path.split("/")[3] for request in sandbox.requests]
    assert done.returncode == 0, done.stdout
    assert moments == sorted(moments)
    changes = sum(a != b for a, b in zip(datasets, datasets[1:], strict=False))
    assert changes == 2, "the jobs ran one after another"


def wait_for(condition: Callable[[], Any], seconds: float = 300) -> None:
    """Wait until a condition holds; fail where it does not in time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.02)


@pytest.fixture
def slow_sandbox() -> Any:
    """A sandbox slow enough to be interrupted."""
    with Sandbox(latency=0.15) as sandbox:
        yield sandbox


def twenty_days(sandbox: Sandbox) -> tuple[str, ...]:
    return (*SMALL, "data_types=lmp", "through=2024-01-20", f"base_url={sandbox.url}")


def start(workflow: Path, sandbox: Sandbox) -> subprocess.Popen[str]:
    """Start a run in a process group of its own, as a user does it."""
    return subprocess.Popen(
        command_line(*twenty_days(sandbox), targets=("download",)),
        cwd=workflow,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def status_in(starter: Starter, workflow: Path) -> str:
    command = [sys.executable, "-m", "isone", "status", "--data-dir", str(workflow / "data")]
    return starter.run(command, folder=PROJECT, environ=os.environ).stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_after_an_interruption_the_same_command_goes_on(
    workflow: Path,
    snakemake: Snakemake,
    starter: Starter,
    slow_sandbox: Sandbox,
    number: signal.Signals,
) -> None:
    first = start(workflow, slow_sandbox)
    wait_for(lambda: len(days_stored(workflow, "lmp_da_hourly")) >= 5)
    os.killpg(first.pid, number)
    said, _ = first.communicate(timeout=300)
    assert first.returncode != 0
    if number == signal.SIGINT:
        assert "INTERRUPTED" in said
        assert "Traceback" not in said
        assert "before it could say how" not in said
    if number == signal.SIGKILL:  # Snakemake cannot take its own lock away then
        wait_for(lambda: "INTERRUPTED (attempts: 1)" in status_in(starter, workflow))
        said = status_in(starter, workflow)  # its parent has seen it
        assert "it ended before it could say how: somebody killed it" in said
        assert snakemake(*SMALL, options=("--unlock",), targets=()).returncode == 0
    slow_sandbox.latency = 0
    second = snakemake(*twenty_days(slow_sandbox))
    assert second.returncode == 0, second.stdout
    asked = [request.path for request in slow_sandbox.requests]
    assert len(set(asked)) == 20
    assert len(asked) <= 21, "at most the request that was under way is repeated"


def test_an_orphan_of_a_killed_snakemake_keeps_a_second_downloader_out(
    workflow: Path, slow_sandbox: Sandbox
) -> None:
    first = start(workflow, slow_sandbox)
    wait_for(lambda: len(days_stored(workflow, "lmp_da_hourly")) >= 2)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    hand = [
        *(sys.executable, str(PROJECT / "scripts" / "download_lmp.py")),
        *("--start-date", "2024-01-01", "--end-date", "2024-01-01", "--market-types", "da"),
        *("--source", "sandbox", "--base-url", slow_sandbox.url),
    ]
    rejected = subprocess.run(hand, cwd=workflow, capture_output=True, text=True, timeout=300)
    os.killpg(first.pid, signal.SIGTERM)
    first.communicate(timeout=300)
    assert rejected.returncode == 1
    assert "isone_lmp_da_hourly_2024 (process" in rejected.stderr
    assert "is downloading into data/sandbox; let it finish" in rejected.stderr
    wait_for(lambda: subprocess.run(hand, cwd=workflow, capture_output=True).returncode == 0)


def test_custom_downloads_run_with_marker_log_retries_and_summary(
    workflow: Path, snakemake: Snakemake
) -> None:
    script = "scripts/download_ancillary_services.py"
    january = ["--start-date", "2025-01-01", "--end-date", "2025-01-02", "--max-concurrent", "1"]
    failing = ["--start-date", "2025-01-05", "--end-date", "2025-01-05"]
    failing += ["--config", "sandbox_faults=not-found"]
    ahead = [*january, "--end-date", "2099-12-31", "--config", "through=2025-01-02"]
    downloads = [
        {"name": "good", "script": script, "args": january},
        {"name": "ahead", "script": script, "args": ahead},
        {"name": "bad", "script": script, "args": failing, "stop_on_failure": True},
        {"name": "late", "script": script, "args": january},
    ]
    (workflow / "my_downloads.json").write_text(json.dumps(downloads))
    config = ("downloads=my_downloads.json", "source=sandbox", "retry_delay=0")
    done = snakemake(*config, options=("--restart-times", "1"))
    assert done.returncode == 1
    assert "good: SUCCESS (attempts: 1)" in done.stdout
    assert "   regulation_5min ends on 2025-01-02, because through says so" in done.stdout
    assert "bad: FAILED (attempts: 2)" in done.stdout
    assert "late: NEVER STARTED" in done.stdout
    assert (workflow / STORE / "complete" / "custom" / "good.json").exists()
    assert len(list((workflow / "logs").glob("bad_attempt*.log"))) == 2
    assert len(days_stored(workflow, "regulation_5min")) == 2


def test_the_status_shows_the_run_while_it_goes_on_and_afterwards(
    workflow: Path, starter: Starter, slow_sandbox: Sandbox
) -> None:
    assert "No run has been started" in status_in(starter, workflow)
    running = start(workflow, slow_sandbox)
    wait_for(lambda: len(days_stored(workflow, "lmp_da_hourly")) >= 9)
    os.killpg(running.pid, signal.SIGSTOP)  # it does not end while a busy machine looks at it
    seen = status_in(starter, workflow)
    os.killpg(running.pid, signal.SIGCONT)
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=300)
    assert "isone_lmp_da_hourly_2024: RUNNING (attempts: 1)" in seen
    assert " of 20 days" in seen
    assert "a minute, done at 20" in seen
    assert "isone_lmp_da_hourly_2024: INTERRUPTED" in status_in(starter, workflow)
