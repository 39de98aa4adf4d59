"""One thread beside the main one: it works on the last response while the next is awaited."""

import _thread
import sys
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

_SWITCH = 0.0005
"""Seconds after which the thread that works lets the main one go on, which has a response to
receive. Python's own 5 ms, waited for after each call to the system, are 1 % of a download of all
locations at 100 ms latency."""


class Worker(Generic[Task, Result]):
    """Does one task at a time in a thread of its own. Whoever makes one has to `finish` it.

    An interrupt at any moment leaves nobody waiting for ever. So the two threads share SimpleQueues
    alone: an interrupt while a Queue, an Event or a Future is used may leave its lock taken, or
    become a RuntimeError, and so it may where a `threading.Thread` is started, which uses an Event.
    """

    def __init__(self, work: Callable[[Task], Result]) -> None:
        """Start the thread that will do `work`, which shares no lock with the main thread.

        The handlers of `logging` have such locks, so what there is to say is returned.
        """
        self._work = work
        self._switch = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Task, Result | BaseException]] = SimpleQueue()
        self._is_busy = False
        self._ended: SimpleQueue[None] = SimpleQueue()
        _thread.start_new_thread(self._run, ())

    def begin(self, task: Task) -> None:
        """Begin a task, once the result of the one before it was taken."""
        self._tasks.put(task)
        self._is_busy = True

    def result(self) -> tuple[Task, Result | BaseException] | None:
        """The last task with its result, or the error that ended it; None where there is no task.

        Waits until it is done.
        """
        if not self._is_busy:
            return None
        done = self._results.get()
        self._is_busy = False
        return done

    def finish(self) -> None:
        """Wait until what was begun is done, and end the thread; the last result stays."""
        self._tasks.put(None)
        self._ended.get()
        sys.setswitchinterval(self._switch)
        self._is_busy = not self._results.empty()

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                result: Result | BaseException = self._work(task)
            except BaseException as error:  # noqa: BLE001 - raised in the main thread
                result = error
            self._results.put((task, result))
        self._ended.put(None)
