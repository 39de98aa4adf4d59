"""An attempt's record: whatever happens in it, log and status file say how it ended."""

import json
import os
import signal
import time
from pathlib import Path

import pyarrow as pa
import pytest

from isone.errors import DownloadError, StopRunError
from isone.run.journal import Journal, log, sentences
from isone.run.sources import Credentials


def journal(folder: Path) -> Journal:
    """The second of three attempts at a job."""
    return Journal(
        "isone_lmp_da_hourly_2024",
        "python scripts/download_lmp.py",
        folder / "jobs" / "job.json",
        folder / "logs",
        attempt=2,
        attempts=3,
        stable_log=folder / "logs" / "stable.log",
    )


def status(folder: Path) -> dict[str, object]:
    """What the status file says."""
    return dict(json.loads((folder / "jobs" / "job.json").read_text()))


def test_a_good_attempt_ends_with_exit_code_0(tmp_path: Path) -> None:
    with journal(tmp_path) as attempt:
        log.info("in between")
    assert attempt.exit_code == 0
    assert status(tmp_path)["state"] == "succeeded"
    text = attempt.log_path.read_text()
    assert attempt.log_path.name.startswith("isone_lmp_da_hourly_2024_attempt2_")
    for line in ("(attempt 2 of 3)", "Command: python", "in between", "Status: SUCCEEDED"):
        assert line in text
    assert (tmp_path / "logs" / "stable.log").read_text() == text


def test_an_expected_error_is_one_sentence_without_a_traceback(tmp_path: Path) -> None:
    with journal(tmp_path) as attempt:
        raise DownloadError("2 days missing: 2024-01-01, 2024-01-02")
    assert (attempt.exit_code, attempt.stop_run) == (1, False)
    assert status(tmp_path)["message"] == "2 days missing: 2024-01-01, 2024-01-02"
    assert "Traceback" not in attempt.log_path.read_text()


def test_an_error_that_no_attempt_can_mend_stops_the_run(tmp_path: Path) -> None:
    with journal(tmp_path) as attempt:
        raise StopRunError("the account was refused")
    assert attempt.stop_run
    assert attempt.exit_code == 2


def test_an_unexpected_error_has_its_traceback_in_the_log_and_one_sentence_outside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with journal(tmp_path) as attempt:
        raise ZeroDivisionError("oh")
    assert attempt.exit_code == 1
    assert "Traceback" in attempt.log_path.read_text()
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert "unexpected ZeroDivisionError: oh; this is a fault of the program" in str(
        status(tmp_path)["message"]
    )


def test_an_interruption_is_told_apart_from_a_failure(tmp_path: Path) -> None:
    with journal(tmp_path) as attempt:
        raise KeyboardInterrupt
    assert attempt.exit_code == 130
    assert status(tmp_path)["state"] == "interrupted"


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    with journal(tmp_path) as attempt:
        raise OSError(28, "No space left on device", "data/raw/x")
    assert attempt.exit_code == 1
    assert "No space left on device (data/raw/x)" in str(status(tmp_path)["message"])


def test_a_password_is_in_no_record(tmp_path: Path) -> None:
    with journal(tmp_path) as attempt:
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
        with journal(tmp_path) as attempt:
            try:
                os.kill(os.getpid(), number)
                time.sleep(5)
            except KeyboardInterrupt:
                raise RuntimeError("Query interrupted") from None  # as DuckDB does
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert attempt.exit_code == 130
    assert status(tmp_path)["message"] == "interrupted; run again to resume"


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
    with journal(tmp_path) as attempt:
        raise error
    assert attempt.exit_code == 1
    assert str(status(tmp_path)["message"]).startswith("there is not enough memory here; ")
    assert "Traceback" not in attempt.log_path.read_text()
    with pytest.raises(SystemExit) as ended, sentences():
        raise error
    assert ended.value.code == 1
    assert "error: there is not enough memory here" in capsys.readouterr().err
