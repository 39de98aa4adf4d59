"""Each line of docs/unverified.md as a check: as assumed, otherwise, or it cannot be told.

A line's id is its function's name with hyphens. The functions are in the modules `lines_…`, and all
of them in `lines`, in the order of the page; a test compares page and code.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from isone.audit.doctor.probes import Answer

_NOT_ASKED = "was not asked for: --everything does"
Word = Literal["as assumed", "otherwise", "cannot be told"]


@dataclass(frozen=True)
class Verdict:
    """What was observed about one line."""

    word: Word
    why: str
    """Counts, days and headings; no price."""
    elsewhere: str = ""
    """The source that tells more, where the one that was asked cannot."""


class CannotTellError(Exception):
    """Ends a check: what it needs was not seen."""

    def __init__(self, why: str, elsewhere: str = "") -> None:
        """Take the reason, and the source that would tell."""
        super().__init__(why)
        self.elsewhere = elsewhere


@dataclass(frozen=True)
class Seen:
    """All answers of a run, by the names of their probes."""

    answers: Mapping[str, Answer]
    is_csv: bool
    now: dt.datetime

    def api(self, *names: str) -> list[Answer]:
        """Answers of the web services. Raises CannotTellError where one is missing."""
        if self.is_csv:
            raise CannotTellError("the web services tell", "webservices")
        return [self._of(name) for name in names]

    def csv(self, *names: str) -> list[Answer]:
        """Answers of the public CSV. Raises CannotTellError where one is missing."""
        if not self.is_csv:
            raise CannotTellError("the public CSV tells", "reports")
        return [self._of(name) for name in names]

    def of(self, dataset: str) -> list[Answer]:
        """All answers that are of a dataset, in the order in which they were asked for."""
        return [
            each
            for each in self.answers.values()
            if each.probe.request and each.probe.request.dataset == dataset and each.is_answer
        ]

    def newest(self, dataset: str) -> Answer:
        """The answer to the day of a dataset that downloads need."""
        found = [each for each in self.of(dataset) if each.probe.needed]
        if not found:
            requests = (each.probe.request for each in self.answers.values())
            is_asked = any(each and each.dataset == dataset for each in requests)
            raise CannotTellError(f"{dataset} {'was not answered' if is_asked else _NOT_ASKED}")
        return found[0]

    def _of(self, name: str) -> Answer:
        answer = self.answers.get(name)
        if answer is None:
            raise CannotTellError(f"{name} {_NOT_ASKED}")
        if not answer.is_answer:
            raise CannotTellError(f"{name} was not answered")
        return answer


Check = Callable[[Seen], Verdict]


def as_assumed(why: str) -> Verdict:
    """What was observed is what the code assumes."""
    return Verdict("as assumed", why)


def otherwise(why: str) -> Verdict:
    """What was observed contradicts the code."""
    return Verdict("otherwise", why)


def csv_is_read(seen: Seen, *datasets: str) -> Verdict:
    """Whether the newest public CSV of some datasets is read whole."""
    seen.csv()
    answers = [seen.newest(name) for name in datasets]
    odd = [f"{each.probe.name}: {each.why or each.state}" for each in answers if each.state != "ok"]
    return otherwise("; ".join(odd)) if odd else as_assumed("the newest days are read whole")


def days_are_there(seen: Seen, *names: str) -> Verdict:
    """Whether the web services still have the days of some probes."""
    gone = [each.probe.name for each in seen.api(*names) if each.state in {"empty", "404"}]
    return otherwise(f"no data: {', '.join(gone)}") if gone else as_assumed(", ".join(names))


def id_of(check: Check) -> str:
    """The id of the line that a function checks."""
    return check.__name__.replace("_", "-")


def judge(checks: Iterable[Check], seen: Seen) -> dict[str, Verdict]:
    """The verdict of each line, by its id."""
    return {id_of(check): _judge(check, seen) for check in checks}


def _judge(check: Check, seen: Seen) -> Verdict:
    try:
        return check(seen)
    except CannotTellError as error:
        return Verdict("cannot be told", str(error), error.elsewhere)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # a response of a form that nobody has seen: what it holds must not be said
        why = f"the response has another form than this check reads ({type(error).__name__})"
        return Verdict("cannot be told", why)
