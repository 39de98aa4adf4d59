"""Public CSV has a first day of its own: nothing is asked for before it."""

from pathlib import Path

import pytest

from isone.download import by_hand
from isone.sandbox import Sandbox


@pytest.mark.parametrize(
    ("last", "asked"),
    [("2016-01-02", ["20160101", "20160102"]), ("2015-12-31", [])],
    ids=["from the first day on", "all before it"],
)
def test_by_hand_no_day_before_the_first_is_asked_of_public_csv(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    last: str,
    asked: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--start-date", "2015-12-28", "--end-date", last, "--market-types", "da"]
    words += ["--source", "reports", "--base-url", sandbox.reports_url, "--data-dir", "data"]
    assert by_hand.main("lmp", words) == 0
    assert sorted(request.path[-12:-4] for request in sandbox.requests) == asked
