import datetime as dt
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from filled import build_duckdb, config_for, fill, settings_for
from postgres_server import Server
from running import PROJECT, by_hand, run_script, verify
from spoiled import change_parquet, flip_a_bit

from isone.audit.verify import outputs
from isone.audit.verify.verdict import (
    DAMAGED,
    MISSING,
    OK,
    Damage,
    Verdict,
    read_verdict,
    table,
)
from isone.audit.verify.year import verify_year
from isone.errors import DamagedError, LoadError
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.pack import reading
from isone.run import missing, status
from isone.store.files import sha256
from isone.store.store import Store
from isone.store.year_marker import read_manifest

PERIOD = "2025.through-20251103"
MONTH = "2025.through-20251130"
"""The period of what is asked for by whole months."""
DAY = "2025-11-02"

each_dataset = pytest.mark.parametrize("dataset", DATASETS)

WHEN = "2026-06-12T04:00:00+00:00"


def check(store: Store, dataset: str = "lmp_da_hourly", **config: Any) -> Verdict:
    period = MONTH if comes_by_month(dataset) else PERIOD
    return verify_year(store, settings_for(store, **config), dataset, period)


def comes_by_month(dataset: str) -> bool:
    return DATASETS[dataset].request.span == "month"


def raw(store: Store, dataset: str = "lmp_da_hourly", request: str = "20251102") -> Path:
    return store.root / "raw" / dataset / "2025" / f"{request}.json.gz"


def say_it_is_so(store: Store, request: str = "20251102", **changes: Any) -> None:
    """Let the marker describe a response as it is now."""
    marker = store.marker_path("lmp_da_hourly", PERIOD)
    manifest = json.loads(marker.read_text())
    content = raw(store, request=request).read_bytes()
    entry = next(each for each in manifest["requests"] if each["request"] == request)
    entry |= {"size": len(content), "sha256": sha256(content)} | changes
    marker.write_text(json.dumps(manifest))


@each_dataset
def test_what_is_as_it_was_validated_is_sound_in_every_place(sound: Store, dataset: str) -> None:
    verdict = check(sound, dataset)
    assert (verdict.verdict, verdict.damage) == (OK, ())
    assert verdict.days == (30 if comes_by_month(dataset) else 3)
    assert set(verdict.rows) == {"raw", "parquet", "duckdb"}
    assert len(set(verdict.rows.values())) == len(set(verdict.digests.values())) == 1
    assert verdict.rows["raw"] > 0


def test_five_minute_prices_are_held_against_the_hourly_ones(sound: Store) -> None:
    (note,) = check(sound, "lmp_rt_5min").notes
    assert note.startswith("657 hourly means of five-minute prices are within 0.0")


def test_hours_that_are_off_their_five_minute_prices_are_noted_by_day(store: Store) -> None:
    change_parquet(
        store, ("lmp_rt_hourly", PERIOD), "lmp", f"lmp + 3 * (operating_day = '{DAY}')::INTEGER"
    )
    notes = check(store, "lmp_rt_5min").notes
    assert any(note.startswith(f"{DAY}: an hour is 3.0") for note in notes)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(flip_a_bit, "its SHA-256 is another", id="one bit"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-9]),
                     "its SHA-256 is another", id="cut off"),
        pytest.param(Path.unlink, "No such file or directory", id="gone"),
    ],
)  # fmt: skip
def test_a_damaged_response_is_named_with_its_day(
    store: Store, spoil: Callable[[Path], object], reason: str
) -> None:
    spoil(raw(store))
    verdict = check(store)
    assert verdict.verdict == DAMAGED
    (damage,) = verdict.damage
    assert (damage.where, damage.day, damage.request) == ("raw", DAY, "20251102")
    assert reason in damage.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(
            lambda rows: rows[0].update(LmpTotal=rows[0]["LmpTotal"] + 1), "do not add up", id="sum"
        ),
        pytest.param(lambda rows: rows.pop(), "the response lacks", id="a missing interval"),
        pytest.param(
            lambda rows: rows.append(rows[0]), "duplicates 0, the response has 1", id="twice"
        ),
        pytest.param(
            lambda rows: rows.append(rows[0] | {"LmpTotal": 1.0}), "disagree", id="two prices"
        ),
        pytest.param(
            lambda rows: rows[0].update(BeginDate="2025-11-05T00:00:00.000-05:00"),
            "which is not in 2025-11-02",
            id="another day",
        ),
    ],
)
def test_a_response_that_is_wrong_is_named_even_where_its_digest_is_right(
    store: Store, change: Callable[[list[Any]], object], reason: str
) -> None:
    response = json.loads(gzip.decompress(raw(store).read_bytes()))
    change(response["HourlyLmps"]["HourlyLmp"])
    raw(store).write_bytes(gzip.compress(json.dumps(response).encode()))
    say_it_is_so(store)
    damage = [each for each in check(store).damage if each.where == "raw"]
    assert [each.day for each in damage] == [DAY]
    assert reason in damage[0].reason


def test_another_price_with_the_right_sum_is_found_in_the_table(store: Store) -> None:
    response = json.loads(gzip.decompress(raw(store).read_bytes()))
    row = response["HourlyLmps"]["HourlyLmp"][0]
    row["LmpTotal"] = round(row["LmpTotal"] + 1, 2)
    row["EnergyComponent"] = round(row["EnergyComponent"] + 1, 2)
    raw(store).write_bytes(gzip.compress(json.dumps(response).encode()))
    say_it_is_so(store)
    verdict = check(store)
    assert verdict.verdict == DAMAGED
    reasons = {(each.where, each.day): each.reason for each in verdict.damage}
    assert reasons["parquet", DAY].endswith("as there should be, but with other values")
    assert reasons["parquet", None] == "it was packed from another marker than this one"


def test_a_changed_price_in_the_table_is_found(store: Store) -> None:
    change_parquet(
        store, ("lmp_da_hourly", PERIOD), "lmp", f"lmp + (operating_day = '{DAY}')::INTEGER / 1e6"
    )
    verdict = check(store)
    places = {(each.where, each.day) for each in verdict.damage}
    assert places == {("parquet", DAY)}  # DuckDB has the old one, which is right


def test_a_table_that_was_cut_off_is_named(store: Store) -> None:
    path = store.parquet_path("lmp_da_hourly", PERIOD)
    path.write_bytes(path.read_bytes()[:-30])
    verdict = check(store)
    (damage,) = verdict.damage
    assert damage.where == "parquet"
    assert "is not a whole Parquet file" in damage.reason
    assert "the databases were not compared, because a packed file is damaged" in verdict.notes


@pytest.mark.parametrize("name", ["lmp_da_hourly", "lmp_rt_5min", "lmp_rt_hourly"])
def test_a_table_with_damage_among_its_rows_is_named(store: Store, name: str) -> None:
    path = store.parquet_path(name, PERIOD)
    whole, unreadable = path.read_bytes(), 0
    for at in range(1000, len(whole) // 2, len(whole) // 12):
        path.write_bytes(whole[:at] + b"\xff" * 100 + whole[at + 100 :])
        found = {damage.where for damage in check(store, name).damage}
        assert found == {"parquet"}
        try:
            reading.open_packed(name, None, None, store.root).table()
        except DamagedError:
            unreadable += 1
    assert unreadable


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lmp_da_hourly SET loss = loss + 0.01 WHERE location_id = 4003 AND {day}",
        "DELETE FROM lmp_da_hourly WHERE location_id = 4003 AND {day}",
        "INSERT INTO lmp_da_hourly FROM lmp_da_hourly WHERE location_id = 4003 AND {day}",
    ],
)
def test_rows_changed_in_duckdb_are_found(store: Store, statement: str) -> None:
    with duckdb.connect(str(store.root / "isone.duckdb")) as connection:
        connection.execute(statement.format(day=f"operating_day = '{DAY}'"))
    (damage,) = check(store).damage
    assert (damage.where, damage.day) == ("duckdb", DAY)


def test_a_duckdb_file_that_is_none_is_named(store: Store) -> None:
    (store.root / "isone.duckdb").write_bytes(b"x" * 5000)
    (damage,) = check(store).damage
    assert damage.where == "duckdb"
    assert "cannot be read" in damage.reason


def test_a_duckdb_file_that_lacks_the_year_says_what_to_run(store: Store) -> None:
    hidden = store.parquet_path("lmp_da_hourly", PERIOD)
    aside = hidden.rename(hidden.with_suffix(".aside"))
    build_duckdb(store)
    aside.rename(hidden)
    (damage,) = check(store).damage
    assert damage.reason == "it was built from other files; run `snakemake -j1 --config … -- load`"


def test_what_is_not_made_yet_is_a_note_and_no_damage(store: Store) -> None:
    (store.root / "isone.duckdb").unlink()
    assert (check(store).verdict, len(check(store).notes)) == (OK, 1)
    store.parquet_path("lmp_da_hourly", PERIOD).unlink()
    verdict = check(store)
    assert verdict.verdict == OK
    assert verdict.notes == ("not packed, so only the responses were read",)


def test_a_year_without_a_marker_is_not_complete(store: Store) -> None:
    store.marker_path("lmp_da_hourly", PERIOD).unlink()
    assert check(store).verdict == MISSING


def test_a_marker_that_is_none_is_named(store: Store) -> None:
    store.marker_path("lmp_da_hourly", PERIOD).write_text("{")
    (damage,) = check(store).damage
    assert damage.where == "marker"


def test_a_day_that_is_not_in_the_marker_is_named(store: Store) -> None:
    marker = store.marker_path("lmp_rt_5min", PERIOD)
    manifest = json.loads(marker.read_text())
    manifest["requests"] = [
        each for each in manifest["requests"] if each["request"] != "20251102.4003"
    ]
    marker.write_text(json.dumps(manifest))
    damage = {(each.where, each.day): each.reason for each in check(store, "lmp_rt_5min").damage}
    assert damage["marker", DAY] == "not all of the day is in it"


def test_rows_changed_in_postgresql_are_found(store: Store, server: Server) -> None:
    address = server.new_database("verified")
    config = config_for(store, database=address)
    assert "the year is not loaded" in check(store, database=address).damage[0].reason
    assert by_hand(config, "load", "--to", "postgres") == 0
    for dataset in DATASETS:
        verdict = check(store, dataset, database=address)
        assert (verdict.verdict, verdict.damage) == (OK, ())
        assert verdict.digests["postgresql"] == verdict.digests["raw"]
    with psycopg.connect(address, options="-c search_path=isone_sandbox") as connection:
        connection.execute(
            "UPDATE lmp_da_hourly SET lmp = 0 WHERE operating_day = %s AND location_id = 4008",
            [DAY],
        )
    (damage,) = check(store, database=address).damage
    assert (damage.where, damage.day) == ("postgresql", DAY)
    assert verify(config | {"refetch": True}, ("lmp_da_hourly", PERIOD)) == 1
    assert run_script("load_postgres", config, dataset="lmp_da_hourly", period=PERIOD) == 0
    assert check(store, database=address).verdict == OK


def test_a_database_that_is_down_is_no_damage_but_an_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="cannot be reached"):
        check(store, database=f"postgresql://postgres@/postgres?host={tmp_path}")


def lacking(store: Store, dataset: str = "lmp_da_hourly") -> list[str]:
    days = [dt.date(2025, 11, day) for day in (1, 2, 3)]
    entries = store.read_ledger(dataset, 2025)
    requests = missing.missing_requests(DATASETS[dataset], days, HUBS, entries, {})
    return [request.name for request in requests]


def typed(store: Store, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "isone", "verify", *words],
        cwd=PROJECT,
        env=os.environ | {"ISONE_CONFIG": json.dumps(config_for(store))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def fetch_again(store: Store) -> int:
    chosen = outputs.complete_names(store, "lmp_da_hourly")
    return verify(config_for(store, refetch=True), *chosen)


def test_by_hand_the_damaged_day_is_named_and_with_one_flag_fetched_again_alone(
    store: Store,
) -> None:
    flip_a_bit(raw(store, "lmp_rt_5min", "20251102.4003"))
    assert verify(config_for(store), ("lmp_rt_5min", PERIOD)) == 1
    assert lacking(store, "lmp_rt_5min") == []

    done = typed(store, "--datasets", "lmp_rt_5min", "regulation_5min", "--fetch-again")
    assert done.returncode == 1
    assert f"lmp_rt_5min {PERIOD} is damaged: lmp_rt_5min {DAY}; it was removed" in done.stdout
    assert "fetches 1 response again" in done.stdout
    assert lacking(store, "lmp_rt_5min") == ["20251102.4003"]
    assert (store.root / "rejected" / "lmp_rt_5min" / "20251102.4003.json.gz").exists()
    assert not store.marker_path("lmp_rt_5min", PERIOD).exists()
    assert store.parquet_path("lmp_rt_5min", PERIOD).exists()  # until the next one is whole
    assert store.marker_path("regulation_5min", PERIOD).exists()

    fill(store, ["lmp_rt_5min"], "2025-11-01", "2025-11-03")
    build_duckdb(store)
    assert by_hand(config_for(store), "verify") == 0
    read_verdict(store.verdict_path("lmp_rt_5min", PERIOD))
    summary = store.verify_summary_path.read_text()
    assert summary.count("OK") == len(DATASETS)
    assert summary.endswith(
        f"\neverything that is stored is what was validated: {len(DATASETS)} dataset-years\n"
    )


def test_the_summary_ends_with_the_verdict_and_is_gone_while_a_check_has_not_ended(
    store: Store,
) -> None:
    flip_a_bit(raw(store))
    config = config_for(store)
    assert verify(config, ("lmp_da_hourly", PERIOD)) == 1
    last = store.verify_summary_path.read_text().splitlines()[-1]
    assert last.startswith(f"lmp_da_hourly {PERIOD} is damaged: lmp_da_hourly {DAY}; with ")
    copy, year = {"verdict": store.root / "copy.json"}, {"dataset": "lmp_da_hourly"}
    assert run_script("verify_prices", config, outputs=copy, period=PERIOD, **year) == 0
    assert not store.verify_summary_path.exists()
    assert copy["verdict"].read_bytes() == (
        store.verdict_path("lmp_da_hourly", PERIOD).read_bytes()
    )
    log = Path(config["log_dir"]) / "verify.log"
    assert run_script("summarize_verdicts", config, log=log, inputs=copy) == 1
    told = json.loads(status.status_path(store, "verify").read_text())["verdict_lines"]
    assert store.verify_summary_path.read_text().splitlines() == told


def test_a_damaged_table_alone_is_removed_and_no_response_is_fetched_again(store: Store) -> None:
    change_parquet(store, ("lmp_da_hourly", PERIOD), "lmp", "lmp + 1")
    assert fetch_again(store) == 1
    assert not store.parquet_path("lmp_da_hourly", PERIOD).exists()
    assert store.marker_path("lmp_da_hourly", PERIOD).exists()
    assert lacking(store) == []


def test_a_check_of_nothing_says_so_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert by_hand(config_for(Store(tmp_path / "sandbox")), "verify") == 1
    assert "nothing was checked: no dataset-year" in " ".join(capsys.readouterr().err.split())


def test_every_marker_of_the_year_that_has_the_damaged_response_goes(store: Store) -> None:
    fill(store, ["lmp_da_hourly"], "2025-11-01", "2025-11-02")
    fill(store, ["lmp_da_hourly"], "2025-11-01", "2025-11-01")
    flip_a_bit(raw(store))
    assert fetch_again(store) == 1
    left = {path.stem for path in (store.root / "complete" / "lmp_da_hourly").iterdir()}
    assert left == {"2025.through-20251101"}
    assert read_manifest(store.marker_path("lmp_da_hourly", "2025.through-20251101")).rows


def test_days_in_a_row_with_the_same_trouble_share_a_line_of_the_table() -> None:
    damage = [
        Damage("duckdb", "192 rows instead of 216", f"2025-11-{day:02d}") for day in (3, 4, 5)
    ]
    damage += [Damage("raw", "gone", "2025-11-07"), Damage("marker", "it lists a response twice")]
    verdict = Verdict("lmp_da_hourly", "2025", DAMAGED, WHEN, damage=tuple(damage))
    assert table([verdict]).splitlines()[3:] == [
        "lmp_da_hourly 2025: duckdb: 2025-11-03 to 2025-11-05, 3 days: 192 rows instead of 216",
        "lmp_da_hourly 2025: raw: 2025-11-07: gone",
        "lmp_da_hourly 2025: marker: it lists a response twice",
    ]


def test_of_many_notes_the_table_names_some_and_counts_the_rest() -> None:
    verdict = Verdict(
        "lmp_da_hourly", "2025", OK, WHEN, notes=tuple(f"note {i}" for i in range(99))
    )
    lines = table([verdict]).splitlines()[3:]
    assert len(lines) == 41
    assert lines[-1] == "lmp_da_hourly 2025: note: and 59 more notes, in its verdict"
