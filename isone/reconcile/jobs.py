"""What Snakemake's job `reconcile` does: ask, compare, write down, show; with its journal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isone import parse
from isone.datasets import HUBS
from isone.download.client import Client
from isone.download.jobs import open_client
from isone.errors import NoDataError, StopRunError, VerifyError
from isone.journal import Journal, log
from isone.once import do_once
from isone.reconcile import averages, ours, outputs, results, workbook
from isone.reconcile.averages import Month
from isone.reconcile.workbook import Sheet
from isone.settings import read_settings
from isone.sources import ACCOUNT_HELP
from isone.store import Store, make_folder, write_whole
from isone.words import count


def reconcile_prices(config: Mapping[str, Any], tables: Sequence[str], log_path: str) -> int:
    """Hold packed years against ISO-NE's own figures; returns the exit code."""
    settings = read_settings(config)
    store = Store(settings.store_dir)
    found = ours.tables_by_market([Path(table) for table in tables])

    def work(journal: Journal) -> None:
        hours = {key: ours.read_hours(path) for key, path in found.items()}
        months: list[Month] = []
        sheets: list[Sheet] = []
        if settings.smd:
            flat: dict[tuple[str, int], ours.Hours] = {}
            for (market, _), places in hours.items():
                for place, prices in places.items():
                    flat.setdefault((market, place), {}).update(prices)
            sheets = workbook.compare_workbook(settings.smd, flat)
        else:
            with (
                store.sole_downloader("reconcile"),
                open_client(settings, journal.redaction) as client,
            ):
                if client.source.gives_reports:
                    raise StopRunError(f"the monthly averages are in no public report; "
                                       f"{ACCOUNT_HELP}")  # fmt: skip
                for (market, year), places in hours.items():
                    months += reconcile_year(store, client, market, year, places)
        results.add(store, months, sheets)
        _show(months, sheets)
        differ = sum(m.verdict == averages.DIFFERS for m in months)
        differ += sum(sheet.differ for sheet in sheets)
        compared = len(months) or sum(sheet.hours for sheet in sheets)
        journal.tell(compared=compared, differ=differ)
        if differ:
            raise VerifyError(
                f"{differ:,} of {count(compared, 'hour' if sheets else 'month')} differ from "
                f"ISO-NE's own figures: see {outputs.months_path(store).parent}"
            )

    return do_once(settings, "reconcile", "snakemake -j1 --config … -- reconcile", log_path, work)


def reconcile_year(
    store: Store, client: Client, market: str, year: int, places: Mapping[int, ours.Hours]
) -> list[Month]:
    """The months of a year at hub and zones; each reply is kept as served."""
    months: list[Month] = []
    for location in sorted(places.keys() & set(HUBS)):
        path = store.root / "raw" / "lmp_index" / market / str(year) / f"{location}.json.gz"
        published = {}
        try:
            where = averages.PATH.format(market=market, year=year, location=location)
            content = client.fetch(where)
            published = averages.read_averages(parse.inflate(content), year, location)
            make_folder(path.parent)
            write_whole(path, content)
        except NoDataError:
            log.info("%s %d at %d: nothing is published", market, year, location)
        months += averages.compare_year(market, location, year, published, places[location])
    return months


def _show(months: Sequence[Month], sheets: Sequence[Sheet]) -> None:
    """The comparison as a table for the terminal; it goes into the log line by line too."""
    lines = []
    for market, location in dict.fromkeys((m.market, m.location_id) for m in months):
        of_place = [m for m in months if (m.market, m.location_id) == (market, location)]
        counts = Counter(month.verdict for month in of_place)
        gaps = [abs(m.difference) for m in of_place if m.difference is not None]
        largest = f", largest difference {max(gaps):.3f} $/MWh" if gaps else ""
        verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        lines.append(f"{market} {of_place[0].location:<16} {verdicts}{largest}")
        lines += [
            f"   {m.month}: ISO-NE {m.published:.2f}, here {m.ours:.4f}, {m.difference:+.4f}"
            for m in of_place
            if m.verdict == averages.DIFFERS
        ]
    for sheet in sheets:
        lines.append(
            f"{sheet.market} {sheet.sheet:<10} {count(sheet.hours, 'hour')} compared, "
            f"{sheet.differ:,} differ, {sheet.not_here:,} not here, {sheet.flat} flat, "
            f"largest {sheet.largest:.3f}"
        )
        lines += [f"   {example}" for example in sheet.examples[:5]]
    for line in lines:
        log.info("%s", line)
