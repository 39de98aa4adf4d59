"""A run as a whole: what it is going to do, what has become of each download, and stopping it.

Each run has an id and a folder of that name, so two runs on one data folder do not mix. The plan is
written when a run starts, each job keeps a status file, and header, status and summary are made
from these files alone. So a download that never started is named too, and anybody can look at any
time, also after a crash. Times are UTC.
"""

import contextlib
import datetime as dt
import os
import re
import secrets
import shutil
import signal
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from isone.errors import UNREADABLE, UsageError
from isone.market import market_time
from isone.market.locations import ALL_LOCATIONS, HUBS
from isone.run import complete, selection, sources
from isone.run.custom import CustomDownload, made_from, read_downloads
from isone.run.selection import DatasetYear
from isone.run.settings import Settings, read_settings
from isone.store import markers
from isone.store.processes import runs_here, this_host
from isone.store.store import Store, write_whole
from isone.text import count

_RULE = "#" * 80
_NAMED_DAYS = 20
_KILLED = (
    "it ended before it could say how: somebody killed it, the machine went down, or memory or "
    "disk ran out; its log has what it said last; run again to resume"
)
VARIABLE = "ISONE_RUN"
"""Environment variable by which the jobs of a run know its id."""
BY_HAND = "by-hand"
"""The id under which scripts that were started without Snakemake keep their status."""
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_RUNS_KEPT = 50
_DOWNLOADS = {"download_prices", "download_custom"}
_CHECKS = {"verify", "recheck", "reconcile"}


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


class Planned(msgspec.Struct, frozen=True):
    """A download of a run, as the plan has it."""

    name: str
    marker: str
    what: str
    requests: int | None
    """Requests left to send; None where a custom program decides."""
    complete: bool
    maybe: int = 0
    """Further requests for days that may not be final yet."""


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
    rules: tuple[str, ...] = ()
    """The rules that have jobs to do in this run."""
    left_out: int = 0
    """How many things were asked for that no download brings; the remarks name them."""
    listing: bool = False
    """Whether the list of locations may have to be asked for, too."""

    @property
    def requests(self) -> int:
        """Requests left to send, custom programs not counted."""
        return sum(download.requests or 0 for download in self.downloads)

    @property
    def maybe(self) -> int:
        """Further requests that may be needed."""
        todo = any(not download.complete for download in self.downloads)
        return sum(download.maybe for download in self.downloads) + (self.listing and todo)

    def heading(self, name: str) -> str:
        """Which of the downloads to do this is: `Download 1/4: …`; empty for none of them."""
        names = [download.name for download in self.downloads if not download.complete]
        if name not in names:
            return ""
        return f"Download {names.index(name) + 1}/{len(names)}: {name}"

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
    dataset_years: tuple[DatasetYear, ...]
    custom: tuple[CustomDownload, ...]
    remarks: tuple[str, ...]
    left_out: tuple[str, ...]
    """What was asked for and is no job of this run, with the reasons."""

    @classmethod
    def of(cls, config: Mapping[str, Any], *, begins: bool = False) -> "Run":
        """Read a configuration, and see which markers still hold if a run `begins`.

        Raises UsageError, in one sentence, for anything wrong in the configuration.
        """
        settings = read_settings(config)
        if not settings.years and not settings.downloads:
            raise UsageError("no years are given; say, for example, --config years=2024")
        for folder in (settings.data_dir, settings.log_dir):
            _require_writable(folder)
        store = Store(settings.store_dir)
        custom = read_downloads(settings.downloads, config) if settings.downloads else []
        dropped = complete.drop_stale(store, settings) if begins else []
        chosen = selection.select(settings, market_time.now())
        if not chosen.dataset_years and not custom:
            why = "; ".join(chosen.left_out) or f"{settings.downloads} is an empty list"
            raise UsageError(f"there is nothing to download: {why}")
        remarks = (*chosen.remarks, *dropped, *(_others(store) if begins else ()))
        started = cls(
            settings, store, chosen.dataset_years, tuple(custom), remarks, chosen.left_out
        )
        if begins:
            started.drop_custom(config)
        return started

    @property
    def price_markers(self) -> list[str]:
        """The markers of the chosen dataset-years."""
        return [str(self.store.marker_path(job.dataset, job.period)) for job in self.dataset_years]

    @property
    def custom_markers(self) -> list[str]:
        """The markers of the custom downloads."""
        return [str(self.store.marker_path("custom", each.name)) for each in self.custom]

    def price_priority(self, wildcards: Any) -> int:
        """The place of a dataset-year in the order; Snakemake starts higher ones first."""
        for place, job in enumerate(reversed(self.dataset_years)):
            if (job.dataset, job.period) == (wildcards.dataset, wildcards.period):
                return 1 + len(self.custom) + place
        return 0

    def custom_priority(self, wildcards: Any) -> int:
        """The place of a custom download: as in the file, after the dataset-years."""
        names = [each.name for each in reversed(self.custom)]
        return 1 + names.index(wildcards.name) if wildcards.name in names else 0

    def drop_custom(self, config: Mapping[str, Any]) -> None:
        """Remove the markers of custom downloads that were changed since, or have more to bring."""
        now = market_time.now()
        for each, path in zip(self.custom, map(Path, self.custom_markers), strict=True):
            markers.keep_if(markers.holds(path, made_from(each, config, now)), path)

    def plan(self) -> Plan:
        """What there is to do now, counted from the files."""
        downloads = [self._planned(job) for job in self.dataset_years]
        for each, marker in zip(self.custom, self.custom_markers, strict=True):
            done = Path(marker).exists()
            downloads.append(Planned(each.name, marker, each.shown, 0 if done else None, done))
        return Plan(
            source=sources.kind(self.settings),
            data_dir=str(self.store.root),
            log_dir=str(self.settings.log_dir),
            downloads=tuple(downloads),
            remarks=(*self.remarks, *self.left_out),
            left_out=len(self.left_out),
            listing=self._listing_due(),
        )

    def _listing_due(self) -> bool:
        """Whether the list of locations may have to be asked for, too."""
        wanted = self.settings.locations
        if wanted != ALL_LOCATIONS and set(wanted) <= set(HUBS):
            return False
        folder = self.store.root / "raw" / "locations"
        return not any(folder.glob(f"{market_time.now():%Y%m%d}.*"))

    def _planned(self, job: DatasetYear) -> Planned:
        marker = self.store.marker_path(job.dataset, job.period)
        days = (job.last - job.first).days + 1
        requests = selection.requests_left(self.store, job, self.settings)
        return Planned(
            name=job.name,
            marker=str(marker),
            what=f"{job.first} to {job.last}, {count(days, 'day')}",
            requests=requests.sure,
            complete=marker.exists(),
            maybe=requests.maybe,
        )

    def start(self, retries: int, rules: Collection[str] = ()) -> str:
        """Note the plan of a run that begins; returns what there is to say of it.

        `retries` are those of each download, `rules` those that have jobs to do. Raises
        StopRunError where the run cannot succeed for want of an account.
        """
        plan = msgspec.structs.replace(
            self.plan(),
            attempts=1 + retries,
            started=now(),
            process=os.getpid(),
            host=this_host(),
            rules=tuple(sorted(set(rules))),
        )
        if self.settings.source != "sandbox" and plan.requests and _DOWNLOADS & set(rules):
            sources.open_service(self.settings)
        write_whole(plan_path(self.store), msgspec.json.format(msgspec.json.encode(plan)))
        _forget_old(self.store)
        if not _DOWNLOADS & set(rules):
            return ""
        return f"# Max retries per download: {retries}\n# Started: {plan.started}\n"


def _others(store: Store) -> list[str]:
    """Which other runs go on in this folder, so that nobody unlocks it under them."""
    plans = [_read_plan(store, run) for run in going_on(store)]
    return [
        f"another run goes on here (process {plan.process} on {plan.host}, since {plan.started}): "
        "let it end, and do not use --unlock meanwhile"
        for plan in plans
        if plan and plan.process != os.getpid()
    ]


def _forget_old(store: Store) -> None:
    """Remove the folders of old runs; one that goes on stays."""
    for run in ids(store)[:-_RUNS_KEPT]:
        plan = _read_plan(store, run)
        if plan is None or not _alive(plan.process, plan.host):
            shutil.rmtree(store.run_dir(run), ignore_errors=True)


def stop(store: Store, name: str, reason: str) -> None:
    """Let no further job of the run that this process belongs to start.

    Where Snakemake runs on this machine it is told to end once its running jobs have; jobs that it
    starts all the same, here or on another machine, find the note and do not begin. On another
    machine its process number may be anybody's, so there it is left alone.
    """
    run = current_id()
    write_whole(_stop_path(store, run), f"{name}: {reason}".encode())
    plan = _read_plan(store, run)
    with contextlib.suppress(ProcessLookupError, PermissionError, OverflowError):
        here = plan is not None and plan.process > 0 and plan.host == this_host()
        if plan and here and os.getpgid(plan.process) == os.getpgrp():
            os.kill(plan.process, signal.SIGTERM)


def stopped(store: Store, run: str | None = None) -> str | None:
    """Why a run was stopped, if it was: the one that this process belongs to, unless given."""
    try:
        return _stop_path(store, run or current_id()).read_text("utf-8")
    except FileNotFoundError:
        return None


def shown_id(store: Store) -> str:
    """The run to tell of: the one that this process belongs to, or else the newest."""
    own = current_id()
    return own if own != BY_HAND else max(ids(store), default=BY_HAND)


def read_plan(store: Store, run: str | None = None) -> Plan | None:
    """The plan of a run, `shown_id` unless given; None where there is none."""
    return _read_plan(store, run or shown_id(store))


def _read_plan(store: Store, run: str) -> Plan | None:
    try:
        return msgspec.json.decode(plan_path(store, run).read_bytes(), type=Plan)
    except (FileNotFoundError, *UNREADABLE):
        return None


def going_on(store: Store) -> list[str]:
    """The ids of the runs that go on, the oldest first."""
    plans = {run: _read_plan(store, run) for run in ids(store)}
    return [run for run, plan in plans.items() if plan and _alive(plan.process, plan.host)]


def newest_store(settings: Settings) -> Store:
    """Of the real and the sandbox's folder, the one that the last run worked on."""
    stores = [Store(settings.data_dir / "sandbox"), Store(settings.data_dir)]
    return max(stores, key=lambda store: max(ids(store), default=""))


def plan_path(store: Store, run: str | None = None) -> Path:
    """Where the plan of a run is, of the one that this process belongs to unless one is given."""
    return store.run_dir(run or current_id()) / "plan.json"


def status_path(store: Store, name: str, run: str | None = None) -> Path:
    """Where a job says how it is, in the run that this process belongs to unless one is given."""
    return store.run_dir(run or current_id()) / "jobs" / f"{name}.json"


def status_of(store: Store, name: str) -> dict[str, Any]:
    """What a job of the run that this process belongs to last said of itself."""
    return _facts(status_path(store, name))


def last_statuses(store: Store) -> dict[str, dict[str, Any]]:
    """What each job said of itself in the newest run that had it, by the job's name."""
    found: dict[str, dict[str, Any]] = {}
    for run in (BY_HAND, *ids(store)):
        for path in sorted(status_path(store, "any", run).parent.glob("*.json")):
            if facts := _facts(path):
                found[path.stem] = facts
    return found


def header(plan: Plan, *, quiet: bool = False) -> str:
    """What a run is going to do, before it sends anything; if `quiet`, nothing if that is nothing.

    Ends with a line's end, unless it is empty.
    """
    todo = [download for download in plan.downloads if not download.complete]
    if quiet and not todo:
        return ""
    complete = len(plan.downloads) - len(todo)
    kind = " (synthetic prices)" if plan.source == "sandbox" else ""
    lines = [
        _RULE,
        "# ISO New England price download",
        f"# Source: {plan.source}{kind}   Data: {plan.data_dir}   Logs: {plan.log_dir}",
        f"# Total downloads: {len(plan.downloads)} ({complete} complete, {len(todo)} to do)",
        f"# Requests left to send: {plan.requests:,}{_and_custom(todo)}",
    ]
    if plan.maybe:
        lines.append(
            f"#   and up to {plan.maybe:,} more, for days that may not be final yet, "
            "and for the list of locations"
        )
    lines += [f"# Note: {remark}" for remark in plan.remarks]
    for number, download in enumerate(todo, 1):
        left = "" if download.requests is None else f", {count(download.requests, 'request')}"
        lines.append(f"#   {number}. {download.name}: {download.what}{left}")
    if not todo:
        every = "every day of these downloads" if plan.left_out else "every day that was asked for"
        but = "; what is left out, and why, is said above" if plan.left_out else ""
        lines.append(f"# Nothing to download: {every} is here and validated{but}.")
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


def states(store: Store, plan: Plan, run: str, *, ended: bool = False) -> list[State]:
    """What has become of each download of a run's plan, read from the files as they are now.

    `ended` says that the run is over, though its process may still be there.
    """
    goes_on = _alive(plan.process, plan.host) and not ended
    return [_state(store, run, planned, goes_on) for planned in plan.downloads]


def _state(store: Store, run: str, planned: Planned, goes_on: bool) -> State:
    facts = _facts(status_path(store, planned.name, run))
    state = facts.get("state")
    if state == "succeeded":
        word = "SUCCESS"
    elif state == "running":
        alive = _alive(int(facts.get("process", 0)), str(facts.get("host", "")))
        word = "RUNNING" if alive else "INTERRUPTED"
    elif state in {"failed", "interrupted"}:
        word = state.upper()
    elif planned.complete and _is_there(planned.marker):
        word = "COMPLETE"
    else:
        word = "WAITING FOR ITS TURN" if goes_on else "NEVER STARTED"
    return State(planned, word, facts)


def _is_there(path: str) -> bool:
    with contextlib.suppress(OSError):
        return Path(path).exists()
    return False


def summary(store: Store, *, run: str | None = None, ended: bool = False) -> str:
    """What has become of a run, `shown_id` unless given: its downloads, what failed, its verdicts.

    Of each download how it went, its attempts, its log and its missing days. A run that only checks
    what is stored ends with the verdicts alone.
    """
    run = run or shown_id(store)
    plan = _read_plan(store, run)
    if plan is None:
        return f"No run has been started on {store.root} yet."
    found = states(store, plan, run, ended=ended)
    checks = sorted(_CHECKS & set(plan.rules))
    others = failed_otherwise(store, plan, run, ended=ended)
    lines = [_RULE, f"# {'Summary' if checks else 'Download summary'}", _RULE]
    lines.append(f"Started: {plan.started}   Data: {plan.data_dir}")
    if found and not (checks and all(state.word == "COMPLETE" for state in found)):
        lines += _counted(found)
    if others:
        lines.append(f"Other jobs that failed: {len(others)}")
    reason = stopped(store, run)
    if reason:
        lines.append(f"The run was stopped by {reason.partition(':')[0]}")
    if found and not checks:
        lines += ["", "Detailed results:", "-" * 80]
        for number, state in enumerate(found, 1):
            lines += _details(f"{number}. ", state)
    for state in others:
        lines += _details("And ", state)
    for name in checks:
        lines += _verdict(store, name, run)
    return "\n".join([*lines, _RULE])


def _counted(found: Sequence[State]) -> list[str]:
    counts = Counter(state.word for state in found if not state.good)
    return [
        f"Total downloads: {len(found)}",
        f"Successful: {sum(state.good for state in found)}",
        f"Failed: {counts.pop('FAILED', 0)}",
        *(f"{word.capitalize()}: {count}" for word, count in counts.items()),
    ]


def _verdict(store: Store, check: str, run: str) -> list[str]:
    """What a check of this run has found, in its own words."""
    lines: list[str] = []
    for path in sorted(status_path(store, "any", run).parent.glob(f"{check}*.json")):
        lines += [f"   {line}" for line in _facts(path).get("verdict_lines", ())]
    return ["", f"{check.capitalize()}:", *lines] if lines else []


def failed_otherwise(store: Store, plan: Plan, run: str, *, ended: bool) -> list[State]:
    """The jobs of a run beside its downloads, such as packing and loading, that failed.

    After the run's end also those that never said how they ended: they were killed, as a cluster
    does with a job that takes more time or memory than it asked for.
    """
    words = {"failed": "FAILED"}
    if ended:
        words |= {"running": "INTERRUPTED", "interrupted": "INTERRUPTED"}
    planned = {download.name for download in plan.downloads}
    failed = []
    for path in sorted(status_path(store, "any", run).parent.glob("*.json")):
        facts = _facts(path) if path.stem not in planned else {}
        word = words.get(facts.get("state", ""))
        if word:
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
    verdict_lines: list[str] = []


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
        news = f"{facts['days_done']:,} of {count(facts['days'], 'day')}, {sent}"
        if state.word == "RUNNING":
            news += (
                f", {facts.get('requests_left', 0):,} left, "
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


def _stop_path(store: Store, run: str) -> Path:
    return store.run_dir(run) / "stop.txt"


def _alive(process: int, host: str) -> bool:
    """Whether a process is there; of another machine's it is believed."""
    if process <= 0 or not host:
        return False
    return host != this_host() or runs_here(process)


def now() -> str:
    """This instant as plans and status files have it: UTC, and called so."""
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
