"""What the jobs of the deep check do, and the same by hand."""

from collections.abc import Sequence
from pathlib import Path

from isone.audit.verify import verdict as verdicts
from isone.audit.verify.verdict import DAMAGED, MISSING, OK, Verdict
from isone.errors import VerifyError
from isone.run.job import Job
from isone.run.log import log
from isone.run.settings import Settings
from isone.store.files import write_whole
from isone.store.store import Store
from isone.text import count, some


def verify_prices(it: Job, dataset: str, period: str) -> Path:
    """Read a dataset-year again and write the verdict; returns where it is."""
    from isone.audit.verify import year

    it.store.verify_summary_path.unlink(missing_ok=True)  # until there is a new one
    verdict = year.verify_year(it.store, it.settings, dataset, period, it.advance)
    days, responses = count(verdict.days, "day"), count(verdict.requests, "response")
    it.tell(made=f"{verdict.verdict}, {days}, {responses}")
    log.info("%s: %s, %s, %s", verdict.name, verdict.verdict, days, responses)
    for damage in verdict.damage:
        log.warning("%s: %s", verdict.name, damage)
    for note in verdict.notes:
        log.info("%s: %s", verdict.name, note)
    return verdicts.write_verdict(it.store, verdict)


def summarize_verdicts(it: Job, paths: Sequence[Path]) -> Path:
    """Show the verdicts in these files as a table; move damaged files away if asked.

    Returns where the table is written. Raises VerifyError where anything is damaged or missing.
    """
    found = [verdicts.read_verdict(path) for path in paths]
    table = verdicts.table(found)
    log.info("%s", table)
    sentence, is_error = _verdict(it.store, it.settings, found)
    path = it.store.verify_summary_path
    write_whole(path, f"{table}\n\n{sentence}\n".encode())
    it.tell(verdict_lines=[*table.splitlines(), "", sentence])
    if is_error:
        raise VerifyError(sentence)
    log.info("%s", sentence)
    return path


def _verdict(store: Store, settings: Settings, found: Sequence[Verdict]) -> tuple[str, bool]:
    """What a deep check came to, after the repair if asked; is it an error?"""
    if not found:
        return "nothing was checked: no dataset-year that is chosen has a marker here", True
    bad = [each for each in found if each.verdict != OK]
    if not bad:
        years = count(len(found), "dataset-year")
        return f"everything that is stored is what was validated: {years}", False
    damaged = [each for each in bad if each.verdict == DAMAGED]
    sentence = _sentence(damaged, [each for each in bad if each.verdict == MISSING])
    if damaged and settings.refetch:
        from isone.audit.verify import repair

        removed = repair.remove_damaged(store, settings, damaged)
        sentence += f"; it was removed, and the next `snakemake -j1` for these years {removed}"
    elif damaged:
        sentence += (
            "; with --config refetch=true it is removed, and the next run fetches or makes just "
            "that again"
        )
    return sentence, True


def _sentence(damaged: Sequence[Verdict], absent: Sequence[Verdict]) -> str:
    requests = []
    days = sorted(
        {f"{each.dataset} {damage.day}" for each in damaged for damage in each.damage if damage.day}
    )
    if damaged:
        named = f": {some(days, 5)}"
        requests.append(f"{_names(damaged)} damaged{named if days else ''}")
    if absent:
        requests.append(f"{_names(absent)} not downloaded whole")
    return "; ".join(requests)


def _names(found: Sequence[Verdict]) -> str:
    verb = "is" if len(found) == 1 else "are"
    return f"{', '.join(each.name for each in found)} {verb}"
