"""Where runs keep their plan and their jobs' status, what these say now, and stopping a run.

Each run has an id and a folder of that name, so two runs on one data folder do not mix. The plan is
written when a run starts, each job keeps a status file, and all that is said of a run is made from
these files alone. So a download that never started is named too, and anybody can look at any time,
also after a crash.
"""

import contextlib
import datetime as dt
import os
import re
import secrets
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import msgspec

from isone.errors import UNREADABLE, printable
from isone.run.plan import Plan, Planned
from isone.run.settings import Settings
from isone.run.shown import read_shown
from isone.store.files import open_own, read_file, write_whole
from isone.store.processes import runs_here, this_host
from isone.store.store import Store

VARIABLE = "ISONE_RUN"
"""Environment variable by which the jobs of a run know its id."""
ROOT = "ISONE_STORE"
"""Environment variable that names the data folder of that run, for whoever shows it."""
BY_HAND = "by-hand"
"""The id under which scripts that were started without Snakemake keep their status."""
RESUMES = "interrupted; run again to resume"
"""What there is to say of a job that somebody interrupted."""
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_RUNS_KEPT = 50
_RUNS_LOOKED_AT = 10


def new_id() -> str:
    """An id for a run that begins now; ids sort by time."""
    return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def current_id() -> str:
    """The id of the run that this process belongs to."""
    given = os.environ.get(VARIABLE, "")
    return given if _ID.fullmatch(given) else BY_HAND


def ids(store: Store) -> list[str]:
    """The ids of the runs on a data folder, the oldest first."""
    try:
        names = [path.name for path in store.run_dir("").iterdir()]
        return sorted(name for name in names if _ID.fullmatch(name))
    except FileNotFoundError:
        return []


def shown_id(store: Store) -> str:
    """The run to tell of: the one that this process belongs to, or else the newest."""
    own = current_id()
    return own if own != BY_HAND else max(ids(store), default=BY_HAND)


def newest_store(settings: Settings) -> Store:
    """Of the real and the sandbox's folder, the one that the last run worked on."""
    stores = [Store(settings.data_dir / "sandbox"), Store(settings.data_dir)]
    return max(stores, key=lambda store: max(ids(store), default=""))


def plan_path(store: Store, run: str | None = None) -> Path:
    """Where the plan of a run is, of the one that this process belongs to unless one is given."""
    return store.run_dir(run or current_id()) / "plan.json"


def read_plan(store: Store, run: str | None = None) -> Plan | None:
    """The plan of a run, `shown_id` unless given; None where there is none."""
    try:
        return read_shown(plan_path(store, run or shown_id(store)), Plan)
    except (FileNotFoundError, *UNREADABLE):
        return None


def write_plan(store: Store, plan: Plan) -> None:
    """Note the plan of the run that begins, and forget runs of long ago that do not go on."""
    write_whole(plan_path(store), msgspec.json.format(msgspec.json.encode(plan)))
    for run in ids(store)[:-_RUNS_KEPT]:
        old = read_plan(store, run)
        if old is None or not is_alive(old.process, old.host):
            shutil.rmtree(store.run_dir(run), ignore_errors=True)


def is_alive(process: int, host: str) -> bool:
    """Whether a process is there; of another machine's it is believed."""
    if process <= 0 or not host:
        return False
    return host != this_host() or runs_here(process)


def going_on(store: Store) -> list[str]:
    """The ids of the runs that go on, the oldest first."""
    plans = {run: read_plan(store, run) for run in ids(store)}
    return [run for run, plan in plans.items() if plan and is_alive(plan.process, plan.host)]


def others_going_on(store: Store) -> list[str]:
    """Which other runs go on in this folder, so that nobody unlocks it under them.

    So does a job whose run was killed, and which was not killed with it.
    """
    sentences = []
    for run in ids(store)[-_RUNS_LOOKED_AT:]:
        plan = read_plan(store, run)
        if plan is None or plan.process == os.getpid():
            continue
        if is_alive(plan.process, plan.host):
            sentences.append(
                f"another run goes on here (process {plan.process} on {plan.host}, since "
                f"{plan.started}): let it end, and do not use --unlock meanwhile"
            )
            continue
        for name, job in statuses(store, run).items():
            if job.state == "running" and job.host == this_host() and runs_here(job.process):
                sentences.append(
                    f"{name} of a run that was killed still goes on (process {job.process}): let "
                    f"it end, or stop it by `kill {job.process}`; then run once with --unlock "
                    "before --config, and again without it"
                )
    return sentences


def stop(store: Store, name: str, reason: str) -> None:
    """Let no further job of the run that this process belongs to start.

    Where Snakemake runs on this machine it is told to end once its running jobs have; jobs that it
    starts all the same, here or on another machine, find the note and do not begin. On another
    machine its process number may be anybody's, so there it is left alone.
    """
    run = current_id()
    write_whole(_stop_path(store, run), f"{name}: {reason}".encode())
    plan = read_plan(store, run)
    with contextlib.suppress(ProcessLookupError, PermissionError, OverflowError):
        here = plan is not None and plan.process > 0 and plan.host == this_host()
        if plan and here and os.getpgid(plan.process) == os.getpgrp():
            os.kill(plan.process, signal.SIGTERM)


def stopped(store: Store, run: str | None = None) -> str | None:
    """Why a run was stopped, if it was: the one that this process belongs to, unless given."""
    try:
        said = read_file(_stop_path(store, run or current_id()))
    except (FileNotFoundError, *UNREADABLE):
        return None
    return printable(said.decode("utf-8", "replace"))


def has_answered(store: Store, base_url: str) -> bool:
    """Whether the service has answered to an earlier job of the run that this process belongs to.

    What scripts that are started by hand saw may be long ago, and does not count.
    """
    try:
        noted = read_file(_answered_path(store)).decode("utf-8", "replace").splitlines()
    except OSError:
        return False
    return current_id() != BY_HAND and base_url in noted


def note_answer(store: Store, base_url: str) -> None:
    """Note for later jobs of this run that the service has answered."""
    path = _answered_path(store)
    with contextlib.suppress(OSError):  # then the next job has to find out for itself
        if current_id() != BY_HAND and path.parent.is_dir():
            with open_own(path, "a", "utf-8") as file:
                file.write(f"{base_url}\n")


def _answered_path(store: Store) -> Path:
    return store.run_dir(current_id()) / "answered.txt"


def _stop_path(store: Store, run: str) -> Path:
    return store.run_dir(run) / "stop.txt"


class JobStatus(msgspec.Struct, frozen=True):
    """What a job says of itself in its status file, as far as anybody reads it.

    A file that cannot be read, or has something of another type in it, says nothing.
    """

    name: str = ""
    state: str = ""
    """`running`, `succeeded`, `failed` or `interrupted`; empty where the job has said nothing."""
    started: str = ""
    process: int = 0
    host: str = ""
    attempt: int = 0
    attempts: int = 0
    permanent: bool = False
    """Whether no other attempt can end otherwise."""
    log: str = ""
    message: str = ""
    days: int = 0
    days_done: int = 0
    requests_sent: int | None = None
    """None for a job that sends none."""
    requests_left: int = 0
    requests_a_minute: float = 0.0
    retries: int = 0
    days_failed: int = 0
    all_done_at: str = ""
    seconds_waited: float = 0.0
    done_at: str = ""
    waiting: str = ""
    missing: dict[str, str] = {}
    """Days that are missing, with the reasons."""
    gaps: dict[str, str] = {}
    """Days that are accepted as missing, with the reasons."""
    noted: tuple[str, ...] = ()
    made: str = ""
    """What it made, in few words: rows, sizes."""
    warnings: tuple[str, ...] = ()
    """The first warnings in its log."""
    warned: int = 0
    """How many there are."""
    done: int = 0
    """How much of its work is done, of `total`, in `unit`; for jobs other than downloads."""
    total: int = 0
    unit: str = ""
    verdict_lines: tuple[str, ...] = ()


def download_name(log: Path, period: str) -> str:
    """What a download calls itself: as its rule's log, but for the end of a year that is open.

    A custom download has no period, "".
    """
    return f"{log.stem.removesuffix(period)}{period[:4]}"


def status_path(store: Store, name: str, run: str | None = None) -> Path:
    """Where a job says how it is, in the run that this process belongs to unless one is given."""
    return store.run_dir(run or current_id()) / "jobs" / f"{name}.json"


def status_of(store: Store, name: str, run: str | None = None) -> JobStatus:
    """What a job last said of itself, in the run that this process belongs to unless given."""
    try:
        return read_shown(status_path(store, name, run), JobStatus)
    except (OSError, ValueError, *UNREADABLE):  # a name that is none, in a plan that was spoilt
        return JobStatus()


def statuses(store: Store, run: str) -> dict[str, JobStatus]:
    """What each job of a run said of itself, by the job's name."""
    folder = status_path(store, "any", run).parent
    found = {path.stem: status_of(store, path.stem, run) for path in sorted(folder.glob("*.json"))}
    return {name: status for name, status in found.items() if status != JobStatus()}


def plan_by_jobs(store: Store, run: str) -> Plan | None:
    """What can be told of a run without a plan, as where this is another workflow's module.

    Its downloads are those whose jobs have begun; None where none of its jobs has.
    """
    found = statuses(store, run)
    if not found:
        return None
    downloads = [name for name, each in found.items() if each.requests_sent is not None]
    return Plan(
        source="",
        data_dir=str(store.root),
        log_dir="",
        downloads=tuple(Planned(name, "", "", None, False) for name in downloads),
        remarks=(),
        started=min(each.started for each in found.values()),
    )


def last_statuses(store: Store) -> dict[str, JobStatus]:
    """What each job said of itself in the newest run that had it, by the job's name."""
    found: dict[str, JobStatus] = {}
    for run in (BY_HAND, *ids(store)):
        found |= statuses(store, run)
    return found


@dataclass(frozen=True)
class State:
    """What has become of one planned download."""

    planned: Planned
    word: str
    status: JobStatus

    @property
    def good(self) -> bool:
        """Whether everything it was asked for is there."""
        return self.word in {"SUCCESS", "COMPLETE"}


def states(store: Store, plan: Plan, run: str, *, ended: bool = False) -> list[State]:
    """What has become of each download of a run's plan, read from the files as they are now.

    `ended` says that the run is over, though its process may still be there.
    """
    goes_on = is_alive(plan.process, plan.host) and not ended
    return [_state(store, run, planned, goes_on) for planned in plan.downloads]


def _state(store: Store, run: str, planned: Planned, goes_on: bool) -> State:
    status = status_of(store, planned.name, run)
    if status.state == "succeeded":
        word = "SUCCESS"
    elif status.state == "running":
        word = "RUNNING" if is_alive(status.process, status.host) else "INTERRUPTED"
    elif status.state in {"failed", "interrupted"}:
        word = status.state.upper()
    elif planned.complete and _is_there(planned.marker):
        word = "COMPLETE"
    else:
        word = "WAITING FOR ITS TURN" if goes_on else "NEVER STARTED"
    return State(planned, word, status)


def _is_there(path: str) -> bool:
    with contextlib.suppress(OSError):
        return Path(path).exists()
    return False


def failed_otherwise(store: Store, plan: Plan, run: str, *, ended: bool) -> list[State]:
    """The jobs of a run beside its downloads, such as packing and loading, that failed.

    After the run's end also those that never said how they ended: they were killed, as a cluster
    does with a job that takes more time or memory than it asked for.
    """
    words = {"failed": "FAILED"}
    if ended:
        words |= {"running": "INTERRUPTED", "interrupted": "INTERRUPTED"}
    planned = {download.name for download in plan.downloads}
    return [
        State(Planned(name, "", "", 0, False), words[status.state], status)
        for name, status in statuses(store, run).items()
        if name not in planned and status.state in words
    ]
