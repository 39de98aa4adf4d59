"""The results of reconciliations: what was compared stays until it is compared again."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from isone.audit.reconcile.averages import Month
from isone.audit.reconcile.workbook import Sheet
from isone.errors import UNREADABLE, DamagedError
from isone.market import market_time
from isone.store.files import read_file, write_whole
from isone.store.store import Store


def add(store: Store, months: Iterable[Month], sheets: Iterable[Sheet]) -> None:
    """Keep new results: of the same month, location and market, or sheet, the newest counts."""
    now = market_time.utc_now()
    new_months = [msgspec.structs.replace(month, compared=now) for month in months]
    if new_months:
        known = {(m.market, m.location_id, m.month): m for m in read_months(store)}
        known |= {(m.market, m.location_id, m.month): m for m in new_months}
        _write(store.monthly_comparison_path, [known[key] for key in sorted(known)])
    new_sheets = list(sheets)
    if new_sheets:
        _write(store.workbook_comparison_path, new_sheets)


def read_months(store: Store) -> list[Month]:
    """The months that were compared, by market, location and month; none before there were any."""
    found: list[Month] = _read(store.monthly_comparison_path, list[Month])
    return found


def read_sheets(store: Store) -> list[Sheet]:
    """The sheets of the workbook that was compared last."""
    found: list[Sheet] = _read(store.workbook_comparison_path, list[Sheet])
    return found


def _read(path: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(read_file(path), type=kind)
    except FileNotFoundError:
        return []
    except UNREADABLE as error:
        raise DamagedError(
            f"{path} is no result of a reconciliation ({error}); remove it, and run "
            "`snakemake -j1 -- reconcile` again"
        ) from error


def _write(path: Path, rows: list[Any]) -> None:
    write_whole(path, msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n")
