"""A configuration file as a person writes it: YAML, and a sentence for what is wrong and where."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from isone.errors import UsageError

HERE = Path("config.yaml")
_KEYS = "write one `key: value` a line, with a space after the colon"
_KNOWN = {
    r"'\\t'": "a tab is no indentation in YAML; use spaces",
    "<stream end>|end of stream": "a bracket or a quote is not closed",
    "mapping values are not allowed": (
        "this line is indented further than the one before, or has a value with ': ' in it, which "
        "needs quotes"
    ),
}
"""What YAML's own words mean, for what people do most."""


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, of which one would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key, _ in node.value:
            if names.count(key.value) > 1:
                last = [each for each, _ in node.value if each.value == key.value][-1]
                said = f"{key.value!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, said, last.start_mark)
        return super().construct_mapping(node, deep)


def read(path: Path) -> dict[str, Any]:
    """The keys and values of a file, as they are written; none of an empty one.

    Raises UsageError, one sentence, for what is no YAML, no mapping, or has a key twice.
    """
    try:
        content = yaml.load(path.read_text("utf-8"), _Loader) or {}  # noqa: S506 - a safe one
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: no such date
        raise UsageError(_sentence(path, error)) from error
    if not isinstance(content, dict):
        raise UsageError(f"{path} has no keys; {_KEYS}")
    return content


def require_readable(paths: Iterable[str | Path]) -> None:
    """Raise UsageError for the first file that `read` refuses."""
    for path in paths:
        read(Path(path))


def unreadable(words: Sequence[str]) -> str:
    """What is wrong with the files of a command line; empty where all can be read.

    Snakemake takes no file without keys, as one in which everything is a comment.
    """
    files: list[Path] = []
    is_file = False
    for word in words:
        option, equals, value = word.partition("=")
        if word.startswith("-"):
            is_file = option in {"--configfile", "--configfiles"}
            files += [Path(value)] if is_file and equals else []
        elif is_file:
            files.append(Path(word))
    for path in (*files, HERE):
        if path.exists() or path in files:
            try:
                content = read(path)
            except UsageError as error:
                return str(error)
            if not content:
                return f"{path} has no keys; {_KEYS}"
    return ""


def _sentence(path: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or error)
    known = next((said for words, said in _KNOWN.items() if re.search(words, problem)), "")
    where = f", line {mark.line + 1}" if mark else " is not valid YAML"
    return f"{path}{where}: {known or ' '.join(problem.split())}"
