"""Commands by hand where there is nothing that they could work on."""

from pathlib import Path
from typing import Any

import pytest
from running import by_hand

from isone.run import console
from isone.store.store import Store

COMMANDS = {
    "load": ("load",),
    "load into PostgreSQL": ("load", "--to", "postgres", "--database", "postgresql:///x"),
    "report": ("report",),
    "figures": ("figures",),
}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    return {"data_dir": "data", "log_dir": "logs"}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_where_nothing_is_packed_a_command_says_so_and_makes_nothing(
    config: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    assert by_hand(config, *words) == 2
    assert "nothing is packed in data; run the workflow first" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.duckdb"))
    assert not (tmp_path / "reports").exists()


def test_where_only_synthetic_prices_are_packed_their_option_is_named(
    config: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marker = Store(tmp_path / "data" / "sandbox").root / "packed" / "lmp_da_hourly" / "2024.json"
    marker.parent.mkdir(parents=True)
    marker.write_text("{}")
    assert by_hand(config, "load") == 2
    assert "or say --source sandbox for the synthetic prices" in capsys.readouterr().err


def test_an_error_is_broken_between_words_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    sentence = "a sentence of some length, which says what is wrong and what to do"
    console.say_error(sentence)
    assert capsys.readouterr().err == f"error: {sentence}\n"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    console.say_error(sentence)
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines)) <= 40
    assert " ".join(line.strip() for line in lines) == f"error: {sentence}"
