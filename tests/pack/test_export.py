import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import isone
from isone.errors import UsageError
from isone.pack import export, reading
from isone.pack.year import pack_year
from isone.store.store import Store

PROJECT = Path(__file__).resolve().parents[2]
Bring = Callable[..., str]


@pytest.fixture
def packed(store: Store, bring: Bring) -> Path:
    pack_year(store, "lmp_da_hourly", bring("lmp_da_hourly", "2024-11-02", "2024-11-04"))
    return store.root


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "isone", "export", *arguments]
    return subprocess.run(words, cwd=PROJECT, capture_output=True, text=True)


def test_the_documented_command_writes_what_reading_gives(packed: Path, tmp_path: Path) -> None:
    output = tmp_path / "hub.csv"
    choice = ("--years", "2024", "--locations", "4000", ".Z.MAINE")
    done = run("lmp_da_hourly", *choice, "--data-dir", packed, "--output", output)
    assert (done.returncode, done.stdout) == (0, f"{output}: 146 rows\n"), done.stderr
    table = isone.read("lmp_da_hourly", locations=[4000, 4001], data_dir=packed)
    rows = rows_of(output)
    for name in ("lmp", "energy", "congestion", "loss"):
        assert [float(row[name]) for row in rows] == table[name].to_pylist()
    for name in ("location", "location_type", "market", "location_id", "operating_day"):
        assert [row[name] for row in rows] == [str(value) for value in table[name].to_pylist()]


def test_the_repeated_hour_is_told_apart_in_utc_and_in_market_time(
    packed: Path, tmp_path: Path
) -> None:
    output = tmp_path / "day.csv"
    day = ("--start-date", "2024-11-03", "--end-date", "2024-11-03")
    run("lmp_da_hourly", *day, "--locations", "4000", "--data-dir", packed, "--output", output)
    rows = rows_of(output)
    assert len(rows) == 25
    assert [(row["interval_start_utc"], row["interval_start_market"]) for row in rows[1:3]] == [
        ("2024-11-03T05:00:00Z", "2024-11-03T01:00:00-04:00"),
        ("2024-11-03T06:00:00Z", "2024-11-03T01:00:00-05:00"),
    ]


def test_lines_end_as_rfc_4180_has_it_and_a_missing_value_is_an_empty_field(
    store: Store, bring: Bring, tmp_path: Path
) -> None:
    pack_year(store, "reserve_5min", bring("reserve_5min", "2024-01-01"))
    output = tmp_path / "reserves.csv"
    export.export_csv(reading.open_packed("reserve_5min", None, "SWCT", store.root), output)
    content = output.read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == 289
    assert {row["ten_min_spin_requirement"] for row in rows_of(output)} == {""}


@pytest.mark.parametrize("name", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_name_that_looks_like_a_formula_is_made_harmless(name: str) -> None:
    names = pa.array([name, 'UN.A,"B" 13.8']).dictionary_encode()
    assert export.as_text(names).to_pylist() == [f"'{name}", 'UN.A,"B" 13.8']


def test_an_export_larger_than_can_be_ordered_has_the_same_rows(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = reading.open_packed("lmp_da_hourly", None, None, packed)
    export.export_csv(found, tmp_path / "ordered.csv")
    monkeypatch.setattr(export, "_ORDERED_ROWS", 10)
    export.export_csv(found, tmp_path / "streamed.csv")
    ordered, streamed = (rows_of(tmp_path / f"{name}.csv") for name in ("ordered", "streamed"))
    assert len(ordered) == 18 * 73
    assert {tuple(row.items()) for row in ordered} == {tuple(row.items()) for row in streamed}


def test_nothing_to_export_is_one_sentence_and_the_old_file_stays(
    packed: Path, tmp_path: Path
) -> None:
    output = tmp_path / "hub.csv"
    output.write_text("before")
    done = run(
        "lmp_da_hourly", "--start-date", "2024-12-01", "--data-dir", packed, "--output", output
    )
    assert done.returncode == 2
    assert done.stderr == "error: lmp_da_hourly: nothing is packed for these days and locations\n"
    assert output.read_text() == "before"


def test_a_location_that_is_not_there_is_named_before_anything_is_written(
    packed: Path, tmp_path: Path
) -> None:
    output = tmp_path / "hub.csv"
    found = reading.open_packed("lmp_da_hourly", None, [4000, 4999], packed)
    with pytest.raises(UsageError, match="location 4999"):
        export.export_csv(found, output)
    assert not output.exists()
