"""What the doctor says on the terminal, and what it writes: doctor.json and a folder of shapes."""

import base64
import json
import os
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isone import __version__
from isone.audit.doctor import shapes
from isone.audit.doctor.assumptions import Verdict
from isone.audit.doctor.probes import Answer
from isone.audit.doctor.surroundings import Row
from isone.store.files import write_json
from isone.text import count

FILE, SHAPES = "doctor.json", "shapes"
_WIDTH = 80
_ASKED = 34
_SHORTEST_SECRET = 3


@dataclass(frozen=True)
class Result:
    """All that a run found."""

    source: str
    begun: str
    """UTC."""
    requests: int
    rows: list[Row]
    answers: list[Answer]
    verdicts: Mapping[str, Verdict]

    @property
    def is_well(self) -> bool:
        """Whether everything answered, and nothing around it is in the way."""
        return (
            all(row.is_well for row in self.rows)
            and bool(self.answers)
            and all(answer.is_well for answer in self.answers)
        )


class Secrets:
    """Texts that no line and no file may hold, whatever else goes wrong."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take them; those that are too short to be told from other words are left."""
        self._texts: set[str] = set()
        self.add(texts)

    def add(self, texts: Iterable[str]) -> None:
        """Learn more of them, also as Basic authentication packs them."""
        long = {text for text in texts if len(text) >= _SHORTEST_SECRET}
        self._texts |= long | {base64.b64encode(os.fsencode(text)).decode() for text in long}

    def hide(self, content: Any) -> Any:
        """Texts, lists and objects without them."""
        if isinstance(content, str):
            for secret in sorted(self._texts, key=len, reverse=True):
                content = content.replace(secret, "***")
            return content
        if isinstance(content, dict):
            return {self.hide(name): self.hide(each) for name, each in content.items()}
        if isinstance(content, list | tuple):
            return [self.hide(each) for each in content]
        return content


def row_lines(row: Row) -> list[str]:
    """A line or more about one thing around a run."""
    lines = _wrapped(f"{row.name:<10}", row.said)
    return lines if row.is_well else [*lines, *_wrapped(" " * 10, f"→ {row.advice}")]


def heading() -> str:
    """The head of the table of answers."""
    names = ("answer", "time", "size", "rows", "times", "keys")
    return _cells("asked for", *names)


def answer_lines(answer: Answer) -> list[str]:
    """An answer's line in the table, and why where it is not well."""
    rows, intervals, keys = ("" if n is None else f"{n:,}" for n in answer.counts)
    time = f"{answer.seconds:.1f} s" if answer.statuses else ""
    size = f"{answer.size / 1e3:,.0f} kB" if answer.size else ""
    line = _cells(answer.probe.name, answer.state, time, size, rows, intervals, keys)
    return [line, *(_wrapped("    ", answer.why) if answer.why else [])]


def not_asked_lines(answers: Iterable[Answer]) -> list[str]:
    """How many probes were not sent, and why; no line where all were."""
    left = [each for each in answers if each.state == "not asked"]
    if not left:
        return []
    return _wrapped("", f"{count(len(left), 'more probe')} not asked: {left[0].why}")


def verdict_lines(verdicts: Mapping[str, Verdict]) -> list[str]:
    """Each line of docs/unverified.md with its verdict; what another source tells comes last."""
    lines: list[str] = []
    for word in ("otherwise", "as assumed", "cannot be told"):
        found = {id: each for id, each in verdicts.items() if each.word == word}
        here = {id: each for id, each in found.items() if not each.elsewhere}
        if found:
            lines += ["", f"{word}: {len(found)}"]
        for id, each in here.items():
            lines += _wrapped(f"  {id:<27}", each.why)
    for source, what in (("webservices", "the web services"), ("reports", "the public CSV")):
        ids = [id for id, each in verdicts.items() if each.elsewhere == source]
        if ids:
            lines += _wrapped("  ", f"{what} can tell: {', '.join(ids)}")
    return lines


def conclusion(result: Result, folder: Path) -> list[str]:
    """What it comes to, and what to do next."""
    counted = dict.fromkeys(("as assumed", "otherwise", "cannot be told"), 0)
    for each in result.verdicts.values():
        counted[each.word] += 1
    asked = len(result.answers)
    bad = [each for each in result.answers if not each.is_well]
    lines = [f"{asked - len(bad)} of {count(asked, 'probe')} answered as they should."]
    if not asked:
        lines = ["Nothing was asked."]
    if any(each.is_answer for each in result.answers):
        said = ", ".join(f"{number} {word}" for word, number in counted.items())
        lines.append(f"Of {len(result.verdicts)} lines of docs/unverified.md: {said}.")
    if result.source == "sandbox":
        lines.append("These are the sandbox's answers: they say nothing about ISO-NE.")
    return [part for each in [*lines, *_next_steps(result, folder)] for part in _wrapped("", each)]


def _next_steps(result: Result, folder: Path) -> list[str]:
    steps = []
    if not result.answers or any(each.statuses[:1] == (401,) for each in result.answers):
        steps.append("Next: set the account right and run the doctor again.")
    elif not result.is_well:
        steps.append(
            "Next: look the messages up in docs/troubleshooting.md, and run the doctor again."
        )
    else:
        more = " source=sandbox" if result.source == "sandbox" else ""
        steps.append(f"Next: download, for instance `snakemake -j1 --config years=2024{more}`.")
    if any(each.word == "otherwise" for each in result.verdicts.values()):
        steps.append(f"Please report what is otherwise, and attach {folder / FILE}.")
    if others := sorted({each.elsewhere for each in result.verdicts.values() if each.elsewhere}):
        steps.append(f"More lines: `python -m isone doctor --source {others[0]}`.")
    steps.append(
        f"Written: {folder / FILE} and {folder / SHAPES}/ (no price, account or cookie in them)."
    )
    return steps


def write(result: Result, folder: Path, secrets: Secrets) -> None:
    """Write doctor.json, in which a run replaces only its own source's, and the shapes."""
    runs = _runs(folder / FILE)
    runs[result.source] = secrets.hide(_as_json(result))
    for old in (folder / SHAPES / result.source).glob("*.json"):
        old.unlink()
    for answer in result.answers:
        if answer.statuses:
            name = answer.probe.name.replace(" ", "_").replace("/", "_")
            write_json(
                folder / SHAPES / result.source / f"{name}.json", secrets.hide(_shape(answer))
            )
    write_json(folder / FILE, {"isone": __version__, "runs": runs})


def _as_json(result: Result) -> dict[str, Any]:
    return {
        "begun": result.begun,
        "requests": result.requests,
        "everything_answered": result.is_well,
        "surroundings": {
            row.name: {"said": "(private)" if row.private else row.said, "well": row.is_well}
            for row in result.rows
        },
        "answers": [_summary(each) for each in result.answers],
        "assumptions": {
            id: {"verdict": each.word, "why": each.why} for id, each in result.verdicts.items()
        },
    }


def _summary(answer: Answer) -> dict[str, Any]:
    rows, intervals, keys = answer.counts
    return {
        "name": answer.probe.name,
        "path": answer.probe.path,
        "answer": answer.state,
        "why": answer.why,
        "statuses": list(answer.statuses),
        "seconds": round(answer.seconds, 2),
        "bytes_gzipped": answer.size,
        "rows": rows,
        "intervals": intervals,
        "keys": keys,
    }


def _shape(answer: Answer) -> dict[str, Any]:
    return {
        **_summary(answer),
        "headers": shapes.of_headers(answer.headers),
        "body": shapes.of_body(answer.body, answer.sheet) if answer.body else None,
    }


def _runs(path: Path) -> dict[str, Any]:
    """The runs that an earlier doctor.json holds; none where it is not one."""
    try:
        runs = json.loads(path.read_text("utf-8"))["runs"]
        return {name: runs[name] for name in ("webservices", "reports", "sandbox") if name in runs}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _cells(name: str, *others: str) -> str:
    widths = (9, 6, 8, 7, 5, 5)
    first = name if len(name) <= _ASKED else f"{name[: _ASKED - 1]}…"
    cells = [f"{others[0]:<{widths[0]}}"]
    cells += [f"{text:>{width}}" for text, width in zip(others[1:], widths[1:], strict=True)]
    return f"{first:<{_ASKED}} {' '.join(cells)}".rstrip()


def _wrapped(begin: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=begin if begin.strip() == "" else f"{begin.rstrip():<{len(begin)}}",
        subsequent_indent=" " * len(begin),
        break_on_hyphens=False,
    ) or [begin.rstrip()]
