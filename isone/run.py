"""A run as a whole: what it is going to do, what has become of each download, and stopping it.

The plan is written when a run starts, each job keeps a status file, and header, status and summary
are made from these files alone. So a download that never started is named too, and anybody can look
at any time, also after a crash.
"""

import contextlib
import datetime as dt
import os
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from isone import clock, selection, sources
from isone.custom import CustomDownload, read_downloads
from isone.errors import UNREADABLE, UsageError
from isone.processes import runs_here, this_host
from isone.selection import Job
from isone.settings import Settings, read_settings
from isone.store import Store, write_whole
from isone.words import count

_RULE = "#" * 80
_NAMED_DAYS = 20
_KILLED = (
    "it was killed, or the machine went down, before it could say how it ended; where nobody did "
    "that, its memory ran out: give it more, or run fewer jobs at a time, and run again"
)


class Planned(msgspec.Struct, frozen=True):
    """A download of a run, as the plan has it."""

    name: str
    marker: str
    what: str
    requests: int | None
    """Requests left to send; None where a custom program decides."""
    complete: bool


class Plan(msgspec.Struct, frozen=True):
    """What a run was going to do when it started."""

    source: str
    data_dir: str
    log_dir: str
    downloads: tuple[Planned, ...]
    remarks: tuple[str, ...]
    attempts: int = 0
    started: str = ""
    process: int = 0
    host: str = ""
    """Where that process is; on a cluster, jobs run elsewhere."""

    @property
    def requests(self) -> int:
        """Requests left to send, custom programs not counted."""
        return sum(download.requests or 0 for download in self.downloads)

    def requests_after(self, name: str) -> int:
        """Requests of the downloads that come after this one."""
        names = [download.name for download in self.downloads]
        later = self.downloads[names.index(name) + 1 :] if name in names else ()
        return sum(download.requests or 0 for download in later)


@dataclass(frozen=True)
class Run:
    """What the Snakefile and its rules need to know of a configuration."""

    settings: Settings
    store: Store
    jobs: tuple[Job, ...]
    custom: tuple[CustomDownload, ...]
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Run":
        """Read a configuration. Raises UsageError, in one sentence, for anything wrong in it."""
        settings = read_settings(config)
        if not settings.years and not settings.downloads:
            raise UsageError("no years are given; say, for example, --config years=2024")
        for folder in (settings.data_dir, settings.log_dir):
            _require_writable(folder)
        chosen = selection.select(settings, clock.now())
        custom = read_downloads(settings.downloads) if settings.downloads else []
        return cls(settings, Store(settings.store_dir), chosen.jobs, tuple(custom), chosen.remarks)

    @property
    def price_markers(self) -> list[str]:
        """The markers of the chosen dataset-years."""
        return [str(self.store.marker_path(job.dataset, job.period)) for job in self.jobs]

    @property
    def custom_markers(self) -> list[str]:
        """The markers of the custom downloads."""
        return [str(self.store.marker_path("custom", each.name)) for each in self.custom]

    def price_priority(self, wildcards: Any) -> int:
        """The place of a dataset-year in the order; Snakemake starts higher ones first."""
        for place, job in enumerate(reversed(self.jobs)):
            if (job.dataset, job.period) == (wildcards.dataset, wildcards.period):
                return 1 + len(self.custom) + place
        return 0

    def custom_priority(self, wildcards: Any) -> int:
        """The place of a custom download: as in the file, after the dataset-years."""
        names = [each.name for each in reversed(self.custom)]
        return 1 + names.index(wildcards.name) if wildcards.name in names else 0

    def custom_entry(self, wildcards: Any) -> str:
        """What a custom download runs, so that an entry that changed is run again."""
        return next((each.shown for each in self.custom if each.name == wildcards.name), "")

    def plan(self) -> Plan:
        """What there is to do now, counted from the files."""
        downloads = [self._planned(job) for job in self.jobs]
        for each, marker in zip(self.custom, self.custom_markers, strict=True):
            done = Path(marker).exists()
            downloads.append(Planned(each.name, marker, each.shown, 0 if done else None, done))
        return Plan(
            source=sources.kind(self.settings),
            data_dir=str(self.store.root),
            log_dir=str(self.settings.log_dir),
            downloads=tuple(downloads),
            remarks=self.remarks,
        )

    def _planned(self, job: Job) -> Planned:
        marker = self.store.marker_path(job.dataset, job.period)
        days = (job.last - job.first).days + 1
        return Planned(
            name=job.name,
            marker=str(marker),
            what=f"{job.first} to {job.last}, {count(days, 'day')}",
            requests=selection.requests_left(self.store, job, self.settings),
            complete=marker.exists(),
        )

    def start(self, attempts: int) -> None:
        """Note the plan of a run that begins, and forget that an earlier one was stopped.

        Raises StopRunError where the run cannot succeed for want of an account.
        """
        plan = msgspec.structs.replace(
            self.plan(), attempts=attempts, started=_now(), process=os.getpid(), host=this_host()
        )
        if self.settings.source != "sandbox" and plan.requests:
            sources.open_service(self.settings)
        write_whole(_plan_path(self.store), msgspec.json.format(msgspec.json.encode(plan)))
        _stop_path(self.store).unlink(missing_ok=True)


def stop(store: Store, name: str, reason: str) -> None:
    """Let no further job of this run start.

    Where Snakemake runs on this machine it is told to end once its running jobs have; jobs that it
    starts all the same, here or on another machine, find the note and do not begin. On another
    machine its process number may be anybody's, so there it is left alone.
    """
    write_whole(_stop_path(store), f"{name}: {reason}".encode())
    plan = read_plan(store)
    with contextlib.suppress(ProcessLookupError, PermissionError, OverflowError):
        here = plan is not None and plan.process > 0 and plan.host == this_host()
        if plan and here and os.getpgid(plan.process) == os.getpgrp():
            os.kill(plan.process, signal.SIGTERM)


def stopped(store: Store) -> str | None:
    """Why the run was stopped, if it was."""
    try:
        return _stop_path(store).read_text("utf-8")
    except FileNotFoundError:
        return None


def read_plan(store: Store) -> Plan | None:
    """The plan of the newest run on a folder, if there was one."""
    try:
        return msgspec.json.decode(_plan_path(store).read_bytes(), type=Plan)
    except (FileNotFoundError, *UNREADABLE):
        return None


def newest_store(settings: Settings) -> Store:
    """Of the real and the sandbox's folder, the one that the last run worked on."""
    stores = [Store(settings.data_dir / "sandbox"), Store(settings.data_dir)]
    plans = [_plan_path(store) for store in stores]
    ages = [path.stat().st_mtime if path.exists() else 0.0 for path in plans]
    return stores[ages.index(max(ages))]


def status_path(store: Store, name: str) -> Path:
    """Where a job says how it is."""
    return store.jobs_dir / f"{name}.json"


def header(plan: Plan, *, quiet: bool = False) -> str:
    """What a run is going to do, before it sends anything; if `quiet`, nothing if that is nothing.

    Ends with a line's end, unless it is empty.
    """
    todo = [download for download in plan.downloads if not download.complete]
    if quiet and not todo:
        return ""
    complete = len(plan.downloads) - len(todo)
    kind = " (invented prices)" if plan.source == "sandbox" else ""
    lines = [
        _RULE,
        "# ISO New England price download",
        f"# Source: {plan.source}{kind}   Data: {plan.data_dir}   Logs: {plan.log_dir}",
        f"# Total downloads: {len(plan.downloads)} ({complete} complete, {len(todo)} to do)",
        f"# Requests left to send: {plan.requests:,}{_and_custom(todo)}",
    ]
    if plan.attempts:
        lines += [f"# Attempts per download: {plan.attempts}", f"# Started: {plan.started}"]
    lines += [f"# Note: {remark}" for remark in plan.remarks]
    for number, download in enumerate(todo, 1):
        left = "" if download.requests is None else f", {count(download.requests, 'request')}"
        lines.append(f"#   {number}. {download.name}: {download.what}{left}")
    if not todo:
        lines.append("# Nothing to download: every day that was asked for is here and proven.")
    return "\n".join([*lines, _RULE, ""])


def _and_custom(todo: Sequence[Planned]) -> str:
    unknown = any(download.requests is None for download in todo)
    return " and those of the custom downloads" if unknown else ""


@dataclass(frozen=True)
class State:
    """What has become of one planned download."""

    planned: Planned
    word: str
    facts: Mapping[str, Any]

    @property
    def good(self) -> bool:
        """Whether everything it was asked for is there."""
        return self.word in {"SUCCESS", "COMPLETE"}


def states(store: Store, plan: Plan, *, ended: bool = False) -> list[State]:
    """What has become of each download of a plan, read from the files as they are now.

    `ended` says that the run is over, though its process may still be there.
    """
    going_on = _alive(plan.process, plan.host) and not ended
    return [_state(store, plan, planned, going_on) for planned in plan.downloads]


def _state(store: Store, plan: Plan, planned: Planned, going_on: bool) -> State:
    facts = _facts(status_path(store, planned.name))
    if facts.get("started", "") < plan.started:
        facts = {}  # of an earlier run
    state = facts.get("state")
    if state == "succeeded":
        word = "SUCCESS"
    elif _is_there(planned.marker) and state != "running":
        word = "COMPLETE"
    elif state == "running":
        alive = _alive(int(facts.get("process", 0)), str(facts.get("host", "")))
        word = "RUNNING" if alive else "INTERRUPTED"
    elif state in {"failed", "interrupted"}:
        word = state.upper()
    else:
        word = "WAITING FOR ITS TURN" if going_on else "NEVER STARTED"
    return State(planned, word, facts)


def _is_there(path: str) -> bool:
    with contextlib.suppress(OSError):
        return Path(path).exists()
    return False


def summary(store: Store, *, ended: bool = False) -> str:
    """Every download of the newest run: how it went, its attempts, its log, its missing days."""
    plan = read_plan(store)
    if plan is None:
        return f"No run has been started on {store.root} yet."
    found = states(store, plan, ended=ended)
    good = sum(state.good for state in found)
    counts = Counter(state.word for state in found if not state.good)
    lines = [
        _RULE,
        "# Download summary",
        _RULE,
        f"Started: {plan.started}   Data: {plan.data_dir}",
        f"Total downloads: {len(found)}",
        f"Successful: {good}",
        f"Failed: {counts.pop('FAILED', 0)}",
        *(f"{word.capitalize()}: {count}" for word, count in counts.items()),
    ]
    reason = stopped(store)
    if reason:
        lines.append(f"The run was stopped by {reason.partition(':')[0]}")
    lines += ["", "Detailed results:", "-" * 80]
    for number, state in enumerate(found, 1):
        lines += _details(f"{number}. ", state)
    for state in _failed_otherwise(store, plan, ended=ended):
        lines += _details("And ", state)
    return "\n".join([*lines, _RULE])


def _failed_otherwise(store: Store, plan: Plan, *, ended: bool) -> list[State]:
    """The jobs of a run beside its downloads, such as packing and loading, that failed.

    After the run's end also those that never said how they ended: they were killed, as a cluster
    does with a job that takes more time or memory than it asked for.
    """
    words = {"failed": "FAILED"}
    if ended:
        words |= {"running": "INTERRUPTED", "interrupted": "INTERRUPTED"}
    planned = {download.name for download in plan.downloads} | {_plan_path(store).stem}
    failed = []
    for path in sorted(store.jobs_dir.glob("*.json")):
        facts = _facts(path) if path.stem not in planned else {}
        word = words.get(facts.get("state", ""))
        if word and facts.get("started", "") >= plan.started:
            failed.append(State(Planned(path.stem, "", "", 0, False), word, facts))
    return failed


class _Told(msgspec.Struct):
    """The types of what is shown of a status file; one of another form has nothing to say."""

    started: str = ""
    state: str = ""
    process: int = 0
    attempt: int = 0
    days: int = 0
    days_done: int = 0
    requests_sent: int = 0
    requests_left: int = 0
    requests_a_minute: float = 0.0
    done_at: str = ""
    waiting: str = ""
    message: str = ""
    missing: dict[str, str] = {}
    gaps: dict[str, str] = {}
    log: str = ""


def _facts(path: Path) -> dict[str, Any]:
    """What a job says of itself; nothing where it has not said anything that is left to read."""
    try:
        content = path.read_bytes()
        msgspec.json.decode(content, type=_Told)
        return msgspec.json.decode(content, type=dict[str, Any])
    except (OSError, ValueError, *UNREADABLE):  # a name that is none, in a plan that was spoilt
        return {}


def _details(mark: str, state: State) -> list[str]:
    facts = state.facts
    attempts = f" (attempts: {facts['attempt']})" if "attempt" in facts else ""
    already = " (already there)" if state.word == "COMPLETE" else ""
    lines = [f"{mark}{state.planned.name}: {state.word}{attempts}{already}"]
    if facts.keys() >= {"days", "days_done", "requests_sent"}:
        sent = count(facts["requests_sent"], "request")
        news = f"{facts['days_done']} of {count(facts['days'], 'day')}, {sent}"
        if state.word == "RUNNING":
            news += (
                f", {facts.get('requests_left', 0)} left, "
                f"{facts.get('requests_a_minute', 0):.0f} a minute, "
                f"done at {facts.get('done_at') or 'an unknown time'}"
            )
        lines.append(f"   {news}")
    if state.word == "RUNNING" and facts.get("waiting"):
        lines.append(f"   {facts['waiting']}")
    lines += [f"   {sentence}" for sentence in facts.get("noted", ())]
    if facts.get("message") and not state.good:
        lines.append(f"   {facts['message']}")
    if state.word == "INTERRUPTED" and facts.get("state") == "running":
        lines.append(f"   {_KILLED}")
    missing = facts.get("missing", {}) if not state.good else {}
    for day, reason in list(missing.items())[:_NAMED_DAYS]:
        lines.append(f"   missing {day}: {reason}")
    if len(missing) > _NAMED_DAYS:
        lines.append(f"   and {count(len(missing) - _NAMED_DAYS, 'more day')}, named in the log")
    if "log" in facts:
        lines.append(f"   Log: {facts['log']}")
    return lines


def _require_writable(folder: Path) -> None:
    """Refuse, before anything starts, a folder that can be neither written nor made."""
    existing = folder.absolute()
    try:
        while not existing.exists() and existing != existing.parent:
            existing = existing.parent
    except OSError as error:  # such as a name too long
        raise UsageError(f"{str(folder)[:80]} cannot be a folder: {error.strerror}") from error
    if not existing.is_dir():
        raise UsageError(f"{existing} is a file, but {folder} has to be a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UsageError(
            f"cannot write into {folder}; check the owner and permissions of {existing}"
        )


def _plan_path(store: Store) -> Path:
    return store.jobs_dir / "plan.json"


def _stop_path(store: Store) -> Path:
    return store.jobs_dir / "stop.txt"


def _alive(process: int, host: str) -> bool:
    """Whether a process is there; of another machine's it is believed."""
    if process <= 0 or not host:
        return False
    return host != this_host() or runs_here(process)


def _now() -> str:
    return dt.datetime.now().isoformat(sep=" ", timespec="seconds")
