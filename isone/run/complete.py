"""Markers of complete years, looked at when a run begins: those that no longer hold are removed.

A marker says that every day of a year is here, by name and size of each response, and which flaws
were accepted. Responses may be removed since, and acceptance withdrawn; then the year is not
complete, and the next download has to see to it. To look costs a listing of a folder, no request.
"""

import datetime as dt

from isone.errors import DamagedError, DownloadError
from isone.market import flaws
from isone.run import missing
from isone.run.settings import Settings
from isone.store.files import remove
from isone.store.periods import year_of
from isone.store.store import Store
from isone.store.year_marker import Manifest, read_manifest
from isone.text import count


def drop_stale(store: Store, settings: Settings) -> list[str]:
    """Remove the chosen years' markers that do not hold; returns why, in sentences.

    While another process downloads into the folder nothing is removed.
    """
    chosen = [
        (dataset, period)
        for dataset in settings.datasets
        for period in store.marker_periods(dataset)
        if year_of(period) in settings.years
    ]
    troubles = {store.marker_path(*each): _trouble(store, *each, settings) for each in chosen}
    found = {path: trouble for path, trouble in troubles.items() if trouble}
    if not found:
        return []
    try:
        with store.sole_downloader("the start of a run"):
            for path in found:
                remove(path)
    except DownloadError:
        return []
    return [
        f"{path.parent.name} {year_of(path.stem)} is not complete any more: {reason}"
        for path, reason in found.items()
    ]


def _trouble(store: Store, dataset: str, period: str, settings: Settings) -> str:
    """Why a marker does not hold, as a sentence's end; "" where it does."""
    try:
        manifest = read_manifest(store.marker_path(dataset, period))
    except DamagedError:
        return "its marker cannot be read"
    sizes = store.sizes(dataset, year_of(period))
    gone = [entry.request for entry in manifest.requests if sizes.get(entry.file) != entry.size]
    if gone:
        return f"{count(len(gone), 'response')} removed or changed since, such as {gone[0]}"
    return _unaccepted(manifest, settings)


def _unaccepted(manifest: Manifest, settings: Settings) -> str:
    accepted = missing.accepted_flaws(settings.accepted_flaws, manifest.dataset)
    for entry in manifest.requests:
        if not missing.is_usable(entry, settings.locations, accepted):
            return f"a flaw of {entry.day} is not accepted any more"
    noted = [(g.day, flaws.MISSING, g.reason) for g in manifest.gaps if not g.forgiven]
    noted += [(each.day, each.flaw, each.reason) for each in manifest.flaws]
    for day, flaw, reason in noted:
        if accepted.get(dt.date.fromisoformat(day), {}).get(flaw, "") != reason:
            return f"{flaw} on {day} is accepted otherwise than it was"
    return ""
