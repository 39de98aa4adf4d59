"""What is wrong with a value that a person wrote, in words: where, what, and what may stand there.

`jsonschema` finds it; its own words are for those who wrote the schema.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_SHOWN = 200  # characters of a value that a sentence repeats
_FEW = 5  # names that are listed rather than guessed among
_NOT_REPEATED = "what is given (not repeated here, for with an '@' it may hold a password)"
_UNKNOWN_KEY = "additionalProperties"
_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}


def find(value: Any, rule: Mapping[str, Any]) -> tuple[str, str] | None:
    """The worst violation of a JSON schema: where it is, and what; None where there is none.

    Where is empty for the value as a whole, else a key as it was written, and the entry of its list
    where entries are mappings: `markets`, `accepted_flaws, entry 2, day`.
    """
    import jsonschema  # 100 ms of imports that the jobs themselves do not need twice

    validator = jsonschema.Draft202012Validator(
        rule, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    errors = sorted(validator.iter_errors(value), key=lambda error: error.validator != _UNKNOWN_KEY)
    error = jsonschema.exceptions.best_match(errors)  # a misspelt key rather than the lack of it
    if error is None:
        return None
    key = str(next(iter(error.absolute_path), ""))
    described = rule.get("properties", {}).get(key, {}).get("description", "").rstrip(".")
    return _where(error), _what(error) + (f" ({described})" if described else "")


def nearest(name: str, known: Iterable[str]) -> str:
    """A question after the names that are most like this one; empty where none is."""
    folded = {each.casefold(): each for each in known}
    word = name.casefold()
    like = [each for each in folded if len(word) > 2 and word in each]
    like = like or difflib.get_close_matches(word, folded, n=1, cutoff=0.5)
    return f"did you mean {_listed([repr(folded[each]) for each in like], 'or')}?" if like else ""


def _where(error: Any) -> str:
    steps = list(error.absolute_path)
    if steps and isinstance(steps[-1], int) and error.schema.get("type") != "object":
        steps.pop()  # a word in a list of words: the word itself says which
    return ", ".join(f"entry {step + 1}" if isinstance(step, int) else step for step in steps)


def _what(error: Any) -> str:
    given, limit = _given(error.instance), error.validator_value
    match error.validator:
        case "enum":
            question = nearest(error.instance, limit) if isinstance(error.instance, str) else ""
            return f"{given} is not one of {', '.join(limit)}" + (question and f"; {question}")
        case "type":
            kinds = (
                [limit] if isinstance(limit, str) else [kind for kind in limit if kind != "null"]
            )
            what = f"{given} is not {_listed([_KINDS[kind] for kind in kinds], 'or')}"
        case "format":
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(error.instance)):
                return f"{given} is a day that no calendar has"
            return f"{given} is not a date; write YYYY-MM-DD"
        case "pattern":
            what = f"{given} cannot stand here"
        case "minimum":
            return f"{given} is too small; write {limit} or more"
        case "exclusiveMinimum":
            return f"{given} is too small; write more than {limit}"
        case "maximum":
            return f"{given} is too large; write {limit} or less"
        case "minItems" | "minLength":
            return "there is nothing in it"
        case "required":
            lacking = [name for name in limit if name not in error.instance]
            return f"{_listed(lacking, 'and')} must be in it"
        case "additionalProperties":  # _UNKNOWN_KEY
            known = error.schema["properties"]
            return unknown(next(name for name in error.instance if name not in known), known, "key")
        case _:
            return str(error.message)[-_SHOWN:]  # what is wrong stands at its end
    examples = [str(each) for each in error.schema.get("examples", ())]
    if examples:
        what += f"; write, for example, {_listed(examples, 'or')}"
    return what


def unknown(name: str, known: Iterable[str], kind: str) -> str:
    """That a name is none of those known, with the nearest, or all where they are few."""
    known = list(known)
    hint = nearest(name, known) if len(known) > _FEW else ""
    return f"unknown {kind} {name!r}; {hint or 'known: ' + ', '.join(known)}"


def _given(value: Any) -> str:
    """A value in a sentence: text in quotes, all else as YAML has it, and no secret."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    if "@" in text:
        return _NOT_REPEATED
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _listed(words: list[str], last: str) -> str:
    """Words in a row, with `or` or `and` before the last one."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
