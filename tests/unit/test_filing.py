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
from isone.market.datasets import Part
from isone.store.store import Proven, Store

DATASET = "lmp_da_hourly"
PARTS = [Part(DATASET, dt.date(2024, 1, 1) + dt.timedelta(days=n)) for n in range(40)]


def proven(store: Store, part: Part) -> Proven:
    """A reply that waits to be filed."""
    return received(store, part, part.name.encode())


class SlowDisk(Store):
    """A store whose first filing takes until it is let go."""

    batches: ClassVar[list[list[Part]]] = []
    began, let_go = threading.Event(), threading.Event()

    def file_parts(self, batch: Sequence[Proven]) -> None:
        self.batches.append([each.part for each in batch])
        self.began.set()
        assert self.let_go.wait(10)
        super().file_parts(batch)


class FullDisk(Store):
    def file_parts(self, batch: Sequence[Proven]) -> None:
        if batch[0].part == PARTS[1]:
            raise OSError("the disk is full")
        super().file_parts(batch)


@pytest.fixture
def slow_disk(tmp_path: Path) -> SlowDisk:
    SlowDisk.batches.clear()
    SlowDisk.began.clear()
    SlowDisk.let_go.clear()
    return SlowDisk(tmp_path)


def test_all_are_filed_in_order_and_named_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    named: list[Part] = []
    with Filing(store) as filing:
        for part in PARTS:
            filing.file(proven(store, part))
            named += filing.filed()
        filing.finish()
        named += filing.filed()
    assert named == PARTS
    assert list(filing.filed()) == []
    assert list(store.read_ledger(DATASET, 2024)) == [part.name for part in PARTS]
    assert not store.parts_unproven(DATASET, 2024)


def test_what_is_proven_while_the_disk_is_busy_is_filed_together(slow_disk: SlowDisk) -> None:
    with Filing(slow_disk) as filing:
        filing.file(proven(slow_disk, PARTS[0]))
        assert slow_disk.began.wait(10)
        for part in PARTS[1:6]:
            filing.file(proven(slow_disk, part))
        assert list(filing.filed()) == []
        slow_disk.let_go.set()
    assert slow_disk.batches == [PARTS[:1], PARTS[1:6]]
    assert list(filing.filed()) == PARTS[:6]


def test_no_more_than_some_wait_for_a_disk_that_does_not_answer(slow_disk: SlowDisk) -> None:
    with Filing(slow_disk) as filing:

        def hand_over_all() -> None:
            for part in PARTS:
                filing.file(proven(slow_disk, part))

        handing_over = threading.Thread(target=hand_over_all)
        handing_over.start()
        assert slow_disk.began.wait(10)
        handing_over.join(0.3)
        assert handing_over.is_alive()
        assert len(slow_disk.parts_unproven(DATASET, 2024)) < 15
        slow_disk.let_go.set()
        handing_over.join(10)
        assert not handing_over.is_alive()
    assert list(itertools.chain.from_iterable(slow_disk.batches)) == PARTS
    assert max(map(len, slow_disk.batches)) < 15


def test_an_error_is_raised_where_the_filed_are_asked_for_and_nothing_is_filed_after_it(
    tmp_path: Path,
) -> None:
    store = FullDisk(tmp_path)
    had: list[Part] = []
    with Filing(store) as filing:
        filing.file(proven(store, PARTS[0]))
        while not had:
            had += filing.filed()
        for part in PARTS[1:]:
            filing.file(proven(store, part))  # waits for ever if nobody takes them
        filing.finish()
        with pytest.raises(OSError, match="the disk is full"):
            list(filing.filed())
    assert had == PARTS[:1]
    assert store.parts_had(DATASET, 2024) == {PARTS[0].name}
    assert len(store.parts_unproven(DATASET, 2024)) == len(PARTS) - 1


def test_an_interrupt_at_any_moment_of_handing_over_leaves_nothing_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "file_parts", lambda self, batch: None)
    chance = random.Random(1)  # noqa: S311 - only moments
    reply = proven(Store(tmp_path), PARTS[0])

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
                        filing.file(reply)
                ending = threading.Thread(target=filing.finish, daemon=True)
                ending.start()
                ending.join(10)
                assert not ending.is_alive()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
