"""Quality: what the checks found, what the downloads cost, and what made the page."""

from collections.abc import Sequence
from typing import Any

from isone.market.datasets import DATASETS
from isone.report import quality
from isone.report.cells import Cell, PageTable, cell, in_figures, page_table
from isone.report.charts import spreads as charts
from isone.report.data import ReportData
from isone.report.day import State
from isone.report.figures import Extremes, Figure, Section
from isone.store import location_table
from isone.store.ledger import Entry
from isone.text import count

_WORST = 3  # days that a line names
_NAMED = 100  # locations that a table names


def section(report: ReportData) -> Section:
    """The audit of five-minute prices, and the tables of the data's making."""
    audit = report.data["audit"]
    return Section(
        "quality",
        "Quality",
        "What was found while the days were validated, and how they came here.",
        figures=(
            Figure(
                "five_minute_audit",
                "Five-minute against hourly prices",
                "Mean difference of ISO New England's hourly real-time price from the mean of its "
                "five-minute prices of the same hour. Rounding makes half a cent.",
                audit,
                charts.audit() if not audit.empty else None,
                "Five-minute and hourly real-time prices are not both loaded, so they cannot be "
                "compared with each other.",
                choosers=("location", "year"),
                series=("audit",),
                summary=(Extremes("Mean difference", "mean_difference", "month"),),
                wide=True,
            ),
        ),
        tables=(
            _findings(report),
            _revisions(report),
            _changes(report),
            _locations(report),
            _downloads(report),
            _tables(report),
            _versions(report),
        ),
    )


def _findings(report: ReportData) -> PageTable:
    rows = [
        [
            DATASETS[name].title,
            found.responses,
            found.rows,
            found.duplicates,
            found.off_grid,
            found.cents_off,
            found.missing,
            ", ".join(sorted(found.unknown_fields)) or "none",
        ]
        for name, found in report.quality.findings.items()
    ]
    return page_table(
        "Findings of the checks",
        [
            "Dataset",
            "Responses",
            "Rows",
            "Rows that came twice, alike",
            "Timestamps 1-2 s off",
            "Sums rounded",
            "Intervals missing, accepted",
            "New fields",
        ],
        rows,
        note=" ".join(
            (
                "Counted over the responses of complete years; none of these rejects a day. What "
                "does is under Coverage.",
                *report.quality.remarks,
            )
        ),
        absent="No year is validated yet.",
    )


def _revisions(report: ReportData) -> PageTable:
    counted = {
        (name, state): sum(day.dataset == name and day.state == state for day in report.days)
        for name in report.quality.findings
        for state in (State.FINAL, State.PRELIMINARY)
    }
    return page_table(
        "Revisions",
        ["Dataset", "Days final", "Days preliminary", "First fetched", "Last fetched"],
        [
            [
                DATASETS[name].title,
                counted[name, State.FINAL],
                counted[name, State.PRELIMINARY],
                cell(quality.in_market_time(found.first_fetched)),
                cell(quality.in_market_time(found.last_fetched)),
            ]
            for name, found in report.quality.findings.items()
        ],
        note="Final prices change only where ISO New England corrects them; preliminary ones may "
        "still change. "
        "Times are market time.",
        absent="No year is validated yet.",
    )


def _changes(report: ReportData) -> PageTable:
    """How far final prices differed from preliminary ones, and corrected ones from final ones."""
    rows = [
        _change(name, what, entries)
        for name, found in report.quality.findings.items()
        for what, entries in (
            ("final for preliminary", found.revised),
            ("corrected", found.corrected),
        )
        if entries
    ]
    return page_table(
        "Changes from one revision to the next",
        [
            "Dataset",
            "What",
            "Responses",
            "Responses that changed",
            "Rows changed",
            "Of rows",
            "Largest change ($/MWh)",
            "Mean change ($/MWh)",
            "Days that changed most",
        ],
        rows,
        note="A row counts as changed from half a cent on; the mean is over the rows that changed. "
        "A response is a day, or a location's share of one.",
        absent="No final day has replaced a preliminary one here, and none was "
        "corrected: days that were final at once have nothing to be compared with.",
    )


def _change(name: str, what: str, entries: Sequence[Entry]) -> list[Any]:
    changed = [entry for entry in entries if entry.changed_rows]
    rows = sum(entry.changed_rows for entry in changed)
    days: dict[str, float] = {}
    for entry in changed:
        day = str(entry.day)
        days[day] = max(days.get(day, 0.0), entry.largest_change)
    worst = sorted(days, key=lambda day: (-days[day], day))[:_WORST]
    mean = sum(entry.mean_change * entry.changed_rows for entry in changed) / rows if rows else 0.0
    return [
        DATASETS[name].title,
        what,
        len(entries),
        len(changed),
        rows,
        sum(entry.rows for entry in entries),
        max(days.values(), default=0.0),
        Cell(in_figures(mean, 4), number=True),
        ", ".join(f"{day} ({days[day]:.2f})" for day in worst) or "none",
    ]


def _locations(report: ReportData) -> PageTable:
    listed = location_table.read_table(report.store)
    first = min((seen.first_seen for seen in listed), default="")
    moved = [seen for seen in listed if seen.gone or seen.first_seen > first]
    ever = f"{count(len(listed), 'location')} ever listed, first on {first}." if listed else ""
    more = f" And {len(moved) - _NAMED:,} more." if len(moved) > _NAMED else ""
    return page_table(
        "Added and retired locations",
        ["Location", "Id", "Type", "First listed", "Last listed", "Gone since"],
        [
            [
                seen.name or "",
                str(seen.id),
                seen.type or "",
                seen.first_seen,
                seen.last_seen,
                seen.gone,
            ]
            for seen in sorted(moved, key=lambda s: s.gone or s.first_seen, reverse=True)[:_NAMED]
        ],
        note=f"{ever}{more}",
        absent=f"{ever} None was added or retired since."
        if listed
        else "No list of locations is kept: it is asked for where other locations than hub and "
        "zones are chosen.",
    )


def _downloads(report: ReportData) -> PageTable:
    return page_table(
        "Downloads, the last run of each",
        [
            "Download",
            "State",
            "Attempt",
            "Days",
            "Requests",
            "Retries",
            "Waited (s)",
            "Requests a minute",
            "Started",
        ],
        [
            [
                job.name,
                job.state,
                f"{job.attempt} of {job.attempts}",
                f"{job.days_done} of {job.days}",
                job.requests_sent,
                job.retries,
                cell(job.seconds_waited, 0),
                cell(job.requests_a_minute, 0),
                job.started,
            ]
            for job in report.quality.jobs
        ],
        note="Times of this table are those of the machine that downloaded.",
        absent="No download has left a status file here.",
    )


def _tables(report: ReportData) -> PageTable:
    return page_table(
        "Rows in the database",
        ["Table", "Content", "Rows"],
        [[name, DATASETS[name].title, count] for name, count in report.rows.items()],
    )


def _versions(report: ReportData) -> PageTable:
    about = report.about
    rows = [
        *quality.versions(),
        ("database", str(report.database)),
        ("database built", about.get("built", "never")),
        ("database made by", about.get("made_by", "nothing")),
        ("data folder", str(report.store.root)),
    ]
    return page_table("Versions", ["What", "Value"], [list(row) for row in rows])
