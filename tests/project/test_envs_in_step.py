import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import isone

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ENVS = sorted((ROOT / "envs").glob("*.yaml"))
BASE, DEVELOPMENT = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
BENCH, PLUGINS = ROOT / "envs" / "bench.lock", ROOT / "envs" / "plugins.lock"
LOCKS = [BASE, DEVELOPMENT, BENCH, PLUGINS]
SETUP, DOCS = ROOT / "envs" / "setup.lock", ROOT / "envs" / "docs.lock"
WORKFLOW = (
    PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["workflow"]
)

# What conda calls differently.
LOCK_NAMES = {
    "python-duckdb": "duckdb",
    "python-isal": "isal",
    "python-tzdata": "tzdata",
    "snakemake-minimal": "snakemake",
}

each_env = pytest.mark.parametrize("env", ENVS, ids=lambda env: env.stem)
each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)


def locked(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock.read_text(), re.MULTILINE))


def pinned(env: Path) -> dict[str, str]:
    return dict(line.split(" =") for line in yaml.safe_load(env.read_text())["dependencies"])


@each_env
def test_an_environment_pins_what_the_lock_pins(env: Path) -> None:
    lock = locked(DEVELOPMENT)  # the one that also has the optional requests
    pins = pinned(env)
    del pins["python"]
    assert pins == {name: lock[LOCK_NAMES.get(name, name)] for name in pins}


@each_env
def test_an_environment_has_a_python_that_the_project_allows(env: Path) -> None:
    assert pinned(env)["python"] in SpecifierSet(PROJECT["project"]["requires-python"])


def test_all_environments_have_the_same_python() -> None:
    assert len({pinned(env)["python"] for env in ENVS}) == 1


@each_env
def test_an_environment_takes_nothing_from_default_channels(env: Path) -> None:
    channels = yaml.safe_load(env.read_text())["channels"]
    assert (channels[0], channels[-1]) == ("conda-forge", "nodefaults")


def test_the_workflow_environment_holds_every_dependency() -> None:
    pins = pinned(ROOT / "envs" / "workflow.yaml")
    needed = {Requirement(line).name for line in WORKFLOW}
    assert {LOCK_NAMES.get(name, name) for name in pins} - {"python"} == needed


def test_every_environment_that_a_rule_names_is_there() -> None:
    for rules in [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk")]:
        text = rules.read_text() if rules.exists() else ""
        for name in re.findall(r"""\bconda:\s*["'](.+?)["']""", text):
            assert (rules.parent / name).is_file(), f"{rules.name} names {name}"


@each_lock
def test_a_lock_satisfies_every_dependency(lock: Path) -> None:
    group = {DEVELOPMENT: "dev", BENCH: "bench"}.get(lock)
    needs = PROJECT["dependency-groups"][group] if group else []
    for line in WORKFLOW + PROJECT["dependency-groups"]["build"] + needs:
        needed = Requirement(line)
        assert locked(lock)[canonicalize_name(needed.name)] in needed.specifier


@pytest.mark.parametrize("lock", [*LOCKS, SETUP, DOCS], ids=lambda lock: lock.name)
def test_a_lock_names_no_place_to_install_from(lock: Path) -> None:
    assert not re.search(r"://|^--|^\S+ @", lock.read_text(), re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS[1:], ids=lambda lock: lock.name)
def test_another_lock_has_all_of_the_base(lock: Path) -> None:
    assert locked(BASE).items() <= locked(lock).items()


@pytest.mark.parametrize("lock", [*LOCKS[1:], SETUP, DOCS], ids=lambda lock: lock.name)
def test_another_lock_goes_with_what_is_installed_already(lock: Path) -> None:
    development, other = locked(DEVELOPMENT), locked(lock)
    both = development.keys() & other.keys()
    assert {name: other[name] for name in both} == {name: development[name] for name in both}


def test_no_plugin_slows_the_start_of_every_run_down() -> None:
    for lock in (BASE, DEVELOPMENT):
        named = [name for name in locked(lock) if re.match("snakemake-(executor|storage)-", name)]
        assert named == []


def test_the_project_and_the_library_have_one_version() -> None:
    assert PROJECT["project"]["version"] == isone.__version__


def test_the_workflow_asks_for_the_snakemake_that_the_project_names() -> None:
    (asked,) = re.findall(
        r'^min_version\("(.+?)"\)', (ROOT / "Snakefile").read_text(), re.MULTILINE
    )
    assert f"snakemake>={asked}" in WORKFLOW


def test_what_is_built_with_stands_in_the_lock() -> None:
    assert PROJECT["build-system"]["requires"] == [
        line for line in PROJECT["dependency-groups"]["build"] if line.startswith("uv_build")
    ]


def test_the_pythons_that_are_named_are_those_that_are_allowed() -> None:
    allowed = SpecifierSet(PROJECT["project"]["requires-python"])
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    assert named == [f"3.{minor}" for minor in range(30) if f"3.{minor}.1" in allowed]
    makefile = (ROOT / "Makefile").read_text()
    oldest, newest = (version.replace(".", ", ") for version in (named[0], named[-1]))
    assert f"not ({oldest}) <= sys.version_info[:2] <= ({newest})" in makefile
    assert (
        f"say where Python {named[0]} to {named[-1]} is: make PYTHON=python{named[-1]}" in makefile
    )
