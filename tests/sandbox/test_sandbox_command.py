"""`python -m isone.sandbox` starts, serves, stops and refuses as it says."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from isone.sandbox import FAULTS

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(*options: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command on a free port, with its base URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "isone.sandbox", "--port", "0", "--nodes", "0", *options],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.communicate()


def ended(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "isone.sandbox", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_it_prints_its_url_serves_and_stops_without_a_traceback(number: signal.Signals) -> None:
    with running() as (url, process):
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/api/v1\.1", url)
        assert requests.get(f"{url}/locations", timeout=60).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("number", [None, signal.SIGINT, signal.SIGTERM])
def test_asked_to_it_stops_with_its_input_too(number: signal.Signals | None) -> None:
    with running("--until-end-of-input") as (url, process):
        assert requests.get(f"{url}/locations", timeout=60).status_code == 200
        if number:
            process.send_signal(number)
            assert process.wait(timeout=60) == 0
        out, err = process.communicate(timeout=60)  # which closes its input
        assert (process.returncode, out, err) == (0, "", "")


def test_the_login_is_read_from_the_environment() -> None:
    login = {"ISONE_SANDBOX_USERNAME": "someone", "ISONE_SANDBOX_PASSWORD": "canary"}
    with running("--require-login", **login) as (url, _):
        asked = requests.get(f"{url}/locations", auth=("someone", "canary"), timeout=60)
        assert asked.status_code == 200
        assert requests.get(f"{url}/locations", timeout=60).status_code == 401


def test_the_login_is_sandbox_and_sandbox_where_the_environment_names_none() -> None:
    none = {"ISONE_SANDBOX_USERNAME": "", "ISONE_SANDBOX_PASSWORD": ""}
    with running("--require-login", **none) as (url, _):
        asked = requests.get(f"{url}/locations", auth=("sandbox", "sandbox"), timeout=60)
        assert asked.status_code == 200


def test_the_options_reach_the_sandbox(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with running(
        *("--today", "2024-01-02", "--fault", "server-error:*/infox1", "--request-log", str(log))
    ) as (url, _):
        day = f"{url}/hourlylmp/da/final/day"
        assert requests.get(f"{day}/20240104", timeout=60).json() == {"HourlyLmps": ""}
        assert requests.get(f"{url}/hourlylmp/da/final/info", timeout=60).status_code == 500
        assert len(log.read_text().splitlines()) == 2


def test_it_lists_each_fault_in_a_line() -> None:
    lines = ended("--list-faults").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(FAULTS)
    assert all(len(line.split()) > 2 for line in lines)


def test_help_explains_every_option() -> None:
    text = ended("--help").stdout
    for option in ("port", "nodes", "today", "replay", "latency", "rate-limit", "fault", "hold"):
        assert re.search(rf"--{option} \S+\s+\S+", text), option


@pytest.mark.parametrize(
    "options",
    [
        ("--port", "99999"),
        ("--port", "http"),
        ("--host", "0.0.0.0"),  # noqa: S104 - it is rejected
        ("--today", "yesterday"),
        ("--fault", "nonsense"),
        ("--replay", "/does/not/exist"),
        ("--request-log", "/does/not/exist/log"),
        ("--nonsense",),
    ],
    ids=" ".join,
)
def test_a_bad_option_is_one_sentence_and_exit_code_2(options: tuple[str, ...]) -> None:
    result = ended(*options)
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("python -m isone.sandbox: ")


def test_a_port_in_use_is_one_sentence_and_exit_code_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = ended("--port", str(port))
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert str(port) in result.stderr
