"""Quality: what the checks found, what the downloads cost, and what made the page."""

from isone.datasets import DATASETS
from isone.report import quality
from isone.report.charts import prices as charts
from isone.report.coverage import State
from isone.report.facts import Facts
from isone.report.figures import Extremes, Figure, Section
from isone.report.tables import PageTable, cell, page_table


def section(facts: Facts) -> Section:
    """The audit of five-minute prices, and the tables of the data's making."""
    audit = facts.data["audit"]
    return Section(
        "quality",
        "Quality",
        "What was found while the days were proven, and how they came here.",
        figures=(
            Figure(
                "five_minute_audit",
                "Five-minute against hourly prices",
                "Mean distance of ISO New England's hourly real-time price from the mean of its "
                "five-minute prices of the same hour. Rounding makes half a cent.",
                audit,
                charts.audit() if not audit.empty else None,
                "Five-minute and hourly real-time prices are not both loaded, so they cannot be "
                "held against each other.",
                choosers=("place", "year"),
                summary=(Extremes("Mean difference", "mean_difference", "month"),),
                wide=True,
            ),
        ),
        tables=(
            _findings(facts),
            _revisions(facts),
            _downloads(facts),
            _tables(facts),
            _versions(facts),
        ),
    )


def _findings(facts: Facts) -> PageTable:
    rows = [
        [
            DATASETS[name].title,
            found.replies,
            found.rows,
            found.duplicates,
            found.off_grid,
            found.cents_off,
            found.missing,
            ", ".join(sorted(found.unknown_fields)) or "none",
        ]
        for name, found in facts.quality.findings.items()
    ]
    return page_table(
        "Findings of the checks",
        [
            "Dataset",
            "Replies",
            "Rows",
            "Rows that came twice, alike",
            "Stamps 1-2 s off",
            "Components a cent off",
            "Intervals missing, accepted",
            "New fields",
        ],
        rows,
        note=" ".join(
            (
                "Counted over the replies of proven years; none of these does harm. What does harm "
                "is refused, and stands under Coverage.",
                *facts.quality.remarks,
            )
        ),
        absent="No year is proven yet.",
    )


def _revisions(facts: Facts) -> PageTable:
    counted = {
        (name, state): sum(day.dataset == name and day.state == state for day in facts.days)
        for name in facts.quality.findings
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
                cell(quality.market_time(found.first_fetched)),
                cell(quality.market_time(found.last_fetched)),
            ]
            for name, found in facts.quality.findings.items()
        ],
        note="Final prices are ISO New England's last word; preliminary ones may still change. "
        "Times are market time.",
        absent="No year is proven yet.",
    )


def _downloads(facts: Facts) -> PageTable:
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
                job.get("name"),
                job.get("state"),
                f"{job.get('attempt')} of {job.get('attempts')}",
                f"{job.get('days_done')} of {job.get('days')}",
                job.get("requests_sent"),
                job.get("retries"),
                cell(job.get("seconds_waited"), 0),
                cell(job.get("requests_a_minute"), 0),
                job.get("started"),
            ]
            for job in facts.quality.jobs
        ],
        note="Times of this table are those of the machine that downloaded.",
        absent="No download has left a status file here.",
    )


def _tables(facts: Facts) -> PageTable:
    return page_table(
        "Rows in the database",
        ["Table", "Content", "Rows"],
        [[name, DATASETS[name].title, count] for name, count in facts.rows.items()],
    )


def _versions(facts: Facts) -> PageTable:
    about = facts.about
    rows = [
        *quality.versions(),
        ("database", str(facts.database)),
        ("database built", about.get("built", "never")),
        ("database made by", about.get("made_by", "nothing")),
        *quality.shown_settings(facts.settings),
    ]
    return page_table("Versions and settings", ["What", "Value"], [list(row) for row in rows])
