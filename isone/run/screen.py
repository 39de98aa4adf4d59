"""What a run shows on the terminal: its plan, a line for each job that ends, bars while jobs go on.

Snakemake reports events (`snakemake_logger_plugin_isone` hands them over); what a job did is in its
status file. What Snakemake says besides is shown too, but for what is known to tell a user nothing;
its own log file keeps all of it.
"""

import logging
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from isone.run import slips, status
from isone.run.bars import Bars, Doing, duration, total_of_downloads
from isone.run.console import SCREEN, WHOLE
from isone.run.log import said_instead
from isone.run.plan import DOWNLOADS
from isone.run.status import JobStatus
from isone.run.summary import KILLED, places
from isone.store.store import Store
from isone.text import count, wrapped

_CHATTER = re.compile(
    r"Building DAG|Using shell|Provided (cores|resources)|Rules claiming|Conda environments|"
    r"Singularity containers|Select jobs|Execute \d|Assuming unrestricted|Config file|Job stats|"
    r"Complete log|Elapsed time|Group jobs|Trying to restart job|Shutting down, this might|"
    r"Will exit after finishing|Removing output files of failed job|Would remove|"
    r"Multiple includes|Shell command|None$|This was a dry-run|The order of jobs|Reasons:|"
    r"Migrating \.snakemake|Migration complete|"
    r"\(check individual jobs|\s*(input files updated|missing output|output files have)",
)
_OF_A_FAILED_JOB = re.compile(
    r"RuleException:\s*CalledProcessError|WorkflowError:\s*At least one job|Error in (rule|group)|"
    r"Exiting because a job execution failed"
)
"""What Snakemake adds to the failure of a job, which its status file tells better."""
_INTERRUPTED = "Terminating processes on user request"
"""What Snakemake says after Ctrl-C; a job that ends after it may not have come to say so itself."""
_CUT_SHORT = "KeyboardInterrupt"
"""What is in Snakemake's words where Ctrl-C came while it was reading files or deciding on jobs."""
_TARGETS = {*slips.TARGETS, "total"}
"""What Snakemake counts among the jobs and is none: rules that only list what they want."""
_WARNINGS_SHOWN = 3
_JOINED = "\N{NO-BREAK SPACE}"
"""Between words that stay in one line; it is shown as a plain space."""


@dataclass
class _Job:
    """A job as the screen knows it."""

    words: str
    name: str
    """As its status file is called."""
    is_download: bool
    log: str
    began: float


class Screen:
    """The terminal of one Snakemake process."""

    def __init__(
        self, console: Console, *, verbose: bool = False, quiet: bool = False, is_dry: bool = False
    ) -> None:
        """Show everything if `verbose`, failures alone if `quiet`; `is_dry` if none runs."""
        self._console, self._verbose, self._quiet = console, verbose, quiet
        self._jobs: dict[int, _Job] = {}
        self._total = self._ended = 0
        self._is_interrupted = False
        self._is_dry = is_dry
        self._bars = Bars(console, self._doing) if console.is_terminal and not quiet else None

    @classmethod
    def of(cls, settings: Any) -> "Screen":
        """The screen that Snakemake's output settings ask for."""
        console = Console(
            stderr=not settings.stdout,
            highlight=False,
            soft_wrap=True,
            no_color=settings.nocolor or None,
        )
        quiet = {str(each).rpartition(".")[2].lower() for each in settings.quiet or ()}
        screen = cls(
            console, verbose=settings.verbose, quiet="all" in quiet, is_dry=settings.dryrun
        )
        os.environ[SCREEN] = "quiet" if screen._quiet else "bars" if screen._bars else "lines"
        return screen

    def show(self, record: logging.LogRecord) -> None:
        """Show what a record reports, if a person needs it."""
        event = str(getattr(record, "event", None) or "")
        told = record.__dict__
        if event == "run_info":
            self._planned(told["stats"])
        elif event == "job_info":
            self._begun(told["jobid"], told)
        elif event == "job_finished":
            self._finished(told["job_id"])
        elif event == "job_error":
            self._failed(told["jobid"], told)
        elif event in {"", "error", "group_error"}:
            self._plain(record)
        elif self._verbose and record.getMessage() != "None":
            self._print(record.getMessage())

    def close(self) -> None:
        """Take the bars away."""
        if self._bars:
            self._bars.stop()

    def _planned(self, stats: dict[str, int]) -> None:
        jobs = {rule: number for rule, number in stats.items() if rule not in _TARGETS}
        is_said = bool(self._total)  # a dry run reports it twice
        self._total = sum(jobs.values())
        if jobs and not is_said and not self._quiet:
            each = ", ".join(f"{number}{_JOINED}{rule}" for rule, number in jobs.items())
            self._print(f"{count(self._total, 'job')} to do: {each}")

    def _begun(self, jobid: int, told: dict[str, Any]) -> None:
        if self._is_dry or not told["log"]:
            return
        job = _job(told)
        again = jobid in self._jobs
        self._jobs[jobid] = job
        if self._bars:
            self._bars.start()
        elif job.is_download and not again:
            self._print(_heading(job) or f"{self._mark(begins=True)}{job.words} begins")

    def _finished(self, jobid: int) -> None:
        job = self._jobs.pop(jobid, None)
        if job is None:
            return
        self._ended += 1
        said = _status(job)
        words = [said.made, duration(time.monotonic() - job.began).replace(" ", _JOINED)]
        self._print(f"{self._mark()}{job.words}: {', '.join(filter(None, words))}")
        for sentence in said.noted:
            self._indented(sentence)
        warnings = [each for each in said.warnings if each not in said.noted][:_WARNINGS_SHOWN]
        for sentence in warnings:
            self._indented(f"warning: {sentence}")
        more = said.warned - len(warnings) - sum(each in said.noted for each in said.warnings)
        if more > 0:
            self._indented(f"and {count(more, 'more warning')}: {said.log}")
        self._rest()

    def _failed(self, jobid: int, told: dict[str, Any]) -> None:
        job = self._jobs.get(jobid)
        if job is None:
            self._print(f"rule {told.get('rule_name')} failed")
            return
        said = _status(job)
        more = said.attempt < said.attempts and not said.permanent
        if not more:
            self._jobs.pop(jobid)
            self._ended += 1
        which = f", attempt {said.attempt} of {said.attempts}" if said.attempts > 1 else ""
        took = duration(time.monotonic() - job.began).replace(" ", _JOINED)
        is_interrupted = self._is_interrupted or said.state == "interrupted"
        word = "INTERRUPTED" if is_interrupted else "FAILED"
        self._print(f"{self._mark()}{job.words}: {word}{which}, {took}", style="bold red")
        instead = said_instead(Path(job.log))
        message = said.message if said.state != "running" else ""
        self._indented(instead or message or (status.RESUMES if is_interrupted else KILLED))
        self._indented(f"log: {said.log or job.log}")
        self._rest()

    def _plain(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        self._is_interrupted |= text.startswith(_INTERRUPTED)
        whole = getattr(record, WHOLE, False) or "Traceback" in text
        if _CUT_SHORT in text and not self._verbose:
            if not self._is_interrupted:
                self._print(status.RESUMES, style="bold red")
            self._is_interrupted = True
        elif self._verbose or getattr(record, "isone", False):
            self._print(text, whole=whole)
        elif _OF_A_FAILED_JOB.match(text):
            return
        elif record.levelno >= logging.WARNING:
            is_error = record.levelno >= logging.ERROR
            slip = is_error and slips.explained(text, sys.argv, _other_runs())
            style = "bold red" if is_error else None
            self._print(slip or text, style, whole=whole and not slip)
        elif not self._quiet and text.strip() and not _CHATTER.match(text):
            self._print(text)
            if text.startswith("Nothing to be done"):
                self._places()

    def _places(self) -> None:
        """Where things are, at the end of a run with nothing to do: as the last run had them."""
        store = _store()
        runs = status.ids(store) if store else []
        plan = status.read_plan(store, runs[-1]) if store and runs else None
        if store and plan:
            self._print("\n".join(places(store, plan.page)))

    def _rest(self) -> None:
        """Where nothing goes on, no bar is shown."""
        if self._bars and not self._jobs:
            self._bars.stop()

    def _mark(self, *, begins: bool = False) -> str:
        width = len(str(self._total))
        return f"[{self._ended + begins:>{width}}/{self._total}] " if self._total else ""

    def _indented(self, sentence: str) -> None:
        self._print(f"{' ' * len(self._mark())}{sentence}")

    def _print(self, text: str, style: str | None = None, *, whole: bool = False) -> None:
        lines = text.rstrip("\n").split("\n")
        if self._console.is_terminal and not whole:
            lines = [wrapped(line, self._console.width) for line in lines]
        self._console.print(Text("\n".join(lines).replace(_JOINED, " "), style=style or ""))

    def _doing(self) -> list[Doing]:
        """What goes on now, for the bars; downloads of the whole run last."""
        jobs = [(job, _status(job)) for job in list(self._jobs.values())]
        doing = [
            Doing.of(job.words.partition(" ")[2] or job.words, said, job.began)
            for job, said in jobs
        ]
        store = _store()
        if store and any(job.is_download for job, _ in jobs):
            doing += total_of_downloads(store)
        return doing


def _job(told: dict[str, Any]) -> _Job:
    """A job that begins, by what Snakemake says of it."""
    log, is_download = told["log"][0], told["rule_name"] in DOWNLOADS
    period = dict(told.get("wildcards") or {}).get("period", "") if is_download else ""
    name = status.download_name(Path(log), period)
    return _Job(_words(told), name, is_download, log, time.monotonic())


def _store() -> Store | None:
    """The data folder of the run; None before the Snakefile is read."""
    root = os.environ.get(status.ROOT)
    return Store(Path(root)) if root else None


def _words(told: dict[str, Any]) -> str:
    """What a job does, in few words: its rule's message, and of a period only what counts."""
    words = str(told.get("rule_msg") or told["rule_name"])
    return re.sub(r"(\d{4})\.through-(\d{4})(\d\d)(\d\d)", r"\1 to \3-\4", words)


def _other_runs() -> list[str]:
    """The other runs on the data folder of this one."""
    store = _store()
    return status.others_going_on(store) if store else []


def _status(job: _Job) -> JobStatus:
    """What a job says of itself; nothing before it has begun to."""
    store = _store()
    return status.status_of(store, job.name) if store else JobStatus()


def _heading(job: _Job) -> str:
    """Which of the downloads to do this is: `Download 1/4: …`; empty where no plan knows it."""
    store = _store()
    plan = status.read_plan(store) if store else None
    return plan.heading(job.name) if plan else ""
