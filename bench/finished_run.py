"""A finished run once more, against Snakemake doing nothing with as many files.

Seven years of everything; the second run has to find nothing to do, and sends no request; so has
one that chooses LMP alone. What the first one would leave is written without it: ledgers and
markers as long as real ones, and a byte for each response and table, of which a run looks at names
and sizes alone.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.lines import PROJECT, Line, median_ratio, median_seconds, take_turns
from bench.options import Options
from isone.download.complete_year import manifest
from isone.load import outputs as load
from isone.market.datasets import DATASETS
from isone.pack import outputs as pack
from isone.report import outputs as report
from isone.run import missing
from isone.run.dataset_year import DatasetYear
from isone.run.sources import Source
from isone.run.targets import Run
from isone.store import markers
from isone.store.ledger import Entry
from isone.store.store import Store

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
_BY = Source("sandbox", "http://127.0.0.1:1/api/v1.1")
_YEARS = "2018-2024"
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
    """Leave what a run leaves, as far as the next one looks; returns how many outputs there are.

    Ledgers and markers are as long as real ones. Responses, tables and the page, of which only the
    names and sizes are looked at, are a byte each.
    """
    store, settings = chosen.store, chosen.settings
    for job in chosen.dataset_years:
        store.write_marker(job.dataset, job.period, manifest(job, _responses(store, job), {}, _BY))
        made_from = pack.made_from_of_table(
            store, job.dataset, job.period, pack.chosen(job.dataset, settings)
        )
        _byte(store.parquet_path(job.dataset, job.period))
        markers.write(store.packed_marker(job.dataset, job.period), made_from, sha256="", bytes=1)
    _byte(store.datapackage_path)
    markers.write(store.datapackage_marker, pack.made_from_of_description(store))
    _byte(store.duckdb_path)
    markers.write(store.duckdb_marker, load.made_from_of_duckdb(store), bytes=1)
    page = report.Outputs.of(settings)
    for path in (page.page, page.key_numbers, page.figures / "figure.svg"):
        _byte(path)
    _byte(store.report_copy_path(report.DRAWINGS))
    made_from = report.made_from_of_page(store)
    markers.write(store.report_marker(report.PAGE), made_from, sha256="", bytes=1)
    markers.write(store.report_marker(report.FIGURES), report.made_from_of_figures(""))
    return 2 * len(chosen.dataset_years) + 4


def _responses(store: Store, job: DatasetYear) -> list[Entry]:
    """Store a byte as the response of each request of a dataset-year, and note it."""
    days = job.days(newest_first=False)
    requests = missing.missing_requests(DATASETS[job.dataset], days, job.locations, {}, {})
    entries = [
        Entry(
            request=request.name,
            size=1,
            sha256="0" * 64,
            rows=288,
            fetched="2025-01-01T00:00:00+00:00",
            source="sandbox",
            revision="final",
            prices="0" * 16,
        )
        for request in sorted(requests, key=lambda request: request.name)
    ]
    folder = store.raw_dir(job.dataset, job.year)
    for entry in entries:
        _byte(folder / entry.file)
    lines = [msgspec.json.encode(entry) + b"\n" for entry in entries]
    store.ledger_path(job.dataset, job.year).write_bytes(b"".join(lines))
    return entries


def _byte(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"0")
    return path


def finished(folder: Path, years: str) -> tuple[list[str], int]:
    """A folder in which these years are finished; the command, and how many outputs there are."""
    (folder / "config.yaml").write_text((PROJECT / "config.yaml").read_text())
    config = {"years": years, "source": "sandbox"}
    with contextlib.chdir(folder):
        count = finish(Run.of(config))
    command = [SNAKEMAKE, "-s", str(PROJECT / "Snakefile"), "-j1", "--config"]
    command += [f"{key}={value}" for key, value in config.items()]
    again([*command, "--dry-run"], folder)  # else it would download them
    return command, count


def measure(options: Options) -> Iterator[Line]:
    """Both in turn."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        ours, count = finished(folder, _YEARS)
        bare = folder / "bare"
        (bare / "done").mkdir(parents=True)
        (bare / "Snakefile").write_text(_BARE.format(count=count))
        for number in range(count):
            (bare / "done" / f"{number}.json").write_text("{}")
        turns = take_turns(
            options.rounds,
            {
                "ours": lambda: again(ours, folder),
                "less": lambda: again([*ours, "data_types=lmp"], folder),
                "bare": lambda: again([SNAKEMAKE, "-j1"], bare),
            },
        )
    took = {name: f"{median_seconds(times):.2f} s" for name, times in turns.items()}
    what = f"seven finished years, {count} files"
    ratio = median_ratio(turns["ours"], turns["bare"])
    yield Line(what, took["ours"], "Snakemake doing nothing", took["bare"], ratio, at_most=1.2)
    less = median_ratio(turns["less"], turns["ours"])
    yield Line("choosing less", took["less"], "all of it again", took["ours"], less, at_most=1.1)


def subjects(options: Options) -> dict[str, list[str]]:
    """What to look into: reading the configuration and planning, without Snakemake."""
    folder = options.folder / "finished"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    finished(folder, _YEARS)
    return {"planning seven years, without Snakemake's own time": [str(folder)]}


def subject(folder: str) -> None:
    """What the Snakefile has our code do."""
    with contextlib.chdir(folder):
        chosen = Run.of({"years": _YEARS, "source": "sandbox"}, begins=True)
        pack.drop_stale(chosen.settings, chosen.store, chosen.dataset_years)
        load.drop_stale(chosen.settings, chosen.store, chosen.dataset_years)
        report.drop_stale(chosen.settings, chosen.store)
        if chosen.plan.requests:
            raise SystemExit("there is something to download")
