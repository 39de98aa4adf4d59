"""The deadline of an exchange: it rings in time, stands still in a pause, leaves no alarm."""

import signal
import threading
import time

import pytest

from isone.download.deadline import Deadline
from isone.errors import TransientError


def ring_now() -> None:
    """Let the alarm ring, as it may at any moment."""
    signal.raise_signal(signal.SIGALRM)


def test_it_rings_in_time() -> None:
    started = time.monotonic()
    with (
        pytest.raises(TransientError, match=r"no whole response within 0.1 s"),
        Deadline(0.1).running(),
    ):
        time.sleep(5)
    assert time.monotonic() - started < 4


def test_nothing_rings_after_it_and_the_handler_before_it_is_back() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with Deadline(5).running():
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) == before


def test_a_pause_takes_nothing_of_the_time() -> None:
    deadline = Deadline(5)
    with deadline.running():
        with deadline.paused():
            assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
            time.sleep(0.2)
        assert 4.9 < signal.getitimer(signal.ITIMER_REAL)[0] <= 5


def test_an_alarm_at_the_moment_of_the_pause_waits_for_its_end() -> None:
    deadline = Deadline(5)
    done = False
    with pytest.raises(TransientError), deadline.running():
        with deadline.paused():
            ring_now()
            done = True
        ring_now()
    assert done


def test_time_that_was_up_at_the_pause_is_up_after_it() -> None:
    deadline = Deadline(5)
    with pytest.raises(TransientError), deadline.running():
        signal.setitimer(signal.ITIMER_REAL, 0)  # as after it has rung
        with deadline.paused():
            pass
        time.sleep(5)


def test_a_pause_of_nothing_sets_no_alarm() -> None:
    with Deadline(5).paused():
        pass
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_in_other_threads_it_does_nothing() -> None:
    seen: list[float] = []

    def work() -> None:
        deadline = Deadline(0.05)
        with deadline.running(), deadline.paused():
            seen.append(signal.getitimer(signal.ITIMER_REAL)[0])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [0]
