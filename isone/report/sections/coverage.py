"""Coverage: which days are there, as a calendar and as counts."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from isone.market.datasets import DATASETS
from isone.report import coverage
from isone.report.cells import ChartData, Label, PageTable, page_table
from isone.report.charts import calendar
from isone.report.data import ReportData
from isone.report.day import INCOMPLETE, VALIDATED, Day, State
from isone.report.figures import Figure, Section
from isone.text import count

_SQUARE = 11  # pixels, where the page does not say otherwise
_NAMED = 100
_LABELS = {
    "day": Label("Day"),
    "state": Label("State"),
    "rows": Label("Rows"),
    "digest": Label("SHA-256, its beginning"),
    "fetched": Label("Fetched, market time"),
    "note": Label("Remark"),
}


def section(report: ReportData) -> Section:
    """The calendars, the counts behind them, and every day that is missing or damaged."""
    return Section(
        "coverage",
        "Coverage",
        "A square is an operating day of New England. A day is validated when its response was "
        "shown to hold every interval of every location that the calendar demands, and is on disk "
        "under its digest. Lists of what happens, such as binding constraints, owe no number of "
        "rows: of their days it is known that the response is whole, and a day may have none. "
        "A day with a flaw of ISO New England's own that was accepted by name counts too, and so "
        "does one with suspect prices: both are listed below.",
        figures=tuple(_calendar(report.days, name) for name in _datasets(report)),
        lead=(_counts(report),),
        tables=(
            _incomplete(report.days),
            _gaps(report.days),
            _accepted(report.days),
            _suspects(report.days),
        ),
    )


def _datasets(report: ReportData) -> list[str]:
    found = {day.dataset for day in report.days}
    return [name for name in DATASETS if name in found]


def _calendar(days: Sequence[Day], name: str) -> Figure:
    chosen = [day for day in days if day.dataset == name]
    years = [day.day.year for day in chosen]
    first, count = min(years), max(years) - min(years) + 1
    occurring = {day.state for day in chosen}
    states = [state for state in State if state in occurring]
    return Figure(
        name=f"calendar_{name}",
        title=DATASETS[name].title,
        caption=f"{name}: {_sentence(chosen)}. Weeks go across, weekdays down from Monday.",
        data=ChartData(f"calendar_{name}", _table(chosen), _LABELS),
        chart=calendar.calendar(
            first, count, states, height=_SQUARE * (calendar.SLOTS * count - 1) + 30
        ),
        strips=count,
    )


def _table(days: Sequence[Day]) -> pa.Table:
    return pa.table(
        {
            "day": pa.array([day.day for day in days], pa.date32()),
            "state": pa.array([str(day.state) for day in days], pa.string()),
            "rows": pa.array([day.rows for day in days], pa.int64()),
            "digest": pa.array([day.digest for day in days], pa.string()),
            "fetched": pa.array([_minute(day.fetched) for day in days], pa.string()),
            "note": pa.array([_remark(day) for day in days], pa.string()),
        }
    )


def _remark(day: Day) -> str:
    """What there is to say of a day, its flaws after it, as plain text."""
    found = [f"{each.flaw}: {each.what}" for each in day.flaws]
    return "; ".join(filter(None, [day.note, *found])).replace("`", "")


def _minute(moment: dt.datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _sentence(days: Sequence[Day]) -> str:
    """How many days are in which state, in words."""
    found = Counter(day.state for day in days)
    words = [f"{count(sum(found[state] for state in VALIDATED), 'day')} validated"]
    empty = sum(day.state in VALIDATED and day.rows == 0 for day in days)
    if empty:
        words.append(f"{empty:,} of them empty, without a row")
    words += [
        f"{found[state]:,} {state}" for state in State if found[state] and state not in VALIDATED
    ]
    return ", ".join(words)


def _counts(report: ReportData) -> PageTable:
    found = coverage.counts(report.days)
    states = [state for state in State if any(count[state] for count in found.values())]
    accepted = Counter((day.dataset, day.day.year) for day in report.days if day.accepted)
    suspect = Counter((day.dataset, day.day.year) for day in report.days if day.suspects)
    rows = [
        [
            DATASETS[key[0]].title,
            key[0],
            str(key[1]),
            *(count[state] for state in states),
            accepted[key],
            suspect[key],
        ]
        for key, count in found.items()
    ]
    return page_table(
        "Days by state",
        [
            *("Dataset", "Table", "Year", *(state.capitalize() for state in states)),
            "With an accepted flaw",
            "Suspect",
        ],
        rows,
        absent="Nothing has been downloaded yet, so there is no day to show.",
    )


def _incomplete(days: Sequence[Day]) -> PageTable:
    runs = list(_runs([day for day in days if day.state in INCOMPLETE]))
    runs.sort(key=lambda run: INCOMPLETE.index(run[0].state))
    return page_table(
        "Days that are missing or damaged",
        ["Dataset", "From", "Through", "Days", "State", "Why"],
        [
            [run[0].dataset, str(run[0].day), str(run[-1].day), len(run), *_why(run[0])]
            for run in runs[:_NAMED]
        ],
        note=_more(len(runs) - _NAMED).strip(),
        absent="No day is missing or damaged.",
    )


def _why(day: Day) -> tuple[str, str]:
    return str(day.state), day.note


def _runs(days: Iterable[Day]) -> Iterator[list[Day]]:
    """Days that follow each other with the same to say of them, together."""
    run: list[Day] = []
    for day in days:
        if run and (
            (run[-1].dataset, *_why(run[-1])) != (day.dataset, *_why(day))
            or day.day - run[-1].day != dt.timedelta(days=1)
        ):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _gaps(days: Sequence[Day]) -> PageTable:
    chosen = [day for day in days if day.state == State.GAP]
    return page_table(
        "Accepted gaps",
        ["Dataset", "Day", "Rows", "Reason"],
        [[day.dataset, str(day.day), day.rows, day.note] for day in chosen],
        note="Gaps of ISO New England's own, accepted by name in the configuration.",
        absent="No gap is accepted.",
    )


def _accepted(days: Sequence[Day]) -> PageTable:
    rows = [
        [day.dataset, str(day.day), each.flaw, each.what, each.reason]
        for day in days
        for each in day.accepted
    ]
    return page_table(
        "Other accepted flaws",
        ["Dataset", "Day", "Flaw", "What", "Reason"],
        rows[:_NAMED],
        note="Flaws of ISO New England's own, accepted by name in the configuration."
        + _more(len(rows) - _NAMED),
        absent="No other flaw is accepted.",
    )


def _suspects(days: Sequence[Day]) -> PageTable:
    rows = [
        [day.dataset, str(day.day), each.flaw, each.what, each.reason or "not acknowledged"]
        for day in days
        for each in day.suspects
    ]
    return page_table(
        "Suspect prices",
        ["Dataset", "Day", "Flaw", "What", "Acknowledged because"],
        rows[:_NAMED],
        note="Prices that are unlikely rather than wrong: they are stored as they came. "
        "`accepted_flaws` in the configuration acknowledges one by name, with a reason."
        + _more(len(rows) - _NAMED),
        absent="No day has suspect prices.",
    )


def _more(number: int) -> str:
    return f" And {number:,} more; the calendars' own numbers have them all." if number > 0 else ""
