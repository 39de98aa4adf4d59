"""Slips on Snakemake's command line, in sentences: what is wrong, and what to type instead.

Snakemake finds some of them before it reads the Snakefile, so its own words are what there is to go
by; `isone.run.screen` shows these sentences in their place.
"""

import difflib
import re
from collections.abc import Iterable, Sequence

from isone.errors import UsageError
from isone.run import config_file, violations
from isone.run.options import Config
from isone.text import nearest

TARGETS = ("all", "download", "pack", "load", "report", "verify", "recheck", "reconcile")
NO_YEARS = "no years are given; say, for example, --config years=2024"
_WITH_JOBS = "snakemake -j1 --config …"
_CONFIG = {"--config", "-C"}
_KEY = re.compile(r"[a-zA-Z_][\w-]*\w$")
"""What Snakemake takes for a key."""
_NO_PAIR = re.compile(r"defined as name=value pairs\. \(Unparsable value: (['\"])(.*)\1\)")
_NO_OPTION = re.compile(r"unrecognized arguments: .*?(?<!\S)(--?[\w-]+)")
_NO_RULE = re.compile(r"No rule to produce (.+?) \(if you use")
_NO_FILE = re.compile(r"defines configfile (.+?) but it is not present")
_IN_A_FILE = re.compile(r"Config file|load_configfile|Error in file \"")


def remarks(words: Sequence[str]) -> list[str]:
    """What a command line says in vain: the last of several --config alone counts."""
    times = sum(word in _CONFIG for word in _before_targets(words))
    if times < 2:
        return []
    return [
        f"--config is given {times} times, and Snakemake takes the last alone; "
        "write all keys after one --config"
    ]


def require_jobs(cores: int | None, nodes: int | None) -> None:
    """Raise UsageError for -j0, with which Snakemake waits for ever, and for less."""
    for jobs in (cores, nodes):
        if jobs is not None and jobs < 1:
            raise UsageError(f"-j{jobs} lets no job run; write {_WITH_JOBS}")


def option(message: str, options: Iterable[str]) -> str:
    """What is wrong with an option, in a sentence: in place of a page of all `options`."""
    wrong = _NO_OPTION.search(message)
    if not wrong:
        return f"error: {message}; snakemake --help lists all options"
    key = wrong[1].lstrip("-").replace("-", "_")
    if key in Config.__struct_fields__:
        return f"error: {wrong[1]} is no option of Snakemake's; write --config {key}=…"
    hint = nearest(wrong[1], options) or "snakemake --help lists all"
    return f"error: {wrong[1]} is no option of Snakemake's; {hint}"


def explained(message: str, words: Sequence[str], others: Sequence[str] = ()) -> str:
    """What an error of Snakemake's comes from, in a sentence; empty where that is not known.

    `words` are those of the command line, `others` the runs that go on in this folder.
    """
    no_pair, no_rule = _NO_PAIR.search(message), _NO_RULE.search(message)
    sentence = ""
    if no_pair:
        sentence = _no_pair(no_pair[2], words)
    elif "Config entry must start with a valid identifier" in message:
        sentence = _no_key(words)
    elif no_rule:
        sentence = _no_target(no_rule[1])
    elif "Directory cannot be locked" in message:
        sentence = _locked(others)
    elif "cores have to be specified" in message or "number of CPU cores" in message:
        sentence = f"how many jobs may run at a time is not given; write {_WITH_JOBS}"
    elif no_file := _NO_FILE.search(message):
        sentence = f"{no_file[1]} is not found; `git checkout config.yaml` brings it back"
    elif _IN_A_FILE.search(message):
        sentence = config_file.unreadable(words)
    return sentence and f"error: {sentence}"


def _before_targets(words: Sequence[str]) -> Sequence[str]:
    """The words up to a `--`, after which there are targets alone."""
    return words[: words.index("--")] if "--" in words else words


def _entries(words: Sequence[str]) -> list[str]:
    """What follows the last --config, which is all that Snakemake takes."""
    entries: list[str] = []
    is_entry = False
    for word in _before_targets(words):
        if word.startswith("-"):
            is_entry = word in _CONFIG
            entries = [] if is_entry else entries
        elif is_entry:
            entries.append(word)
    return entries


def _no_pair(value: str, words: Sequence[str]) -> str:
    """That a word after --config is no `key=value`: a target, or one of several values."""
    entries = _entries(words)
    place = entries.index(value) if value in entries else 0
    given, wrong = " ".join(entries[:place]), f"{value!r} after --config is not key=value"
    if difflib.get_close_matches(value, TARGETS, cutoff=0.7):
        return f"{wrong}; write -- before a target: --config {given or 'years=2024'} -- {value}"
    if not given:
        return f"{wrong}; write, for example, --config years=2024"
    values = [entries[place - 1]]
    for word in entries[place:]:
        if "=" in word or word in TARGETS:
            break
        values.append(word)
    key, _, rest = " ".join(values).partition("=")
    if len(values) == 2 and rest.startswith(" "):
        return f"{wrong}; write {key}={values[1]}, without a space"
    return f"{wrong}; put several values in quotes: {key}='{rest.strip()}'"


def _no_key(words: Sequence[str]) -> str:
    """Which word after --config is no key that Snakemake takes, with the nearest."""
    keys = [entry.partition("=")[0] for entry in _entries(words)]
    wrong = next((key for key in keys if not _KEY.match(key)), "")
    return violations.unknown(wrong, Config.__struct_fields__, "configuration key")


def _no_target(target: str) -> str:
    if re.match(rf"({'|'.join(Config.__struct_fields__)})=", target):
        return f"{target} is taken for a target; write --config {target}"
    hint = nearest(target, TARGETS)
    return f"there is no target {target!r}; {hint and f'{hint} '}Targets are {', '.join(TARGETS)}"


def _locked(others: Sequence[str]) -> str:
    if others:
        return f"this run does not start: {'; '.join(others)}"
    return (
        "this folder is locked, and no run that goes on here is known: one was killed, or its "
        "machine went down. Check that none goes on elsewhere; then run the same command once with "
        "--unlock before --config, and again without it"
    )
