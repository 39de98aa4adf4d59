"""The requests of the doctor: which they are, one at a time, and what answered.

A response is read and validated as a download does it. What is said of it afterwards holds none of
its values.
"""

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import perf_counter
from typing import Any, Literal

from isone.audit.doctor import shapes
from isone.download.client import Client
from isone.errors import IsoneError, NoDataError, ResponseError, StopRunError
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import ALL_LOCATIONS, HUBS, Locations
from isone.market.requests import Request
from isone.response.table import Table, read_table
from isone.response.validate import validate
from isone.run.settings import HttpPolicy
from isone.store.gzipped import inflate
from isone.text import count

_UNANSWERED = 2  # probes running, after which no more are sent
_WAIT, _LONGEST_WAIT = 5.0, 20.0  # seconds after a 429 or 503

State = Literal["ok", "empty", "404", "odd", "refused", "no answer", "not asked"]
"""`odd` answered, and is not what the workflow expects."""


@dataclass(frozen=True)
class Probe:
    """One request, and what it is for."""

    name: str
    """A dataset and a day, or a few words: unique among the probes of a source."""
    path: str
    request: Request | None = None
    """Where it is a day of a dataset, or a share of it."""
    version: bool = True
    """Whether the response is the day that was asked for, and can be validated."""
    needed: bool = False
    """Whether downloads cannot do without it."""


@dataclass(frozen=True)
class Answer:
    """What became of a probe. Its body is in memory only."""

    probe: Probe
    state: State
    why: str = ""
    """In a sentence without values, where it is not ok."""
    statuses: tuple[int | None, ...] = ()
    """Of each try; None where there was no response."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = 0.0
    size: int = 0
    """Bytes, gzipped."""
    body: bytes = field(default=b"", repr=False)
    table: Table | None = field(default=None, repr=False)

    @property
    def is_answer(self) -> bool:
        """Whether the service answered what it has, or that it has none."""
        return self.state in {"ok", "empty", "404", "odd"}

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.state == "ok" if self.probe.needed else self.is_answer

    @property
    def dataset(self) -> Dataset | None:
        """The dataset that it is of."""
        return DATASETS[self.probe.request.dataset] if self.probe.request else None

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return None

    @cached_property
    def sheet(self) -> shapes.Sheet | None:
        """The lines of public CSV; None where it is none."""
        return shapes.read_sheet(self.body)

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The records of a dataset's JSON."""
        wrapper = self.dataset.wrapper if self.dataset else ()
        return _records(self.json, [{key, key.replace("Final", "Prelim")} for key in wrapper])

    @property
    def counts(self) -> tuple[int | None, int | None, int | None]:
        """How many rows, intervals and keys it holds; None where that says nothing."""
        if self.table is None:
            listed = len(list_in(self.json)) if self.body else 0
            return listed or None, None, None
        intervals, keys = self.table.intervals.distinct, self.table.keys.distinct
        return len(self.table), len(intervals), len(keys)


def _records(level: Any, keys: list[set[str]]) -> list[dict[str, Any]]:
    if isinstance(level, list):
        return [record for each in level for record in _records(each, keys)]
    if not isinstance(level, dict):
        return []
    for at, names in enumerate(keys):
        found = [level[name] for name in names if name in level]
        if found:
            return _records(found[0], keys[at + 1 :])
    return [level] if not keys else []


def list_in(level: Any) -> list[Any]:
    """The first list in JSON; one object alone is a list of one, and a text none."""
    while isinstance(level, dict):
        inner = [each for each in level.values() if isinstance(each, dict | list)]
        if not inner:
            return [level] if level else []
        level = inner[0]
    return level if isinstance(level, list) else []


def short_patience(policy: HttpPolicy) -> HttpPolicy:
    """Time-outs of the doctor: what does not answer is a row of the table, and no long wait."""
    return replace(
        policy,
        connect_timeout=min(policy.connect_timeout, 10.0),
        read_timeout=min(policy.read_timeout, 20.0),
        total_timeout=min(policy.total_timeout, 60.0),
    )


class Asking:
    """Sends probes one at a time, and ends when no other can succeed."""

    def __init__(
        self,
        client: Client,
        today: dt.date,
        most: int,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the client, the day from which on gaps are old, and the most requests there are."""
        self._client, self._today, self._most, self._sleep = client, today, most, sleep
        self._unanswered = 0
        self._wait = 0.0
        self.ended = ""
        """Why no more are sent; "" while they are."""
        self.cookies: set[str] = set()
        """What the service handed out, to be kept out of all that is written."""

    def ask(self, probe: Probe) -> Answer:
        """Send one request, and read what comes."""
        if not self.ended and not self._has_room():
            self.ended = f"no more than {self._most} requests are sent"
        if self.ended:
            return Answer(probe, "not asked", self.ended)
        if self._wait:
            self._sleep(self._wait)
            self._wait = 0.0
        answer = self._fetch(probe)
        self._unanswered = 0 if answer.is_answer else self._unanswered + 1
        if not self.ended and self._unanswered == _UNANSWERED:
            self.ended = f"{_UNANSWERED} requests running were not answered"
        return answer

    def _fetch(self, probe: Probe) -> Answer:
        answer = self._try(probe)
        cookie_may_help = self._client.source.gives_reports and answer.statuses[-1] in {200, 403}
        if answer.state == "refused" and cookie_may_help and self._has_room():
            self.ended = ""
            again = self._try(probe)
            answer = replace(
                again,
                statuses=(*answer.statuses, *again.statuses),
                seconds=answer.seconds + again.seconds,
            )
        return answer

    def _has_room(self) -> bool:
        """Whether a request may be sent, with the page that hands out the cookie for it."""
        needed = 2 if self._client.source.gives_reports else 1
        return self._client.requests_sent + needed <= self._most

    def _try(self, probe: Probe) -> Answer:
        began = perf_counter()
        try:
            packed = self._client.fetch(probe.path, patient=False)
        except IsoneError as error:
            return replace(self._failed(probe, error), seconds=perf_counter() - began)
        seconds = perf_counter() - began
        answer = Answer(probe, "ok", "", (200,), self._headers(), seconds, len(packed))
        try:
            return read(replace(answer, body=inflate(packed)), self._today)
        except ResponseError as error:
            return replace(answer, state="odd", why=shapes.without_values(str(error)))

    def _failed(self, probe: Probe, error: IsoneError) -> Answer:
        """What an exchange without a usable response means; service's own words stay out of it."""
        headers, response = self._headers(), self._client.last_response
        status = response.status_code if response is not None else None
        cause = error.__cause__ if isinstance(error.__cause__, IsoneError) else error
        if isinstance(error, NoDataError):
            return Answer(probe, "404", "", (status,), headers)
        why = str(cause)
        is_other_type = status == 200 and " instead of " in why
        if isinstance(error, StopRunError) and status != 403:
            self.ended = "no other request can succeed"
        elif status not in {None, 200}:
            why = f"the service answered {shapes.phrase(status or 0)}"
            if status in {429, 503}:
                asked = getattr(cause, "retry_after", None) or _WAIT
                self._wait = min(asked, _LONGEST_WAIT)
                why += f"; the next request waits {self._wait:.0f} s"
        elif is_other_type:
            kind = shapes.content_type(headers) or "a response without a type"
            why = f"the service sent {kind}, which is not a response of this dataset"
        if isinstance(error, ResponseError):
            state: State = "odd"
        else:
            is_whole = status not in {None, 200} or is_other_type
            state = "refused" if is_whole else "no answer"
        return Answer(probe, state, why, (status,), headers)

    def _headers(self) -> Mapping[str, str]:
        response = self._client.last_response
        if response is None:
            return {}
        self.cookies |= {value for value in response.cookies.values() if value}
        return response.headers


def read(answer: Answer, today: dt.date) -> Answer:
    """Read an answer's body as what it was asked for; what is wrong with it is said."""
    request, dataset = answer.probe.request, answer.dataset
    if request is None or dataset is None:
        is_json = answer.json is not None
        return answer if is_json else replace(answer, state="odd", why="the response is no JSON")
    try:
        table = read_table(dataset, answer.body)
        answer = replace(answer, table=table)
        if not answer.probe.version:
            return answer
        wanted: Locations = HUBS if dataset.chooses_locations else ALL_LOCATIONS
        found = validate(table, request, locations=wanted, today=today)
    except NoDataError:
        return replace(answer, state="empty")
    except ResponseError as error:
        return replace(answer, state="odd", why=shapes.without_values(str(error)))
    if found.missing and not found.forgiven:
        missing = count(len(found.missing), "interval or location", "intervals or locations")
        return replace(answer, state="odd", why=f"{missing} missing")
    return answer
