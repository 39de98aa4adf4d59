"""What is looked at before a run's first request, so that all that is in its way is said at once.

A check raises an error, whose sentence says what is wrong and what to do. What a run can do without
is a note.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from isone.errors import IsoneError, StopRunError, UsageError
from isone.market.locations import CORE_LOCATIONS
from isone.run import custom, notify, sources
from isone.run.custom import CustomDownload
from isone.run.plan import Plan
from isone.run.settings import Settings
from isone.store import lasting, location_table
from isone.store.files import nearest_existing
from isone.store.store import Store
from isone.text import nearest, size

Check = Callable[[], object]
"""Raises an IsoneError where something is wrong."""


def require(checks: Iterable[Check]) -> None:
    """Raise what is in the way of a run: one error, with a sentence for each check that fails."""
    errors: dict[str, IsoneError] = {}
    for check in checks:
        try:
            check()
        except IsoneError as error:
            errors.setdefault(str(error), error)
    if len(errors) == 1:
        raise next(iter(errors.values()))
    if errors:
        listed = "; ".join(f"({number}) {said}" for number, said in enumerate(errors, 1))
        raise StopRunError(f"{len(errors)} things are in the way: {listed}")


def checks_of_downloads(
    settings: Settings,
    plan: Plan,
    downloads: Sequence[CustomDownload],
    config: Mapping[str, Any],
) -> list[Check]:
    """What the downloads of a run need: an account, and room on the disk."""
    checks: list[Check] = []
    if settings.source != "sandbox" and plan.requests:
        checks.append(partial(sources.open_service, settings))
    done = {planned.name for planned in plan.downloads if planned.complete}
    checks += [
        partial(custom.require_source, download, config)
        for download in downloads
        if download.name not in done
    ]
    return [*checks, partial(_require_room, plan)]


def notes(settings: Settings, store: Store, plan: Plan, *, downloads: bool) -> list[str]:
    """What a run can do without and its user has to know, in sentences."""
    found = [notify.why_impossible(), *lasting.cannot_promise(store.root)]
    if downloads and plan.requests:
        found += [_scarce_room(plan), *_unknown_locations(settings, store)]
    return [sentence for sentence in found if sentence]


def _require_room(plan: Plan) -> None:
    """Refuse a disk with clearly less room than what is left to download will take."""
    free = _free(plan)
    if free < plan.bytes / 2:
        raise UsageError(
            f"data_dir: what is left to download takes about {size(plan.bytes)}, and the disk of "
            f"{plan.data_dir} has {size(free)} free; free some space, or name another folder"
        )


def _scarce_room(plan: Plan) -> str:
    """That the disk has less room than what is downloaded and made from it may take."""
    free = _free(plan)
    if free >= 2 * plan.bytes:
        return ""
    return (
        f"the disk of {plan.data_dir} has {size(free)} free, and what is left to download takes "
        f"about {size(plan.bytes)}, with tables and databases up to twice as much"
    )


def _free(plan: Plan) -> int:
    return shutil.disk_usage(nearest_existing(Path(plan.data_dir))).free


def _unknown_locations(settings: Settings, store: Store) -> list[str]:
    """The chosen ids that are in no list seen so far; a retired location may be among them."""
    known = {seen.id for seen in location_table.read_table(store)}
    if settings.locations == "all" or not known:
        return []
    return [
        f"locations: {id} is in no list of locations seen so far, so it is retired or misspelt; "
        f"{nearest(str(id), map(str, sorted(known)), 3)}".rstrip("; ")
        for id in settings.locations
        if id not in known and id not in CORE_LOCATIONS
    ]
