"""The pages of the documentation's site that are made from other files, and links to these."""

import re
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PROJECT = Path(__file__).resolve().parent.parent
COPIES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""Files of the project that are pages as they are."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in the folder docs/."""
    pages = {page: (PROJECT / name).read_text("utf-8") for name, page in COPIES.items()}
    pages |= {"options.md": options(), "rules.md": rules()}
    for page, text in pages.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Let links lead to pages; what is in the project and on no page is named without a link."""
    return re.sub(r"\[([^\]]*)\]\(([^)\s:#]+)(#[^)\s]*)?\)", _link, markdown)


def _link(found: re.Match[str]) -> str:
    text, target, anchor = found[1], found[2], found[3] or ""
    name = target.removeprefix("../")
    page = COPIES.get(name, name.removeprefix("docs/"))
    if name in COPIES or (PROJECT / "docs" / page).is_file():
        return f"[{text}]({page}{anchor})"
    return text if (PROJECT / name).exists() else found[0]


def options() -> str:
    """The configuration's options, as its schema describes them."""
    schema = yaml.safe_load((PROJECT / "schemas" / "config.schema.yaml").read_text("utf-8"))
    lines = [
        "# Options",
        "",
        "Every option can be set in `config.yaml` or given with `--config`.",
        "",
    ]
    lines += ["| option | default | meaning |", "|---|---|---|"]
    for name, option in schema["properties"].items():
        meaning = option["description"].replace("|", "\\|")
        lines.append(f"| `{name}` | {_shown(option.get('default'))} | {meaning} |")
    return "\n".join(lines) + "\n"


def _shown(default: Any) -> str:
    if default in (None, "", [], {}):
        return "none"
    words = [str(word) for word in default] if isinstance(default, list) else [str(default)]
    return f"`{' '.join(word.lower() if word in ('True', 'False') else word for word in words)}`"


def rules() -> str:
    """The workflow's rules as they are: each file says what comes in and what goes out."""
    parts = ["# Rules\n\nThe `Snakefile` includes these files.\n"]
    for path in sorted((PROJECT / "rules").glob("*.smk")):
        parts.append(f"## {path.stem}\n\n```python\n{path.read_text('utf-8')}```\n")
    return "\n".join(parts)
