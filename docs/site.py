"""The pages of the documentation's site that are made from other files, and links to these."""

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PROJECT = Path(__file__).resolve().parent.parent
TUTORIAL = "tutorial.md"
COPIES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""Files of the project that are pages as they are."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in the folder docs/."""
    pages = {page: (PROJECT / name).read_text("utf-8") for name, page in COPIES.items()}
    pages |= {"rules.md": rules(), TUTORIAL: tutorial()}
    for page, text in pages.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Let links lead to pages; what is in the project and on no page is named without a link."""
    return re.sub(r"\[([^\]]*)\]\(([^)\s:#]+)(#[^)\s]*)?\)", _link, markdown)


def _link(found: re.Match[str]) -> str:
    text, target, anchor = found[1], found[2], found[3] or ""
    name = target.removeprefix("../")
    page = COPIES.get(name, name.removeprefix("docs/")).replace(".ipynb", ".md")
    if name in COPIES or page == TUTORIAL or (PROJECT / "docs" / page).is_file():
        return f"[{text}]({page}{anchor})"
    return text if (PROJECT / name).exists() else found[0]


def tutorial() -> str:
    """The notebook as a page: its words, its code, and what the code printed."""
    parts = []
    for cell in json.loads((PROJECT / "docs" / "tutorial.ipynb").read_text("utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            printed = "".join("".join(each["text"]) for each in cell["outputs"])
            text = f"```python\n{text}\n```\n\n```text\n{printed.rstrip()}\n```"
        parts.append(text)
    return "\n\n".join(parts) + "\n"


def rules() -> str:
    """The workflow's rules as they are: each file says what comes in and what goes out."""
    parts = ["# Rules\n\nThe `Snakefile` includes these files.\n"]
    for path in sorted((PROJECT / "rules").glob("*.smk")):
        parts.append(f"## {path.stem}\n\n```python\n{path.read_text('utf-8')}```\n")
    return "\n".join(parts)
