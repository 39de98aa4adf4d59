"""What the locks name: hashed, from the index alone, built, under licences that allow use."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from project.dependency_audit import FREE, LOCKS, Pin, installed, licence, pins
from running import PROJECT

each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)


@each_lock
def test_every_line_of_a_lock_is_a_pin_its_hash_or_a_remark(lock: Path) -> None:
    for line in lock.read_text().splitlines():
        assert re.fullmatch(
            r"#.*|[a-z0-9][a-z0-9._-]*==[^ ]+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line
        ), line


@each_lock
def test_every_package_has_hashes_and_comes_from_no_address_of_its_own(lock: Path) -> None:
    text = lock.read_text()
    assert len(pins(lock)) == len(re.findall(r"^[a-z]\S*==", text, re.MULTILINE)) > 0
    assert not [pin.name for pin in pins(lock) if not pin.hashes]
    assert not re.search(r"://|\s@\s|^\s*(-e|--(index|extra|find|trusted))", text, re.MULTILINE)


def test_nothing_has_one_file_alone() -> None:
    """A package with a single hash may be a source archive, and nothing is built from source."""
    assert {pin.name for lock in LOCKS for pin in pins(lock) if pin.hashes == 1} == set()


def test_what_the_locks_leave_out_is_imported_nowhere() -> None:
    """Snakemake names packages that it does not use; they are left out where they have no wheel."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    for name in project["tool"]["uv"]["exclude-dependencies"]:
        assert not [lock.name for lock in LOCKS for pin in pins(lock) if pin.name == name]
        module = name.replace("-", "_")
        for package in ("snakemake", "smart_open", "throttler"):
            folder = Path(str(importlib.util.find_spec(package).origin)).parent  # type: ignore[union-attr]
            for path in folder.rglob("*.py"):
                text = path.read_text("utf-8", "replace")
                assert not re.search(rf"^\s*(from|import) {module}\b", text, re.MULTILINE), path


@pytest.mark.parametrize("pin", installed(LOCKS[0]), ids=lambda pin: pin.name)
def test_what_the_workflow_needs_may_be_used_by_anybody(pin: Pin) -> None:
    assert FREE.search(licence(pin.name)), f"{pin.name}: {licence(pin.name)!r}"


def test_the_audit_says_in_one_sentence_that_it_could_not_ask(tmp_path: Path) -> None:
    """With an index that is not there, nothing passes for audited."""
    program = PROJECT / "tests" / "project" / "dependency_audit.py"
    done = subprocess.run(
        [sys.executable, str(program)],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "UV_OFFLINE": "1",
             "UV_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert re.match(r"error: \d+ packages could not be looked up, so they are not audited", last)
    assert "Traceback" not in done.stderr
