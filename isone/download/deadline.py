"""How long an exchange may take in all, however slowly bytes still drip in."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from isone.errors import TransientError

_AT_ONCE = 1e-3  # seconds; 0 would mean never


class Deadline:
    """A limit for each of a client's exchanges, one at a time.

    Signals reach the main thread only; elsewhere the read time-out has to do.
    """

    def __init__(self, seconds: float) -> None:
        """Take the limit."""
        self._seconds = seconds
        self._is_running = self._is_paused = False

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Raise TransientError in what is done here once the limit is reached."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._is_running = True
        before = signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            self._is_running = False

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Let the time stand still: what is done here is none of the service's, and is finished."""
        if not self._is_running:
            yield
            return
        self._is_paused = True
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            yield
        finally:
            self._is_paused = False
            signal.setitimer(signal.ITIMER_REAL, left or _AT_ONCE)

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        if not self._is_paused:  # else it rang at the very moment of the pause
            raise TransientError(f"no whole response within {self._seconds:g} s")
