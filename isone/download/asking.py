"""Asking for one request after the other; the last response is stored while the next is awaited.

Where the service is so near that many come in a moment, those of a moment are stored together.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from isone.download.client import Client
from isone.download.empty_days import FirstDays
from isone.download.outcome import Outcome
from isone.download.validation import Received, Remark, Valid, Validator, say
from isone.download.worker import Worker
from isone.errors import DownloadError, IncompleteError, NoDataError, ResponseError
from isone.market import flaws
from isone.market.requests import Request
from isone.run.progress import Progress
from isone.store.files import write_own
from isone.store.store import Store

log = logging.getLogger(__name__)

_MOMENT = 0.1
"""Seconds in which responses are gathered. A service far away takes longer for one."""
_ENOUGH = 2**17
"""Bytes of responses, as served, that are not gathered any longer: 25 of one location's five-minute
prices, or one of all locations. Measured of the former, to validate and store one: 3.7 ms of
processor time one by one, 2.2 with those of a moment."""

_Storing: TypeAlias = Worker[Sequence[Received], list[Valid | ResponseError]]


@dataclass
class Asking:
    """Asks for the requests of one download and notes in its outcome what has become of them.

    There is never more than one request. A response that was received has a name of its own, from
    which the next download goes on, until it is validated and stored.
    """

    client: Client
    validator: Validator
    outcome: Outcome
    progress: Progress
    hoped_for: set[Request]
    """Final requests that need not be out yet, for each of which a preliminary one will do."""
    first_days: FirstDays | None
    """The first days asked for, where nothing of them is stored yet."""
    _failed: list[Request] = field(default_factory=list)
    _waiting: list[Received] = field(default_factory=list)
    _waiting_bytes: int = 0
    _handed_over: float = 0

    def ask(self, requests: list[Request]) -> list[Request]:
        """Ask once for each request; returns those that were rejected or empty.

        Where patience for a request ends, the next one is tried once: if that fails too, the
        service is out of order, which is a DownloadError, and if not, only that request is missing.
        """
        self._failed = []
        worn_out: DownloadError | None = None
        worker = Worker(self._store_valid)
        try:
            for request in requests:
                if self.first_days:
                    self.first_days.require_any()
                try:
                    self._ask_one(request, worker, patient=worn_out is None)
                    worn_out = None
                except DownloadError as error:
                    if worn_out:
                        raise worn_out from error
                    worn_out = DownloadError(f"{request}: {error}")
                    self.outcome.missing[request] = str(error)
                    log.warning("%s: given up for now, %s", request, error)
            self._hand_over(worker)
        finally:
            worker.finish()  # first: an interrupt may have cut off what asks it for a result
            self._settle(worker)
        return self._failed

    def _ask_one(self, request: Request, worker: _Storing, *, patient: bool) -> None:
        """Ask for a request; have its response stored, with those that wait, when it is time."""
        path = self.client.source.path(self.validator.dataset, request)
        try:
            content = self.client.fetch(path, patient=patient)
        except ResponseError as error:
            self._hand_over(worker)
            self._settle(worker)
            self._note_failure(request, error)
            return
        received = Received(request, self.validator.store.unvalidated_path(request))
        write_own(received.path, content)
        self._waiting.append(received)
        self._waiting_bytes += len(content)
        seconds = time.monotonic() - self._handed_over
        is_watched = self.first_days is not None and not self.first_days.is_over
        if is_watched or self._waiting_bytes >= _ENOUGH or seconds >= _MOMENT:
            self._hand_over(worker)

    def _hand_over(self, worker: _Storing) -> None:
        """Learn what has become of the responses before, and have those stored that wait."""
        self._settle(worker)
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if waiting:
            worker.begin(waiting)
        self._handed_over = time.monotonic()

    def _store_valid(self, received: Sequence[Received]) -> list[Valid | ResponseError]:
        """Store the responses that were received; this is the worker's task."""
        results = self.validator.validate(received)
        pairs = zip(received, results, strict=True)
        valid = [(*each, result.entry) for each, result in pairs if isinstance(result, Valid)]
        self.validator.store.save_responses(valid)
        return results

    def _settle(self, worker: _Storing) -> None:
        """Wait until the responses before are stored or rejected, and note which."""
        done = worker.result()
        if done is None:
            return
        received, results = done
        if isinstance(results, BaseException):
            raise results
        for (request, _), result in zip(received, results, strict=True):
            if isinstance(result, ResponseError):
                self._note_failure(request, result)
            else:
                self._note_stored(request, result.remarks)

    def _note_stored(self, request: Request, remarks: Sequence[Remark]) -> None:
        say(request, remarks)
        self.outcome.stored += 1
        self.outcome.missing.pop(request, None)
        self.progress.request(request, True)
        if self.first_days:
            self.first_days.stored()

    def _note_failure(self, request: Request, error: ResponseError) -> None:
        store = self.validator.store
        path = store.unvalidated_path(request)
        hoped_for = request in self.hoped_for
        if hoped_for and isinstance(error, IncompleteError):
            path.unlink(missing_ok=True)
            log.info("%s: not final yet", request)
        else:
            reject(store, request, path, error)
            reasons = self.validator.accepted.get(request.day, {})
            if not hoped_for and flaws.MISSING in reasons and isinstance(error, IncompleteError):
                self.outcome.gaps[request.day] = reasons[flaws.MISSING]
                self.progress.request(request, True)
                return
            if self.first_days and not hoped_for:
                self.first_days.failed(request, error)
        self._failed.append(request)
        self.outcome.missing[request] = str(error)


def reject(store: Store, request: Request, path: Path, error: ResponseError) -> None:
    """Keep a rejected response aside, if there is one and something is in it, and say why."""
    if not path.exists() or isinstance(error, NoDataError):
        path.unlink(missing_ok=True)
        log.warning("%s: %s", request, error)
        return
    kept = store.reject_response(request, path, str(error))
    log.warning("%s: rejected, %s (kept as %s)", request, error, kept)
