"""What is written from the types of the configuration: JSON schemas, and a table in the docs.

`python -m isone.run.schemas` shows them, `--write` brings `schemas/*.schema.yaml` and the table in
step.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml
from msgspec import Meta

from isone.run.custom import Entries
from isone.run.options import Config
from isone.run.settings import PROJECT

MODELS: dict[Path, Any] = {
    PROJECT / "schemas" / "config.schema.yaml": Annotated[
        Config, Meta(title="Configuration of the ISO-NE price workflow")
    ],
    PROJECT / "schemas" / "downloads.schema.yaml": Entries,
}

OPTIONS = PROJECT / "docs" / "options.md"
_TABLE = re.compile(r"(<!-- configuration:[^\n]*\n)(.*?)(<!-- configuration ends -->)", re.DOTALL)
"""The table in that page, between two comments."""


class _Dumper(yaml.SafeDumper):
    """Writes a list of words in one line."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        """A list as YAML's node."""
        is_of_words = not any(isinstance(each, dict) for each in sequence)
        return super().represent_sequence(tag, sequence, is_of_words or flow_style)


def schema(model: Any) -> dict[str, Any]:
    """A type's JSON schema, in plain mappings and lists."""
    (top,), others = msgspec.json.schema_components([model])
    if "$ref" in top:
        top = others.pop(top.pop("$ref").rpartition("/")[2]) | top
    return dict(msgspec.to_builtins(top | {"$defs": others}))


def text(model: Any) -> str:
    """A schema's file."""
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return "# Written by `python -m isone.run.schemas --write`.\n" + yaml.dump(
        draft | schema(model), Dumper=_Dumper, sort_keys=False, width=100
    )


def table() -> str:
    """The keys of the configuration, their descriptions and defaults, as a table in Markdown."""
    rows = ["| key | what it says | default |", "|---|---|---|"]
    for key, rule in schema(Config)["properties"].items():
        rows.append(f"| `{key}` | {rule['description']} | {_default(rule['default'])} |")
    return "".join(f"{row}\n" for row in rows)


def _default(value: Any) -> str:
    if value is None or value == ():
        return "none"
    words = " ".join(value) if isinstance(value, tuple) else value
    return f"`{str(words).lower() if isinstance(value, bool) else words}`"


def with_table(page: str) -> str:
    """The text of docs/options.md with the table in step."""
    return _TABLE.sub(lambda match: match[1] + table() + match[3], page)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the schemas, or with `--write` bring their files and the table in step."""
    parser = argparse.ArgumentParser(prog="python -m isone.run.schemas")
    parser.add_argument("--write", action="store_true", help="write the files")
    is_to_write = parser.parse_args(arguments).write
    for path, model in MODELS.items():
        if is_to_write:
            path.write_text(text(model), "utf-8")
        else:
            print(text(model), end="")
    if is_to_write:
        OPTIONS.write_text(with_table(OPTIONS.read_text("utf-8")), "utf-8")
    else:
        print(table(), end="")


if __name__ == "__main__":
    main()
