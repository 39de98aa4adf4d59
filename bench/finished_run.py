"""A finished run once more: seven years of ours against Snakemake doing nothing with as many files.

Prints median seconds of both and the ratio; the second run has to find nothing to do.
"""

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone import run  # noqa: E402 - found only now
from isone.database.outputs import Loading  # noqa: E402
from isone.pack.outputs import Packing  # noqa: E402
from isone.report.outputs import Outputs  # noqa: E402

PROJECT = Path(__file__).resolve().parent.parent
_BARE = """
rule all:
    default_target: True
    input: expand("done/{{n}}.json", n=range({count}))

rule make:
    output: "done/{{n}}.json"
    shell: "touch {{output}}"
"""


def seconds(command: list[str], folder: Path) -> float:
    """Wall-clock seconds of a run that must find nothing to do."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    took = time.perf_counter() - started
    if "Nothing to be done" not in done.stdout + done.stderr:
        raise SystemExit(done.stderr)
    return took


def finish(chosen: run.Run) -> int:
    """Put a file (or folder) in the place of all that a run leaves; returns how many there are."""
    packing = Packing(chosen.settings, chosen.store, chosen.jobs)
    loading = Loading(chosen.settings, chosen.store, chosen.jobs)
    report = Outputs.of(chosen.settings)
    files = [*chosen.price_markers, *packing.outcome, loading.duckdb_receipt]
    files += [str(path) for path in (report.page, report.key_numbers)]
    for file in files:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text("{}")
    Path(report.figures).mkdir()
    return len(files) + 1


def main() -> None:
    """Time both in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "config.yaml").write_text((PROJECT / "config.yaml").read_text())
        config = {"years": "2018-2024", "source": "sandbox"}
        with contextlib.chdir(folder):
            count = finish(run.Run.of(config))
        bare = folder / "bare"
        (bare / "done").mkdir(parents=True)
        (bare / "Snakefile").write_text(_BARE.format(count=count))
        for number in range(count):
            (bare / "done" / f"{number}.json").write_text("{}")
        snakemake = str(Path(sys.executable).with_name("snakemake"))
        ours = [snakemake, "-s", str(PROJECT / "Snakefile"), "-j1", "--config"]
        ours += [f"{key}={value}" for key, value in config.items()]
        nothing = [snakemake, "-j1"]
        pairs = [(seconds(ours, folder), seconds(nothing, bare)) for _ in range(rounds + 1)][1:]
    print(f"seven finished years, {count} files, {rounds} rounds in turn")
    print(f"ours                     {statistics.median(a for a, _ in pairs):6.2f} s")
    print(f"Snakemake doing nothing  {statistics.median(b for _, b in pairs):6.2f} s")
    print(f"ratio                    {statistics.median(a / b for a, b in pairs):6.2f}")


if __name__ == "__main__":
    main()
