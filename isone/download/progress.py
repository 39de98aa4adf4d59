"""How far a download is, while it runs: a bar on a terminal, a line now and then otherwise."""

import datetime as dt
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from isone.market.requests import Request
from isone.run.console import has_screen, say, wants_lines
from isone.run.progress import Progress
from isone.run.status import JobStatus
from isone.text import count

if TYPE_CHECKING:
    from isone.download.client import Client
    from isone.run.bars import Bars, Doing

_LINE_EVERY = 30.0  # seconds between lines where there is no terminal
_TELL_EVERY = 1.0  # seconds between two versions of the status file
_RATE_OVER = 200  # requests that the present speed is taken over


class DownloadProgress(Progress):
    """Counts days and requests of one download and shows them. Use it as a context manager.

    `tell(**status)` receives the same as is shown, at most once a second, for the status
    file; `requests_after` are the requests of the downloads that come later in this run.
    """

    def __init__(
        self,
        name: str,
        client: "Client",
        days: int,
        *,
        requests_after: int = 0,
        tell: Callable[..., None] = lambda **_: None,
    ) -> None:
        """Show `days` operating days as what there is to do."""
        self._name, self._client, self._days = name, client, days
        self._requests_after = requests_after
        self._tell = tell
        self._planned = False
        self._left_of_days: Counter[dt.date] = Counter()
        self._requests_left = 0
        self._failed: set[dt.date] = set()
        self._finished: deque[float] = deque(maxlen=_RATE_OVER)
        self._told = 0.0
        self._shown = time.monotonic()
        self._waiting = ""
        self._began = time.monotonic()
        self._bars = self._open_bars()

    def __enter__(self) -> "DownloadProgress":
        """Begin to show."""
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Take the bar away; the status file keeps what it said."""
        if self._bars:
            self._bars.stop()
        self._tell(**self.status())

    def plan(self, missing: list[Request]) -> None:
        """Show these requests as what is left to do."""
        self._planned = True
        self._left_of_days = Counter(day for each in missing for day in each.days)
        self._requests_left = len(missing)
        self._finished.append(time.monotonic())
        self._show(now=True)

    def request(self, request: Request, done: bool) -> None:
        """Show one request less."""
        self._waiting = ""
        self._left_of_days.subtract(request.days)
        self._requests_left -= 1
        if not done:
            self._failed.update(request.days)
        self._finished.append(time.monotonic())
        self._show()

    def wait(self, seconds: float, reason: str) -> None:
        """Show at once until when the client waits, and why."""
        until = dt.datetime.now() + dt.timedelta(seconds=seconds)
        self._waiting = f"waiting until {until:%H:%M:%S}: {reason}"
        self._show(now=True)

    def status(self) -> dict[str, Any]:
        """Days done, left and failed, requests, speed, what it waits for, when it is done."""
        open_days = sum(count > 0 for count in self._left_of_days.values())
        days_done = self._days - open_days - len(self._failed) if self._planned else 0
        rate = self._requests_a_minute()
        return {
            "days": self._days,
            "days_done": days_done,
            "days_failed": len(self._failed),
            "requests_sent": self._client.requests_sent,
            "requests_left": self._requests_left,
            "requests_a_minute": round(rate, 1),
            "retries": self._client.retries.count,
            "seconds_waited": round(self._client.retries.waited, 1),
            "waiting": self._waiting,
            "done_at": self._done_at(self._requests_left, rate),
            "all_done_at": self._done_at(self._requests_left + self._requests_after, rate),
        }

    def _requests_a_minute(self) -> float:
        if len(self._finished) < 2:
            return 0.0
        return 60 * (len(self._finished) - 1) / max(time.monotonic() - self._finished[0], 1e-3)

    @staticmethod
    def _done_at(requests: int, rate: float) -> str:
        if not rate:
            return ""
        moment = dt.datetime.now() + dt.timedelta(minutes=requests / rate)
        return moment.isoformat(sep=" ", timespec="seconds")

    def _show(self, *, now: bool = False) -> None:
        moment = time.monotonic()
        if not now and moment - self._told < _TELL_EVERY:
            return
        status = self.status()
        self._told = moment
        self._tell(**status)
        if self._bars or (has_screen() and not wants_lines()):
            return
        if self._waiting:
            if wants_lines():  # else the log's warning is on the terminal
                say(f"{self._name}: {self._waiting}")
        elif moment - self._shown >= _LINE_EVERY:
            self._shown = moment
            days = f"{status['days_done']} of {count(status['days'], 'day')}"
            say(f"{self._name}: {days}, {_news(status)}")

    def _doing(self) -> "list[Doing]":
        from isone.run.bars import Doing

        return [Doing.of(self._name, JobStatus(**self.status()), self._began)]

    def _open_bars(self) -> "Bars | None":
        """A bar on standard error; None where that is no terminal, or a screen shows the run."""
        if has_screen() or not sys.stderr.isatty():
            return None
        from rich.console import Console

        from isone.run.bars import Bars

        console = Console(stderr=True, highlight=False, soft_wrap=True)
        return Bars(console, self._doing) if console.is_terminal else None


def _news(status: dict[str, Any]) -> str:
    words = [f"{count(status['requests_left'], 'request')} left"]
    if status["done_at"]:
        rate = f"{status['requests_a_minute']:,.0f}/min"
        words = [rate, *words, f"done {_clock(status['done_at'])}"]
        if status["all_done_at"] != status["done_at"]:
            words.append(f"all {_clock(status['all_done_at'])}")
    return ", ".join(words)


def _clock(moment: str) -> str:
    """The time of a moment, with its date where that is not today's."""
    today = dt.date.today().isoformat()
    return moment[11:16] if moment.startswith(today) else moment[5:16]
