"""What a re-check came to, a line for each dataset: for the end of the run, and to look up later.

A note is an output of its rule, so Snakemake removes that of a job which fails; what was found is
therefore written beside it too.
"""

import json
from collections.abc import Iterable
from typing import Any

from isone.recheck import outputs
from isone.store import Store, write_json, write_whole
from isone.words import count

_NAMED = 3


def begin(store: Store, dataset: str) -> None:
    """Forget what was found of a dataset before."""
    outputs.newest_path(store, dataset).unlink(missing_ok=True)


def keep(store: Store, dataset: str, days: str, found: dict[str, Any]) -> None:
    """Keep what was found of the days of a note, `days` being its name."""
    write_json(outputs.newest_path(store, dataset), {"days": days} | found)


def write_summary(store: Store, datasets: Iterable[str], days: str) -> str:
    """Write the lines of all chosen datasets that were asked for on the day of the note `days`."""
    lines = "\n".join(_line(store, dataset, days) for dataset in datasets)
    write_whole(outputs.summary_path(store), f"{lines}\n".encode())
    return lines


def line(found: dict[str, Any]) -> str:
    """What was found of a dataset, as a sentence."""
    span = f"{found['dataset']}, {found['first_day']} to {found['last_day']}"
    corrected, failed = found["corrected"], found["failed"]
    if not found["compared"] and not failed:
        return f"{span}: no final response of these days is here, so none was asked for again"
    said = f"{span}: {count(found['compared'], 'response')} compared, {len(corrected)} corrected"
    if corrected:
        changes = [f"{c['part']}, {count(c['changed_rows'], 'row')}" for c in corrected]
        said += f" ({_some(changes)})"
    if failed:
        reasons = [f"{part}: {reason}" for part, reason in failed.items()]
        said += f", {len(failed)} could not be compared: {_some(reasons)}"
    return said


def _line(store: Store, dataset: str, days: str) -> str:
    path = outputs.newest_path(store, dataset)
    found = json.loads(path.read_bytes()) if path.exists() else {"days": ""}
    asked_today = found["days"].rpartition(".")[2] == days.rpartition(".")[2]
    return line(found) if asked_today else f"{dataset}: not compared"


def _some(texts: list[str]) -> str:
    more = f"; and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return "; ".join(texts[:_NAMED]) + more
