"""What a reconciliation came to, in a sentence: what agrees, what was not compared, and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from isone.audit.reconcile.averages import AGREES, DIFFERS, FLAT, Month
from isone.audit.reconcile.workbook import Sheet
from isone.text import count

_CHOOSE = 'choose data_types=lmp and markets="da rt-hourly" with locations=hubs'


@dataclass(frozen=True)
class Verdict:
    """How many figures were compared, how many of these differ, and all of it as a sentence."""

    compared: int
    differ: int
    text: str


def on_months(months: Sequence[Month]) -> Verdict:
    """The verdict on monthly averages; only those that both sides have were compared."""
    verdicts = Counter(month.verdict for month in months)
    agree, flat, differ = (verdicts.pop(name, 0) for name in (AGREES, FLAT, DIFFERS))
    compared = agree + flat + differ
    reasons = ", ".join(f"{number:,} {verdict}" for verdict, number in verdicts.items())
    if not compared:
        total = count(sum(verdicts.values()), "monthly average")
        why = f"of {total}, {reasons}" if reasons else _nothing_chosen()
        return Verdict(0, 0, f"nothing was compared with ISO-NE's own figures: {why}")
    text = _sentence(compared, differ, "monthly average")
    if flat:
        text += f"; {flat:,} agree only as a month of days with 24 hours"
    if reasons:
        text += f"; {sum(verdicts.values()):,} were not compared: {reasons}"
    return Verdict(compared, differ, text)


def on_hours(sheets: Sequence[Sheet]) -> Verdict:
    """The verdict on the hours of a workbook."""
    compared, differ = (sum(s.hours for s in sheets), sum(s.differ for s in sheets))
    not_here, flat = (sum(s.not_here for s in sheets), sum(s.flat for s in sheets))
    if not compared:
        why = f"{count(not_here, 'hour')} of the workbook not here" if sheets else _nothing_chosen()
        return Verdict(0, 0, f"nothing was compared with ISO-NE's own figures: {why}")
    text = _sentence(compared, differ, "hour")
    if not_here:
        text += f"; {not_here:,} were not compared: not here"
    if flat:
        text += f"; {flat:,} are of days when clocks change that the workbook has with 24 hours"
    return Verdict(compared, differ, text)


def _sentence(compared: int, differ: int, one: str) -> str:
    figures = count(compared, f"compared {one}")
    if differ:
        return f"{differ:,} of {figures} differ from ISO-NE's own figures"
    return f"of {figures}, all agree with ISO-NE's own figures"


def _nothing_chosen() -> str:
    return f"no packed table of energy prices is chosen that has hub or zones; {_CHOOSE}"
