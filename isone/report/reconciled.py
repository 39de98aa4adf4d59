"""What reconciliations have left: our prices against ISO-NE's own figures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from isone.audit.reconcile import results
from isone.audit.reconcile.averages import Month
from isone.audit.reconcile.workbook import Sheet
from isone.errors import DamagedError
from isone.store.store import Store


@dataclass(frozen=True)
class Reconciled:
    """The months and sheets that were compared; none where no reconciliation was made."""

    months: tuple[Month, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    remarks: tuple[str, ...] = ()
    """Results that cannot be read."""


def examine(store: Store) -> Reconciled:
    """Read what the last reconciliations have left."""
    remarks: list[str] = []
    months = _readable(lambda: results.read_months(store), remarks)
    sheets = _readable(lambda: results.read_sheets(store), remarks)
    return Reconciled(tuple(months), tuple(sheets), tuple(remarks))


def _readable(read: Callable[[], list[Any]], remarks: list[str]) -> list[Any]:
    try:
        return read()
    except DamagedError as error:
        remarks.append(str(error))
        return []
