"""When a request is sent again, how long that waits (the back-off), and when it is given up.

Sleeping and retrying happen here and nowhere else.
"""

import logging
from collections.abc import Callable

import requests
import tenacity

from isone.errors import TransientError
from isone.run.progress import Progress
from isone.run.settings import HttpPolicy

log = logging.getLogger(__name__)

FIRST_PATIENCE = 60.0
"""Seconds after which a service that has never answered is given up."""


class Retries:
    """The retries of one client, counted. Its `progress`, which learns of each wait, is replaced.

    While nothing says that the service `has_answered` before, patience is short: a wrong address or
    a missing proxy will not mend itself.
    """

    def __init__(
        self, policy: HttpPolicy, sleep: Callable[[float], None], *, has_answered: bool
    ) -> None:
        self.policy = policy
        self.has_answered = has_answered
        self.count = 0
        self.waited = 0.0
        self.progress = Progress()
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=self._wait,
            stop=self._patience_ends,
            before_sleep=self._before_sleep,
            sleep=sleep,
            reraise=True,
        )

    def run(self, fetch: Callable[[str], bytes], url: str) -> bytes:
        """What `fetch` returns, tried again after each TransientError while patience lasts."""
        return self._retrying(fetch, url)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Seconds until the next try: twice the last, and never sooner than the server asks."""
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "retry_after", None) or 0.0
        first, longest = self.policy.backoff_first, self.policy.backoff_longest
        backoff = tenacity.wait_exponential(multiplier=first, max=longest)(state)
        return float(max(asked, backoff + tenacity.wait_random(0, first / 2)(state)))

    def _patience_ends(self, state: tenacity.RetryCallState) -> bool:
        waiting = state.idle_for + state.upcoming_sleep
        if waiting > self.policy.backoff_total:
            return True
        if self.has_answered or (_is_silence(state) and state.attempt_number == 1):
            return False
        passed = (state.seconds_since_start or 0.0) + state.upcoming_sleep
        return max(waiting, passed) > FIRST_PATIENCE

    def _before_sleep(self, state: tenacity.RetryCallState) -> None:
        reason = str(state.outcome.exception()) if state.outcome else ""
        self.count += 1
        self.waited += state.upcoming_sleep
        log.warning("waiting %.1f s: %s", state.upcoming_sleep, reason)
        self.progress.wait(state.upcoming_sleep, reason)


def _is_silence(state: tenacity.RetryCallState) -> bool:
    """Whether somebody took the request and said nothing within the read_timeout."""
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error and error.__cause__, requests.exceptions.ReadTimeout)
