"""What the job `reconcile` does: ask, compare, write down, show."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from isone.audit.reconcile import averages, ours, outputs, results, verdict, workbook
from isone.audit.reconcile.averages import Month
from isone.audit.reconcile.workbook import Sheet
from isone.download.client import Client
from isone.download.session import open_client
from isone.errors import NoDataError, StopRunError, VerifyError
from isone.market.locations import HUBS
from isone.run.job import Job
from isone.run.log import log
from isone.run.sources import ACCOUNT_HELP
from isone.store import gzipped
from isone.store.files import make_folder, write_whole
from isone.store.store import Store
from isone.text import count


def reconcile_prices(it: Job, packed: Sequence[Path]) -> Path:
    """Compare packed years, named by their markers, with ISO-NE's own figures.

    Returns where the verdict is written. Raises VerifyError where a price differs, or nothing
    could be compared.
    """
    tables = [it.store.parquet_path(marker.parent.name, marker.stem) for marker in packed]
    summary = it.store.reconcile_summary_path
    summary.unlink(missing_ok=True)
    months: list[Month] = []
    sheets: list[Sheet] = []
    if it.settings.smd:
        sheets = _read_workbook(it.settings.smd, tables)
    else:
        months = _ask_for_averages(it, tables)
    results.add(it.store, months, sheets)
    _show(months, sheets)
    found = verdict.on_hours(sheets) if it.settings.smd else verdict.on_months(months)
    it.tell(compared=found.compared, differ=found.differ, verdict_lines=[found.text])
    write_whole(summary, f"{found.text}\n".encode())
    if not found.compared:
        raise VerifyError(found.text)
    if found.differ:
        raise VerifyError(f"{found.text} (see {it.store.monthly_comparison_path.parent})")
    log.info("%s", found.text)
    return summary


def _ask_for_averages(it: Job, tables: Sequence[Path]) -> list[Month]:
    """The months of the tables, compared with ISO-NE's averages, which are asked for."""
    months: list[Month] = []
    chosen = ours.tables_by_market(tables)
    if not chosen:
        return months
    with it.store.sole_downloader(it.name), open_client(it.settings, it.redaction) as client:
        if client.source.gives_reports:
            raise StopRunError(f"the monthly averages are in no public report; {ACCOUNT_HELP}")
        for (market, year), path in chosen.items():
            months += reconcile_year(it.store, client, market, year, ours.read_hours(path))
    return months


def _read_workbook(path: Path, tables: Sequence[Path]) -> list[Sheet]:
    """The hours of the tables, compared with those of a workbook."""
    hours: dict[tuple[str, int], ours.Hours] = {}
    for (market, _), table in ours.tables_by_market(tables).items():
        for place, prices in ours.read_hours(table).items():
            hours.setdefault((market, place), {}).update(prices)
    regulation: dict[str, ours.Hours] = {}
    for table in tables:
        if ours.dataset_of(table).name == outputs.REGULATION:
            for column, prices in workbook.regulation_hours(ours.read_regulation(table)).items():
                regulation.setdefault(column, {}).update(prices)
    if not hours and not regulation:
        return []
    return workbook.compare_workbook(path, hours, regulation)


def reconcile_year(
    store: Store, client: Client, market: str, year: int, places: Mapping[int, ours.Hours]
) -> list[Month]:
    """The months of a year at hub and zones; each response is kept as served."""
    months: list[Month] = []
    for location in sorted(places.keys() & set(HUBS)):
        path = store.monthly_average_path(market, year, location)
        published = {}
        try:
            where = averages.PATH.format(market=market, year=year, location=location)
            content = client.fetch(where)
            published = averages.read_averages(gzipped.inflate(content), year, location)
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
