"""The command that a log names does what was done, wherever the settings came from."""

import datetime as dt
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from isone.download import by_hand
from isone.errors import UsageError
from isone.market.datasets import DATASETS
from isone.run import arguments, custom
from isone.run.custom import CustomDownload
from isone.run.dataset_year import DatasetYear
from isone.run.settings import PROJECT, Settings, config_of_this_folder, read_settings

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 1, 5)
_DATES = ("--start-date", str(FIRST), "--end-date", str(LAST))
FLAW = {"dataset": "lmp_da_hourly", "day": "2024-01-02", "reason": "hour 3; it's \"ISO-NE's\""}

FOLDERS: list[dict[str, Any]] = [
    {},
    {"source": "sandbox", "newest_first": False, "locations": "all", "through": "2024-01-03"},
    {"base_url": "http://127.0.0.1:1/x", "data_dir": "elsewhere", "revision": "both"},
    {"sandbox_faults": ["empty:*x1"], "accepted_flaws": [FLAW], "markets": "rt-hourly"},
]
RUNS: list[dict[str, Any]] = [
    {},
    {"source": "sandbox", "sandbox_faults": ["empty:*'x2", "reset:*"], "sandbox_nodes": 3},
    {"source": "webservices", "base_url": "http://127.0.0.1:8080/api/v1.1", "data_dir": "a b/c"},
    {"source": "reports", "locations": "all", "newest_first": False, "revision": "final"},
    {"locations": "4000,4008,321", "through": "2024-01-04", "accepted_flaws": [FLAW]},
    {"backoff_total": 7200, "ca_bundle": "my certificates.pem", "connect_timeout": 0.5},
    {"markets": "da rt", "data_types": "lmp"},
]


@pytest.fixture(params=FOLDERS, ids=lambda given: ",".join(given) or "no configuration")
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """A working folder with this config.yaml."""
    (tmp_path / "config.yaml").write_text(json.dumps(request.param))
    monkeypatch.chdir(tmp_path)
    return dict(request.param)


def read_back(command: str) -> arguments.Wanted:
    """What a script would make of the command in this folder."""
    python, script, *words = shlex.split(command)
    assert Path(python).samefile(sys.executable)
    data_type = arguments.data_type_of(Path(script).resolve())
    assert data_type is not None
    return arguments.read(data_type, words, config_of_this_folder())


def counting(settings: Settings) -> dict[str, Any]:
    return arguments._values(settings) | {"newest_first": settings.newest_first}


@pytest.mark.parametrize("given", RUNS, ids=lambda given: ",".join(given) or "nothing said")
@pytest.mark.parametrize("dataset", ["lmp_da_hourly", "lmp_rt_5min", "reserve_5min", "load_5min"])
def test_a_job_s_command_brings_the_same_days_from_the_same_place_into_the_same_folder(
    folder: dict[str, Any], given: dict[str, Any], dataset: str
) -> None:
    settings = read_settings(folder | given)
    job = DatasetYear(dataset, 2024, FIRST, LAST, settings.locations)
    wanted = read_back(by_hand.command(job, settings))
    assert (wanted.first, wanted.last) == (FIRST, LAST)
    assert wanted.settings.datasets == (dataset,)
    assert wanted.settings.locations == settings.locations
    assert counting(wanted.settings) == counting(settings)


def test_a_whole_number_of_seconds_is_written_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings({"backoff_total": "7200", "connect_timeout": 0.5})
    said = by_hand.command(
        DatasetYear("lmp_da_hourly", 2024, FIRST, LAST, settings.locations), settings
    )
    assert "connect_timeout=0.5 backoff_total=7200" in said
    assert "7200.0" not in said


@pytest.mark.parametrize("given", RUNS, ids=lambda given: ",".join(given) or "nothing said")
@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--market-types", "da"),
        ("--hubs-only", "--no-reverse", "--source", "sandbox", "--data-dir", "x y"),
        ("--config", "backoff_total=5", "revision=both", "accepted_flaws=[]"),
    ],
    ids=" ".join,
)
def test_a_custom_download_s_command_does_what_the_run_s_configuration_says_beside_it(
    folder: dict[str, Any], given: dict[str, Any], words: tuple[str, ...]
) -> None:
    config = folder | given
    args = ("--start-date", str(FIRST), "--end-date", str(LAST), *words)
    download = CustomDownload("mine", PROJECT / "scripts" / "download_lmp.py", args, False)
    run = arguments.read("lmp", args, config)  # as the program itself does
    wanted = read_back(custom.command(download, config))
    assert (wanted.first, wanted.last) == (run.first, run.last)
    assert wanted.settings.datasets == run.settings.datasets
    assert wanted.settings.locations == run.settings.locations
    assert counting(wanted.settings) == counting(run.settings)


def test_what_the_folder_gives_anyway_is_not_said_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("source: sandbox\ndata_dir: elsewhere\n")
    settings = read_settings({"source": "sandbox", "data_dir": "elsewhere"})
    job = DatasetYear("regulation_5min", 2024, FIRST, LAST, settings.locations)
    python, script, *words = shlex.split(by_hand.command(job, settings))
    assert words == [
        *("--start-date", "2024-01-01", "--end-date", "2024-01-05", "--services", "regulation"),
        *("--max-concurrent", "1", "--reverse"),
    ]
    monkeypatch.chdir(PROJECT)
    script = shlex.split(by_hand.command(job, settings))[1]
    assert script == "scripts/download_ancillary_services.py"
    assert DATASETS["regulation_5min"].data_type == "as"


def test_datasets_are_brought_by_name_whatever_their_type_and_choice() -> None:
    words = ["load_hourly", "constraints_da_hourly", *_DATES]
    wanted = arguments.read(arguments.ANY, words, {"data_types": "lmp", "markets": "rt"})
    assert wanted.settings.datasets == ("constraints_da_hourly", "load_hourly")
    with pytest.raises(UsageError, match="unknown dataset 'load_horly'.*'load_hourly'"):
        arguments.read(arguments.ANY, ["load_horly", *_DATES], {})


def test_a_custom_download_by_name_does_what_the_run_s_configuration_says() -> None:
    program = PROJECT / "scripts" / "download_dataset.py"
    download = CustomDownload("mine", program, ("load_hourly", *_DATES), False)
    wanted = read_back(custom.command(download, {"source": "sandbox", "data_dir": "there"}))
    assert (wanted.data_type, wanted.settings.datasets) == (arguments.ANY, ("load_hourly",))
    assert (wanted.settings.source, str(wanted.settings.data_dir)) == ("sandbox", "there")


def test_another_program_s_command_is_its_argument_list() -> None:
    program = PROJECT / "scripts" / "draw_workflow.py"
    download = CustomDownload("mine", program, ("a b", "it's"), False)
    assert shlex.split(custom.command(download, {"source": "sandbox"})) == download.command
    assert download.shown == "python scripts/draw_workflow.py 'a b' 'it'\"'\"'s'"
