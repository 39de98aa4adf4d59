"""The worker beside the main thread: results in order, errors handed on, never a hang."""

import datetime as dt
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from received import entry

from isone.download import asking as asking_module
from isone.download.asking import Asking
from isone.download.outcome import Outcome
from isone.download.validation import Received, Valid
from isone.download.worker import Worker
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.run.progress import Progress
from isone.store.files import make_folder
from isone.store.ledger import Entry
from isone.store.store import Store

DATASET = "lmp_da_hourly"
LARGE = 2**17
"""Bytes of a response that is stored by itself."""
REQUESTS = [Request(DATASET, dt.date(2024, 1, 1) + dt.timedelta(days=n)) for n in range(300)]


def test_a_task_is_done_beside_the_main_thread_and_its_result_comes_with_it() -> None:
    let_go = threading.Event()
    worker = Worker(lambda task: (let_go.wait(10), task * 2)[1])
    assert worker.result() is None
    worker.begin(21)
    let_go.set()
    assert worker.result() == (21, 42)
    assert worker.result() is None
    worker.finish()


def test_the_main_thread_has_its_turn_soon_for_as_long_as_there_is_a_worker() -> None:
    before = sys.getswitchinterval()
    worker = Worker(lambda task: task)
    assert sys.getswitchinterval() < before
    worker.finish()
    assert sys.getswitchinterval() == before


def test_the_end_waits_for_what_was_begun_and_its_result_stays() -> None:
    worker = Worker(lambda task: (time.sleep(0.1), task)[1])
    worker.begin("last")
    worker.finish()
    assert worker.result() == ("last", "last")
    assert worker.result() is None


def test_an_error_is_a_result_and_the_next_task_is_done_all_the_same() -> None:
    def divide(task: int) -> float:
        return 1 / task

    worker = Worker(divide)
    worker.begin(0)
    task, error = cast(tuple[int, Any], worker.result())
    assert task == 0
    assert isinstance(error, ZeroDivisionError)
    worker.begin(1)
    assert worker.result() == (1, 1.0)
    worker.finish()


# a download with a client that has all responses at once, and nothing to check


class Validator:
    """Takes every response for right."""

    dataset = DATASETS[DATASET]
    accepted: Any = {}

    def __init__(self, store: Store) -> None:
        self.store = store

    def validate(self, received: Sequence[Received]) -> list[Valid]:
        return [Valid(entry(request, path.read_bytes()), []) for request, path in received]


class AllAtOnce:
    """Answers at once, with so many bytes, and notes for what."""

    source = SimpleNamespace(path=lambda dataset, request: request.name)

    def __init__(self, size: int = 100) -> None:
        self.answered: list[str] = []
        self.size = size

    def fetch(self, path: str, **_: object) -> bytes:
        self.answered.append(path)
        return path.encode().ljust(self.size)


def asking(store: Store, client: AllAtOnce) -> Asking:
    make_folder(store.raw_dir(DATASET, 2024))
    given: Any = (client, Validator(store), Outcome(), Progress(), set(), None)
    return Asking(*given)


Saved = Sequence[tuple[Request, Path, Entry]]


class SlowDisk(Store):
    """A store that stores nothing until it is let go."""

    began, let_go = threading.Event(), threading.Event()

    def save_responses(self, found: Saved) -> None:
        self.began.set()
        assert self.let_go.wait(10)
        super().save_responses(found)


class FullDisk(Store):
    """A store that has no room for more than the first response."""

    def save_responses(self, found: Saved) -> None:
        if REQUESTS[0] not in {request for request, *_ in found}:
            raise OSError("the disk is full")
        super().save_responses(found)


@pytest.mark.parametrize("size", [10, LARGE])
def test_all_are_stored_in_order(size: int, tmp_path: Path) -> None:
    store = Store(tmp_path)
    download = asking(store, AllAtOnce(size))
    assert download.ask(REQUESTS[:40]) == []
    assert download.outcome.stored == 40
    assert list(store.read_ledger(DATASET, 2024)) == [request.name for request in REQUESTS[:40]]
    assert not store.unvalidated_requests(DATASET, 2024)


@pytest.mark.parametrize(
    ("moment", "size", "together"),
    [
        # the first at once, since none was stored just before it
        pytest.param(60, LARGE // 8, [1, 8, 8, 3], id="in a moment"),
        pytest.param(0.0, 100, [1] * 20, id="one after the other"),
    ],
)
def test_responses_of_a_moment_are_stored_together(
    moment: float,
    size: int,
    together: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking_module, "_MOMENT", moment)
    stored: list[int] = []
    monkeypatch.setattr(Store, "save_responses", lambda _, found: stored.append(len(found)))
    asking(Store(tmp_path), AllAtOnce(size)).ask(REQUESTS[:20])
    assert stored == together


@pytest.mark.parametrize(("size", "most"), [(LARGE, 2), (LARGE // 8, 1 + 8)])
def test_no_more_than_a_moment_s_wait_for_a_disk_that_does_not_answer(
    size: int, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_module, "_MOMENT", 60)
    store, client = SlowDisk(tmp_path), AllAtOnce(size)
    store.began.clear()
    store.let_go.clear()
    download = threading.Thread(target=asking(store, client).ask, args=(REQUESTS[:40],))
    download.start()
    assert store.began.wait(10)
    download.join(0.3)
    assert download.is_alive()
    assert len(client.answered) == most
    assert store.unvalidated_requests(DATASET, 2024) == set(client.answered)
    store.let_go.set()
    download.join(20)
    assert not download.is_alive()
    assert len(store.read_ledger(DATASET, 2024)) == 40


def test_a_full_disk_ends_the_download_and_loses_nothing(tmp_path: Path) -> None:
    store, client = FullDisk(tmp_path), AllAtOnce(LARGE)
    download = asking(store, client)
    with pytest.raises(OSError, match="the disk is full"):
        download.ask(REQUESTS)
    assert len(client.answered) == 3
    assert download.outcome.stored == 1
    assert store.stored_requests(DATASET, 2024) == {REQUESTS[0].name}
    assert len(store.unvalidated_requests(DATASET, 2024)) == 2


# interrupts


class Interrupts:
    """Interrupts of the main thread, one at a time."""

    def __init__(self) -> None:
        self.has_come = False

    def later(self, seconds: float) -> None:
        """Have one come so many seconds later."""
        self.has_come = False
        main = threading.main_thread().ident or 0
        threading.Timer(seconds, signal.pthread_kill, (main, signal.SIGUSR1)).start()

    def come(self, _number: int, _frame: object) -> None:
        self.has_come = True  # Python passes over what is raised while it tidies up
        raise KeyboardInterrupt


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    made = Interrupts()
    before = signal.signal(signal.SIGUSR1, made.come)
    yield made
    signal.signal(signal.SIGUSR1, before)


def test_an_interrupt_at_any_moment_of_handing_over_leaves_nothing_waiting(
    interrupts: Interrupts,
) -> None:
    chance = random.Random(1)  # noqa: S311 - only moments
    for _ in range(1000):
        worker = Worker(lambda task: task)
        with suppress(KeyboardInterrupt):
            interrupts.later(chance.uniform(0, 1e-3))
            while not interrupts.has_come:
                worker.begin(1)
                worker.result()
        ending = threading.Thread(target=worker.finish, daemon=True)
        ending.start()
        ending.join(10)
        assert not ending.is_alive()
        worker.result()  # does not wait either


def test_an_interrupt_at_any_moment_of_beginning_and_ending_is_that_and_nothing_else(
    interrupts: Interrupts,
) -> None:
    chance = random.Random(3)  # noqa: S311 - only moments
    for _ in range(4000):
        with suppress(KeyboardInterrupt):
            interrupts.later(chance.uniform(0, 1e-3))
            while not interrupts.has_come:
                Worker(lambda task: task).finish()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # an open file
@pytest.mark.parametrize("gathered", [0.0, 0.1])
def test_an_interrupt_at_any_moment_of_a_download_ends_it_and_loses_nothing(
    gathered: float, interrupts: Interrupts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isone.store.store.sync", lambda path: None)
    monkeypatch.setattr(asking_module, "_MOMENT", gathered)
    chance = random.Random(2)  # noqa: S311 - only moments
    ended_early = 0
    for number in range(1000):
        store, client = Store(tmp_path / str(number)), AllAtOnce()
        download = asking(store, client)
        try:
            interrupts.later(chance.uniform(0, 5e-3))
            while not interrupts.has_come:
                download.ask(REQUESTS)
        except KeyboardInterrupt:
            ended_early += 1
        until = time.monotonic() + 10  # an interrupt while the end is waited for ends only that
        while store.stored_requests(DATASET, 2024) != set(store.read_ledger(DATASET, 2024)):
            assert time.monotonic() < until
        waiting = store.unvalidated_requests(DATASET, 2024)
        stored = store.stored_requests(DATASET, 2024)
        assert set(client.answered[:-1]) <= stored | waiting  # the last may just have come
    assert ended_early > 900
