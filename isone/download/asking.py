"""Asking for one request after the other; the last response is stored while the next is awaited."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

from isone.download.client import Client
from isone.download.empty_days import FirstDays
from isone.download.outcome import Outcome
from isone.download.validation import Remark, Validator, say
from isone.download.worker import Worker
from isone.errors import DownloadError, IncompleteError, NoDataError, ResponseError
from isone.market import flaws
from isone.market.requests import Request
from isone.run.progress import Progress
from isone.store.files import write_own
from isone.store.store import Store

log = logging.getLogger(__name__)


@dataclass
class Asking:
    """Asks for the requests of one download and notes in its outcome what has become of them.

    There is never more than one request. A response that was received has a name of its own, from
    which the next download goes on, until it is validated and stored; so at most two have none yet.
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
        finally:
            worker.finish()
            self._settle(worker)
        return self._failed

    def _ask_one(
        self, request: Request, worker: Worker[Request, list[Remark]], *, patient: bool
    ) -> None:
        """Ask for a request, learn what has become of the one before, and have this one stored."""
        path = self.client.source.path(self.validator.dataset, request)
        try:
            content = self.client.fetch(path, patient=patient)
        except ResponseError as error:
            self._settle(worker)
            self._note_failure(request, error)
            return
        write_own(self.validator.store.unvalidated_path(request), content)
        self._settle(worker)
        worker.begin(request)

    def _store_valid(self, request: Request) -> list[Remark]:
        """Store the response that was received for a request; this is the worker's task."""
        path = self.validator.store.unvalidated_path(request)
        entry, remarks = self.validator.validate(request, path)
        self.validator.store.save_response(request, path, entry)
        return remarks

    def _settle(self, worker: Worker[Request, list[Remark]]) -> None:
        """Wait until the response before is stored or rejected, and note which."""
        done = worker.result()
        if done is None:
            return
        request, result = done
        if isinstance(result, ResponseError):
            self._note_failure(request, result)
        elif isinstance(result, BaseException):
            raise result
        else:
            say(request, result)
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
