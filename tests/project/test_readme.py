"""The README and the pages after it say what there is: commands run, keys and files exist.

`ISONE_REWRITE=1 pytest tests/project/test_readme.py` rewrites the drawing of the rules.
"""

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from filled import fill
from running import PROJECT, Snakemake, by_hand

from isone.__main__ import COMMANDS
from isone.run import arguments
from isone.run.options import Config
from isone.run.settings import read_settings
from isone.store.store import Store

README = PROJECT / "README.md"
DOCS = PROJECT / "docs"
TROUBLE, DRAWN = DOCS / "troubleshooting.md", DOCS / "architecture.md"
PAGES = [README, *(DOCS / f"{name}.md" for name in (
    "running", "options", "behaviour", "custom-downloads", "sandbox",
))]  # fmt: skip
"""What a user reads first."""
TEXT = "\n".join(page.read_text("utf-8") for page in PAGES)
_DRAWING = re.compile(r"(<!-- rulegraph:[^\n]*-->\n```mermaid\n)(.*?)(```)", re.DOTALL)


def drawing(mermaid: str) -> str:
    """Snakemake's diagram by the rules' names, in one order: its own changes from run to run."""
    names = dict(re.findall(r"^\s*(id\d+)\[(\w+)\]", mermaid, re.MULTILINE))
    arrows = re.findall(r"^\s*(id\d+) --> (id\d+)", mermaid, re.MULTILINE)
    assert len(names) > 5
    lines = sorted(f"    {names[one]} --> {names[other]}" for one, other in arrows)
    return "\n".join(["flowchart TB", *lines]) + "\n"


@pytest.mark.workflow
def test_the_drawing_of_the_rules_is_in_step(snakemake: Snakemake) -> None:
    options = ("--rulegraph", "mermaid-js", "--quiet", "all")
    done = snakemake("years=2024", "source=sandbox", options=options, targets=())
    assert done.returncode == 0, done.stdout
    drawn = drawing(done.stdout)
    if os.environ.get("ISONE_REWRITE"):
        text = _DRAWING.sub(lambda match: match[1] + drawn + match[3], DRAWN.read_text("utf-8"))
        DRAWN.write_text(text, "utf-8")
        return
    found = _DRAWING.search(DRAWN.read_text("utf-8"))
    assert found is not None
    assert found[2] == drawn


BY_HAND = {
    *("download_lmp", "download_ancillary_services", "download_constraints", "draw_workflow"),
    "download_dataset",
}
"""The scripts that a person starts; all others are for rules."""
SCRIPTS = {path.stem: path for path in sorted((PROJECT / "scripts").glob("*.py"))}


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_a_script_run_by_hand_tells_how(name: str, tmp_path: Path) -> None:
    words = [sys.executable, str(SCRIPTS[name]), "--help"]
    asked = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert f"usage: python scripts/{name}.py" in asked.stdout


@pytest.mark.parametrize("name", sorted(SCRIPTS.keys() - BY_HAND))
def test_a_script_of_a_rule_is_the_job_and_has_the_rules_name(name: str) -> None:
    said, *imports, work = ast.parse(SCRIPTS[name].read_text("utf-8")).body
    assert isinstance(said, ast.Expr)
    assert all(isinstance(each, ast.ImportFrom) for each in imports)
    assert isinstance(work, ast.With)
    assert ast.unparse(work.items[0]) == "job(snakemake) as it"
    rules = "".join(path.read_text("utf-8") for path in (PROJECT / "rules").glob("*.smk"))
    body = rules.partition(f"rule {name}:\n")[2].partition("\nrule ")[0]
    assert f'"../scripts/{name}.py"' in body


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_by_hand_tells_how(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert by_hand({}, command, "--help") == 0
    assert f"usage: python -m isone {command} " in capsys.readouterr().out
    assert by_hand({}, command, "--surce", "sandbox") == 2
    assert "unknown option '--surce'; " in (said := capsys.readouterr().err)
    assert "--source" in said


def test_without_a_command_all_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert by_hand({}) == 0
    said = capsys.readouterr().out
    assert all(f"\n  {command} " in said for command in COMMANDS)
    assert by_hand({}, "stauts") == 2
    assert "unknown command 'stauts'; did you mean 'status'?" in capsys.readouterr().err


def test_the_readme_is_two_screens() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 100


def test_every_key_of_the_configuration_is_named() -> None:
    assert not [key for key in Config.__struct_fields__ if f"`{key}`" not in TEXT]


def commands(start: str) -> list[list[str]]:
    """The commands in the README that contain a word, as argument lists, comments left out."""
    joined = TEXT.replace("\\\n", " ")
    lines = re.findall(rf"^(?:\| [^|]* \| `)?([^\n`]*{start}[^\n`]*)", joined, re.MULTILINE)
    return [shlex.split(line.strip(" |$")) for line in lines if " -" in line]


def test_every_configuration_that_a_command_shows_is_accepted() -> None:
    shown = 0
    for words in commands("snakemake -"):
        if "--config" not in words:
            continue
        given = words[words.index("--config") + 1 :]
        given = given[: given.index("--")] if "--" in given else given
        config = dict(word.split("=", 1) for word in given if "=" in word)
        read_settings(config)
        shown += 1
    assert shown >= 8


def test_every_command_by_hand_is_accepted() -> None:
    shown = [words for words in commands("download_lmp.py") if "--start-date" in words]
    assert shown
    for words in shown:
        assert arguments.read("lmp", words[2:], {}).settings.datasets


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"\bmake ([a-z]+)`", TEXT)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_file_of_the_project_that_is_named_exists() -> None:
    left_by_runs = ("data/", "logs/", "reports/")
    folders = "isone|scripts|rules|docs|envs|profiles|schemas"
    named = set(re.findall(rf"`((?:{folders})/[^`*{{ ]*)`", TEXT))
    named |= set(re.findall(r"\]\((docs/[^)#]+)", TEXT))
    assert named
    missing = [n for n in named if not n.startswith(left_by_runs) and not Path(PROJECT, n).exists()]
    assert missing == []


def test_the_python_that_is_shown_runs_with_what_the_project_installs(tmp_path: Path) -> None:
    fill(
        Store(tmp_path / "data"),
        ["lmp_da_hourly"],
        "2024-01-01",
        "2024-01-02",
        source="webservices",
    )
    text = README.read_text("utf-8")
    (shown,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    installed = installed_packages(PROJECT / "requirements.lock")
    imported = set(re.findall(r"^import (\w+)", shown, re.MULTILINE))
    assert imported - {"isone"} <= installed
    environ = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", shown], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "avg(lmp)" in done.stdout


def installed_packages(lock: Path) -> set[str]:
    return set(re.findall(r"^([\w.-]+)==", lock.read_text("utf-8"), re.MULTILINE))


def test_the_count_by_year_counts_json_and_public_csv_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "raw" / "lmp_rt_5min"
    for year, names in {
        "2024": ["20240101.4000.json.gz", "20240102.b00.csv.gz", "20240103.json.gz"],
        "2025": ["20250101.json.gz", ".20250102.json.gz.unvalidated", "ledger.jsonl"],
    }.items():
        (folder / year).mkdir(parents=True)
        for name in names:
            (folder / year / name).touch()

    def said(command: str) -> str:
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True)
        return done.stdout

    (loop,) = re.findall(r"^for year in .*?^done", TEXT, re.MULTILINE | re.DOTALL)
    counted = dict(line.split(": ") for line in said(loop).splitlines())
    assert (counted["2023"], counted["2024"], counted["2025"]) == (
        "0 responses",
        "3 responses",
        "1 responses",
    )
    (line,) = re.findall(r"^find data/raw .*$", TROUBLE.read_text("utf-8"), re.MULTILINE)
    assert said(line).strip() == "3"


def test_a_sandbox_of_one_s_own_is_asked_as_a_sandbox() -> None:
    shown = [words for words in commands("snakemake -") if any("127.0.0.1" in w for w in words)]
    assert shown
    assert all("source=sandbox" in words for words in shown)
