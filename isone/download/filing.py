"""Filing beside the exchange: replies that are proven get their names while others come in.

To file is to wait for the disk, which a thread can do while the interpreter goes on. Whatever is
proven while the disk is busy is filed together next, so a slow disk is waited for less often.
"""

import threading
from collections import deque
from collections.abc import Iterator
from queue import SimpleQueue

from isone.market.datasets import Part
from isone.store.store import Proven, Store

_WAITING_AT_MOST = 8
"""Replies that may wait to be filed: so many, and the one under way, a power cut can cost."""


class Filing:
    """Files proven replies in a store, in the order they come. Use it as a context manager.

    After an error nothing more is filed; what was handed over keeps its name of an unproven reply.
    """

    def __init__(self, store: Store) -> None:
        """Take the store to file into."""
        self._store = store
        # no Queue: an interrupt that comes while it is used may leave it waiting for ever
        self._waiting: SimpleQueue[Proven | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(_WAITING_AT_MOST):
            self._room.put(None)
        self._filed: deque[Part] = deque()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="file", daemon=True)

    def __enter__(self) -> "Filing":
        """Begin to file what will be handed over."""
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Wait until all that was handed over is filed."""
        self.finish()

    def file(self, proven: Proven) -> None:
        """Hand over a reply that is to be filed; waits while too many wait already."""
        self._room.get()
        self._waiting.put(proven)

    def filed(self) -> Iterator[Part]:
        """The parts that were filed since this was last asked; raises what ended the filing."""
        while self._filed:
            yield self._filed.popleft()
        if self._error:
            raise self._error

    def finish(self) -> None:
        """Wait until all that was handed over is filed; nothing may be handed over after that."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _work(self) -> None:
        while batch := self._next_batch():
            if self._error is None:
                self._file(batch)
            for _ in batch:
                self._room.put(None)

    def _next_batch(self) -> list[Proven]:
        """Wait for a reply to file, and take what else waits; nothing once all is filed."""
        batch: list[Proven] = []
        while not batch or not self._waiting.empty():
            proven = self._waiting.get()
            if proven is None:
                self._waiting.put(None)  # to be met again when this batch is done
                break
            batch.append(proven)
        return batch

    def _file(self, batch: list[Proven]) -> None:
        try:
            self._store.file_parts(batch)
            self._filed.extend(proven.part for proven in batch)
        except Exception as error:  # raised where the downloader asks
            self._error = error
