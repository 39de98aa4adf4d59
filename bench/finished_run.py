"""A finished run once more, against Snakemake doing nothing with as many files.

Seven years of everything; the second run has to find nothing to do, and sends no request.
"""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.lines import PROJECT, Line, median_ratio, median_seconds, take_turns
from bench.options import Options
from isone.report.outputs import Outputs
from isone.run.targets import Run

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
_BARE = """
rule all:
    default_target: True
    input: expand("done/{{n}}.json", n=range({count}))

rule make:
    output: "done/{{n}}.json"
    shell: "touch {{output}}"
"""


def again(command: list[str], folder: Path) -> None:
    """A run that must find nothing to do."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    if "Nothing to be done" not in done.stdout + done.stderr:
        raise SystemExit(done.stderr)


def finish(chosen: Run) -> int:
    """Put a file (or folder) in the place of all that a run leaves; returns how many there are."""
    store, report = chosen.store, Outputs.of(chosen.settings)
    files = [store.datapackage_marker, store.duckdb_marker]
    files += [store.packed_marker(job.dataset, job.period) for job in chosen.dataset_years]
    files += [store.marker_path(job.dataset, job.period) for job in chosen.dataset_years]
    files += [report.page, report.key_numbers]
    tables = [store.parquet_path(job.dataset, job.period) for job in chosen.dataset_years]
    for file in [*files, *tables, store.duckdb_path]:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    Path(report.figures).mkdir()
    return len(files) + 1


def finished(folder: Path, years: str) -> tuple[list[str], int]:
    """A folder in which these years are finished; the command, and how many files there are."""
    (folder / "config.yaml").write_text((PROJECT / "config.yaml").read_text())
    config = {"years": years, "source": "sandbox"}
    with contextlib.chdir(folder):
        count = finish(Run.of(config))
    command = [SNAKEMAKE, "-s", str(PROJECT / "Snakefile"), "-j1", "--config"]
    return [*command, *(f"{key}={value}" for key, value in config.items())], count


def measure(options: Options) -> Iterator[Line]:
    """Both in turn."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        ours, count = finished(folder, "2018-2024")
        bare = folder / "bare"
        (bare / "done").mkdir(parents=True)
        (bare / "Snakefile").write_text(_BARE.format(count=count))
        for number in range(count):
            (bare / "done" / f"{number}.json").write_text("{}")
        turns = take_turns(
            options.rounds,
            {
                "ours": lambda: again(ours, folder),
                "bare": lambda: again([SNAKEMAKE, "-j1"], bare),
            },
        )
    took = {name: f"{median_seconds(times):.2f} s" for name, times in turns.items()}
    what = f"seven finished years, {count} files"
    ratio = median_ratio(turns["ours"], turns["bare"])
    yield Line(what, took["ours"], "Snakemake doing nothing", took["bare"], ratio, at_most=1.2)


def subjects(options: Options) -> dict[str, list[str]]:
    """What to look into: reading the configuration and planning, without Snakemake."""
    return {"planning seven years, without Snakemake's own time": []}


def subject() -> None:
    """What the Snakefile has our code do."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        finished(folder, "2018-2024")
        with contextlib.chdir(folder):
            Run.of({"years": "2018-2024", "source": "sandbox"}).plan()
