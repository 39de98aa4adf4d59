"""Which request suffers which fault: orders such as `server-error:*/day/20240105*x2`."""

import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from isone.errors import UsageError
from isone.sandbox import noise
from isone.sandbox.faults.catalogue import FAULTS
from isone.sandbox.faults.fault import LOGIN_PATH, Fault
from isone.sandbox.feeds import BASE_PATH, FEEDS, MalformedError, NotFoundError, Query, read_query
from isone.sandbox.report_files import is_page
from isone.sandbox.response import Response


@dataclass(frozen=True)
class Order:
    """A fault asked for: `NAME[:PATHGLOB][xCOUNT]`."""

    fault: Fault
    glob: str | None
    count: int | None

    def matches(self, path: str) -> bool:
        """Whether a request's path is meant; a glob may leave out the base path."""
        if self.glob is None:
            return True
        below = path.removeprefix(BASE_PATH)
        return fnmatchcase(path, self.glob) or fnmatchcase(below, self.glob)


_ORDER = re.compile(r"(?P<name>[a-z0-9-]+?)(?::(?P<glob>.+?))?(?:x(?P<count>[0-9]+))?")


def read_order(text: str) -> Order:
    """Read `NAME[:PATHGLOB][xCOUNT]`, such as `server-error:*/day/20240105*x2`.

    Raises UsageError for a name that is no fault's, for a text of another form, and for a fault
    that cannot be done to any of the sets that the glob means.
    """
    match = _ORDER.fullmatch(text)
    if match is None:
        raise UsageError(f"The fault {text!r} is not written as NAME[:PATHGLOB][xCOUNT].")
    name, glob, count = match.group("name", "glob", "count")
    if name not in FAULTS:
        raise UsageError(
            f"there is no fault named {name!r}; `python -m isone.sandbox --list-faults` names all"
        )
    if count is not None and int(count) == 0:
        raise UsageError(f"The fault {text!r} would never happen: its count is 0.")
    order = Order(FAULTS[name], glob, None if count is None else int(count))
    meant = _meant(order) if order.fault.needs_records else []
    if meant and not any(map(order.fault.fits, meant)):
        sets = sorted({query.feed.dataset.name for query in meant})
        raise UsageError(
            f"The fault {text!r} would never happen: it cannot be done to {', '.join(sets)}."
        )
    return order


def _meant(order: Order) -> list[Query]:
    """A query of each kind that an order's glob means, its days, hours and ids aside.

    There is none where it names no path of records, or has a set of characters in it.
    """
    if order.glob is None or "[" in order.glob:
        return []
    anywhere = Order(order.fault, re.sub("[0-9]+", "*", order.glob), None)
    found = []
    for base, feed in FEEDS.items():
        when = {"day": "day/20240101", "month": "month/202401", "year": "year/2024"}
        for narrowed in ("", "/location/1", "/reserveZone/1", "/starthour/01"):
            path = f"{base}/{when[feed.dataset.request.span]}{narrowed}"
            with contextlib.suppress(NotFoundError, MalformedError):
                query = read_query(path)
                whole = BASE_PATH + path
                if anywhere.matches(whole) or anywhere.matches(f"{whole}.json"):
                    found.append(query)
    return found


class FaultPlan:
    """The faults asked for, and which of them the next request suffers.

    Without a rate the first order that matches and has some of its count left is taken. With a
    rate that share of the requests suffers one of the matching orders. Chance hangs on the path
    and on how often it was asked for, so the same requests meet the same faults in any order.
    """

    def __init__(self, orders: Iterable[str] = (), rate: float | None = None, seed: int = 0):
        """Raises UsageError for an order or a rate that cannot be."""
        if rate is not None and not 0 <= rate <= 1:
            raise UsageError(f"The fault rate is a share from 0 to 1, not {rate}.")
        self._rate = rate
        self._seed = seed
        self._lock = threading.Lock()
        self._left: list[tuple[Order, int | None]] = []
        self._asked: Counter[str] = Counter()
        for text in orders:
            self.add(text)

    def add(self, text: str) -> None:
        """Add an order `NAME[:PATHGLOB][xCOUNT]`; raises UsageError where it cannot be."""
        order = read_order(text)
        with self._lock:
            self._left.append((order, order.count))

    def clear(self) -> None:
        """Forget every order: from now on nothing goes wrong."""
        with self._lock:
            self._left.clear()

    def choose(self, path: str, response: Response) -> Fault | None:
        """The fault that a request suffers, if any, counted off its order.

        Only what would have been answered goes wrong: a missing login or an unknown path uses up
        no fault, nor does the login page that one of the faults leads to.
        """
        if response.status != 200 or path == LOGIN_PATH or is_page(path):
            return None
        with self._lock:
            self._asked[path] += 1
            fitting = [
                number
                for number, (order, left) in enumerate(self._left)
                if left != 0 and order.matches(path) and order.fault.applies_to(response)
            ]
            if not fitting:
                return None
            chosen = fitting[0]
            if self._rate is not None:
                chance, which = noise.units(self._seed, f"fault/{path}", self._asked[path], 2)
                if chance >= self._rate:
                    return None
                chosen = fitting[int(which * len(fitting))]
            order, left = self._left[chosen]
            self._left[chosen] = (order, None if left is None else left - 1)
            return order.fault
