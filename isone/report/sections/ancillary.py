"""Ancillary services: regulation, and reserves in real time and day-ahead."""

from isone.report.cells import ChartData, PageTable, cell, page_table
from isone.report.charts import ancillary as charts
from isone.report.charts.theme import PRODUCTS
from isone.report.data import ReportData
from isone.report.figures import Extremes, Figure, Section

_NO_REGULATION = "No regulation prices are loaded."
_KINDS = {"five-minute": "regulation_5min", "hourly": "regulation_hourly"}
_NO_RESERVES = "No real-time reserve prices are loaded."


def section(report: ReportData) -> Section:
    """All charts of ancillary services."""
    return Section(
        "ancillary",
        "Ancillary services",
        "What is paid for following a signal (regulation) and for standing by (reserves).",
        figures=(*_regulation(report), *_reserves(report), _day_ahead(report)),
        tables=(_regulation_table(report), _reserve_table(report)),
    )


def _regulation(report: ReportData) -> list[Figure]:
    data = report.data["regulation"]
    return [
        Figure(
            f"regulation_{column}",
            f"Regulation {column}",
            caption,
            data,
            charts.regulation(column, unit) if data.has(column) else None,
            _NO_REGULATION,
            ("day", column),
            choosers=("year",),
            series=("regulation",),
            summary=(Extremes(f"Regulation {column} daily mean", column, "day", unit),),
        )
        for column, unit, caption in (
            ("capacity", "$/MWh", "Daily mean of the price for holding capacity to regulate."),
            ("service", "$/MW", "Daily mean of the price per MW of movement up and down."),
        )
    ]


def _reserves(report: ReportData) -> list[Figure]:
    monthly, shares = report.data["reserves"], report.data["reserves_above_zero"]
    return [
        Figure(
            "reserve_price",
            "Real-time reserve prices by product",
            "Monthly mean of the intervals in the chosen reserve zone. Reserves cost nothing for "
            "most of the time, so means are small and hours of scarcity make them.",
            monthly,
            charts.reserves(_products(monthly)) if not monthly.empty else None,
            _NO_RESERVES,
            choosers=("zone", "year"),
            series=("reserves",),
            summary=tuple(
                Extremes(PRODUCTS[p], "price", "month", where={"product": p})
                for p in _products(monthly)
            ),
        ),
        Figure(
            "reserve_share",
            "How often reserves have a price",
            "Share of intervals in which the price was above zero, by reserve zone and product.",
            shares,
            charts.above_zero(_products(shares), len(report.zones)) if not shares.empty else None,
            _NO_RESERVES,
            choosers=("year",),
            series=("reserves",),
        ),
    ]


def _day_ahead(report: ReportData) -> Figure:
    data = report.data["reserves_day_ahead"]
    return Figure(
        "reserve_day_ahead",
        "Day-ahead ancillary services",
        "Monthly mean of the day-ahead prices of reserves, and of the forecast energy requirement; "
        "the market opened on 1 March 2025.",
        data,
        charts.reserves(_products(data)) if not data.empty else None,
        "No day-ahead ancillary service prices are loaded.",
        choosers=("year",),
        series=("reserves_da",),
        summary=tuple(
            Extremes(PRODUCTS[p], "price", "month", where={"product": p}) for p in _products(data)
        ),
        wide=True,
    )


def _products(data: ChartData) -> list[str]:
    found = set(data.rows["product"].to_pylist())
    return [product for product in PRODUCTS if product in found]


def _regulation_table(report: ReportData) -> PageTable:
    rows = [
        [
            report.called(row["year"], (_KINDS[row["kind"]],)),
            row["kind"],
            row["intervals"],
            *(
                cell(row[name])
                for name in ("capacity", "capacity_above_zero", "service", "service_above_zero")
            ),
        ]
        for row in report.tables["regulation_yearly"].to_pylist()
    ]
    return page_table(
        "Regulation by year",
        [
            "Year",
            "Prices",
            "Intervals",
            "Capacity mean ($/MWh)",
            "Capacity above zero (% of intervals)",
            "Service mean ($/MW)",
            "Service above zero (% of intervals)",
        ],
        rows,
        note=report.comparison(("regulation",)),
        absent=_NO_REGULATION,
    )


def _reserve_table(report: ReportData) -> PageTable:
    order = list(PRODUCTS)
    rows = [
        row
        for row in report.data["reserves_above_zero"].rows.to_pylist()
        if row["year"] or len(report.years) > 1
    ]
    rows.sort(key=lambda row: (row["year"], row["zone_id"], order.index(row["product"])))
    return page_table(
        "Real-time reserves by zone, product and year",
        [
            "Reserve zone",
            "Year",
            "Product",
            "Mean ($/MWh)",
            "Highest ($/MWh)",
            "Above zero (%)",
            "Hours above zero",
        ],
        [
            [
                f"{row['zone']} ({row['zone_id']})",
                report.called(row["year"], ("reserves",), row["zone_id"]),
                PRODUCTS[row["product"]],
                row["price"],
                row["high"],
                row["share"],
                cell(row["hours"], 1),
            ]
            for row in rows
        ],
        note=report.comparison(("reserves",)),
        absent=_NO_RESERVES,
        chooser="zone",
        choices=[row["zone_id"] for row in rows],
    )
