"""The files that hosts and catalogs look for say what is true."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from running import PROJECT

FORMS = sorted((PROJECT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


@pytest.mark.workflow
def test_the_small_configuration_plans_five_days_of_the_sandbox(tmp_path: Path) -> None:
    folder = tmp_path / ".test"
    shutil.copytree(PROJECT / ".test", folder, ignore=lambda *_: {".snakemake", "data", "logs"})
    words = ["-s", str(PROJECT / "Snakefile"), "--directory", str(folder), "-n", "-j1"]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *words],
        cwd=tmp_path,
        env=os.environ | {"ISONE_USERNAME": "", "ISONE_PASSWORD": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "sandbox" in said
    assert "2024-01-01 to 2024-01-05, 5 days" in said
    assert {path.name for path in folder.iterdir()} <= {"config.yaml", ".snakemake"}


def test_the_catalog_finds_what_makes_a_workflow_standardized() -> None:
    usage = yaml.safe_load((PROJECT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"] is True
    assert (PROJECT / "config" / "README.md").read_text().startswith("# Configuration\n")


def test_the_citation_is_of_this_version() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    cited = yaml.safe_load((PROJECT / "CITATION.cff").read_text("utf-8"))
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])


def test_the_host_runs_what_ci_runs_and_nothing_else() -> None:
    jobs = yaml.safe_load((PROJECT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    runs = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert runs == [".ci/run"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_has_a_name_and_fields_with_ids_of_their_own(form: Path) -> None:
    asked = yaml.safe_load(form.read_text("utf-8"))
    if form.stem == "config":
        assert asked == {"blank_issues_enabled": False}
        return
    assert asked["name"]
    assert asked["description"]
    ids = [field["id"] for field in asked["body"] if field["type"] != "markdown"]
    assert len(ids) == len(set(ids)) > 0
    assert all(field["attributes"] for field in asked["body"])
