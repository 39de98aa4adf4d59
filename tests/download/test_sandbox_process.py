"""The sandbox beside a job: there for as long as it is needed, and ended with the job."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
import requests
from running import PROJECT

from isone.download import sandbox_process
from isone.errors import IsoneError, UsageError
from isone.run.settings import SandboxOptions

OPTIONS = SandboxOptions(nodes=2, latency=0.0, faults=())
DAY = "/hourlylmp/da/final/day/20240101.json"
PROGRAM = """
import signal, time
from isone.download import sandbox_process
from isone.run.settings import SandboxOptions

signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
with sandbox_process.running(SandboxOptions(2, 0.0, ())) as url:
    print(url, flush=True)
    while True:
        time.sleep(60)
"""


def answers(url: str) -> bool:
    try:
        return requests.get(url + DAY, timeout=30).status_code == 200
    except requests.ConnectionError:
        return False


def test_it_answers_as_the_sandbox_does_and_is_gone_after_the_block() -> None:
    with sandbox_process.running(OPTIONS) as url:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/api/v1\.1", url)
        response = requests.get(url + DAY, timeout=30)
        assert response.headers["Server"] == "isone-sandbox"
        assert len(response.json()["HourlyLmps"]["HourlyLmp"]) == 24 * (1 + 8 + 7 + 2)
    assert not answers(url)


def test_latency_and_faults_are_those_of_the_configuration() -> None:
    options = SandboxOptions(nodes=2, latency=0.2, faults=(f"server-error:*{DAY}x1",))
    with sandbox_process.running(options) as url:
        began = time.monotonic()
        assert requests.get(url + DAY, timeout=30).status_code == 500
        assert time.monotonic() - began >= 0.2
        assert answers(url)


def test_a_fault_that_there_is_not_is_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    options = SandboxOptions(nodes=2, latency=0.0, faults=("earthquake",))
    with pytest.raises(UsageError, match="no fault named 'earthquake'"):
        sandbox_process.running(options).__enter__()


def test_one_that_does_not_start_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(IsoneError, match=r"the sandbox did not start \(exit code 1\)"):
        sandbox_process.running(OPTIONS).__enter__()


def test_ctrl_c_leaves_it_to_the_job_and_a_killed_job_takes_it_along() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.stdout.readline() == "interrupted\n"
        assert answers(url)
        process.kill()
    ends = time.monotonic() + 30
    while answers(url):
        assert time.monotonic() < ends
        time.sleep(0.05)
