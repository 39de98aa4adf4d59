"""What was behind the price: nothing where none of the sets that explain it is stored."""

from isone.report.cells import ChartData
from isone.report.charts import behind as charts
from isone.report.charts.theme import MARKETS
from isone.report.data import ReportData
from isone.report.figures import Figure, Section


def sections(report: ReportData) -> list[Section]:
    """One section, or none."""
    makers = {"net_load": _net_load, "marginal_fuels": _fuels, "forecast_errors": _errors}
    stored = {name: report.data[name] for name in makers if name in report.data}
    figures = tuple(makers[name](table) for name, table in stored.items() if not table.empty)
    if not figures:
        return []
    return [
        Section(
            "behind",
            "What was behind it",
            "The Hub's price beside the load that plants had to meet, the fuels that were marginal "
            "and what the day-ahead market could know. What goes together here need not be cause "
            "and effect.",
            figures=figures,
        )
    ]


def _net_load(table: ChartData) -> Figure:
    markets = [m for m in MARKETS if m in set(table.rows["market"].to_pylist())]
    return Figure(
        "price_net_load",
        "Price against net load",
        "The median price of the hours in which net load was so much; the shade holds the middle "
        "four fifths of them. Net load is system load less wind and solar of the fuel mix; solar "
        "panels behind the meter have lowered the load already.",
        table,
        charts.net_load(markets),
        choosers=("year",),
        wide=True,
    )


def _fuels(table: ChartData) -> Figure:
    """The fuels that were marginal most are drawn; the table has each."""
    time: dict[str, float] = {}
    for row in table.rows.select(["fuel", "marginal", "days"]).to_pylist():
        time[row["fuel"]] = time.get(row["fuel"], 0) + row["marginal"] * row["days"]
    most = sorted(time, key=lambda fuel: -time[fuel])[: charts.MOST_FUELS]
    drawn = sorted(fuel for fuel in most if time[fuel])
    return Figure(
        "marginal_fuels",
        "Fuels that were marginal, by month",
        "The share of a month's time in which a fuel was marginal somewhere. Several are at once, "
        "so shares add up to more than 100 %; the flag says nothing of a location or a quantity. "
        "Months are of the days that are here.",
        table,
        charts.marginal(drawn) if drawn else None,
        "No fuel is flagged as marginal.",
        wide=True,
    )


def _errors(table: ChartData) -> Figure:
    return Figure(
        "forecast_error_spread",
        "Day-ahead minus real-time against the error of the load forecast",
        "Points are means of the hours whose load was so far above the last forecast that was "
        "published before day-ahead bids closed (10:30 of the day before); bars hold the middle "
        "four fifths. Where load comes higher than expected, real time is often higher: below "
        "zero.",
        table,
        charts.forecast_error(),
        choosers=("year",),
        wide=True,
    )
