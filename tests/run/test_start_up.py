"""What a job loads before it works: its own library, and none of the others'.

Every job is a new process, and the Snakefile is read at each start, so each of them pays for what
it imports. Held here by names of modules, in processes of their own.
"""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import PROJECT

ARROW = {"numpy", "pyarrow"}
REQUESTS = {"requests", "tenacity", "urllib3"}
LOOKING = REQUESTS | {"numpy"}  # a look at the numbers of each response, as a table
DRAWING = {"altair", "jinja2"}  # what draws in the page is put together by another process
HEAVY = {
    *(ARROW | REQUESTS | DRAWING),
    *("vl_convert", "apprise", "duckdb", "openpyxl", "pandas", "psycopg", "rich", "snakemake"),
}
DAY = "2024.through-20240101"
DATASETS = ("lmp_da_hourly", "regulation_5min")


def loaded_by(program: str, folder: Path, among: set[str] = HEAVY) -> set[str]:
    """Those libraries, by default the heavy ones, that are loaded at a Python program's end."""
    told = folder / "loaded.json"
    pandas = folder / "installed" / "pandas.py"  # a user may have it, and Arrow would load it
    pandas.parent.mkdir(exist_ok=True)
    pandas.write_text("__version__ = '3.0.0'")
    end = f"import json, sys; open({str(told)!r}, 'w').write(json.dumps(list(sys.modules)))"
    subprocess.run(
        [sys.executable, "-c", f"{program}\n{end}"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{pandas.parent}:{PROJECT}:{PROJECT / 'tests'}"},
        check=True,
    )
    return among & set(json.loads(told.read_text()))


def imported_by(path: Path) -> str:
    """The import statements of a script, or of a rule file's lines before its rules."""
    text = path.read_text()
    if path.suffix != ".py":
        text = "\n".join(
            line for line in text.splitlines() if line.startswith(("from ", "import "))
        )
    found = [n for n in ast.parse(text).body if isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(map(ast.unparse, found))


def test_reading_the_snakefile_loads_nothing_heavy(tmp_path: Path) -> None:
    files = [PROJECT / "Snakefile", *(PROJECT / "rules").glob("*.smk")]
    program = "\n".join(imported_by(path) for path in files)
    assert "isone.load" in program
    configured = "Run.of({'years': '2019-2024', 'source': 'sandbox', 'through': '2024-03-01'})"
    said = f"{program}\nheader({configured}.plan)"
    assert loaded_by(said, tmp_path) == {"snakemake"}, "which reads it"


@pytest.mark.parametrize(
    ("script", "allowed"),
    [
        pytest.param(path.name, {"download": REQUESTS}.get(path.stem.split("_")[0], set()))
        for path in sorted((PROJECT / "scripts").glob("*.py"))
        if path.stem not in {"recheck_prices", "reconcile_prices"}
    ],
)
def test_a_script_loads_no_library_before_it_knows_that_it_has_work(
    script: str, allowed: set[str], tmp_path: Path
) -> None:
    assert loaded_by(imported_by(PROJECT / "scripts" / script), tmp_path) <= allowed


@pytest.mark.parametrize("name", ["pack_prices", "describe_tables", "load_duckdb"])
def test_a_script_does_not_load_what_only_a_command_line_needs(name: str, tmp_path: Path) -> None:
    program = imported_by(PROJECT / "scripts" / f"{name}.py")
    program += "\nfrom isone.run.settings import read_settings; read_settings({'years': 2024})"
    assert not loaded_by(program, tmp_path, {"argparse", "yaml"})


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What each job of a small run has loaded by its end, by the job's name."""
    folder = tmp_path_factory.mktemp("start_up")
    config = {"years": 2024, "source": "sandbox", "sandbox_nodes": 0, "retry_delay": 0}
    calls = {
        **{
            f"download {dataset}": f"run_script('download_prices', C, {_year(dataset)})"
            for dataset in DATASETS
        },
        "pack": f"run_script('pack_prices', C, {_year(DATASETS[0])})",
        "describe": "run_script('describe_tables', C)",
        "load": "run_script('load_duckdb', C)",
        "report": "run_script('write_report', C)",
        "figures": "run_script('write_figures', C)",
        "figures once more": "run_script('write_figures', C)",
        "verify": " or ".join(
            f"run_script('verify_prices', C, outputs={{'verdict': Path('{dataset}.json')}}, "
            f"{_year(dataset)})"
            for dataset in DATASETS
        ),
        "summarize": "run_script('summarize_verdicts', C, inputs={"
        + ", ".join(f"'{dataset}': '{dataset}.json'" for dataset in DATASETS)
        + "})",
    }
    start = f"from pathlib import Path\nfrom running import run_script\nC = {config}\n"
    return {name: loaded_by(f"{start}assert {call} == 0", folder) for name, call in calls.items()}


def _year(dataset: str) -> str:
    return f"dataset='{dataset}', period='{DAY}'"


@pytest.mark.parametrize(
    ("job", "needed"),
    [
        pytest.param("download lmp_da_hourly", LOOKING, id="download the hub and zones"),
        pytest.param("download regulation_5min", LOOKING, id="download what has no places"),
        pytest.param("pack", ARROW, id="pack"),
        pytest.param("describe", ARROW, id="describe what is packed"),
        pytest.param("load", {"duckdb"}, id="load into DuckDB"),
        pytest.param("report", ARROW | DRAWING | {"duckdb"}, id="write the report"),
        pytest.param("figures", {"vl_convert"}, id="draw the figures"),
        pytest.param("figures once more", set(), id="draw no figure"),
        pytest.param("verify", ARROW | {"duckdb"}, id="verify"),
        pytest.param("summarize", set(), id="sum up what was verified"),
    ],
)
def test_a_job_loads_its_own_library_and_no_other(
    job: str, needed: set[str], loaded: dict[str, set[str]]
) -> None:
    assert loaded[job] == needed
