"""What may be said to the scripts that bring days without Snakemake, and how to call them."""

import argparse
import dataclasses
import datetime as dt
import json
import os
import shlex
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import yaml

from isone.errors import UsageError
from isone.market.datasets import DATA_TYPES, DATASETS, EVERYTHING, choices
from isone.market.locations import HUBS, Locations
from isone.run.settings import (
    PROJECT,
    Settings,
    config_of_this_folder,
    parse_day,
    read_settings,
    refuse_unknown,
)

_OPTIONS = {"source": "--source", "base_url": "--base-url", "data_dir": "--data-dir"}
_DATES = ("--start-date", "--end-date")
ANY = ""
"""In place of a data type: what the script brings that is told its datasets by name."""
_SCRIPT_OF_ANY = "scripts/download_dataset.py"


@dataclass(frozen=True)
class Wanted:
    """What a command line asks for."""

    data_type: str
    """What its script brings; `ANY` where that is told by name."""
    first: dt.date
    last: dt.date
    settings: Settings
    said: frozenset[str]
    """The keys of the configuration that the command line itself gives."""


def script_of(data_type: str) -> str:
    """The script that brings a data type by hand, below the project's folder."""
    own = DATA_TYPES[data_type].script if data_type else ""
    return own or _SCRIPT_OF_ANY


def data_type_of(program: Path) -> str | None:
    """What one of the project's own scripts brings, `ANY` too; None for any other program."""
    own = {PROJECT / each.script: each.name for each in DATA_TYPES.values() if each.script}
    return {**own, PROJECT / _SCRIPT_OF_ANY: ANY}.get(program)


def read(data_type: str, words: Sequence[str], config: Mapping[str, Any]) -> Wanted:
    """What the words after a script's name ask for, over a configuration.

    Raises UsageError, in one sentence, for whatever is wrong with them.
    """
    parser = make_parser(data_type)
    options = parser.parse_args(words)
    first, last = (
        parse_day(text, option)
        for text, option in zip((options.start_date, options.end_date), _DATES, strict=True)
    )
    if last < first:
        raise UsageError(f"--end-date {last} is before --start-date {first}")
    if options.max_concurrent != 1:
        raise UsageError(
            "--max-concurrent can only be 1: ISO-NE limits requests hard, and one at a time over "
            "one connection is the fastest it allows"
        )
    chosen_by = DATA_TYPES[data_type].chosen_by if data_type else None
    said = {
        **({chosen_by: options.choices} if chosen_by else {}),
        "locations": "hubs" if options.hubs_only else options.locations,
        "newest_first": options.reverse,
        "source": options.source,
        "base_url": options.base_url,
        "data_dir": options.data_dir,
    }
    given = _key_values(options.config)
    given |= {key: value for key, value in said.items() if value is not None}
    settings = read_settings({**config, **given, "data_types": [data_type or EVERYTHING]})
    if data_type == ANY:
        refuse_unknown(options.datasets, DATASETS, "dataset")
        named = tuple(name for name in DATASETS if name in options.datasets)
        settings = dataclasses.replace(settings, datasets=named, remarks=())
    return Wanted(data_type, first, last, settings, frozenset(given))


def command(data_type: str, words: Sequence[str], settings: Settings, said: Collection[str]) -> str:
    """The command line that does, started in this folder, what `settings` say.

    `words` come after the script's name and give the keys in `said` already. Every other key that
    counts is added where it differs from what this folder's config.yaml gives.
    """
    start = [sys.executable, str(PROJECT / script_of(data_type))]
    more = _differing(data_type, settings, said)
    return shlex.join([*map(_from_here, start), *words, *more])


def module_command(words: Sequence[str]) -> str:
    """The command line of `python -m isone` and these words, started in this folder."""
    there = [] if Path.cwd() == PROJECT else ["env", f"PYTHONPATH={PROJECT}"]
    return shlex.join([*there, _from_here(sys.executable), "-m", "isone", *words])


def _differing(data_type: str, settings: Settings, said: Collection[str]) -> list[str]:
    there = _of_this_folder(data_type)
    words: list[str] = []
    by, chosen = DATA_TYPES.get(data_type), _choices(data_type, settings)
    is_said = by is None or by.chosen_by is None or by.chosen_by in said
    if by and not is_said and chosen != _choices(data_type, there):
        words += [by.option, *chosen]
    if "locations" not in said and settings.locations != there.locations:
        words += location_words(settings.locations)
    if "newest_first" not in said and settings.newest_first != there.newest_first:
        words.append("--reverse" if settings.newest_first else "--no-reverse")
    others: list[str] = []
    before = _values(there)
    for name, value in _values(settings).items():
        if name in said or value == before[name]:
            continue
        if name in _OPTIONS and value is not None:
            words += [_OPTIONS[name], value]
        else:
            others.append(f"{name}={_written(value)}")
    return [*words, *(["--config", *others] if others else [])]


def _written(value: Any) -> str:
    """A value as a person writes it: `300` rather than `300.0`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value)


def location_words(locations: Locations) -> list[str]:
    """The option for some locations."""
    if locations == HUBS:
        return ["--hubs-only"]
    return ["--locations", *([locations] if isinstance(locations, str) else map(str, locations))]


def _of_this_folder(data_type: str) -> Settings:
    """What a script started here would take for said; the defaults where that is unreadable."""
    try:
        return read_settings(config_of_this_folder() | {"data_types": [data_type or EVERYTHING]})
    except UsageError:
        return read_settings({})


def _choices(data_type: str, settings: Settings) -> list[str]:
    rows = (DATASETS[name] for name in settings.datasets)
    return [row.choice for row in rows if row.data_type == data_type]


def _values(settings: Settings) -> dict[str, Any]:
    """What of a configuration decides which responses are asked for, where, and what is stored."""
    return {
        "source": settings.source,
        "base_url": settings.base_url,
        "data_dir": str(settings.data_dir),
        "revision": settings.revision,
        "through": settings.through and str(settings.through),
        "accepted_flaws": [
            msgspec.structs.asdict(each) | {"day": str(each.day)}
            for each in settings.accepted_flaws
        ],
        **dataclasses.asdict(settings.http),
        "sandbox_nodes": settings.sandbox.nodes,
        "sandbox_latency": settings.sandbox.latency,
        "sandbox_faults": list(settings.sandbox.faults),
    }


def _from_here(path: str) -> str:
    """A path as it is written in this folder."""
    here = Path.cwd()
    return os.path.relpath(path, here) if Path(path).is_relative_to(here) else path


def _key_values(words: Sequence[str]) -> dict[str, Any]:
    """The configuration in KEY=VALUE words; a value is read as YAML, as Snakemake reads it."""
    given = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"--config {word}: this is no KEY=VALUE")
        try:
            given[key] = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            given[key] = text
    return given


def end_sentence(dataset: str, newest: dt.date, last: dt.date, settings: Settings) -> str:
    """Why a dataset ends on `newest`, and what becomes of the days after it to `last`."""
    if newest == settings.through:
        return f"{dataset} ends on {newest}, because through says so; {last} was asked for"
    return f"{dataset} is published to {newest}; run again later for the days to {last}"


class Parser(argparse.ArgumentParser):
    """Says what is wrong by raising UsageError, and names the nearest option for a misspelt one."""

    def error(self, message: str) -> NoReturn:
        """Raise the sentence."""
        raise UsageError(f"{message.rstrip('.')}; `{self.prog} --help` shows what there is")

    def parse_args(self, words: Sequence[str] | None = None) -> argparse.Namespace:  # type: ignore[override]
        """Read the words; a misspelt option comes before all that is then lacking."""
        words = sys.argv[1:] if words is None else words
        options = (word.partition("=")[0] for word in words if word.startswith("--"))
        refuse_unknown(options, self._option_string_actions, "option")
        return super().parse_args(words)


def make_parser(data_type: str) -> argparse.ArgumentParser:
    """The command line of a script."""
    by = DATA_TYPES.get(data_type)
    arguments = Parser(
        prog=f"python {script_of(data_type)}",
        description=f"Download ISO-NE's {by.what if by else 'datasets'} day by day, one request at "
        "a time. Days that are here are not asked for again. What is not said here is taken from "
        "config.yaml.",
        allow_abbrev=False,
    )
    add = arguments.add_argument
    if by is None:
        add("datasets", nargs="+", metavar="DATASET", help=f"of {', '.join(DATASETS)}")
    add("--start-date", required=True, metavar="YYYY-MM-DD", help="first day")
    add("--end-date", required=True, metavar="YYYY-MM-DD", help="last day")
    if by and by.chosen_by:
        names = f"of {', '.join(choices(data_type))}; by default those of config.yaml"
        add(by.option, dest="choices", nargs="+", metavar="NAME", help=names)
    places = arguments.add_mutually_exclusive_group()
    places.add_argument("--hubs-only", action="store_true", help="the hub and the eight load zones")
    places.add_argument(
        "--locations", nargs="+", metavar="ID", help="hubs, all, or ids of locations"
    )
    either_way = argparse.BooleanOptionalAction
    add("--reverse", action=either_way, help="newest day first, or oldest first")
    one = "requests at a time; only 1, because ISO-NE limits them"
    add("--max-concurrent", type=int, default=1, metavar="1", help=one)
    add("--source", help="webservices, reports, sandbox or auto")
    add("--base-url", metavar="URL", help="another address of the same service")
    add("--data-dir", metavar="FOLDER", help="where the data lies")
    others = "any other key of config.yaml, such as revision=final"
    add("--config", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=others)
    return arguments
