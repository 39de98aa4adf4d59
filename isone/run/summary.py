"""What is printed of a run: the header before it, the status while it goes on, the summary."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from isone.run.plan import Plan, Planned
from isone.run.status import (
    JobStatus,
    State,
    failed_otherwise,
    plan_by_jobs,
    read_plan,
    shown_id,
    states,
    statuses,
    stopped,
)
from isone.store.store import Store
from isone.text import count, first_lines

_RULE = "#" * 80
_NAMED_DAYS = 20
KILLED = (
    "it ended before it could say how: somebody killed it, the machine went down, or memory or "
    "disk ran out; its log has what it said last; run again to resume"
)
_CHECKS = {"verify", "recheck", "reconcile"}
_OTHERWISE = {"FAILED": "failed", "INTERRUPTED": "were interrupted"}


def header(plan: Plan, *, quiet: bool = False) -> str:
    """What a run is going to do, before it sends anything; if `quiet`, nothing if that is nothing.

    Ends with a line's end, unless it is empty.
    """
    todo = [download for download in plan.downloads if not download.complete]
    if quiet and not todo:
        return ""
    if plan.is_empty:
        notes = [f"# Note: {remark}" for remark in plan.remarks]
        return "\n".join([*notes, "# The plan is empty, for no years are given", ""])
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
        lines.append(f"# Nothing to download: {every} is already downloaded and complete{but}.")
    return "\n".join([*lines, _RULE, ""])


def _and_custom(todo: Sequence[Planned]) -> str:
    unknown = any(download.requests is None for download in todo)
    return " and those of the custom downloads" if unknown else ""


def summary(store: Store, *, run: str | None = None, ended: bool = False) -> str:
    """What has become of a run, `shown_id` unless given: its downloads, what failed, its verdicts.

    Of each download how it went, its attempts, its log and its missing days. A run that only checks
    what is stored ends with the verdicts alone.
    """
    run = run or shown_id(store)
    plan = read_plan(store, run) or plan_by_jobs(store, run)
    if plan is None:
        return f"No run has been started on {store.root} yet."
    found = states(store, plan, run, ended=ended)
    checks = sorted(_CHECKS & set(plan.rules))
    others = failed_otherwise(store, plan, run, ended=ended)
    lines = [_RULE, f"# {'Summary' if checks else 'Download summary'}", _RULE]
    lines.append(f"Started: {plan.started}   Data: {plan.data_dir}")
    if found and not (checks and all(state.word == "COMPLETE" for state in found)):
        lines += _counted(found)
    for word, what in _OTHERWISE.items():
        if number := sum(state.word == word for state in others):
            lines.append(f"Other jobs that {what}: {number}")
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
    if not checks:
        lines += _what_is_there(store, plan, found, others)
    return "\n".join([*lines, _RULE])


def _counted(found: Sequence[State]) -> list[str]:
    counts = Counter(state.word for state in found if not state.good)
    return [
        f"Total downloads: {len(found)}",
        f"Successful: {sum(state.good for state in found)}",
        f"Failed: {counts.pop('FAILED', 0)}",
        *(f"{word.capitalize()}: {count}" for word, count in counts.items()),
    ]


def _what_is_there(
    store: Store, plan: Plan, found: Sequence[State], others: Sequence[State]
) -> list[str]:
    """Where page, database and tables are, how many days there are, and what to do next."""
    ran = [state for state in found if state.planned.days and state.word != "NEVER STARTED"]
    here = sum(s.planned.days if s.good else s.status.days_done for s in ran)
    lines, words = places(store, plan.page), {state.word for state in (*found, *others)}
    if ran:
        waits = count(sum(s.word == "NEVER STARTED" for s in found), "download")
        rest = "" if waits.startswith("0 ") else f"; {waits} not begun"
        lines.append(f"{'Days':<10}{here:,} of {sum(s.planned.days for s in ran):,}{rest}")
    if not others and all(state.good for state in found):
        made = "write_report" in plan.rules and plan.page and Path(plan.page).exists()
        look = "open the report in a browser; " if made else ""
        lines.append(f"{'Next':<10}{look}the same command brings what is new")
    elif "FAILED" in words:
        lines.append(
            f"{'Next':<10}fix what is named above, and run the same command again: it resumes"
        )
    elif words & {"INTERRUPTED", "NEVER STARTED"}:
        lines.append(f"{'Next':<10}run the same command again: it resumes")
    return ["", *lines] if lines else []


def places(store: Store, page: str) -> list[str]:
    """Where page, database and tables are, a line for each that is there."""
    return [
        f"{what:<10}{path.resolve()}"
        for what, path in (
            ("Report", Path(page)),
            ("Database", store.duckdb_path),
            ("Tables", store.root / "parquet"),
        )
        if page and path.exists()
    ]


def _verdict(store: Store, check: str, run: str) -> list[str]:
    """What a check of this run has found, in its own words."""
    lines = [
        f"   {line}"
        for name, found in statuses(store, run).items()
        if name.startswith(check)
        for line in found.verdict_lines
    ]
    return ["", f"{check.capitalize()}:", *lines] if lines else []


def _details(mark: str, state: State) -> list[str]:
    status = state.status
    attempts = f" (attempts: {status.attempt})" if status.attempt else ""
    already = " (already there)" if state.word == "COMPLETE" else ""
    lines = [f"{mark}{state.planned.name}: {state.word}{attempts}{already}"]
    if status.requests_sent is not None:
        progress = _progress(state, status.requests_sent)
        lines = [f"{lines[0]}, {progress}"] if state.good else [*lines, f"   {progress}"]
    if state.word == "RUNNING" and status.waiting:
        lines.append(f"   {status.waiting}")
    lines += [f"   {sentence}" for sentence in status.noted]
    by_day = any(reason in status.message for reason in status.missing.values())
    if status.message and not state.good and not by_day:
        lines.append(f"   {status.message}")
    if state.word == "INTERRUPTED" and status.state == "running":
        lines.append(f"   {KILLED}")
    if not state.good:
        lines += [f"   {line}" for line in missing_days(status)]
    if status.log and not state.good:
        lines.append(f"   Log: {status.log}")
    return lines


def _progress(state: State, sent: int) -> str:
    status = state.status
    of_all = "" if state.good else f"{status.days_done:,} of "
    done = f"{of_all}{count(status.days, 'day')}, {count(sent, 'request')}"
    if state.word != "RUNNING":
        return done
    return (
        f"{done}, {status.requests_left:,} left, {status.requests_a_minute:.0f} a minute, "
        f"done at {status.done_at or 'an unknown time'}"
    )


def missing_days(status: JobStatus) -> list[str]:
    """The first days that are missing, with the reasons; how many more.

    Days that follow each other for one reason are a line together.
    """
    runs: list[tuple[str, list[str]]] = []
    for day, reason in sorted(status.missing.items()):
        if runs and runs[-1][0] == reason and _is_next(runs[-1][1][-1], day):
            runs[-1][1].append(day)
        else:
            runs.append((reason, [day]))
    lines = [
        f"missing {days[0]}: {reason}"
        if len(days) == 1
        else f"missing {days[0]} to {days[-1]}, {count(len(days), 'day')}: {reason}"
        for reason, days in runs
    ]
    return first_lines(lines, "line", _NAMED_DAYS, "named in the log")


def _is_next(day: str, other: str) -> bool:
    """Whether a day (YYYY-MM-DD) is the one after another."""
    try:
        return dt.date.fromisoformat(other) - dt.date.fromisoformat(day) == dt.timedelta(days=1)
    except ValueError:
        return False
