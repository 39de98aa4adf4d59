"""What the command line makes of a configuration, brought back to the types of its keys.

The command line turns `2024` into a number, `2024,2025` into text and `true` into text, so
everything is coerced here, once, before it is checked. What is of a wrong type stays as it is.
"""

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import Any

from msgspec import inspect

from isone.errors import UsageError
from isone.run import violations

_DEEPEST = 2  # a list of mappings
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def coerced(config: Mapping[str, Any], rules: Mapping[str, inspect.Type]) -> dict[str, Any]:
    """The values of a configuration, each as near as it comes to its key's type; no None.

    Raises UsageError for what is nested too deeply or cannot be printed.
    """
    for key, value in config.items():
        _require_flat(key, value)
    values = {
        key: _coerce(config[key], rule)
        for key, rule in rules.items()
        if config.get(key) is not None
    }
    for key, value in values.items():
        _require_printable(key, value)
    return values


def _require_flat(key: str, value: Any, depth: int = 0) -> None:
    """Refuse lists in lists in lists: aliases in YAML make these larger than any memory."""
    if isinstance(value, list | tuple | Mapping):
        if depth == _DEEPEST:
            raise UsageError(f"{key}: the value is nested too deeply")
        for each in value.values() if isinstance(value, Mapping) else value:
            _require_flat(key, each, depth + 1)


def _require_printable(key: str, value: Any) -> None:
    """Refuse what would move a terminal or forge a line of a log, and NUL, which no path has."""
    if isinstance(value, list | tuple | dict):
        for each in value:
            _require_printable(key, each)
    if isinstance(value, dict):
        _require_printable(key, list(value.values()))
    if isinstance(value, str) and not value.isprintable():
        raise UsageError(f"{key}: {violations.unprintable(value)}")


def _coerce(value: Any, rule: inspect.Type) -> Any:
    if isinstance(value, str) and value.lower() in {"null", "none", ""} and _may_be_none(rule):
        return None
    kind = violations.core(rule)
    if isinstance(kind, inspect.VarTupleType):
        return _coerce_list(value, violations.core(kind.item_type))
    if isinstance(kind, inspect.BoolType):
        word = str(value).lower()
        return True if word in _TRUE else False if word in _FALSE else value
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return _coerce_number(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, int | float | dt.date) and not isinstance(value, bool):
        return str(value)
    return value


def _may_be_none(rule: inspect.Type) -> bool:
    kind = rule.type if isinstance(rule, inspect.Metadata) else rule
    return isinstance(kind, inspect.UnionType) and kind.includes_none


def _coerce_list(value: Any, item: inspect.Type) -> Any:
    entries = value if isinstance(value, list | tuple) else [value]
    if isinstance(item, inspect.StructType):
        rules = violations.fields(item)
        return [
            {k: _coerce(v, rules.get(k, inspect.StrType())) for k, v in entry.items()}
            if isinstance(entry, Mapping)
            else entry
            for entry in entries
        ]
    if any(isinstance(entry, Mapping | list | tuple) for entry in entries):
        return entries
    return [word for entry in entries for word in re.split(r"[\s,;]+", str(entry).strip()) if word]


def _coerce_number(value: Any) -> Any:
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        return value
    if isinstance(number, float):
        if not math.isfinite(number):
            return str(value)  # which is not of type number
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return number
