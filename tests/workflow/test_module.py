"""This workflow as a module of another one, whose `prefix` everything has to lie below."""

import subprocess
import sys
from pathlib import Path

import pytest
from running import PROJECT

pytestmark = pytest.mark.workflow

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


def others(workflow: Path, *targets: str) -> subprocess.CompletedProcess[str]:
    """Run the other workflow."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "-j1", *targets],
        cwd=workflow,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


def test_as_a_module_everything_is_below_the_prefix_and_a_second_run_has_nothing_to_do(
    workflow: Path,
) -> None:
    (workflow / "config.yaml").unlink()
    (workflow / "others.yaml").write_text(CONFIG)
    (workflow / "Snakefile").write_text(OTHERS)
    first = others(workflow)
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
    again = others(workflow)
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout, again.stdout
    assert "Requests left to send: 0\n" in again.stdout

    (store / "isone.duckdb").unlink()
    third = others(workflow, "isone_load")
    assert third.returncode == 0, third.stdout
    assert (store / "isone.duckdb").is_file(), "a marker that no longer holds is dropped here, too"
