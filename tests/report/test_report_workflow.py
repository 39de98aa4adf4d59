"""The room "report" as Snakemake runs it, and the pictures of the workflow."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import PROJECT, Snakemake

from isone.audit.reconcile import averages, results
from isone.audit.reconcile.averages import Month
from isone.store.store import Store

CONFIG = ("years=2025", "source=sandbox", "data_types=lmp", "markets=da", "through=2025-01-03")


@pytest.mark.workflow
def test_the_report_is_written_once_and_stands_in_snakemakes_own_report(
    workflow: Path, snakemake: Snakemake
) -> None:
    done = snakemake(*CONFIG, targets=("report",))
    assert done.returncode == 0, done.stdout
    folder = workflow / "reports" / "sandbox"
    assert "Synthetic prices" in (folder / "isone.html").read_text("utf-8")
    assert (folder / "key_numbers.csv").exists()
    figure = "daily_price_2025-01-01_to_2025-01-03_3_of_365_days.svg"
    assert (folder / "figures" / figure).exists()
    assert not (workflow / "reports" / "isone.html").exists()
    again = snakemake(*CONFIG, targets=("report",))
    assert "Nothing to be done" in again.stdout
    store = Store(workflow / "data" / "sandbox")
    month = Month("da", 4003, ".Z.VERMONT", "2025-01", 41.5, 41.49, -0.01, averages.AGREES)
    results.add(store, [month], [])
    assert snakemake(*CONFIG, targets=("write_report",)).returncode == 0
    assert "\N{MINUS SIGN}0.0100" in (folder / "isone.html").read_text("utf-8")
    again = snakemake(*CONFIG, targets=("write_report",))
    assert "Nothing to be done" in again.stdout
    snakemakes = snakemake(*CONFIG, options=("--report", "all.html"), targets=("report",))
    assert snakemakes.returncode == 0, snakemakes.stdout
    shown = (workflow / "all.html").read_text("utf-8")
    assert figure in shown
    assert (folder / "figures" / "regulation_capacity.svg").exists()
    assert "regulation_capacity.svg" not in shown, "a figure without data is not in it"
    assert "downloaded year by year, validated day by day" in shown


@pytest.mark.workflow
@pytest.mark.parametrize("has_dot", [True, False], ids=["with dot", "without dot"])
def test_the_workflow_is_drawn_or_written_as_a_diagram(
    workflow: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_dot: bool
) -> None:
    if has_dot and not shutil.which("dot"):
        pytest.skip("Graphviz's dot is not installed")
    if not has_dot:
        (tmp_path / "which").symlink_to(shutil.which("which") or "nowhere")  # for Slurm's plugin
        monkeypatch.setenv("PATH", str(tmp_path))
    command = [sys.executable, str(PROJECT / "scripts" / "draw_workflow.py")]
    snakefile = ["--snakefile", str(PROJECT / "Snakefile")]
    done = subprocess.run(
        [*command, *snakefile, "--config", *CONFIG],
        cwd=workflow,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert ("dot is not installed" in done.stderr) is not has_dot
    for name in ("dag", "rulegraph"):
        (path,) = (workflow / "reports" / "workflow").glob(f"{name}.*")
        text = path.read_text("utf-8")
        assert "download_prices" in text
        assert path.suffix == (".svg" if has_dot else ".mmd")
