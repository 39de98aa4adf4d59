"""What all charts share: colours that colour-blind readers tell apart, axes of time, tooltips.

The colours are those of Okabe and Ito; no chart relies on them alone: lines also differ in their
dashes, squares carry signs.
"""

from typing import Any

import altair as alt

MARKETS = {"da": "Day-ahead", "rt": "Real-time"}
MARKET_COLOURS = {"da": "#0072B2", "rt": "#D55E00"}
MARKET_DASHES = {"da": [1, 0], "rt": [5, 2]}
PRODUCTS = {
    "tmsr": "Ten-minute spinning (TMSR)",
    "tmnsr": "Ten-minute non-spinning (TMNSR)",
    "tmor": "Thirty-minute operating (TMOR)",
    "fer": "Forecast energy requirement (FER)",
}
PRODUCT_COLOURS = {"tmsr": "#0072B2", "tmnsr": "#E69F00", "tmor": "#009E73", "fer": "#CC79A7"}
PRODUCT_DASHES = {"tmsr": [1, 0], "tmnsr": [5, 2], "tmor": [2, 2], "fer": [8, 2, 2, 2]}

Spec = dict[str, Any]
"""A chart in Vega-Lite, without its data."""
ROWS = "rows"
"""The name under which a chart gets its data."""
POINTER = "pointer"
"""The name of a layer that is only there for the pointer."""
_GREY = "#555b64"
_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif"
UTC = alt.Scale(type="utc")  # days are instants at midnight UTC, whatever the reader's zone

CONFIG: dict[str, Any] = {
    "font": _FONT,
    "background": "#ffffff",
    "view": {"stroke": None},
    "axis": {
        "labelColor": _GREY,
        "titleColor": _GREY,
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "gridColor": "#e4e6ea",
        "domainColor": "#9aa0a8",
        "tickColor": "#9aa0a8",
        "labelOverlap": True,
    },
    # As many round numbers as have room: if every other label were left out, odd ones would stay.
    "axisQuantitative": {"labelOverlap": False},
    "axisXQuantitative": {"tickCount": {"signal": "ceil(width / 90)"}},
    "legend": {
        "orient": "top",
        "title": None,
        "labelColor": "#22262b",
        "labelFontSize": 12,
        "symbolStrokeWidth": 3,
        "columns": 2,
        "labelLimit": 260,
    },
    "title": {
        "anchor": "start",
        "offset": 12,
        "fontSize": 15,
        "subtitleColor": _GREY,
        "color": "#16191d",
    },
    "header": {"labelFontSize": 12, "labelColor": "#22262b", "title": None},
}


def base() -> Any:
    """A chart of the page's own data, as wide as its place allows."""
    return alt.Chart(alt.NamedData(name=ROWS)).properties(width="container", height=260)


RUN = "run:N"
"""What lines are told apart by, so that none is drawn over days or months without a price."""
_DAY = 86_400_000  # milliseconds
_FURTHEST = {"day": 1.5 * _DAY, "month": 32 * _DAY}


def in_runs(chart: Any, column: str, *by: str) -> Any:
    """A chart whose rows say in which run of days or months without a hole they are, how long."""
    order = [alt.SortField(column)]
    near = f"isValid(datum.before) && datum.{column} - datum.before < {_FURTHEST[column]:.0f}"
    return (
        chart.transform_window(before=f"lag({column})", sort=order, groupby=list(by))
        .transform_calculate(begins=f"{near} ? 0 : 1")
        .transform_window(run="sum(begins)", sort=order, groupby=list(by), frame=[None, 0])
        .transform_joinaggregate(length="count()", groupby=["run", *by])
    )


def lone(column: str) -> Any:
    """Dots for the rows between two holes, of which a line would show nothing.

    They are taken from the first row of every run, for of no row at all Vega finds no extent.
    """
    return (
        in_runs(base(), column)
        .transform_filter("datum.begins == 1")
        .mark_circle(size=12)
        .encode(opacity=alt.condition("datum.length == 1", alt.value(1), alt.value(0)))
    )


_LENGTH = f"(domain('x')[1] - domain('x')[0]) / {30 * _DAY}"  # months
_AT_THE_END = "domain('x')[1] > domain('x')[0] && datum.value >= domain('x')[1]"
_BY_DAYS = f"{_LENGTH} < 2"
_SOME_DAYS = f"{{interval: 'day', step: max(1, ceil(70 * 30 * {_LENGTH} / width))}}"
_ROUND = (  # a tick of this month has a label
    f"utcmonth(datum.value) % ({_LENGTH} < 14 ? 1 : {_LENGTH} < 40 ? 3 : 12) == 0"
)


def _with_year(words: str) -> str:
    """A label, with its year below where it is the first, or of a year's first day or month."""
    year = "utcFormat(datum.value, '%Y')"
    return f"datum.index == 0 || utcdayofyear(datum.value) == 1 ? [{words}, {year}] : {words}"


_DAY_LABEL = _with_year("utcFormat(datum.value, '%e %b')")
_NAME_OF_MONTH = _with_year("utcFormat(datum.value, '%b')")
_MONTH_LABEL = (
    f"!({_ROUND}) ? '' : {_LENGTH} >= 40 ? utcFormat(datum.value, '%Y') : {_NAME_OF_MONTH}"
)


def time_axis(column: str, *, bars: bool = False, **options: Any) -> alt.Axis:
    """How an axis of time is labelled: by days, months or years, as long as it is.

    A label begins where its time does, and the last one ends there. The end of the last month of
    `bars` has none.
    """
    by_days = _BY_DAYS if column == "day" else "false"
    label = f"{by_days} ? ({_DAY_LABEL}) : ({_MONTH_LABEL})"
    return alt.Axis(
        labelExpr=f"datum.value >= domain('x')[1] ? '' : {label}" if bars else label,
        tickCount=alt.ExprRef(f"{by_days} ? {_SOME_DAYS} : 'month'"),
        tickColor=_where_round(by_days, "#9aa0a8"),
        gridColor=_where_round(by_days, "#e4e6ea"),
        labelAlign={"condition": {"test": _AT_THE_END, "value": "right"}, "value": "left"},
        labelFlush=False,
        labelOverlap="greedy",
        **options,
    )


def _where_round(by_days: str, colour: str) -> dict[str, Any]:
    test = f"{by_days} || {_ROUND}"
    return {"condition": {"test": test, "value": colour}, "value": "transparent"}


def finished(chart: Any) -> Spec:
    """A chart as Vega-Lite, without Altair's own settings; tests check it against its schema."""
    spec = dict(chart.to_dict(validate=False))
    spec.pop("config", None)
    return spec | {"autosize": {"type": "fit-x", "contains": "padding"}}


def days_axis(column: str, *, grid: bool = True) -> alt.X:
    """An axis of days."""
    return alt.X(f"{column}:T", scale=UTC, title=None, axis=time_axis(column, grid=grid))


def months_axis(**options: Any) -> alt.X:
    """An axis of months, for bars."""
    return alt.X(
        "utcyearmonth(month):T",
        title=None,
        axis=time_axis("month", bars=True, grid=False),
        **options,
    )


def line_legend() -> alt.Legend:
    """A legend that shows lines with their dashes, dark also where there are bands beside them."""
    return alt.Legend(symbolType="stroke", symbolSize=400, symbolOpacity=1)


def day_tip(column: str = "day") -> alt.Tooltip:
    """The day, in a tooltip."""
    return alt.Tooltip(f"{column}:T", timeUnit="utcyearmonthdate", title="Day", format="%Y-%m-%d")


def month_tips() -> list[alt.Tooltip]:
    """The month, and which part of it is here, in a tooltip."""
    return [
        alt.Tooltip("month:T", timeUnit="utcyearmonth", title="Month", format="%Y-%m"),
        alt.Tooltip("part:N", title="Part that is here"),
    ]


def number_tip(column: str, title: str, decimals: int = 2) -> alt.Tooltip:
    """A number, in a tooltip."""
    return alt.Tooltip(f"{column}:Q", title=title, format=f",.{decimals}f")


def market_colour(markets: list[str]) -> alt.Scale:
    """The colours of these markets, by their names."""
    return alt.Scale(
        domain=[MARKETS[m] for m in markets], range=[MARKET_COLOURS[m] for m in markets]
    )


def market_dash(markets: list[str]) -> alt.Scale:
    """The dashes of these markets, by their names."""
    return alt.Scale(
        domain=[MARKETS[m] for m in markets], range=[MARKET_DASHES[m] for m in markets]
    )


def named(column: str, names: dict[str, str]) -> str:
    """An expression of Vega's that puts a name in a column's place."""
    pairs = ", ".join(f"'{key}': '{name}'" for key, name in names.items())
    return f"{{{pairs}}}[datum.{column}]"


def zero() -> Any:
    """A line at zero."""
    return base().mark_rule(color="#555b64", strokeWidth=0.7).encode(y=alt.YDatum(0))
