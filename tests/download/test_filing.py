"""Filing beside the exchange: in order, together where the disk is slow, and loud about errors."""

import datetime as dt
import itertools
import random
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from received import received

from isone.download.filing import Filing
from isone.market.requests import Request
from isone.store.store import Store, Validated

DATASET = "lmp_da_hourly"
REQUESTS = [Request(DATASET, dt.date(2024, 1, 1) + dt.timedelta(days=n)) for n in range(40)]


def validated(store: Store, request: Request) -> Validated:
    """A response that waits to be stored."""
    return received(store, request, request.name.encode())


class SlowDisk(Store):
    """A store whose first filing takes until it is let go."""

    batches: ClassVar[list[list[Request]]] = []
    began, let_go = threading.Event(), threading.Event()

    def save_responses(self, batch: Sequence[Validated]) -> None:
        self.batches.append([each.request for each in batch])
        self.began.set()
        assert self.let_go.wait(10)
        super().save_responses(batch)


class FullDisk(Store):
    def save_responses(self, batch: Sequence[Validated]) -> None:
        if batch[0].request == REQUESTS[1]:
            raise OSError("the disk is full")
        super().save_responses(batch)


@pytest.fixture
def slow_disk(tmp_path: Path) -> SlowDisk:
    SlowDisk.batches.clear()
    SlowDisk.began.clear()
    SlowDisk.let_go.clear()
    return SlowDisk(tmp_path)


def test_all_are_stored_in_order_and_named_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    named: list[Request] = []
    with Filing(store) as filing:
        for request in REQUESTS:
            filing.file(validated(store, request))
            named += filing.stored()
        filing.finish()
        named += filing.stored()
    assert named == REQUESTS
    assert list(filing.stored()) == []
    assert list(store.read_ledger(DATASET, 2024)) == [request.name for request in REQUESTS]
    assert not store.unvalidated_requests(DATASET, 2024)


def test_what_is_validated_while_the_disk_is_busy_is_stored_together(slow_disk: SlowDisk) -> None:
    with Filing(slow_disk) as filing:
        filing.file(validated(slow_disk, REQUESTS[0]))
        assert slow_disk.began.wait(10)
        for request in REQUESTS[1:6]:
            filing.file(validated(slow_disk, request))
        assert list(filing.stored()) == []
        slow_disk.let_go.set()
    assert slow_disk.batches == [REQUESTS[:1], REQUESTS[1:6]]
    assert list(filing.stored()) == REQUESTS[:6]


def test_no_more_than_some_wait_for_a_disk_that_does_not_answer(slow_disk: SlowDisk) -> None:
    with Filing(slow_disk) as filing:

        def hand_over_all() -> None:
            for request in REQUESTS:
                filing.file(validated(slow_disk, request))

        handing_over = threading.Thread(target=hand_over_all)
        handing_over.start()
        assert slow_disk.began.wait(10)
        handing_over.join(0.3)
        assert handing_over.is_alive()
        assert len(slow_disk.unvalidated_requests(DATASET, 2024)) < 15
        slow_disk.let_go.set()
        handing_over.join(10)
        assert not handing_over.is_alive()
    assert list(itertools.chain.from_iterable(slow_disk.batches)) == REQUESTS
    assert max(map(len, slow_disk.batches)) < 15


def test_an_error_is_raised_where_the_stored_are_asked_for_and_nothing_is_stored_after_it(
    tmp_path: Path,
) -> None:
    store = FullDisk(tmp_path)
    had: list[Request] = []
    with Filing(store) as filing:
        filing.file(validated(store, REQUESTS[0]))
        while not had:
            had += filing.stored()
        for request in REQUESTS[1:]:
            filing.file(validated(store, request))  # waits for ever if nobody takes them
        filing.finish()
        with pytest.raises(OSError, match="the disk is full"):
            list(filing.stored())
    assert had == REQUESTS[:1]
    assert store.stored_requests(DATASET, 2024) == {REQUESTS[0].name}
    assert len(store.unvalidated_requests(DATASET, 2024)) == len(REQUESTS) - 1


def test_an_interrupt_at_any_moment_of_handing_over_leaves_nothing_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "save_responses", lambda self, batch: None)
    chance = random.Random(1)  # noqa: S311 - only moments
    response = validated(Store(tmp_path), REQUESTS[0])

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(1000):
            filing = Filing(Store(tmp_path))
            with filing:
                with pytest.raises(KeyboardInterrupt):
                    signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-4, 1e-3))
                    while True:
                        filing.file(response)
                ending = threading.Thread(target=filing.finish, daemon=True)
                ending.start()
                ending.join(10)
                assert not ending.is_alive()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
