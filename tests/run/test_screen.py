"""What a person sees of a run: a line for each job, sentences for failures, bars that fit."""

import io
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from isone.run import bars, progress, status
from isone.run.bars import Doing
from isone.run.plan import Plan
from isone.run.screen import Screen
from isone.store.store import Store

NAME = "isone_lmp_da_hourly_2024"
LOG = f"logs/{NAME}.through-20240103.log"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv(status.ROOT, str(tmp_path))
    monkeypatch.setenv(status.VARIABLE, status.new_id())
    return Store(tmp_path)


class Terminal:
    """A screen that writes into a text, fed with what Snakemake reports."""

    def __init__(self, width: int = 80, is_terminal: bool = False, **options: Any) -> None:
        self._text = io.StringIO()
        console = Console(
            file=self._text,
            width=width,
            soft_wrap=True,
            highlight=False,
            force_terminal=is_terminal,
            no_color=True,
        )
        self._screen = Screen(console, **options)

    def report(self, text: str = "None", event: str = "", **told: Any) -> None:
        level = told.pop("level", logging.INFO)
        record = logging.LogRecord("snakemake", level, "", 0, text, None, None)
        self._screen.show(_with(record, {"event": event, **told}))

    def begin(self, jobid: int = 1, log: str = LOG) -> None:
        message = "Download lmp_da_hourly 2024.through-20240103"
        self.report(
            event="job_info",
            jobid=jobid,
            rule_msg=message,
            rule_name="download_prices",
            log=[log],
            wildcards={"dataset": "lmp_da_hourly", "period": "2024.through-20240103"},
        )

    @property
    def lines(self) -> list[str]:
        return self._text.getvalue().splitlines()


def _with(record: logging.LogRecord, told: dict[str, Any]) -> logging.LogRecord:
    record.__dict__.update(told)
    return record


def tell(store: Store, name: str = NAME, **facts: Any) -> None:
    path = status.status_path(store, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": name, **facts}))


def test_a_job_that_ends_is_one_line_with_what_it_made(store: Store) -> None:
    terminal = Terminal()
    terminal.report(event="run_info", stats={"download_prices": 1, "all": 1, "total": 2})
    terminal.begin()
    tell(store, state="succeeded", made="3 days, 3 requests")
    terminal.report(event="job_finished", job_id=1)
    todo, begins, ends = terminal.lines
    assert todo == "1 job to do: 1 download_prices"
    assert begins == "[1/1] Download lmp_da_hourly 2024 to 01-03 begins"
    assert ends == "[1/1] Download lmp_da_hourly 2024 to 01-03: 3 days, 3 requests, 0 s"


def test_a_failure_is_our_sentence_and_the_log_and_nothing_of_snakemakes(store: Store) -> None:
    terminal = Terminal()
    terminal.begin()
    tell(store, state="failed", attempt=3, attempts=3, message="it is not so", log="logs/x.log")
    terminal.report("RuleException:\nCalledProcessError in file x", level=logging.ERROR)
    terminal.report(event="job_error", jobid=1, rule_name="download_prices")
    terminal.report("RuleException:\nCalledProcessError in file x", level=logging.ERROR)
    terminal.report("Exiting because a job execution failed. Look below for error messages")
    terminal.report("WorkflowError:\nAt least one job did not complete", level=logging.ERROR)
    text = "\n".join(terminal.lines)
    assert "FAILED, attempt 3 of 3" in text
    assert "it is not so" in text
    assert "log: logs/x.log" in text
    assert "CalledProcessError" not in text.partition("FAILED")[2]
    assert "Exiting" not in text


def test_a_job_that_was_killed_says_so(store: Store) -> None:
    terminal = Terminal()
    terminal.begin()
    tell(store, state="running", attempt=1, attempts=1)
    terminal.report(event="job_error", jobid=1, rule_name="download_prices")
    assert "ended before it could say how" in "\n".join(terminal.lines)


def test_a_job_that_was_interrupted_has_not_failed(store: Store) -> None:
    terminal = Terminal()
    terminal.begin()
    tell(store, state="interrupted", attempt=1, attempts=3, message="interrupted; run again")
    terminal.report(event="job_error", jobid=1, rule_name="download_prices")
    text = "\n".join(terminal.lines)
    assert "INTERRUPTED, attempt 1 of 3" in text
    assert "FAILED" not in text


def test_a_job_that_ctrl_c_ended_before_it_could_say_so_was_interrupted(store: Store) -> None:
    terminal = Terminal()
    terminal.begin()
    tell(store, state="running", attempt=1, attempts=3)
    terminal.report("Terminating processes on user request, this might take some time.")
    terminal.report(event="job_error", jobid=1, rule_name="download_prices")
    text = "\n".join(terminal.lines)
    assert "INTERRUPTED" in text
    assert "interrupted; run again to resume" in text
    assert "killed" not in text


CUT_SHORT = (
    "KeyboardInterrupt:\n  Wildcards:\n  (rule write_report, line 12, /p/rules/report.smk)",
    'Traceback (most recent call last):\n  File "Snakefile", line 17\nKeyboardInterrupt',
)


@pytest.mark.parametrize("words", CUT_SHORT, ids=["while a rule is decided on", "while reading"])
def test_ctrl_c_while_snakemake_reads_or_decides_is_said_once_and_without_its_words(
    words: str,
) -> None:
    terminal = Terminal()
    terminal.report(words, event="error", level=logging.ERROR)
    terminal.report(words, event="error", level=logging.ERROR)
    assert terminal.lines == ["interrupted; run again to resume"]


def test_after_ctrl_c_a_job_that_ends_was_interrupted_whatever_snakemake_was_at(
    store: Store,
) -> None:
    terminal = Terminal()
    terminal.begin()
    tell(store, state="running", attempt=1, attempts=3)
    terminal.report(CUT_SHORT[0], event="error", level=logging.ERROR)
    terminal.report(event="job_error", jobid=1, rule_name="download_prices")
    assert "INTERRUPTED" in "\n".join(terminal.lines)


def test_how_long_a_job_took_is_not_broken(store: Store) -> None:
    terminal = Terminal(width=76, is_terminal=True, quiet=True)
    terminal.begin()
    tell(store, state="succeeded", made="3,294 new responses, 3,294 requests")
    terminal._screen._jobs[1].began -= 61
    terminal.report(event="job_finished", job_id=1)
    assert terminal.lines[-1].strip() == "1 min 1 s"


def test_a_warning_that_is_noted_is_said_once(store: Store) -> None:
    terminal = Terminal()
    terminal.begin()
    noted, warnings = ["4000 is retired"], ["4000 is retired", "a", "b", "c", "d"]
    tell(store, state="succeeded", noted=noted, warnings=warnings, warned=7, log="x.log")
    terminal.report(event="job_finished", job_id=1)
    assert [line.strip() for line in terminal.lines[2:]] == [
        "4000 is retired",
        *("warning: a", "warning: b", "warning: c"),
        "and 3 more warnings: x.log",
    ]


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_line_is_wider_than_the_terminal_but_for_a_path(width: int) -> None:
    terminal, path = Terminal(width, is_terminal=True, quiet=True), "x" * 200
    text = f"{'#' * 80}\n#   1. {'word ' * 40}\n{'word ' * 40}\nReport    {path}"
    terminal.report(text, isone=True)
    *lines, last = terminal.lines
    assert max(map(len, lines)) <= width
    assert last == f"Report    {path}"
    assert all(line.startswith(("#", "word", "  ")) for line in lines)


def test_a_command_to_copy_and_what_goes_to_a_file_are_broken_nowhere() -> None:
    for terminal, whole in ((Terminal(40), False), (Terminal(40, is_terminal=True), True)):
        terminal.report("word " * 40, isone=True, isone_whole=whole)
        assert len(terminal.lines) == 1


def test_a_bar_keeps_its_name_where_the_reason_to_wait_is_long() -> None:
    waiting = "waiting until 12:00:00: the name of the service cannot be looked up"
    (line,) = bars.lines([Doing("lmp_da_hourly 2024", 0, 366, "days", waiting)], 77)
    assert line.startswith("lmp_da_hourly 2024  ─")
    assert "0/366 days  waiting until 12:00:00" in line
    assert line.endswith("…")


def test_a_bar_leaves_room_for_what_the_terminal_writes_behind_it() -> None:
    text = io.StringIO()
    console = Console(file=text, width=40, force_terminal=True, highlight=False, no_color=True)
    shown = bars.Bars(console, lambda: [Doing("x" * 90, 1, 2, "days", "5 s left")])
    shown.start()
    shown.stop()
    line = next(
        line for line in re.split(r"\x1b\[\S*?[A-Za-z]|\r|\n", text.getvalue()) if "━" in line
    )
    assert len(f"{line.rstrip()}^C") < 40


def test_what_is_unknown_is_shown_and_chatter_is_not() -> None:
    terminal = Terminal()
    terminal.report("Building DAG of jobs...")
    terminal.report("Select jobs to execute...")
    terminal.report("Migrating .snakemake folder to new format...")
    terminal.report("Something that nobody has seen before.")
    terminal.report("the header", isone=True)
    assert terminal.lines == ["Something that nobody has seen before.", "the header"]


def test_verbose_shows_all_and_quiet_only_what_went_wrong() -> None:
    loud, quiet = Terminal(verbose=True), Terminal(quiet=True)
    for terminal in (loud, quiet):
        terminal.report("Building DAG of jobs...")
        terminal.report("look out", level=logging.WARNING)
    assert loud.lines == ["Building DAG of jobs...", "look out"]
    assert quiet.lines == ["look out"]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 160])
def test_bars_are_never_wider_than_the_terminal(width: int) -> None:
    doing = [
        Doing("lmp_rt_5min 2024 with a name that is long", 120, 366, "days", "1 h 3 min left"),
        Doing("all downloads", 1200, 13394, "requests", "waiting until 12:00:00: busy (429)"),
        Doing("page", 0, 0, ""),
    ]
    drawn = bars.lines(doing, width)
    assert len(drawn) == len(doing)
    assert max(map(len, drawn)) <= width
    assert all("━" in line for line in drawn)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (3, "3 s"),
        (125, "2 min 5 s"),
        (120, "2 min"),
        (3780, "1 h 3 min"),
        (187200, "2 d 4 h"),
    ],
)
def test_a_length_of_time_has_one_or_two_units(seconds: float, text: str) -> None:
    assert bars.duration(seconds) == text


def test_a_run_with_nothing_to_do_says_where_things_are_too(store: Store, tmp_path: Path) -> None:
    page = tmp_path / "isone.html"
    page.touch()
    status.write_plan(store, Plan("sandbox", "data", "logs", (), (), page=str(page)))
    terminal = Terminal()
    terminal.report("Nothing to be done (all requested files are present and up to date).")
    assert terminal.lines[1:] == [f"Report    {page}"]


def test_a_stage_of_the_work_is_told_in_percents_of_the_whole() -> None:
    told: list[tuple[int, int, str]] = []
    first, second = (
        progress.stage(lambda *how_far: told.append(how_far), *part)
        for part in ((0, 30), (30, 100))
    )
    for number in (1, 3):
        first(number, 3, "tables")
    second(1, 2, "figures")
    second(2, 2, "figures")
    assert told == [(10, 100, "%"), (30, 100, "%"), (65, 100, "%"), (100, 100, "%")]
