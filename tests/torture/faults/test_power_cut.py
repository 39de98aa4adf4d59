"""What a power cut leaves of a status file, which is not waited for, keeps no run from its end."""

import json
from pathlib import Path

import pytest

from isone.run import status
from isone.run.summary import summary
from isone.run.targets import Run


@pytest.mark.parametrize(
    "left",
    [b"", b"\0" * 4, b"\0" * 201, b'{"name": "isone_', b'"\xe9', b"[1]", b"null", b"7"],
    ids=["nothing", "zeros", "an odd number of zeros", "half", "no text", "a list", "null", "7"],
)
def test_a_status_file_of_which_nothing_is_left_counts_as_none(left: bytes, tmp_path: Path) -> None:
    config = {"years": 2024, "source": "sandbox", "data_dir": str(tmp_path / "data")}
    config |= {"log_dir": str(tmp_path / "logs"), "data_types": "lmp", "markets": "da"}
    started = Run.of(config)
    started.start(retries=0)
    path = status.status_path(started.store, "isone_lmp_da_hourly_2024")
    facts = {"state": "failed", "started": "9999", "message": "a day is missing", "log": "a log"}
    path.parent.mkdir()
    path.write_text(json.dumps(facts))
    assert "isone_lmp_da_hourly_2024: FAILED" in summary(started.store, ended=True)
    path.write_bytes(left)
    status.status_path(started.store, "load_duckdb").write_bytes(left)
    assert "isone_lmp_da_hourly_2024: NEVER STARTED" in summary(started.store, ended=True)
