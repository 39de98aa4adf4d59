"""Filing beside the exchange: responses that are validated get their names while others come in.

To file is to wait for the disk, which a thread can do while the interpreter goes on. Whatever is
validated while the disk is busy is stored together next, so a slow disk is waited for less often.
"""

import threading
from collections import deque
from collections.abc import Iterator
from queue import SimpleQueue

from isone.market.requests import Request
from isone.store.store import Store, Validated

_WAITING_AT_MOST = 8
"""Responses that may wait to be stored: so many, and the one under way, a power cut can cost."""


class Filing:
    """Files validated responses in a store, in the order they come. Use it as a context manager.

    After an error nothing more is stored; what was handed over keeps its name of an unvalidated
    response.
    """

    def __init__(self, store: Store) -> None:
        """Take the store to file into."""
        self._store = store
        # no Queue: an interrupt that comes while it is used may leave it waiting for ever
        self._waiting: SimpleQueue[Validated | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(_WAITING_AT_MOST):
            self._room.put(None)
        self._stored: deque[Request] = deque()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="file", daemon=True)

    def __enter__(self) -> "Filing":
        """Begin to file what will be handed over."""
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Wait until all that was handed over is stored."""
        self.finish()

    def file(self, validated: Validated) -> None:
        """Hand over a response that is to be stored; waits while too many wait already."""
        self._room.get()
        self._waiting.put(validated)

    def stored(self) -> Iterator[Request]:
        """The requests that were stored since this was last asked; raises what ended the filing."""
        while self._stored:
            yield self._stored.popleft()
        if self._error:
            raise self._error

    def finish(self) -> None:
        """Wait until all that was handed over is stored; nothing may be handed over after that."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _work(self) -> None:
        while batch := self._next_batch():
            if self._error is None:
                self._file(batch)
            for _ in batch:
                self._room.put(None)

    def _next_batch(self) -> list[Validated]:
        """Wait for a response to file, and take what else waits; nothing once all is stored."""
        batch: list[Validated] = []
        while not batch or not self._waiting.empty():
            validated = self._waiting.get()
            if validated is None:
                self._waiting.put(None)  # to be met again when this batch is done
                break
            batch.append(validated)
        return batch

    def _file(self, batch: list[Validated]) -> None:
        try:
            self._store.save_responses(batch)
            self._stored.extend(validated.request for validated in batch)
        except Exception as error:  # raised where the downloader asks
            self._error = error
