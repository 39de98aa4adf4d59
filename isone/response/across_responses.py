"""A look across responses: what is unlikely in one that was validated, and rejects nothing.

Digests of the numbers of responses are compared: those of another day, or of another market on the
same day, are not to be expected. What is unlikely within one response is in `unlikely`. What is
found is a flaw of `flaws.SUSPECT`.
"""

from collections.abc import Iterable
from typing import Any

from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.flaws import Flaw
from isone.market.requests import Request
from isone.response import within_response
from isone.response.table import Table
from isone.store.store import Store
from isone.text import some

_NAMED = 3  # days that a sentence names before it only counts


class Known:
    """The digests of stored responses, to tell one that came before under another name."""

    def __init__(self) -> None:
        self._requests: dict[str, set[Request]] = {}

    @classmethod
    def of(cls, store: Store, dataset: Dataset, years: Iterable[int]) -> "Known":
        """Those of some years, and of the years beside them, with whatever may be confused."""
        known = cls()
        for name in (dataset.name, *_lookalikes(dataset)):
            for year in sorted({year + beside for year in years for beside in (-1, 0, 1)}):
                for entry in store.read_ledger(name, year).values():
                    request = Request.named(name, entry.request)
                    if request:
                        known.add(request, entry.prices)
        return known

    def add(self, request: Request, digest: str) -> None:
        """Remember a response; one without a digest is like no other."""
        if digest:
            self._requests.setdefault(digest, set()).add(request)

    def examine(self, table: Table, request: Request) -> tuple[str, list[Flaw]]:
        """The digest of a validated response, known from now on, and what is unlikely in it."""
        prices = within_response.prices_of(table, request)
        digest = within_response.digest_of(prices)
        found = [*self.find(request, digest), *within_response.find(table.dataset, request, prices)]
        self.add(request, digest)
        return digest, found

    def find(self, request: Request, digest: str) -> list[Flaw]:
        """What is unlikely in a response beside those that are known.

        A day's own other revision is no such thing: final prices are often the preliminary ones.
        """
        others = self._requests.get(digest, ())
        alike = [other for other in others if _share(other) == _share(request)]
        sets = {other.dataset for other in alike if other.day == request.day} - {request.dataset}
        days = {other.day for other in alike if other.dataset == request.dataset} - {request.day}
        found = [Flaw("same-as-another-dataset", _those_of(sets))] if sets else []
        if days:
            found.append(Flaw("same-as-another-day", _those_of(days)))
        if hours := [other for other in others if _are_neighbours(other, request)]:
            found.append(Flaw("repeated-hour", _those_of(hours)))
        return found


def _those_of(others: Iterable[Any]) -> str:
    named = sorted(map(str, others))
    return f"the prices are those of {some(named, _NAMED)}; either may be wrong"


def _are_neighbours(one: Request, other: Request) -> bool:
    """Whether two responses hold an hour each, and one hour follows the other."""
    if one.hour is None or other.hour is None or abs(one.hour - other.hour) != 1:
        return False
    return (one.dataset, one.day) == (other.dataset, other.day)


def _share(request: Request) -> tuple[int | None, ...]:
    """Which share of a day a response holds."""
    return (request.location, request.hour, request.block)


def _lookalikes(dataset: Dataset) -> list[str]:
    """The datasets whose responses have the same form, so that one may be taken for another.

    Another version of the same prices is none of them: final prices are often the preliminary ones.
    """
    form = (dataset.key, dataset.times.minutes, dataset.columns)
    return [
        other.name
        for other in DATASETS.values()
        if (other.key, other.times.minutes, other.columns) == form
        and not dataset.paths & other.paths
    ]
