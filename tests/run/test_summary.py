"""The end of a run: how many days there are, and what to do next, in words that are true."""

import json
import os
from pathlib import Path

import msgspec
import pytest

from isone.run import status
from isone.run.plan import Plan, Planned
from isone.run.summary import summary
from isone.store.processes import this_host
from isone.store.store import Store

NAMES = ("isone_lmp_da_hourly_2024", "isone_lmp_rt_5min_2024")


def ended(folder: Path, *states: str) -> str:
    """The summary of two downloads of ten days; one without a state never started."""
    store = Store(folder)
    downloads = tuple(
        Planned(name, f"{folder}/no-{name}", "ten days", 10, False, days=10) for name in NAMES
    )
    status.write_plan(store, Plan("sandbox", str(folder), str(folder / "logs"), downloads, ()))
    for name, state in zip(NAMES, states, strict=False):
        path = status.status_path(store, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"name": name, "state": state, "days": 10, "days_done": 4}))
    return summary(store, ended=True)


@pytest.mark.parametrize(
    ("states", "days", "then"),
    [
        (("succeeded", "succeeded"), "20 of 20\n", "the same command brings what is new"),
        (("succeeded", "failed"), "14 of 20\n", "fix what is named above"),
        (("interrupted",), "4 of 10; 1 download not begun\n", "run the same command again: it"),
    ],
    ids=["well", "failed", "interrupted"],
)
def test_days_are_those_of_downloads_that_began_and_the_next_step_fits(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    states: tuple[str, ...],
    days: str,
    then: str,
) -> None:
    monkeypatch.setenv(status.VARIABLE, status.new_id())
    said = ended(tmp_path, *states)
    assert f"Days      {days}" in said
    assert f"Next      {then}" in said


@pytest.mark.parametrize(
    ("state", "counted", "then"),
    [
        ("failed", "Other jobs that failed: 1", "fix what is named above"),
        ("interrupted", "Other jobs that were interrupted: 1", "run the same command again: it"),
        ("running", "Other jobs that were interrupted: 1", "run the same command again: it"),
    ],
)
def test_a_job_beside_the_downloads_failed_or_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, counted: str, then: str
) -> None:
    monkeypatch.setenv(status.VARIABLE, status.new_id())
    ended(tmp_path, "succeeded", "succeeded")
    path = status.status_path(Store(tmp_path), "write_figures")
    path.write_text(json.dumps({"name": "write_figures", "state": state}))
    said = summary(Store(tmp_path), ended=True)
    assert said.count("Other jobs") == 1
    assert counted in said
    assert f"Next      {then}" in said


@pytest.mark.parametrize("rules", [("download_prices",), ("pack_prices", "write_report")])
def test_a_report_is_only_recommended_where_this_run_has_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: tuple[str, ...]
) -> None:
    monkeypatch.setenv(status.VARIABLE, status.new_id())
    ended(tmp_path, "succeeded", "succeeded")
    page = tmp_path / "isone.html"
    page.touch()
    plan = status.read_plan(Store(tmp_path), os.environ[status.VARIABLE])
    assert plan is not None
    status.write_plan(Store(tmp_path), msgspec.structs.replace(plan, rules=rules, page=str(page)))
    said = summary(Store(tmp_path), ended=True)
    assert f"Report    {page}" in said
    assert ("open the report" in said) == ("write_report" in rules)


def test_a_job_that_outlived_its_run_is_named_with_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(status.VARIABLE, status.new_id())
    ended(tmp_path, "running")
    path = status.status_path(Store(tmp_path), NAMES[0])
    said = {"state": "running", "process": os.getppid(), "host": this_host()}
    path.write_text(json.dumps({"name": NAMES[0], **said}))
    monkeypatch.setenv(status.VARIABLE, status.new_id())
    (sentence,) = status.others_going_on(Store(tmp_path))
    assert sentence.startswith(f"{NAMES[0]} of a run that was killed still goes on (process ")
    assert f"`kill {os.getppid()}`" in sentence
    path.write_text(json.dumps({"name": NAMES[0], **said, "state": "succeeded"}))
    assert status.others_going_on(Store(tmp_path)) == []
