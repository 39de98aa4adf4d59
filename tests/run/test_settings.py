"""The configuration, in every form the command line gives it."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from isone.errors import UsageError
from isone.market.datasets import DATA_TYPES, DATASETS, words_of
from isone.market.locations import HUBS
from isone.run import schemas
from isone.run.options import Config
from isone.run.settings import PROJECT, below, read_settings

GAP = {"dataset": "reserve_5min", "day": "2024-06-01", "reason": "never published"}

_KEYS = sorted({each.chosen_by for each in DATA_TYPES.values() if each.chosen_by})
"""The keys of the configuration that choose among the datasets of a data type."""


@pytest.mark.parametrize(
    ("given", "years"),
    [
        pytest.param(2024, (2024,), id="a number"),
        pytest.param("2019-2023", (2019, 2020, 2021, 2022, 2023), id="a range"),
        pytest.param("2025 2024 2019-2020", (2019, 2020, 2024, 2025), id="years and a range"),
        pytest.param("2024,2025", (2024, 2025), id="commas"),
        pytest.param(["2024", "2025"], (2024, 2025), id="a list of text"),
        pytest.param([2024, "2019-2020"], (2019, 2020, 2024), id="a mixed list"),
        pytest.param("2024 2024", (2024,), id="twice the same"),
    ],
)
def test_years_are_read_in_every_form(given: Any, years: tuple[int, ...]) -> None:
    assert read_settings({"years": given}).years == years


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"yeers": 2024}, "unknown configuration key 'yeers'; did you mean 'years'?"),
        ({"years": 20242025}, "'20242025' is neither a year nor a range"),
        ({"years": 1999}, "1999 is out of range"),
        ({"years": "2023-2019"}, "2023-2019 runs backwards; write 2019-2023"),
        ({"timeout": 5}, "did you mean 'connect_timeout', 'read_timeout' or 'total_timeout'?"),
        ({"Markets": "da"}, "did you mean 'markets'?"),
        (
            {"markets": "realtime"},
            "markets: 'realtime' is not a valid value; valid values are da, rt-hourly, rt, ",
        ),
        ({"markets": "DA"}, "; did you mean 'da'? (For lmp"),
        (
            {"markets": [["da"]]},
            "markets: a list is not a valid value; valid values are da, rt-hourly, rt, ",
        ),
        (
            {"services": "regulation regulatoin"},
            "services: 'regulatoin' is not a valid value; valid values are regulation,",
        ),
        ({"services": "reserve"}, "; did you mean 'reserves' or 'reserves-hourly'? (For as"),
        (
            {"data_types": "all lpm"},
            "data_types: 'lpm' is not a valid value; valid values are lmp, as, constraints, ",
        ),
        (
            {"source": "web"},
            "source: 'web' is not a valid value; valid values are auto, webservices, "
            "reports, sandbox; did",
        ),
        (
            {"locations": "4000 maine"},
            "locations: 'maine' is not a valid value; write, for example, hubs, all or 4000 (",
        ),
        ({"years": {2024: 1}}, "years: a mapping is not text (Years to download, such as 2024"),
        ({"retry_delay": "5m"}, "retry_delay: '5m' is not a number (Seconds to wait"),
        ({"retry_delay": -1}, "retry_delay: -1 is too small; write 0 or more (Seconds"),
        ({"retry_delay": 1e9}, "is too large; write 2592000 or less"),
        ({"connect_timeout": 0}, "connect_timeout: 0 is too small; write more than 0"),
        ({"recheck_days": 2.5}, "recheck_days: 2.5 is not a whole number"),
        ({"newest_first": "maybe"}, "newest_first: 'maybe' is not true or false"),
        ({"through": "2017/02/03"}, "through: '2017/02/03' is not a date; write YYYY-MM-DD (Last"),
        ({"through": "2017-02-31"}, "through: '2017-02-31' is a day that no calendar has"),
        (
            {"base_url": "localhost:8080"},
            "base_url: 'localhost:8080' is not a valid value; write, for example, http://127.0.0.1:",
        ),
        (
            {"base_url": "https://me:secret@host/api"},
            "base_url: what is given (not repeated here, for with an '@' it may hold a password)",
        ),
        ({"data_types": []}, "data_types: the list is empty"),
        ({"data_types": "constraints", "markets": "rt-hourly"}, "which have da, rt"),
        ({"accepted_flaws": [GAP, GAP | {"day": "2024-06-31"}]}, "accepted_flaws, entry 2, day: "),
        (
            {"accepted_flaws": [GAP | {"dataset": "x"}]},
            "accepted_flaws: unknown dataset 'x'; known:",
        ),
        (
            {"accepted_flaws": "reserve_5min"},
            "accepted_flaws, entry 1: 'reserve_5min' is not a mapping; write, for example, ",
        ),
        (
            {"accepted_flaws": [{"dataset": "reserve_5min"}]},
            "accepted_flaws, entry 1: day and reason must be given",
        ),
        (
            {"accepted_flaws": [{"dataset": "reserve_5min", "date": "2024-06-01"}]},
            "accepted_flaws, entry 1: unknown key 'date'; known: dataset, day, reason, flaw",
        ),
    ],
    ids=lambda value: next(iter(value), "") if isinstance(value, dict) else "",
)
def test_a_mistake_gets_one_sentence(config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        read_settings(config)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_text_from_the_command_line_becomes_what_it_means() -> None:
    settings = read_settings(
        {
            "newest_first": "no",
            "stop_on_failure": "true",
            "retry_delay": "600",
            "through": dt.date(2017, 3, 31),
            "base_url": "http://127.0.0.1:8080/api/v1.1/",
            "downloads": "none",
            "locations": "hubs,321",
        }
    )
    assert settings.newest_first is False
    assert settings.stop_on_failure is True
    assert settings.retry_delay == 600
    assert settings.through == dt.date(2017, 3, 31)
    assert settings.base_url == "http://127.0.0.1:8080/api/v1.1"
    assert settings.downloads is None
    assert settings.locations == (321, *HUBS)


def test_what_is_selected_by_default_is_what_the_old_orchestrator_fetched() -> None:
    settings = read_settings({})
    assert settings.datasets == (
        "lmp_da_hourly",
        "lmp_rt_5min",
        "regulation_5min",
        "reserve_5min",
    )
    assert settings.locations == HUBS


def test_each_market_and_service_selects_one_dataset() -> None:
    everything = {"data_types": "everything"} | {key: list(words_of(key)) for key in _KEYS}
    assert read_settings(everything).datasets == tuple(DATASETS)
    for name, dataset in DATASETS.items():
        key = DATA_TYPES[dataset.data_type].chosen_by
        if key is None:
            continue
        chosen = read_settings({"data_types": dataset.data_type, key: dataset.choice})
        assert chosen.datasets == (name,)


def test_the_sets_of_a_type_that_nothing_chooses_among_come_together() -> None:
    lmp_and_load = ("lmp_da_hourly", "lmp_rt_5min", "load_5min", "load_hourly")
    assert read_settings({"data_types": "lmp load"}).datasets == lmp_and_load
    assert read_settings({"data_types": "load", "markets": "da"}).remarks == ()


def test_all_stays_what_prices_are_made_of_and_everything_is_each_type() -> None:
    every_word = {key: list(words_of(key)) for key in _KEYS}
    of_all = read_settings({"data_types": "all"} | every_word).datasets
    assert {DATASETS[name].data_type for name in of_all} == {"lmp", "as", "constraints"}
    of_everything = read_settings({"data_types": "everything"} | every_word).datasets
    assert {DATASETS[name].data_type for name in of_everything} == set(DATA_TYPES)
    assert {*read_settings({}).datasets, "load_5min"} < set(of_everything)


@pytest.mark.parametrize(
    ("config", "remarks"),
    [
        ({}, ()),
        ({"data_types": "all"}, ()),
        (
            {"data_types": "lmp constraints", "markets": "rt-hourly"},
            (
                "data type constraints is left out: markets rt-hourly has none of it; "
                "it has da, rt, rt-15min",
            ),
        ),
        (
            {"data_types": "all", "markets": "rt-hourly"},
            (
                "data type constraints is left out: markets rt-hourly has none of it; "
                "it has da, rt, rt-15min",
            ),
        ),
        ({"data_types": "lmp constraints", "markets": "da rt-hourly"}, ()),
        (
            {"data_types": "constraints", "markets": "da rt-hourly"},
            ("markets: rt-hourly brings nothing of data type constraints",),
        ),
        ({"data_types": "lmp", "services": "reserves"}, ()),
    ],
)
def test_what_is_chosen_and_brings_nothing_is_said(
    config: dict[str, str], remarks: tuple[str, ...]
) -> None:
    assert read_settings(config).remarks == remarks


def test_the_configuration_knows_the_markets_and_services_of_the_dataset_table() -> None:
    properties = schemas.schema(Config)["properties"]
    for key in _KEYS:
        assert set(properties[key]["items"]["enum"]) == set(words_of(key))


def test_config_yaml_says_the_defaults() -> None:
    written = yaml.safe_load((PROJECT / "config.yaml").read_text("utf-8"))
    assert read_settings(written) == read_settings({})


def test_synthetic_prices_lie_apart_from_real_ones() -> None:
    assert read_settings({"source": "sandbox"}).store_dir == Path("data/sandbox")
    assert read_settings({"source": "webservices"}).store_dir == Path("data")


def test_a_prefix_moves_the_folders_that_are_said_from_the_working_folder() -> None:
    def folders(config: dict[str, Any]) -> tuple[str, str]:
        settings = read_settings(below("prices/", config))
        return str(settings.data_dir), str(settings.log_dir)

    assert folders({}) == ("prices/data", "prices/logs")
    assert folders({"data_dir": "mine", "log_dir": None}) == ("prices/mine", "prices/logs")
    assert folders({"data_dir": "/srv/isone", "log_dir": "../logs"}) == ("/srv/isone", "../logs")
    assert below("", {"years": 2024}) == {"years": 2024}


@pytest.mark.parametrize(
    ("name", "why"),
    [("a\\b", r"has a '\\\\'"), ("a?b", r"has a '\?'"), (b"a\xffb", "is not UTF-8")],
)
def test_a_folder_in_which_duckdb_finds_no_files_is_refused(
    name: str | bytes, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / os.fsdecode(name)
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError, match=f"^data_dir: the path .* {why}, which DuckDB does not"):
        read_settings({})
    for fine in ("new\nline", "b{x}", "[a]", "-e", "%20", "⚡"):
        (tmp_path / fine).mkdir()
        monkeypatch.chdir(tmp_path / fine)
        read_settings({})
