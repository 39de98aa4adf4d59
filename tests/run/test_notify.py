"""Who wants to be told is told of failures and gaps; the address is written nowhere."""

import json
import sys
import types
from pathlib import Path
from typing import Any

import msgspec
import pytest

from isone.run import notify, status
from isone.run.plan import Plan, Planned
from isone.store.files import write_whole
from isone.store.store import Store

ADDRESS = "json://user:canary@127.0.0.1:9/"


class Apprise:
    """Stands in for apprise's own class; what it was given is kept here."""

    sent: list[dict[str, str]] = []
    works = True

    def add(self, address: str) -> bool:
        return address.startswith("json://")

    def notify(self, **words: str) -> bool:
        if not Apprise.works:
            raise RuntimeError(f"{ADDRESS} does not answer")
        Apprise.sent.append(words)
        return True


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    module = types.ModuleType("apprise")
    module.Apprise = Apprise  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)
    monkeypatch.setenv(notify.VARIABLE, ADDRESS)
    Apprise.sent, Apprise.works = [], True
    return Apprise.sent


def store_after(folder: Path, **facts: Any) -> Store:
    """A folder after a run of one download, with what its status file says."""
    store = Store(folder)
    marker = folder / "complete" / "x.json"
    planned = Planned("isone_lmp_da_hourly_2024", str(marker), "", 1, False)
    plan = Plan("webservices", "data", "logs", (planned,), (), started="2026-01-01 00:00:00")
    write_whole(status.plan_path(store), msgspec.json.encode(plan))
    said = {"started": "2026-01-01 00:00:01", **facts}
    write_whole(status.status_path(store, planned.name), json.dumps(said).encode())
    if facts.get("state") == "succeeded":
        write_whole(marker, b"{}")
    return store


def test_a_failure_is_told_with_its_missing_days(
    tmp_path: Path, sent: list[dict[str, str]]
) -> None:
    missing = {"2024-01-03": "the service has no data"}
    notify.tell_end(store_after(tmp_path, state="failed", message="1 day missing", missing=missing))
    (message,) = sent
    assert message["title"] == "ISO-NE prices: 1 of 1 download not complete"
    assert "isone_lmp_da_hourly_2024: failed" in message["body"]
    assert "missing 2024-01-03: the service has no data" in message["body"]


def test_a_gap_that_was_accepted_is_told(tmp_path: Path, sent: list[dict[str, str]]) -> None:
    notify.tell_end(store_after(tmp_path, state="succeeded", gaps={"2024-06-01": "never out"}))
    assert sent[0]["title"] == "ISO-NE prices: 1 gap accepted"
    assert "gap on 2024-06-01 accepted: never out" in sent[0]["body"]


def test_where_all_went_well_nothing_is_sent(tmp_path: Path, sent: list[dict[str, str]]) -> None:
    notify.tell_end(store_after(tmp_path, state="succeeded"))
    assert sent == []


def test_where_nobody_wants_to_be_told_nothing_is_sent(
    tmp_path: Path, sent: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(notify.VARIABLE)
    notify.tell_end(store_after(tmp_path, state="failed"))
    assert sent == []


def test_a_message_that_cannot_be_sent_is_said_without_its_address(
    tmp_path: Path, sent: list[dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    Apprise.works = False
    notify.tell_end(store_after(tmp_path, state="failed"))
    said = capsys.readouterr()
    assert "could not be sent" in said.err
    assert "canary" not in said.err + said.out
    assert sent == []


def test_without_apprise_it_is_said_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.setenv(notify.VARIABLE, ADDRESS)
    assert "pip install apprise" in notify.why_impossible()
    monkeypatch.delenv(notify.VARIABLE)
    assert notify.why_impossible() == ""


def test_a_failure_of_another_job_alone_is_told(tmp_path: Path, sent: list[dict[str, str]]) -> None:
    store = store_after(tmp_path, state="succeeded")
    said = {"state": "failed", "message": "the database cannot be reached"}
    path = status.status_path(store, "load_postgres_lmp_da_hourly_2024")
    write_whole(path, json.dumps(said).encode())
    notify.tell_end(store)
    (message,) = sent
    assert message["title"] == "ISO-NE prices: 1 other job failed"
    assert "load_postgres_lmp_da_hourly_2024: failed" in message["body"]
    assert "the database cannot be reached" in message["body"]


def test_a_run_that_does_not_begin_is_told(sent: list[dict[str, str]]) -> None:
    notify.tell_refusal(Plan("webservices", "data", "logs", (), ()), "no ISO-NE account is set")
    (message,) = sent
    assert message == {"title": "ISO-NE prices: the run did not begin",
                       "body": "no ISO-NE account is set"}  # fmt: skip


def test_an_address_that_apprise_does_not_know_is_said_before_the_run_and_not_repeated(
    sent: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert notify.why_impossible() == ""
    monkeypatch.setenv(notify.VARIABLE, "json://127.0.0.1/hook mailtoo:me:secret@host")
    said = notify.why_impossible()
    assert "ISONE_NOTIFY: address 2 of 2 is none that apprise knows" in said
    assert "secret" not in said
    assert sent == []
