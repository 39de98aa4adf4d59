"""What is wrong with a value that a person wrote: where, what, and which values are valid.

`msgspec` finds it; its own words are for those who wrote the types.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from isone.text import listed, nearest

_SHOWN = 200  # characters of a value that a sentence repeats
_FEW = 5  # names that are listed rather than guessed among
_NOT_REPEATED = "what is given (not repeated here, for with an '@' it may hold a password)"
_PATH = re.compile(r"`\$([^`]*)`$")
"""Where msgspec's sentences end: with the steps to what is wrong, such as `$.days[1]`."""
_WORDS: dict[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.FloatType: "a number",
    inspect.IntType: "a whole number",
    inspect.StrType: "text",
    inspect.StructType: "a mapping",
    inspect.VarTupleType: "a list",
}


def explain(error: msgspec.ValidationError, value: Any, model: Any) -> tuple[str, str]:
    """What msgspec found wrong with a value for a type: where it is, and what.

    Where is empty for the value as a whole, else a key as it was written, and the entry of its list
    where entries are mappings: `markets`, `accepted_flaws, entry 2, day`.
    """
    rule: inspect.Type = inspect.type_info(model)
    where, described = [], ""
    path = _PATH.search(str(error))
    for name, position in re.findall(r"\.(\w+)|\[(\d+)\]", path[1] if path else ""):
        kind = core(rule)
        if isinstance(kind, inspect.StructType):
            rule = fields(kind)[name]
            described = described or _said(rule, "description")
            where.append(name)
            value = value[name]
        elif isinstance(kind, inspect.VarTupleType):
            rule = kind.item_type
            value = value[int(position)]
            if isinstance(core(rule), inspect.StructType):  # a plain word says itself which it is
                where.append(f"entry {int(position) + 1}")
    what = _what(value, rule) or str(error)[:_SHOWN]
    described = described.rstrip(".")
    return ", ".join(where), what + (f" ({described})" if described else "")


def core(rule: inspect.Type) -> inspect.Type:
    """The type itself, without what is said of it and without that there may be none."""
    if isinstance(rule, inspect.Metadata):
        return core(rule.type)
    if isinstance(rule, inspect.UnionType):
        kinds = [each for each in rule.types if not isinstance(each, inspect.NoneType)]
        return core(kinds[0]) if len(kinds) == 1 else rule
    return rule


def fields(rule: inspect.Type) -> dict[str, inspect.Type]:
    """The types of a mapping's keys; none for what is no mapping."""
    kind = core(rule)
    keys = kind.fields if isinstance(kind, inspect.StructType) else ()
    return {field.name: field.type for field in keys}


def unknown(name: str, known: Iterable[str], kind: str) -> str:
    """That a name is none of those known, with the nearest, or all where they are few."""
    known = list(known)
    hint = nearest(name, known) if len(known) > _FEW else ""
    return f"unknown {kind} {name!r}; {hint or 'known: ' + ', '.join(known)}"


def shown(value: Any) -> str:
    """A value in a sentence: text in quotes, all else as YAML has it, and no secret."""
    if isinstance(value, list | tuple | dict):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    if "@" in text:
        return _NOT_REPEATED
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def unprintable(text: str) -> str:
    """That a text has a character that would move a terminal or forge a line of a log."""
    return f"{shown(text)} has a character that cannot be printed"


def _what(value: Any, rule: inspect.Type) -> str:
    """What is wrong with a value itself, not with what is in it; empty where nothing is seen."""
    given, kind = shown(value), core(rule)
    match kind:
        case inspect.LiteralType():
            known = [str(each) for each in _said(rule, "words") or kind.values]
            question = nearest(value, known) if isinstance(value, str) else ""
            valid = f"{given} is not a valid value; valid values are {', '.join(known)}"
            return valid + (question and f"; {question}")
        case inspect.DateType():
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value)):
                return f"{given} is a day that no calendar has"
            return f"{given} is not a date; write YYYY-MM-DD"
        case inspect.StructType() if isinstance(value, dict):
            return _keys_at_fault(value, kind)
        case inspect.VarTupleType() if isinstance(value, list | tuple):
            return "" if value else "the list is empty"
        case inspect.StrType() if value == "":
            return "the text is empty"
        case inspect.StrType() if isinstance(value, str):
            what = f"{given} is not a valid value"
        case inspect.IntType() | inspect.FloatType() if _is_number(value, kind):
            return _beyond(value, kind)
        case _:
            what = f"{given} is not {listed(list(_words(kind)), 'or')}"
    examples = [str(each) for each in _said(rule, "examples") or ()]
    return what + (f"; write, for example, {listed(examples, 'or')}" if examples else "")


def _keys_at_fault(value: dict[Any, Any], kind: inspect.StructType) -> str:
    known = fields(kind)
    for name in value:
        if name not in known:
            return unknown(str(name), known, "key")
    missing = [field.name for field in kind.fields if field.required and field.name not in value]
    return f"{listed(missing, 'and')} must be given" if missing else ""


def _is_number(value: Any, kind: inspect.Type) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (isinstance(value, float) and isinstance(kind, inspect.FloatType))


def _beyond(value: float, kind: inspect.IntType | inspect.FloatType) -> str:
    given = shown(value)
    if kind.ge is not None and value < kind.ge:
        return f"{given} is too small; write {kind.ge} or more"
    if kind.gt is not None and value <= kind.gt:
        return f"{given} is too small; write more than {kind.gt}"
    if kind.le is not None and value > kind.le:
        return f"{given} is too large; write {kind.le} or less"
    return ""


def _words(kind: inspect.Type) -> Iterator[str]:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    has_any_number = any(isinstance(each, inspect.FloatType) for each in kinds)
    for each in map(core, kinds):
        if not (isinstance(each, inspect.IntType) and has_any_number):
            yield _WORDS[type(each)]


def _said(rule: inspect.Type, key: str) -> Any:
    """What a type is said to be beside what it is; empty where nothing is."""
    if isinstance(rule, inspect.Metadata):
        said = (rule.extra_json_schema or {}) | (rule.extra or {})
        return said.get(key) or _said(rule.type, key)
    if isinstance(rule, inspect.UnionType):
        return next(filter(None, (_said(each, key) for each in rule.types)), "")
    return ""
