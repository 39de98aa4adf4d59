"""The configuration: coerced from what the command line makes of it, checked, and typed.

Which keys there are, with their types and defaults, is in `isone/run/options.py`: what a person
writes. `Settings` is what code uses: years as numbers, datasets and locations chosen, paths.
"""

import datetime as dt
import functools
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import inspect

from isone.errors import UsageError
from isone.market import flaws, market_time
from isone.market.datasets import DATA_TYPES, DATASETS, choices, data_types
from isone.market.locations import ALL_LOCATIONS, HUBS, Locations
from isone.run import address, violations
from isone.run.coerce import coerced
from isone.run.options import AcceptedFlaw as AcceptedFlaw  # others look for it here
from isone.run.options import Config

PROJECT = Path(__file__).resolve().parent.parent.parent
HANDED_ON = "ISONE_CONFIG"
"""Environment variable by which the workflow hands its configuration to programs it starts."""
_FIRST_YEAR = 2003


@dataclass(frozen=True)
class HttpPolicy:
    """How patient a request is; all in seconds."""

    connect_timeout: float
    read_timeout: float
    total_timeout: float
    backoff_first: float
    backoff_longest: float
    backoff_total: float
    ca_bundle: str | None = None


@dataclass(frozen=True)
class SandboxOptions:
    """What the sandbox started beside a job is like; latency in seconds."""

    nodes: int
    latency: float
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """The whole configuration, checked."""

    years: tuple[int, ...]
    datasets: tuple[str, ...]
    locations: Locations
    newest_first: bool
    source: str
    revision: str
    recheck_days: int
    smd: Path | None
    base_url: str | None
    through: dt.date | None
    downloads: Path | None
    stop_on_failure: bool
    retry_delay: float
    data_dir: Path
    log_dir: Path
    accepted_flaws: tuple[AcceptedFlaw, ...]
    http: HttpPolicy
    sandbox: SandboxOptions
    database: str | None
    timescaledb: bool
    refetch: bool
    remarks: tuple[str, ...]
    """What of the choice brings nothing, in sentences that belong into a run's header."""

    @property
    def store_dir(self) -> Path:
        """Where the data lies: synthetic prices apart from real ones."""
        return self.data_dir / "sandbox" if self.source == "sandbox" else self.data_dir


def read_settings(config: Mapping[str, Any]) -> Settings:
    """Coerce and check a configuration as Snakemake or a YAML reader gives it.

    Raises UsageError, in one sentence, for an unknown key, a wrong type or a wrong value.
    """
    rules = _rules()
    refuse_unknown(config, rules, "configuration key")
    return _settings(validate(coerced(config, rules), Config))


@functools.cache
def _rules() -> Mapping[str, inspect.Type]:
    return violations.fields(inspect.type_info(Config))


def _settings(given: Config) -> Settings:
    """What is given, in the types that code uses: years, datasets, paths."""
    return Settings(
        years=parse_years(given.years),
        datasets=_chosen_datasets(given),
        locations=_chosen_locations(given.locations),
        newest_first=given.newest_first,
        source=given.source,
        revision=given.revision,
        recheck_days=given.recheck_days,
        smd=_path(given.smd, "smd") if given.smd else None,
        base_url=given.base_url and _address(given.base_url),
        through=given.through,
        downloads=Path(given.downloads) if given.downloads else None,
        stop_on_failure=given.stop_on_failure,
        retry_delay=given.retry_delay,
        data_dir=_path(given.data_dir, "data_dir"),
        log_dir=_path(given.log_dir, "log_dir"),
        accepted_flaws=tuple(map(_known_flaw, given.accepted_flaws)),
        http=HttpPolicy(**{k: getattr(given, k) for k in HttpPolicy.__dataclass_fields__}),
        sandbox=SandboxOptions(
            nodes=given.sandbox_nodes,
            latency=given.sandbox_latency,
            faults=given.sandbox_faults,
        ),
        database=given.database and require_no_password(given.database),
        timescaledb=given.timescaledb,
        refetch=given.refetch,
        remarks=_without_effect(given),
    )


def below(prefix: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration whose folders are below `prefix`, but for those said from the root."""
    moved = dict(config)
    for key in ("data_dir", "log_dir"):
        folder = str(config.get(key) or getattr(Config(), key))
        if prefix and not folder.startswith(("/", "~", "..")):
            moved[key] = prefix + folder
    return moved


def config_of_this_folder() -> dict[str, Any]:
    """The configuration for a script run by hand, or by the workflow as a custom download."""
    from isone.run import config_file  # a YAML reader, which a job of the workflow does not need

    handed_on = os.environ.get(HANDED_ON)
    if handed_on:
        return dict(json.loads(handed_on))
    return config_file.read(config_file.HERE) if config_file.HERE.exists() else {}


def refuse_unknown(given: Iterable[str], known: Iterable[str], kind: str) -> None:
    """Refuse the first name that is not known, with the nearest known one."""
    known = list(known)
    for name in given:
        if name not in known:
            raise UsageError(violations.unknown(str(name), known, kind))


def validate(value: Any, model: Any, what: str = "") -> Any:
    """The value as the type that `model` is; what is wrong with it becomes one sentence.

    `what` names the value, where it is a file's and not the configuration itself.
    """
    try:
        return msgspec.convert(value, model)
    except msgspec.ValidationError as error:
        where, wrong = violations.explain(error, value, model)
        where = ", ".join(filter(None, [what, where]))
        raise UsageError(f"{where}: {wrong}") from error
    except UnicodeEncodeError as error:
        raise UsageError(f"{what}: {violations.unprintable(error.object)}") from error


def parse_years(words: Iterable[str]) -> tuple[int, ...]:
    """`2024`, `2019-2023`, in any order and number: the distinct years, ascending."""
    years: set[int] = set()
    last = market_time.now().year + 1
    for word in words:
        match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{4}))?", word)
        if not match:
            raise UsageError(
                f"years: {word[:80]!r} is neither a year nor a range; write 2024, 2019-2023 or both"
            )
        first, final = int(match[1]), int(match[2] or match[1])
        if first > final:
            raise UsageError(f"years: {word} runs backwards; write {final}-{first}")
        for year in (first, final):
            if not _FIRST_YEAR <= year <= last:
                raise UsageError(f"years: {year} is out of range ({_FIRST_YEAR} to {last})")
        years.update(range(first, final + 1))
    return tuple(sorted(years))


def parse_day(text: str, key: str) -> dt.date:
    """A date in ISO form. Raises UsageError naming the key it was given for."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{key}: {text!r} is not a date; write YYYY-MM-DD") from error


def _path(text: str, key: str) -> Path:
    odd = next((each for each in text if each in "{}*?[]"), None)
    if odd and key != "smd":
        raise UsageError(
            f"{key}: {text} has a {odd!r}, which Snakemake takes for a pattern; name another folder"
        )
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{key}: {text} begins with the home of nobody known here") from error
    if key == "data_dir":
        _require_fit(path.absolute())
    return path


def _require_fit(folder: Path) -> None:
    """Refuse a data folder, wherever it lies, in which DuckDB finds no files."""
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        why = "is not UTF-8"
    else:
        odd = next((each for each in str(folder) if each in "\\?"), None)
        if odd is None:
            return
        why = f"has a {odd!r}"
    raise UsageError(
        f"data_dir: the path {folder} {why}, which DuckDB does not take; use another folder"
    )


def _address(url: str) -> str:
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise UsageError(f"base_url: {url} is not a valid address: {error}") from error
    return url.rstrip("/")


def _choosing(given: Config, data_type: str) -> tuple[str, tuple[str, ...]]:
    """The key that chooses among the sets of a data type, and what it says.

    Where none does, the data type itself brings all of its sets.
    """
    key = DATA_TYPES[data_type].chosen_by
    return (key, getattr(given, key)) if key else ("data_types", choices(data_type))


def _chosen_datasets(given: Config) -> tuple[str, ...]:
    types = data_types(given.data_types)
    rows = [row for row in DATASETS.values() if row.data_type in types]
    chosen = tuple(row.name for row in rows if row.choice in _choosing(given, row.data_type)[1])
    if not chosen:
        key, words = _choosing(given, rows[0].data_type)
        raise UsageError(
            f"{key}: {', '.join(words)} has none of the data types "
            f"{', '.join(given.data_types)}, which have {', '.join(row.choice for row in rows)}"
        )
    return chosen


def _without_effect(given: Config) -> tuple[str, ...]:
    """The data types, markets and services that are chosen and bring nothing, in sentences."""
    types = data_types(given.data_types)
    remarks = []
    for name in types:
        (key, words), has = _choosing(given, name), choices(name)
        if not set(has) & set(words):
            remarks.append(
                f"data type {name} is left out: {key} {', '.join(words)} has none of it; "
                f"it has {', '.join(has)}"
            )
    choosing = [name for name in types if DATA_TYPES[name].chosen_by]
    for key, words in dict(_choosing(given, name) for name in choosing).items():
        of_key = [name for name in choosing if DATA_TYPES[name].chosen_by == key]
        has_any = {choice for name in of_key for choice in choices(name)}
        for word in words:
            if word not in has_any:
                remarks.append(f"{key}: {word} brings nothing of data type {', '.join(of_key)}")
    return tuple(remarks)


def _chosen_locations(words: Iterable[str]) -> Locations:
    chosen: set[int] = set()
    for word in words:
        if word == ALL_LOCATIONS:
            return "all"
        chosen.update(HUBS if word == "hubs" else [int(word)])
    return tuple(sorted(chosen))


def require_no_password(database: str) -> str:
    """An address of a database, as it stands. Raises UsageError, not repeating it, for a secret."""
    if address.SECRETS & {key.lower() for key in address.parameters(database)}:
        raise UsageError(
            "database: a password in the address would stand in logs and in the process list; take "
            "it out, and set PGPASSWORD, ~/.pgpass or a service file"
        )
    return database


def _known_flaw(given: AcceptedFlaw) -> AcceptedFlaw:
    for word, known, kind in (
        (given.dataset, DATASETS, "dataset"),
        (given.flaw, flaws.ALL, "flaw"),
    ):
        if word not in known:
            raise UsageError(f"accepted_flaws: {violations.unknown(word, known, kind)}")
    return given
