"""What Snakemake's jobs of the deep check do, and the same by hand; each with its journal."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isone.audit.verify import verdict as verdicts
from isone.audit.verify.verdict import DAMAGED, MISSING, OK, Verdict
from isone.errors import VerifyError
from isone.run.journal import Journal, log
from isone.run.once import do_once
from isone.run.settings import Settings, read_settings
from isone.store.files import write_whole
from isone.store.store import Store
from isone.text import count

_COMMAND = "python scripts/verify_prices.py"


def verify_prices(
    config: Mapping[str, Any], dataset: str, period: str, target: str, log_path: str
) -> int:
    """Read a dataset-year again and write the verdict, and a copy of it as `target`.

    The exit code is 0 whatever it is.
    """
    settings = read_settings(config)

    def work(journal: Journal) -> None:
        store = Store(settings.store_dir)
        store.verify_summary_path.unlink(missing_ok=True)  # until there is a new one
        path = verdicts.write_verdict(store, _verify(settings, dataset, period, journal))
        write_whole(Path(target), path.read_bytes())

    return do_once(settings, f"verify_{dataset}_{period}", _COMMAND, log_path, work)


def verify_summary(config: Mapping[str, Any], paths: Sequence[str], log_path: str) -> int:
    """Sum the verdicts up; the exit code is 1 where anything is damaged or missing."""
    settings = read_settings(config)

    def work(journal: Journal) -> None:
        _conclude(settings, [verdicts.read_verdict(Path(path)) for path in paths], journal)

    return do_once(settings, "verify", _COMMAND, log_path, work)


def verify_by_hand(config: Mapping[str, Any], chosen: Sequence[tuple[str, str]]) -> int:
    """Read dataset-years again, one after the other, and sum up; the exit code as for the rule."""
    settings = read_settings(config)
    store = Store(settings.store_dir)

    def work(journal: Journal) -> None:
        found = []
        for dataset, period in chosen:
            found.append(_verify(settings, dataset, period, journal))
            verdicts.write_verdict(store, found[-1])
        _conclude(settings, found, journal)

    return do_once(settings, "verify", _COMMAND, None, work)


def _verify(settings: Settings, dataset: str, period: str, journal: Journal) -> Verdict:
    from isone.audit.verify import year

    seen: set[dt.date] = set()

    def on_day(day: dt.date) -> None:
        if day not in seen and len(seen) % 50 == 0:
            journal.tell(days_read=len(seen))
        seen.add(day)

    verdict = year.verify_year(Store(settings.store_dir), settings, dataset, period, on_day)
    journal.tell(verdict=verdict.verdict, days_read=len(seen))
    days, responses = count(verdict.days, "day"), count(verdict.requests, "response")
    log.info("%s: %s, %s, %s", verdict.name, verdict.verdict, days, responses)
    for damage in verdict.damage:
        log.warning("%s: %s", verdict.name, damage)
    for note in verdict.notes:
        log.info("%s: %s", verdict.name, note)
    return verdict


def _conclude(settings: Settings, found: Sequence[Verdict], journal: Journal) -> None:
    """Write and show the table; put damaged files aside if asked. Raises VerifyError if any."""
    store = Store(settings.store_dir)
    table = verdicts.table(found)
    log.info("%s", table)
    sentence, error = _verdict(store, settings, found)
    write_whole(store.verify_summary_path, f"{table}\n\n{sentence}\n".encode())
    journal.tell(verdict_lines=[*table.splitlines(), "", sentence])
    if error:
        raise VerifyError(sentence)
    log.info("%s", sentence)


def _verdict(store: Store, settings: Settings, found: Sequence[Verdict]) -> tuple[str, bool]:
    """What a deep check came to, after what is damaged was put aside if asked; is it an error?"""
    if not found:
        return "nothing was checked: no dataset-year that is chosen has a marker here", True
    bad = [each for each in found if each.verdict != OK]
    if not bad:
        years = count(len(found), "dataset-year")
        return f"everything that is stored is what was validated: {years}", False
    damaged = [each for each in bad if each.verdict == DAMAGED]
    sentence = _sentence(damaged, [each for each in bad if each.verdict == MISSING])
    if damaged and settings.refetch:
        from isone.audit.verify import mend

        removed = mend.put_aside(store, settings, damaged)
        sentence += f"; it was put aside, and the next `snakemake -j1` for these years {removed}"
    elif damaged:
        sentence += (
            "; with --config refetch=true it is put aside, and the next run fetches or makes just "
            "that again"
        )
    return sentence, True


def _sentence(damaged: Sequence[Verdict], absent: Sequence[Verdict]) -> str:
    requests = []
    days = sorted(
        {f"{each.dataset} {damage.day}" for each in damaged for damage in each.damage if damage.day}
    )
    if damaged:
        more = f" and {count(len(days) - 5, 'more day')}" if days[5:] else ""
        named = f": {', '.join(days[:5])}{more}"
        requests.append(f"{_names(damaged)} damaged{named if days else ''}")
    if absent:
        requests.append(f"{_names(absent)} not downloaded whole")
    return "; ".join(requests)


def _names(found: Sequence[Verdict]) -> str:
    verb = "is" if len(found) == 1 else "are"
    return f"{', '.join(each.name for each in found)} {verb}"
