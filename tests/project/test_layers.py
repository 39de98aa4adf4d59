"""The house: each room imports from itself and from the rooms below it, never from those above."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import PROJECT

PACKAGE = PROJECT / "isone"
FLOORS = ("market", "store", "response", "run", "download", "pack", "load", "audit", "report")
"""From the ground up."""
GROUND = {"errors", "text", "__version__"}
"""What stands at the top of the package and is for everybody."""
ANNEX = "sandbox"
"""Knows the market alone, and is started by the download and its own command line alone."""


def imported(path: Path) -> Iterator[str]:
    """The names right below the package that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "isone":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("isone."):
            yield str(node.module).split(".")[1]


def allowed(room: str) -> set[str]:
    if room == ANNEX:
        return GROUND | {"market", ANNEX}
    below = set(FLOORS[: FLOORS.index(room) + 1])
    return GROUND | below | ({ANNEX} if room == "download" else set())


@pytest.mark.parametrize("room", [*FLOORS, ANNEX])
def test_a_room_imports_nothing_from_the_rooms_above_it(room: str) -> None:
    above = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for name in imported(path)
        if name not in allowed(room)
    }
    assert above == set()


def test_no_module_stands_loose_at_the_top_of_the_package() -> None:
    found = {path.stem for path in PACKAGE.glob("*.py")}
    assert found == {"__init__", "__main__", "errors", "text"}
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == {*FLOORS, ANNEX}
