"""The documentation names what exists: files of the project, links between pages, their anchors."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import PROJECT

PAGES = [
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((PROJECT / "docs").glob("*.md")),
]
_FOLDERS = "bench|docs|envs|isone|profiles|rules|schemas|scripts|tests"


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(PROJECT)) for page in pages]


def prose(page: Path) -> str:
    """A page without its blocks of code, in which `#` begins a comment."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, made as GitHub makes them; a repeated one gets a number."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found[anchor] = found.get(anchor, -1) + 1
        if found[anchor]:
            found[f"{anchor}-{found[anchor]}"] = 0
    return set(found)


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere, addresses of other sites left out."""
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_path_of_the_project_that_is_named_exists(page: Path) -> None:
    named = re.findall(rf"`((?:{_FOLDERS})/[\w./-]*)`", prose(page))
    assert [name for name in named if not (PROJECT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_module_of_a_command_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    for module in re.findall(r"python -m ((?:isone|bench)[\w.]*)", text):
        path = PROJECT / module.strip(".").replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_script_of_a_command_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    for path in re.findall(r"(?:python |pytest [^`\n]*?)((?:scripts|tests)/[\w./]+\w)", text):
        assert (PROJECT / path).exists(), path


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`: three\n[a](#one-two-three) [b](#four) [c](other.md) [d](https://x.org/#y)\n"
    )
    assert list(broken(page)) == ["#four", "other.md"]
