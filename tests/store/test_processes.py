"""Whoever runs it, as a container may have nobody known; and how a process ends."""

import getpass
import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import PROJECT

from isone.run import sources
from isone.run.job import sentences


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whom the system does not know, in an empty environment."""

    def unknown(_: object) -> None:
        raise KeyError("getpwuid(): uid not found")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)


@pytest.mark.usefixtures("nobody")
def test_a_user_without_name_and_home_has_a_number_for_a_name() -> None:
    with sentences():
        assert getpass.getuser() == str(os.getuid())
        assert Path.home() == Path("/nonexistent")


@pytest.mark.usefixtures("nobody")
def test_a_user_without_a_home_has_no_netrc() -> None:
    assert sources.find_credentials("https://webservices.iso-ne.com", {}) is None


@pytest.mark.parametrize("has_home", [True, False])
def test_make_keeps_here_what_belongs_into_a_home_that_is_not_there(
    has_home: bool, tmp_path: Path
) -> None:
    home = str(tmp_path) if has_home else "/nonexistent"
    environ = {"PATH": os.environ["PATH"], "HOME": home}
    done = subprocess.run(
        ["make", "-pn", "help"], cwd=PROJECT, env=environ, capture_output=True, text=True
    )
    assert (
        f"XDG_CACHE_HOME = {PROJECT}/.home" in done.stdout.replace("$(CURDIR)", str(PROJECT))
    ) is not has_home


_ENDING = """
from isone.store.processes import end_at_once
import atexit, tempfile
{load}

class Circle:
    def __init__(self):
        self.itself = self
    def __del__(self):
        print("taken apart")

end_at_once()
circle, folder = Circle(), tempfile.TemporaryDirectory()
atexit.register(print, "said at the end")
print(folder.name)
"""


@pytest.mark.parametrize("load", ["", "import duckdb"])
def test_a_process_ends_without_taking_apart_what_it_has_loaded(load: str) -> None:
    program = _ENDING.format(load=load)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.stderr == ""  # DuckDB's binding counts what is left
    folder, *said = done.stdout.splitlines()
    assert said == ["said at the end", *(["taken apart"] if load else [])]
    assert not Path(folder).exists()
