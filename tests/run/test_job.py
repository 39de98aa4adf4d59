"""An attempt's record: whatever happens in it, log and status file say how it ended."""

import errno
import json
import os
import signal
import time
from pathlib import Path

import pyarrow as pa
import pytest
from running import run_script

from isone.errors import DownloadError, StopRunError
from isone.run import status
from isone.run.job import Job, sentences
from isone.run.log import log, said_instead, say_instead
from isone.run.settings import read_settings
from isone.run.sources import Credentials

NAME = "isone_lmp_da_hourly_2024"


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reasons for which the run was stopped; without end to this process."""
    reasons: list[str] = []
    monkeypatch.setattr(status, "stop", lambda store, name, reason: reasons.append(reason))
    return reasons


def configuration(folder: Path) -> dict[str, str]:
    return {"data_dir": str(folder / "data"), "log_dir": str(folder / "logs")}


def second(folder: Path) -> Job:
    """The second of three attempts at a download."""
    config = configuration(folder)
    return Job(
        NAME,
        config,
        read_settings(config),
        folder / "logs" / "stable.log",
        attempt=2,
        attempts=3,
        is_download=True,
    )


def said(folder: Path) -> dict[str, object]:
    """What the status file says."""
    return dict(json.loads((folder / "data/runs/by-hand/jobs" / f"{NAME}.json").read_text()))


def test_a_good_attempt_ends_without_an_exit_code(tmp_path: Path) -> None:
    with second(tmp_path) as attempt:
        attempt.command("python scripts/download_lmp.py")
        log.info("in between")
    assert said(tmp_path)["state"] == "succeeded"
    text = attempt.log_path.read_text()
    assert attempt.log_path.name.startswith(f"{NAME}_attempt2_")
    for line in ("(attempt 2 of 3)", "Command: python", "in between", "Status: SUCCEEDED"):
        assert line in text
    assert (tmp_path / "logs" / "stable.log").read_text() == text


def test_an_expected_error_is_one_sentence_without_a_traceback(
    tmp_path: Path, stopped: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended, second(tmp_path) as attempt:
        raise DownloadError("2 days missing: 2024-01-01, 2024-01-02")
    assert ended.value.code == 1
    assert stopped == []
    assert said(tmp_path)["message"] == "2 days missing: 2024-01-01, 2024-01-02"
    assert "Traceback" not in attempt.log_path.read_text()


def test_an_error_that_no_attempt_can_mend_stops_the_run(
    tmp_path: Path, stopped: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended, second(tmp_path):
        raise StopRunError("the account was refused")
    assert stopped == ["the account was refused. The run stops"]
    assert ended.value.code == 2


def test_an_unexpected_error_has_its_traceback_in_the_log_and_one_sentence_outside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, second(tmp_path) as attempt:
        raise ZeroDivisionError("oh")
    assert ended.value.code == 1
    assert "Traceback" in attempt.log_path.read_text()
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert "unexpected ZeroDivisionError: oh; this is a fault of the program" in str(
        said(tmp_path)["message"]
    )


def test_an_interruption_is_told_apart_from_a_failure(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended, second(tmp_path):
        raise KeyboardInterrupt
    assert ended.value.code == 130
    assert said(tmp_path)["state"] == "interrupted"


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended, second(tmp_path):
        raise OSError(28, "No space left on device", "data/raw/x")
    assert ended.value.code == 1
    sentence = "No space left on device (data/raw/x); free some space and run again to resume"
    assert said(tmp_path)["message"] == sentence


def test_a_password_is_in_no_record(tmp_path: Path) -> None:
    with second(tmp_path) as attempt:
        attempt.redaction.hide(Credentials("me", "canary"))
        log.info("the password is %s", "canary")
        log.info("Authorization: Basic bWU6Y2FuYXJ5")
    text = attempt.log_path.read_text()
    assert "canary" not in text
    assert "bWU6Y2FuYXJ5" not in text
    assert "canary" not in repr(Credentials("me", "canary"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_an_interruption_of_which_a_library_makes_its_own_error_is_still_one(
    number: signal.Signals, tmp_path: Path
) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        with pytest.raises(SystemExit) as ended, second(tmp_path):
            try:
                os.kill(os.getpid(), number)
                time.sleep(5)
            except KeyboardInterrupt:
                raise RuntimeError("Query interrupted") from None  # as DuckDB does
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert ended.value.code == 130
    assert said(tmp_path)["message"] == "interrupted; run again to resume"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        pa.ArrowMemoryError("malloc of size 98304 failed"),
        RuntimeError("can't start new thread"),
        ImportError("x.so: failed to map segment from shared object"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_want_of_memory_is_a_sentence_and_no_fault_of_the_program(
    error: Exception, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, second(tmp_path) as attempt:
        raise error
    assert ended.value.code == 1
    assert str(said(tmp_path)["message"]).startswith("there is not enough memory here; ")
    assert "Traceback" not in attempt.log_path.read_text()
    with pytest.raises(SystemExit) as ended, sentences():
        raise error
    assert ended.value.code == 1
    assert "error: there is not enough memory here" in capsys.readouterr().err


def test_no_job_of_a_stopped_run_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configuration(tmp_path)
    it = Job("other", config, read_settings(config))
    (it.store.run_dir(status.BY_HAND)).mkdir(parents=True)
    (it.store.run_dir(status.BY_HAND) / "stop.txt").write_text(f"{NAME}: the account was refused")
    (tmp_path / "logs").mkdir()
    for script in ("download_prices", "pack_prices"):
        assert run_script(script, config, dataset="lmp_da_hourly", period="2024") == 3
        end = f"does not start: the run was stopped by {NAME}\n"
        assert capsys.readouterr().err.endswith(end)
    assert not list((tmp_path / "data").rglob("jobs/*"))


def test_a_mistake_in_the_configuration_is_a_sentence_and_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configuration(tmp_path) | {"yeers": "2024"}
    with pytest.raises(SystemExit) as ended, sentences():
        read_settings(config)
    assert ended.value.code == 2
    assert "did you mean 'years'?" in capsys.readouterr().err


def test_where_there_are_no_links_a_line_leads_to_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    with second(tmp_path) as attempt:
        pass
    assert attempt.stable_log is not None
    assert attempt.stable_log.read_text() == f"-> {attempt.log_path.name}\n"
    assert said_instead(attempt.stable_log) == ""
    say_instead("it was stopped", attempt.stable_log)
    assert said_instead(attempt.stable_log) == "it was stopped"


def test_why_no_attempt_was_begun_is_not_written_into_the_log_of_an_earlier_one(
    tmp_path: Path,
) -> None:
    with second(tmp_path) as attempt:
        pass
    before = attempt.log_path.read_text()
    assert attempt.stable_log is not None
    say_instead("it was stopped", attempt.stable_log)
    assert attempt.log_path.read_text() == before
