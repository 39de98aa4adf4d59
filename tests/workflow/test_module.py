"""This workflow as a module of another one: below its `prefix`, or from git and without one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from forked import Starter
from running import PROJECT

pytestmark = pytest.mark.workflow
Others = Callable[..., subprocess.CompletedProcess[str]]

OTHERS = f"""
configfile: "others.yaml"

module isone:
    snakefile: "{PROJECT / "Snakefile"}"
    config: config["isone"]
    prefix: "prices"

use rule * from isone as isone_*

rule count_markers:
    default_target: True
    input: rules.isone_load.input
    output: "counted.txt"
    shell: "echo {{input}} | wc -w > {{output}}"
"""
CONFIG = """
isone:
  years: 2024
  through: 2024-01-02
  source: sandbox
  data_types: lmp
  markets: da
  retry_delay: 0
"""


HOST = "https://github.com/someone/isone"
DEPLOYED = f"""
configfile: "config/config.yaml"

module isone:
    snakefile: github("{HOST.partition(".com/")[2]}", path="Snakefile", tag="v1")
    config: config

use rule * from isone
"""
"""As `snakedeploy deploy-workflow` writes it."""


@pytest.fixture
def others(starter: Starter, workflow: Path) -> Others:
    """Run the other workflow."""

    def run(
        *targets: str, environ: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "snakemake", "-j1", *targets]
        return starter.run(words, folder=workflow, environ=os.environ | (environ or {}))

    return run


def test_as_a_module_everything_is_below_the_prefix_and_a_second_run_has_nothing_to_do(
    workflow: Path, starter: Starter, others: Others
) -> None:
    (workflow / "config.yaml").unlink()
    (workflow / "others.yaml").write_text(CONFIG)
    (workflow / "Snakefile").write_text(OTHERS)
    first = others()
    assert first.returncode == 0, first.stdout
    assert "Requests left to send: 2\n" in first.stdout
    made = {path.name for path in workflow.iterdir() if not path.name.startswith(".")}
    assert made == {"Snakefile", "others.yaml", "prices", "counted.txt"}
    store = workflow / "prices" / "data" / "sandbox"
    period = "2024.through-20240102"
    for name in (
        "raw/lmp_da_hourly/2024/20240102.json.gz",
        f"complete/lmp_da_hourly/{period}.json",
        f"packed/lmp_da_hourly/{period}.json",
        f"parquet/lmp_da_hourly/{period}.parquet",
        "isone.duckdb",
        "loaded/isone.duckdb.json",
    ):
        assert (store / name).is_file(), name
    logs = {path.name.partition("_attempt1")[0] for path in (workflow / "prices/logs").iterdir()}
    assert {"isone_lmp_da_hourly_2024", f"pack_lmp_da_hourly_{period}", "load_duckdb"} <= logs
    told = starter.run(
        [sys.executable, "-m", "isone", "status", "--data-dir", "prices/data"],
        folder=workflow,
        environ=os.environ,
    )
    assert "Successful: 1" in told.stdout, "there is no plan, but its jobs say how they are"
    assert "isone_lmp_da_hourly_2024: SUCCESS" in told.stdout
    again = others()
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout, again.stdout
    assert "Requests left to send: 0\n" in again.stdout

    (store / "isone.duckdb").unlink()
    third = others("isone_load")
    assert third.returncode == 0, third.stdout
    assert (store / "isone.duckdb").is_file(), "a marker that no longer holds is dropped here, too"


def test_from_git_no_python_travels_but_the_scripts_for_the_package_is_installed(
    workflow: Path, others: Others, tmp_path: Path
) -> None:
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    tree = tmp_path / "tree"
    for name in ("rules", "scripts", "envs", "config"):
        shutil.copytree(PROJECT / name, tree / name, symlinks=True)
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(PROJECT / name, tree)
    for words in (["init"], ["add", "."], ["commit", "-m", "all"], ["tag", "v1"]):
        who = ("-c", "user.name=someone", "-c", "user.email=someone@example.org")
        subprocess.run(["git", *who, *words], cwd=tree, check=True, capture_output=True)
    subprocess.run(["git", "clone", "--bare", tree, tmp_path / "bare.git"], check=True)

    (workflow / "config.yaml").unlink()
    (workflow / "config").mkdir()
    (workflow / "workflow").mkdir()
    shutil.copy(tree / "config" / "config.yaml", workflow / "config")  # which snakedeploy copies
    (workflow / "workflow" / "Snakefile").write_text(DEPLOYED)
    local = {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path / 'bare.git'}.insteadOf",
        "GIT_CONFIG_VALUE_0": HOST,
    }
    small = ("years=2024", "through=2024-01-02", "source=sandbox", "data_types=lmp", "markets=da")
    done = others("--config", *small, "--", "download", environ=local)
    assert done.returncode == 0, done.stdout
    marker = "data/sandbox/complete/lmp_da_hourly/2024.through-20240102.json"
    assert (workflow / marker).is_file()


def test_the_configuration_that_is_copied_is_the_project_s_own() -> None:
    assert (PROJECT / "config" / "config.yaml").resolve() == PROJECT / "config.yaml"
