"""The page's own script: the modules of `script/`, put together as one.

Each module becomes a function of its own that gives what it exports. The modules say with plain
`import { name } from "./module.js"` lines what they need; nothing else of the syntax is understood.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "script"
VENDOR = FOLDER.parent / "vendor"
_IMPORT = re.compile(r'^import (\{[^}]+\}) from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:class|function\*?|const|let) (\w+))", re.MULTILINE)
_SCRIPT_END = re.compile(r"<(?=/script|!--)", re.IGNORECASE)


def script(start: str = "start") -> str:
    """The script that begins with a module of this name, with all that it imports before it."""
    made: dict[str, str] = {}
    _add(start, made)
    *before, last = made
    return "\n".join([*(_function(name, made[name]) for name in before), made[last]])


def uplot() -> str:
    """What draws the main chart, fit for a page, with its licence."""
    licence = (VENDOR / "uPlot.LICENSE").read_text("utf-8")
    return fit(f"/*!\n{licence}*/\n" + (VENDOR / "uPlot.iife.min.js").read_text("utf-8"))


def fit(text: str) -> str:
    """A script that cannot end the element around it."""
    return _SCRIPT_END.sub(r"\\x3c", text)


def _add(name: str, made: dict[str, str]) -> None:
    """A module after those that it imports."""
    text = (FOLDER / f"{name}.js").read_text("utf-8")
    for _, needed in _IMPORT.findall(text):
        if needed not in made:
            _add(needed, made)
    made[name] = _IMPORT.sub(r"const \1 = \2_module;\n", text)


def _function(name: str, text: str) -> str:
    exported = ", ".join(word for _, word in _EXPORT.findall(text))
    body = _EXPORT.sub(r"\1", text)
    return f"const {name}_module = (() => {{\n{body}return {{ {exported} }};\n}})();"
