"""Custom downloads: what their JSON may say, and what it may not."""

import json
from pathlib import Path
from typing import Any

import pytest

from isone import custom
from isone.errors import UsageError
from isone.settings import PROJECT

GOOD: dict[str, Any] = {
    "name": "isone_lmp_2025",
    "script": "scripts/download_lmp.py",
    "args": ["--start-date", "2025-01-01"],
}


def written(folder: Path, content: Any) -> Path:
    """A file with this content: text as it is, anything else as JSON."""
    path = folder / "downloads.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def test_the_example_is_read() -> None:
    first, second = custom.read_downloads(PROJECT / "docs" / "example_downloads.json")
    assert (first.name, second.name) == ("isone_lmp_2025", "isone_as_2025")
    assert first.command[1:] == [str(PROJECT / "scripts" / "download_lmp.py"), *first.args]
    assert first.stop_on_failure is False


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("[{]", "is not valid JSON", id="no JSON"),
        pytest.param({"name": "x"}, ": a mapping is not a list", id="no list"),
        pytest.param([], "there is nothing in it", id="an empty list"),
        pytest.param([{"name": "x", "args": []}], "entry 1: script must be in it", id="lacking"),
        pytest.param(
            [GOOD | {"arg": []}],
            "entry 1: unknown key 'arg'; known: name, script, args",
            id="a field misspelt",
        ),
        pytest.param(
            [GOOD | {"args": "--help"}], "entry 1, args: '--help' is not a list", id="args as text"
        ),
        pytest.param([GOOD | {"stop_on_failure": 1}], "1 is not true or false", id="no boolean"),
        pytest.param([GOOD, GOOD], "more than once", id="a name twice"),
        pytest.param([GOOD | {"name": "../x"}], "cannot name a job", id="a path for a name"),
        pytest.param(
            [GOOD | {"script": "/bin/true"}], "outside the project", id="an absolute path"
        ),
        pytest.param([GOOD | {"script": "../x.py"}], "outside the project", id="a way out"),
        pytest.param([GOOD | {"script": "scripts/x.py"}], "there is no program", id="no such file"),
        pytest.param([GOOD | {"script": "LICENSE"}], "nor executable", id="no program"),
    ],
)
def test_a_mistake_gets_one_sentence(tmp_path: Path, content: Any, sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        custom.read_downloads(written(tmp_path, content))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*nowhere\.json"):
        custom.read_downloads(tmp_path / "nowhere.json")
