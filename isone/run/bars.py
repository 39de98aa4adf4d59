"""Bars that move while jobs go on, as wide as the terminal is: drawn from the status files."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from isone.run import status
from isone.run.status import JobStatus
from isone.store.store import Store

_NARROWEST_BAR, _WIDEST_BAR = 8, 40
_LONGEST_NAME = 30
_ROOM = 3
"""Columns left free: a terminal writes `^C` behind a bar, and its line must not wrap."""
_A_SECOND = 2
"""How often a second the bars are drawn again."""


@dataclass(frozen=True)
class Doing:
    """What goes on, and how much of it is done."""

    name: str
    done: int
    total: int
    """0 where nobody knows how much there is."""
    unit: str
    note: str = ""
    """Time left, or what it waits for."""

    @classmethod
    def of(cls, name: str, said: JobStatus, began: float) -> "Doing":
        """A job that began at `began` (monotonic seconds), by what it says of itself."""
        took = time.monotonic() - began
        if said.waiting:
            note = said.waiting
        elif said.requests_a_minute:
            note = f"{duration(60 * said.requests_left / said.requests_a_minute)} left"
        elif said.done and took > 1:
            note = f"{duration(took * (said.total - said.done) / said.done)} left"
        else:
            note = duration(took)
        if said.days:
            return cls(name, said.days_done, said.days, "days", note)
        return cls(name, said.done, said.total, said.unit, note)


def total_of_downloads(store: Store) -> list[Doing]:
    """All downloads of the run together, where there are several."""
    plan = status.read_plan(store)
    todo = [each for each in plan.downloads if not each.complete] if plan else []
    if plan is None or len(todo) < 2 or not plan.requests:
        return []
    found = [status.status_of(store, each.name) for each in todo]
    left = sum(
        said.requests_left if said.days else each.requests or 0
        for each, said in zip(todo, found, strict=True)
        if said.state != "succeeded"
    )
    rate = max((said.requests_a_minute for said in found if said.state == "running"), default=0.0)
    note = f"{duration(60 * left / rate)} left" if rate else ""
    done = max(plan.requests - left, 0)
    return [Doing("all downloads", done, plan.requests, "requests", note)]


class Bars:
    """The bars of what `doing()` says goes on. They are at the bottom; lines come above them."""

    def __init__(self, console: Console, doing: Callable[[], list[Doing]]) -> None:
        """Show nothing yet."""
        self._console, self._doing = console, doing
        self._live: Live | None = None

    def start(self) -> None:
        """Begin to show them, unless they are shown."""
        if self._live is None:
            self._live = Live(
                console=self._console,
                get_renderable=self._render,
                refresh_per_second=_A_SECOND,
                transient=True,
            )
            self._live.start()

    def stop(self) -> None:
        """Take them away."""
        if self._live:
            self._live.stop()
            self._live = None

    def _render(self) -> Group:
        width = self._console.width - _ROOM
        return Group(*[Text(line) for line in lines(self._doing(), width)])


def lines(doing: list[Doing], width: int) -> list[str]:
    """The bars as text, none longer than `width`: name, bar, what is done, and how long yet."""
    names = [_shortened(each.name, _LONGEST_NAME) for each in doing]
    amounts = [_amount(each) for each in doing]
    name_width, amount_width, note_width = (
        max(map(len, texts), default=0) for texts in (names, amounts, [each.note for each in doing])
    )
    spare = width - amount_width - _NARROWEST_BAR - 7  # for names and notes
    note_width = min(note_width, max(spare - name_width, spare // 2))
    name_width = max(min(name_width, spare - note_width), 8)
    bar = width - name_width - amount_width - note_width - 7
    bar = max(min(bar, _WIDEST_BAR), _NARROWEST_BAR)
    return [
        f"{_shortened(name, name_width):<{name_width}}  {_bar(each, bar)}  "
        f"{amount:>{amount_width}}  {_cut(each.note, note_width)}"[:width].rstrip()
        for name, amount, each in zip(names, amounts, doing, strict=True)
    ]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


def _amount(each: Doing) -> str:
    return f"{each.done:,}/{each.total:,} {each.unit}".rstrip() if each.total else ""


def _bar(each: Doing, width: int) -> str:
    if not each.total:
        at = int(time.monotonic() * _A_SECOND) % width
        return f"{'─' * at}━{'─' * (width - at - 1)}"
    full = round(width * min(each.done / each.total, 1))
    return f"{'━' * full}{'─' * (width - full)}"


def _shortened(name: str, width: int) -> str:
    """A name with its middle left out, where it is too long."""
    if len(name) <= width:
        return name
    head = (width - 1) // 2
    return f"{name[:head]}…{name[len(name) - (width - 1 - head) :]}"


def duration(seconds: float) -> str:
    """A length of time in one or two units: `3 s`, `2 min 5 s`, `1 h 3 min`, `2 d 4 h`."""
    left = dt.timedelta(seconds=round(seconds))
    hours, rest = divmod(left.seconds, 3600)
    minutes, second = divmod(rest, 60)
    parts = [(left.days, "d"), (hours, "h"), (minutes, "min"), (second, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{number} {unit}" for number, unit in parts[:2] if number) or "0 s"
