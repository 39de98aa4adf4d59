"""Storage: how far the most expensive hours of a day are above the cheapest."""

from isone.report.cells import PageTable, page_table
from isone.report.charts import prices as charts
from isone.report.charts.theme import MARKETS
from isone.report.data import ReportData
from isone.report.figures import Extremes, Figure, Section

_WHOLE_DAYS = ("da_tb", "rt_tb")
_ABSENT = "No energy prices of whole days are loaded."


def section(report: ReportData) -> Section:
    """Top-bottom spreads."""
    return Section(
        "storage",
        "Top-bottom price spreads",
        "For storage: TB2 is the mean price of a day's two most expensive hours minus that of its "
        "two cheapest, TB4 the same of four hours. It is a spread of prices, not a revenue: it "
        "knows neither losses, nor what a battery can do, nor what could be foreseen.",
        figures=(_daily(report), _summed(report)),
        tables=(_yearly(report),),
    )


def _drawn(report: ReportData) -> list[str]:
    """The markets that have days of which the spread is known."""
    return [m for m in report.markets if report.data["monthly"].has(f"{m}_tb4")]


def _daily(report: ReportData) -> Figure:
    drawn = _drawn(report)
    return Figure(
        "top_bottom",
        "Daily top-bottom spread, monthly mean",
        "TB2 solid, TB4 dashed. Multiplied by the hours (two or four), it is the sum of the hourly "
        "differences in $ per MW and day.",
        report.data["monthly"],
        charts.top_bottom(drawn) if drawn else None,
        _ABSENT,
        ("location_id", "month", "da_tb2", "da_tb4", "rt_tb2", "rt_tb4"),
        choosers=("location", "year"),
        series=_WHOLE_DAYS,
        summary=tuple(Extremes(f"{MARKETS[m]} TB4", f"{m}_tb4", "month") for m in drawn),
    )


def _summed(report: ReportData) -> Figure:
    drawn = _drawn(report)
    return Figure(
        "top_bottom_sum",
        "Top-bottom spread, summed up",
        "TB2 and TB4 of each whole day times their hours (two or four), summed up from the first "
        "month that is shown, per MW: what perfect foresight would have bought and sold for, "
        "without losses.",
        report.data["monthly"],
        charts.top_bottom_sum(drawn) if drawn else None,
        _ABSENT,
        ("location_id", "month", *(f"{m}_{n}_sum" for m in MARKETS for n in ("tb2", "tb4"))),
        choosers=("location", "year"),
        series=_WHOLE_DAYS,
    )


def _yearly(report: ReportData) -> PageTable:
    names = {location.id: location.spoken for location in report.locations}
    columns = [f"{m}_{part}" for m in MARKETS for part in ("tb2", "tb4", "tb4_p90")]
    words = {"tb2": "TB2 mean", "tb4": "TB4 mean", "tb4_p90": "TB4, a tenth of the days above"}
    rows = report.yearly()
    return page_table(
        "Top-bottom spreads by year",
        [
            "Location",
            "Year",
            *(f"{name} {word}" for name in MARKETS.values() for word in words.values()),
        ],
        [
            [
                names[row["location_id"]],
                report.called(row["year"], _WHOLE_DAYS, row["location_id"]),
                *(row[column] for column in columns),
            ]
            for row in rows
        ],
        note=" ".join(
            filter(None, ("In $/MWh, of days that are whole.", report.comparison(_WHOLE_DAYS)))
        ),
        absent=_ABSENT,
        chooser="location",
        choices=[row["location_id"] for row in rows],
    )
