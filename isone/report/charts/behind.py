"""Charts of what was behind the Hub's price."""

import altair as alt

from isone.report.charts import theme
from isone.report.charts.theme import MARKETS, Spec, base

_PRICE = "$/MWh"
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#555b64")
_DASHES = ([1, 0], [5, 2], [2, 2], [8, 2, 2, 2], [1, 3], [10, 4], [4, 1])
MOST_FUELS = len(_COLOURS)
"""Fuels that are told apart by colour and dashes."""


def net_load(markets: list[str]) -> Spec:
    """Median price by net load, with the middle four fifths of the hours."""
    axis = alt.X("middle:Q", title="Net load, MW", scale=alt.Scale(zero=False, nice=False))
    placed = base().transform_calculate(
        middle="(datum.low + datum.high) / 2", name=theme.named("market", MARKETS)
    )
    colour = alt.Color("name:N", scale=theme.market_colour(markets), legend=theme.line_legend())
    band = placed.mark_area(opacity=0.18).encode(
        axis, alt.Y("price_p10:Q", title=_PRICE), alt.Y2("price_p90:Q"), color=colour
    )
    line = placed.mark_line(strokeWidth=1.8, point={"size": 16}).encode(
        axis,
        alt.Y("price:Q"),
        color=colour,
        strokeDash=alt.StrokeDash("name:N", scale=theme.market_dash(markets)),
        tooltip=[
            *_edges(),
            "name:N",
            theme.number_tip("price", f"Median, {_PRICE}"),
            theme.number_tip("price_p10", "A tenth of the hours is below"),
            theme.number_tip("price_p90", "A tenth of the hours is above"),
            theme.number_tip("hours", "Hours", 0),
        ],
    )
    return theme.finished(alt.layer(band, line).properties(width="container", height=300))


def marginal(fuels: list[str]) -> Spec:
    """Share of each month's time in which a fuel was marginal; several are at once."""
    return theme.finished(
        theme.in_runs(base(), "month", "fuel")
        .transform_filter(alt.FieldOneOfPredicate(field="fuel", oneOf=fuels))
        .mark_line(strokeWidth=1.8, point={"size": 16})
        .encode(
            theme.days_axis("month"),
            alt.Detail(theme.RUN),
            alt.Y("marginal:Q", title="Time in which it was marginal, %"),
            color=alt.Color(
                "fuel:N",
                scale=alt.Scale(domain=fuels, range=list(_COLOURS[: len(fuels)])),
                legend=theme.line_legend(),
            ),
            strokeDash=alt.StrokeDash(
                "fuel:N", scale=alt.Scale(domain=fuels, range=list(_DASHES[: len(fuels)]))
            ),
            tooltip=[
                alt.Tooltip("month:T", timeUnit="utcyearmonth", title="Month", format="%Y-%m"),
                theme.number_tip("days", "Days that are here", 0),
                "fuel:N",
                theme.number_tip("marginal", "Time in which it was marginal, %", 1),
                theme.number_tip("share", "Share of generation, %", 1),
                theme.number_tip("generation", "Mean, MW", 0),
            ],
        )
    )


def forecast_error() -> Spec:
    """Mean spread by the error of the load forecast, with the middle four fifths of the hours."""
    tips = [
        *_edges(),
        theme.number_tip("spread", f"Mean, {_PRICE}"),
        theme.number_tip("spread_p10", "A tenth of the hours is below"),
        theme.number_tip("spread_p90", "A tenth of the hours is above"),
        theme.number_tip("hours", "Hours", 0),
    ]
    placed = base().transform_calculate(middle="(datum.low + datum.high) / 2")
    axis = alt.X("low:Q", bin="binned", title="Load above the forecast, MW")
    band = placed.mark_bar(opacity=0.4, color="#56B4E9").encode(
        axis,
        alt.X2("high:Q"),
        alt.Y("spread_p10:Q", title=f"Day-ahead minus real-time, {_PRICE}"),
        alt.Y2("spread_p90:Q"),
        tooltip=tips,
    )
    means = placed.mark_point(filled=True, size=40, color="#0b3c5d").encode(
        alt.X("middle:Q"), alt.Y("spread:Q"), tooltip=tips
    )
    return theme.finished(
        alt.layer(band, means, theme.zero()).properties(width="container", height=300)
    )


def _edges() -> list[alt.Tooltip]:
    return [alt.Tooltip("low:Q", title="From, MW"), alt.Tooltip("high:Q", title="to, MW")]
