"""The project as a package: a wheel with all that the library needs; a checkout that is found."""

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filled import fill
from running import PROJECT

from isone.store.store import Store

READING = """
import isone
prices = isone.read("lmp_da_hourly", years=2024, locations=4000, data_dir={data!r})
print(isone.__file__, prices.num_rows)
"""


def files(folder: Path) -> Iterator[str]:
    """The files of a package below the project's folder, as a wheel names them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(PROJECT).as_posix()


def build(kind: str, folder: Path) -> Path:
    """Have uv_build, which the lock pins, build what pip would install; no network is asked."""
    assert importlib.util.find_spec("uv_build"), "make setup installs uv_build"
    code = f"from uv_build import *; print({kind}({str(folder)!r}))"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it starts a program
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("build_wheel", tmp_path_factory.mktemp("wheel"))


def test_the_wheel_has_the_packages_whole_and_nothing_else(wheel: Path) -> None:
    packages = [path.parent for path in PROJECT.glob("*/__init__.py")
                if path.parent.name.startswith(("isone", "snakemake_"))]  # fmt: skip
    names = zipfile.ZipFile(wheel).namelist()
    inside = [name for name in names if ".dist-info/" not in name and not name.endswith("/")]
    assert sorted(inside) == sorted(name for package in packages for name in files(package))
    assert {"isone/py.typed", "isone/report/page.html.j2", "isone/report/page.css"} <= set(inside)


def test_the_wheel_says_what_the_project_says(wheel: Path) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        lines = archive.read(name).decode().splitlines()
    assert f"Version: {project['version']}" in lines
    extras = {line.partition(": ")[2] for line in lines if line.startswith("Provides-Extra")}
    assert extras == set(project["optional-dependencies"])


def test_prices_are_read_from_any_folder_with_what_is_installed(
    wheel: Path, tmp_path: Path
) -> None:
    """Installed is the wheel: unpacked into a folder, which is all that an installer does to it."""
    data = tmp_path / "data"
    fill(Store(data), ["lmp_da_hourly"], "2024-01-01", "2024-01-02")
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    zipfile.ZipFile(wheel).extractall(site)
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", READING.format(data=str(data))],
        cwd=elsewhere,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(site / "isone" / "__init__.py"), "48"]


def is_installed() -> bool:
    """Whether this interpreter has the checkout installed, as `make setup` does it."""
    paths = [dist.read_text("direct_url.json") or "" for dist in importlib.metadata.distributions()]
    return any(f'"{PROJECT.as_uri()}"' in text for text in paths)


@pytest.mark.skipif(not is_installed(), reason="the checkout is not installed: make setup does it")
def test_the_checkout_is_found_from_any_folder_and_so_is_every_package_in_it(
    tmp_path: Path,
) -> None:
    """Snakemake finds a logger plugin in the same way: by the name of a package on the path."""
    code = """
import pkgutil
print({m.name: m.module_finder.path for m in pkgutil.iter_modules() if m.ispkg}["isone"])
"""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == str(PROJECT), done.stderr
