"""The README says what there is: its commands run, its keys and files exist, and none is left out.

`ISONE_REWRITE=1 pytest tests/test_readme.py` rewrites the drawing of the rules.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from running import PROJECT, Snakemake

from isone.download import arguments
from isone.settings import read_settings, schema

README = PROJECT / "README.md"
TEXT = README.read_text("utf-8")
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
        README.write_text(_DRAWING.sub(lambda match: match[1] + drawn + match[3], TEXT), "utf-8")
        return
    found = _DRAWING.search(TEXT)
    assert found is not None
    assert found[2] == drawn


@pytest.mark.parametrize("script", sorted((PROJECT / "scripts").glob("*.py")), ids=lambda p: p.stem)
def test_a_script_run_by_hand_tells_how_or_how_to_have_it_run(script: Path, tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, str(script), "--help"], cwd=tmp_path, capture_output=True, text=True
    )
    if asked.returncode == 0:
        assert f"usage: python scripts/{script.name}" in asked.stdout
    else:
        said = r"error: this is for Snakemake to run: snakemake -j1 --config [\w.=]+( -- \w+)?\n"
        assert re.fullmatch(said, asked.stderr)


def test_every_key_of_the_configuration_is_named() -> None:
    assert not [key for key in schema()["properties"] if f"`{key}`" not in TEXT]


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
