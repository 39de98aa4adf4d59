"""Custom downloads: what their JSON may say, and what it may not."""

import base64
import datetime as dt
import json
import logging
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from isone.errors import UsageError
from isone.market import market_time
from isone.run import arguments, custom
from isone.run.custom import CustomDownload
from isone.run.settings import PROJECT
from isone.store import markers
from isone.store.store import Store

GOOD: dict[str, Any] = {
    "name": "isone_lmp_2025",
    "script": "scripts/download_lmp.py",
    "args": ["--start-date", "2025-01-01", "--end-date", "2025-12-31"],
}


def written(folder: Path, content: Any) -> Path:
    """A file with this content: text as it is, anything else as JSON."""
    path = folder / "downloads.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def test_the_example_is_read() -> None:
    first, second = custom.read_downloads(PROJECT / "docs" / "example_downloads.json")
    assert (first.name, second.name) == ("isone_lmp_2025", "isone_as_2025")
    assert first.command[1:] == [str(PROJECT / "scripts" / "download_lmp.py"), *first.args]
    assert first.stop_on_failure is False


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("[{]", "is not valid JSON", id="no JSON"),
        pytest.param({"name": "x"}, ": a mapping is not a list", id="no list"),
        pytest.param([], "the list is empty", id="an empty list"),
        pytest.param([{"name": "x", "args": []}], "entry 1: script must be given", id="lacking"),
        pytest.param(
            [GOOD | {"arg": []}],
            "entry 1: unknown key 'arg'; known: name, script, args",
            id="a field misspelt",
        ),
        pytest.param(
            [GOOD | {"args": "--help"}], "entry 1, args: '--help' is not a list", id="args as text"
        ),
        pytest.param([GOOD | {"stop_on_failure": 1}], "1 is not true or false", id="no boolean"),
        pytest.param([GOOD, GOOD], "more than once", id="a name twice"),
        pytest.param([GOOD | {"name": "../x"}], "cannot name a job", id="a path for a name"),
        pytest.param(
            [GOOD | {"script": "/bin/true"}], "outside the project", id="an absolute path"
        ),
        pytest.param([GOOD | {"script": "../x.py"}], "outside the project", id="a way out"),
        pytest.param([GOOD | {"script": "scripts/x.py"}], "there is no program", id="no such file"),
        pytest.param([GOOD | {"script": "LICENSE"}], "nor executable", id="no program"),
        pytest.param(
            '[{"name": "x", "name": "y", "script": "z", "args": []}]',
            "the key 'name' is twice in one entry",
            id="a key twice",
        ),
        pytest.param('[\n  {"name": 1 "x"}\n]', "in line 2, column 14", id="where it is no JSON"),
        pytest.param(
            '[\n  {"name": "x"},\n]',
            "a comma with nothing after it, before line 3, column 1",
            id="a comma at the end of a list",
        ),
        pytest.param(
            '[{"name": "x",}]',
            "a comma with nothing after it, before line 1, column 15",
            id="a comma at the end of an entry",
        ),
    ],
)
def test_a_mistake_gets_one_sentence(tmp_path: Path, content: Any, sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        custom.read_downloads(written(tmp_path, content))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(
            ["--strat-date", "2025-01-01", "--end-date", "2025-01-02"],
            "mine: unknown option '--strat-date'; did you mean '--start-date'?",
            id="an option misspelt",
        ),
        pytest.param(
            ["--start-date", "2025-01-32", "--end-date", "2025-02-01"],
            "mine: --start-date: '2025-01-32' is not a date; write YYYY-MM-DD",
            id="no date",
        ),
        pytest.param(
            ["--start-date", "2025-01-02", "--end-date", "2025-01-01"],
            "mine: --end-date 2025-01-01 is before --start-date 2025-01-02",
            id="backwards",
        ),
        pytest.param(["--start-date", "2025-01-01"], "required: --end-date", id="lacking"),
        pytest.param([*GOOD["args"], "more"], "unrecognized arguments: more", id="a word too many"),
        pytest.param([*GOOD["args"], "--help"], "mine: --help downloads nothing", id="help"),
        pytest.param([*GOOD["args"], "--max-concurrent", "4"], "can only be 1", id="in parallel"),
        pytest.param(
            [*GOOD["args"], "--market-types", "dax"], "markets: 'dax' is not", id="a market"
        ),
        pytest.param(
            [*GOOD["args"], "--locations", "x"],
            "locations: 'x' is not a valid value",
            id="a location",
        ),
        pytest.param([*GOOD["args"], "--source", "api"], "source: 'api' is not", id="a source"),
        pytest.param(
            [*GOOD["args"], "--config", "revison=final"],
            "unknown configuration key 'revison'; did you mean 'revision'?",
            id="a key",
        ),
        pytest.param([*GOOD["args"], "--config", "final"], "is no KEY=VALUE", id="no key at all"),
    ],
)
def test_what_our_own_scripts_do_not_take_is_rejected_when_the_file_is_read(
    tmp_path: Path, words: list[str], sentence: str
) -> None:
    with pytest.raises(UsageError) as error:
        custom.read_downloads(written(tmp_path, [GOOD | {"name": "mine", "args": words}]))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_every_entry_that_is_wrong_is_named(tmp_path: Path) -> None:
    words = {"first": ["--strat-date", "x"], "good": GOOD["args"], "last": ["--start-date", "x"]}
    entries = [GOOD | {"name": name, "args": args} for name, args in words.items()]
    with pytest.raises(UsageError) as error:
        custom.read_downloads(written(tmp_path, entries))
    first, last = str(error.value).split("; downloads: ")
    assert first.startswith("downloads: first: unknown option '--strat-date'")
    assert last.startswith("last: ")


def test_the_run_s_configuration_counts_for_what_the_arguments_leave_open(tmp_path: Path) -> None:
    constraints = GOOD | {"script": "scripts/download_constraints.py"}
    path = written(tmp_path, [constraints])
    assert custom.read_downloads(path, {"markets": "da"})
    with pytest.raises(UsageError, match="isone_lmp_2025: markets: rt-hourly has none"):
        custom.read_downloads(path, {"markets": "rt-hourly"})


def test_the_arguments_of_other_programs_are_their_own_affair(tmp_path: Path) -> None:
    entry = GOOD | {"script": "scripts/draw_workflow.py", "args": ["--strat-date", "tomorrow"]}
    assert custom.read_downloads(written(tmp_path, [entry]))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*nowhere\.json"):
        custom.read_downloads(tmp_path / "nowhere.json")


# running


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the project's, for programs of the tests' own."""
    folder = (tmp_path / "project").resolve()
    folder.mkdir()
    for module in (custom, arguments):
        monkeypatch.setattr(module, "PROJECT", folder)
    return folder


def program(project: Path, text: str, script: str = "mine.py") -> CustomDownload:
    """A Python program in the project, as a custom download."""
    path = project / script
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return CustomDownload("mine", path, ("--start-date", "2025-01-01"), False)


SECRETS = {
    "ISONE_USERNAME": "someone",
    "ISONE_PASSWORD": "canary-account",
    "ISONE_API_USERNAME": "somebody",
    "ISONE_API_PASSWORD": "canary-second",
    "PGPASSWORD": "canary-database",
    "HTTPS_PROXY": "http://me:canary-proxy@127.0.0.1:9",
    "all_proxy": "me:canary-short@127.0.0.1:9",
    "HTTP_PROXY": "http://me:canary%2Dlong@more@127.0.0.1:9",
    "ISONE_NOTIFY": "json://who:canary-mail@127.0.0.1:9/canary-token slack://canary-A/canary-B",
}


def test_a_program_inherits_no_password_but_the_account_that_our_own_scripts_need(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.INFO)
    text = f"import os; print(sorted(os.environ.keys() & {[*SECRETS, 'ISONE_CONFIG']!r}))"
    needed = ["HTTPS_PROXY", "HTTP_PROXY", "ISONE_CONFIG", "all_proxy"]
    custom.run_program(program(project, text), {"source": "sandbox"})
    custom.run_program(program(project, text, "scripts/download_lmp.py"), {"source": "sandbox"})
    account = [name for name in SECRETS if name.startswith("ISONE_") and "NOTIFY" not in name]
    assert caplog.messages == [str(needed), str(sorted([*needed, *account]))]


def test_what_a_program_prints_of_a_password_is_taken_out(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine webservices.iso-ne.com login x password canary-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    caplog.set_level(logging.INFO)
    basic = [
        base64.b64encode(f"{name}:{password}".encode()).decode()
        for name, password in (("someone", "canary-account"), ("somebody", "canary-second"))
    ]
    told = [*SECRETS.values(), *SECRETS["ISONE_NOTIFY"].split(), *basic, "canary-netrc"]
    told += ["canary-mail", "canary-token", "canary-A", "canary-long@more", "fine"]
    custom.run_program(program(project, f"for each in {told!r}: print('said', each)"), {})
    assert len(caplog.messages) == len(told)
    assert caplog.messages[-1] == "said fine"
    assert caplog.messages[0] == "said someone"
    assert not [said for said in caplog.messages if "canary" in said or said[5:] in basic]


def test_lines_come_as_they_are_printed_and_the_exit_code_at_the_end(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    text = (
        "import sys\n"
        r"sys.stdout.buffer.write('one\r\ntwo\rthree €\n'.encode() + b'\xff\nlast')"
        "\nsys.exit(7)"
    )
    assert custom.run_program(program(project, text), {}) == 7
    assert caplog.messages == ["one", "two", "three €", "\N{REPLACEMENT CHARACTER}", "last"]


@pytest.mark.parametrize("talks", [False, True], ids=["silent", "talking"])
def test_what_a_program_leaves_in_the_background_does_not_keep_the_job_running(
    project: Path, caplog: pytest.LogCaptureFixture, talks: bool
) -> None:
    caplog.set_level(logging.INFO)
    child = (
        "import time\nfor _ in range(3000): time.sleep(0.1)" + "; print('x', flush=True)" * talks
    )
    text = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "print(child.pid, flush=True)\nprint('done')"
    )
    began = time.monotonic()
    assert custom.run_program(program(project, text), {}) == 0
    os.kill(int(caplog.messages[0]), signal.SIGKILL)
    assert time.monotonic() - began < 100
    assert "done" in caplog.messages
    assert caplog.messages[-1] == "what it left behind in the background is not waited for"


# markers


Config = dict[str, Any]
NOON = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)


def ours(*words: str) -> CustomDownload:
    script = PROJECT / "scripts" / "download_lmp.py"
    return CustomDownload("mine", script, ("--start-date", "2026-06-01", *words), False)


def mark(store: Store, download: CustomDownload, config: Config, at: dt.datetime) -> None:
    made_from = custom.made_from(download, config, at)
    markers.write(store.marker_path("custom", "mine"), made_from, name="mine")


def holds(store: Store, download: CustomDownload, config: Config, at: dt.datetime) -> bool:
    made_from = custom.made_from(download, config, at)
    return markers.holds(store.marker_path("custom", "mine"), made_from)


def test_a_marker_says_how_far_its_days_were_published_and_is_outdated_once_there_are_more(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    config = {"markets": ["da", "rt"]}
    ahead = ours("--end-date", "2026-12-31")
    over = ours("--end-date", "2026-06-02")
    mark(store, ahead, config, NOON)
    said = json.loads(store.marker_path("custom", "mine").read_bytes())["made_from"]
    assert said["end_date"] == "2026-12-31"
    assert said["through"] == {"lmp_da_hourly": "2026-06-15", "lmp_rt_5min": "2026-06-14"}
    assert said["final_through"]["lmp_rt_5min"] < "2026-06-14"
    assert holds(store, ahead, config, NOON)
    tomorrow = NOON + dt.timedelta(days=1)
    assert not holds(store, ahead, config, tomorrow)

    mark(store, over, config, NOON)
    later = NOON + dt.timedelta(days=300)
    assert holds(store, over, config, later)
    assert not holds(store, ours("--end-date", "2026-06-03"), config, later)


def test_days_that_are_still_preliminary_outdate_a_marker_when_they_become_final(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    recent = ours("--end-date", "2026-06-14", "--market-types", "rt")
    mark(store, recent, {}, NOON)
    month = NOON + dt.timedelta(days=30)
    assert not holds(store, recent, {}, month)
    mark(store, recent, {}, month)
    assert holds(store, recent, {}, month + dt.timedelta(days=30))


def test_days_that_are_not_published_are_named() -> None:
    ahead = ours("--end-date", "2026-12-31", "--market-types", "rt")
    assert custom.open_ends(ahead, {}, NOON) == [
        "lmp_rt_5min is published to 2026-06-14; run again later for the days to 2026-12-31"
    ]
    pinned = {"through": "2026-06-10"}
    assert custom.open_ends(ahead, pinned, NOON) == [
        "lmp_rt_5min ends on 2026-06-10, because through says so; 2026-12-31 was asked for"
    ]
    assert custom.open_ends(ours("--end-date", "2026-06-02"), {}, NOON) == []


def test_another_program_s_marker_stays_while_its_entry_does(tmp_path: Path) -> None:
    store = Store(tmp_path)
    other = CustomDownload("mine", PROJECT / "scripts" / "draw_workflow.py", ("a b",), False)
    mark(store, other, {}, NOON)
    assert holds(store, other, {}, NOON + dt.timedelta(days=900))
    changed = CustomDownload("mine", other.script, ("a", "b"), False)
    assert not holds(store, changed, {}, NOON)


@pytest.mark.parametrize("name", ["isone_lmp_da_hourly_2024", "verify", "load_duckdb", "reconcile"])
def test_a_name_of_the_workflow_s_own_jobs_is_rejected(tmp_path: Path, name: str) -> None:
    entry = {"name": name, "script": "scripts/draw_workflow.py", "args": []}
    path = tmp_path / "downloads.json"
    path.write_text(json.dumps([entry]))
    with pytest.raises(UsageError, match=f"'{name}' is the name of a job of this workflow"):
        custom.read_downloads(path)
