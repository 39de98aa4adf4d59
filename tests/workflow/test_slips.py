"""Slips get a sentence; Snakemake's own commands need no years; any folder will do."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forked import Starter
from running import PROJECT, Snakemake, command_line

from isone.sandbox import Sandbox

pytestmark = pytest.mark.workflow

NO_YEARS = "error: no years are given; say, for example, --config years=2024"
WORDS = ("years=2024", "through=2024-01-20", "source=sandbox", "data_types=lmp", "markets=da")


LOOKS = {
    "--lint": "Congratulations, your workflow is in a good condition!",
    "--list-rules": "pack_prices (Packs a dataset's year. In: its marker, ",
    "--list-target-rules": "verify (The deep check of everything",
    "--dag": 'label = "all"',
    "--rulegraph": 'label = "all"',
    "--filegraph": "digraph snakemake_dag",
    "--summary": "output_file\tdate\trule",
    "--report": "Report created.",
    "--generate-unit-tests": "Generating unit tests",
}
IN_TURN = """
import sys
from snakemake.cli import main
for word in sys.argv[1:]:
    try:
        main([word])
    except SystemExit as end:
        print(f"{word} ended with {end.code}", flush=True)
"""


def test_what_only_looks_at_the_workflow_needs_no_years(workflow: Path) -> None:
    for name in ("Snakefile", "rules", "scripts", "isone"):  # below it, as unit tests have to be
        (workflow / name).symlink_to(PROJECT / name)
    done = subprocess.run(
        [sys.executable, "-c", IN_TURN, *LOOKS],
        cwd=workflow,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    for word, said in LOOKS.items():
        before, end, _ = done.stdout.rpartition(f"{word} ended with 0\n")
        assert end, done.stdout
        assert said in before
        assert "The plan is empty, for no years are given" in before
    assert "Traceback" not in done.stdout
    assert not (workflow / "data").exists()


def test_a_run_without_years_says_so_and_what_else_its_command_line_says_in_vain(
    workflow: Path, snakemake: Snakemake
) -> None:
    done = snakemake("source=sandbox", options=("--config", "years=2024"))
    assert done.returncode == 1
    assert NO_YEARS in done.stdout.splitlines()
    assert "--config is given 2 times, and Snakemake takes the last alone" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (workflow / "data").exists()


@pytest.mark.parametrize(
    ("options", "config", "sentence"),
    [
        (("--config", "years=2025", "2024"), (), "put several values in quotes: years='2025 2024'"),
        ((), WORDS, "there is no target 'verfy'; did you mean 'verify'? Targets are all, "),
    ],
    ids=["before the Snakefile is read", "after it"],
)
def test_a_slip_of_snakemake_s_own_gets_a_sentence_too(
    workflow: Path,
    starter: Starter,
    options: tuple[str, ...],
    config: tuple[str, ...],
    sentence: str,
) -> None:
    words = command_line(*config, options=options, targets=("verfy",))
    if not config:
        words = words[: words.index("--config") + 3]
    done = starter.run(words, folder=workflow, environ=os.environ)
    assert done.returncode == 1
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout
    assert "Exception" not in done.stdout


def test_a_folder_elsewhere_needs_no_config_yaml_and_one_that_it_has_counts(
    starter: Starter, tmp_path: Path
) -> None:
    command = ["-s", str(PROJECT / "Snakefile"), "--directory", str(tmp_path / "other"), "-n"]

    def planned() -> str:
        words = [sys.executable, "-m", "snakemake", *command, "--config", "source=sandbox"]
        done = starter.run(words, folder=tmp_path, environ=os.environ)
        assert done.returncode == 0, done.stdout
        return done.stdout

    assert "The plan is empty" in planned()
    (tmp_path / "other" / "config.yaml").write_text("years: 2024\nmarkets: da\n")
    said = planned()
    assert "Source: sandbox" in said
    assert "Total downloads: 3 (0 complete, 3 to do)" in said, "markets and years are its own"


def wait_until_gone(group: int) -> None:
    """Wait for what a killed run had started: its job may take a moment to die."""
    until = time.monotonic() + 60
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.02)


def test_a_second_run_names_the_first_and_a_lock_left_behind_says_how_it_is_removed(
    workflow: Path, snakemake: Snakemake
) -> None:
    with Sandbox(latency=0.3) as sandbox:
        words = (*WORDS, f"base_url={sandbox.url}")
        first = subprocess.Popen(
            command_line(*words, targets=("download",)),
            cwd=workflow,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + 60
        while len(sandbox.requests) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(first.pid, signal.SIGSTOP)
        second = snakemake(*words).stdout
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        wait_until_gone(first.pid)
        third = snakemake(*words).stdout
    assert (
        f"error: this run does not start: another run goes on here (process {first.pid} " in second
    )
    assert "It can be removed with the --unlock argument" not in second
    assert "error: this folder is locked, and no run that goes on here is known" in third
    assert "with --unlock before --config" in third
