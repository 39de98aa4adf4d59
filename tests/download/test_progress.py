"""What a download shows while it runs: a bar on a terminal, with what is said above it."""

import os
import pty
import re
import subprocess
import sys

import pytest
from running import PROJECT

PROGRAM = """
import datetime as dt, logging, sys
from isone.run.console import ConsoleHandler, say
from types import SimpleNamespace
from isone.market.requests import Request
from isone.download.progress import DownloadProgress

class Client:
    requests_sent = 7
    retries = SimpleNamespace(count=0, waited=0.0)

log = logging.getLogger("isone")
log.setLevel(logging.INFO)
log.addHandler(ConsoleHandler())
say("before the bar")
with DownloadProgress("isone_mine_2024", Client(), 3) as progress:
    requests = [Request("lmp_da_hourly", dt.date(2024, 1, day)) for day in (1, 2, 3)]
    progress.plan(requests)
    log.info("noted [red] of\\n%s", "two lines" + ", and more" * 12)
    progress.request(requests[0], done=True)
    progress.wait(5, "the service asks for patience: half a minute")
say("after the bar")
say("rich" if "rich" in sys.modules else "no rich")
"""
LONG = "two lines" + ", and more" * 12


def on_a_terminal(program: str) -> str:
    """What a program writes to a terminal of 90 columns."""
    leader, follower = pty.openpty()
    environ = os.environ | {"TERM": "xterm-256color", "COLUMNS": "90"}
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, stderr=follower, env=environ
    ) as process:
        os.close(follower)
        written = b""
        while chunk := read(leader):
            written += chunk
        assert process.wait() == 0
    os.close(leader)
    return written.decode()


def read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # nobody has the other end open any more
        return b""


def test_on_a_terminal_lines_stand_whole_above_a_bar_that_is_gone_in_the_end() -> None:
    shown = on_a_terminal(PROGRAM)
    assert "0/3 days" in shown and "1/3 days" in shown and "waiting until" in shown
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in shown.split("\r\n")]
    said = [line.rpartition("\r")[2] for line in lines]
    assert said[0] == "before the bar"
    assert said.index("noted [red] of") + 1 == said.index(LONG)
    assert said[-3:] == ["after the bar", "rich", ""]
    assert shown.rindex("\x1b[2K") > shown.rindex("days")


def test_without_a_terminal_there_are_lines_alone_and_no_rich() -> None:
    environ = os.environ | {"FORCE_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=PROJECT, stderr=subprocess.PIPE, text=True, env=environ
    )
    assert done.returncode == 0
    lines = ["before the bar", "noted [red] of", LONG, "after the bar", "no rich"]
    assert done.stderr.splitlines() == lines


LATER = """
    progress._shown -= 60  # as a minute later
    progress._told -= 60
    progress.request(requests[1], done=True)
"""


@pytest.mark.parametrize("screen", ["lines", "bars", "quiet"])
def test_under_a_screen_a_job_speaks_only_where_that_has_no_bars(screen: str) -> None:
    program = PROGRAM.replace("log.addHandler(ConsoleHandler())", "")
    program = program.replace('half a minute")\n', f'half a minute")\n{LATER.strip(chr(10))}\n')
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"ISONE_SCREEN": screen},
    )
    assert done.returncode == 0, done.stderr
    first, *said, last, _ = done.stderr.splitlines()
    assert (first, last) == ("before the bar", "after the bar")
    if screen == "lines":
        waiting, news = said
        assert waiting.startswith("isone_mine_2024: waiting until ")
        assert waiting.endswith(": the service asks for patience: half a minute")
        assert news.startswith("isone_mine_2024: 2 of 3 days, ")
        assert "1 request left" in news
    else:
        assert said == []
