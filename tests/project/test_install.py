"""Setting up says in a sentence what it cannot do, and empties no folder but its own."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from running import PROJECT


@pytest.fixture
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", PROJECT / "envs" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_folder_that_venv_is_a_link_to_is_not_emptied(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "kept").touch()
    (tmp_path / ".venv").symlink_to(shared)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    with pytest.raises(SystemExit, match="error: .venv is a link to .*/shared; remove the link"):
        install.main("requirements.lock")
    assert (shared / "kept").exists()


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15", "3.10.13", "3.14.0", "4.0.0"])
def test_a_python_that_is_not_supported_is_named_before_it_reads_a_program(
    version: str, tmp_path: Path
) -> None:
    """It might not even be able to read the one that sets up."""
    it = f"import sys; sys.version_info = {tuple(map(int, version.split('.')))}; exec(sys.argv[2])"
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nif [ "$1" = -V ]; then echo "Python {version}" >&2; exit; fi\n'
        f'if [ "$1" = -c ]; then exec {sys.executable} -c \'{it}\' "$@"; fi\necho set up\n'
    )
    python.chmod(0o755)
    (tmp_path / "envs").mkdir()
    for name in ("Makefile", "requirements.lock", "envs/setup.lock"):
        shutil.copy(PROJECT / name, tmp_path / name)
    words = ["make", "setup", f"PYTHON={python}"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    first = done.stderr.splitlines()[0]
    assert first.startswith(f"error: this is Python {version}; say where Python 3.11 to 3.13 is")
    assert "set up" not in done.stdout


def test_of_a_program_that_fails_all_is_shown(
    install: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "import sys; print('Resolved 3 packages'); print(' Downloaded x'); sys.exit(2)"
    with pytest.raises(SystemExit, match="nothing is built from source"):
        install.run([sys.executable, "-c", code])
    assert "Resolved 3 packages\n" in capsys.readouterr().err


def test_what_tells_how_far_it_is_is_shown_and_nothing_else(
    install: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ["Resolved 2 packages", "Downloading x (9MiB)", " Downloaded x", "Installed 2 packages"]
    install.run([sys.executable, "-c", f"print(*{said!r}, sep=chr(10))"])
    assert capsys.readouterr().err == "  x (9MiB)\n  Installed 2 packages\n"
