"""Charts of differences: day-ahead minus real-time, components, and locations from the hub."""

import altair as alt

from isone.report.charts import theme
from isone.report.charts.theme import MARKET_COLOURS, MARKETS, Spec, base

_PRICE = "$/MWh"
_COMPONENT_COLOURS = {
    ("congestion", "da"): "#0072B2",
    ("congestion", "rt"): "#56B4E9",
    ("loss", "da"): "#D55E00",
    ("loss", "rt"): "#E69F00",
}


def over_time() -> Spec:
    """Mean of day-ahead minus real-time by month, with the middle four fifths of the hours."""
    tips = [
        *theme.month_tips(),
        theme.number_tip("spread", f"Mean, {_PRICE}"),
        theme.number_tip("spread_p10", "A tenth of the hours is below"),
        theme.number_tip("spread_p90", "A tenth of the hours is above"),
    ]
    band = (
        base()
        .mark_bar(opacity=0.4, color="#56B4E9")
        .encode(
            theme.months_axis(),
            alt.Y("spread_p10:Q", title=_PRICE),
            alt.Y2("spread_p90:Q"),
            tooltip=tips,
        )
    )
    means = (
        base()
        .mark_tick(thickness=3, color="#D55E00", bandSize=1, orient="horizontal")
        .encode(theme.months_axis(bandPosition=0.5), alt.Y("spread:Q"), tooltip=tips)
    )
    return theme.finished(
        alt.layer(band, means, theme.zero()).properties(width="container", height=260)
    )


def distribution() -> Spec:
    """Share of hours by the difference, day-ahead minus real-time."""
    return theme.finished(
        base()
        .mark_bar(color="#56B4E9", stroke="#0b3c5d", strokeWidth=0.5)
        .encode(
            alt.X(
                "low:Q",
                bin="binned",
                title=f"Day-ahead minus real-time, {_PRICE}",
                axis=alt.Axis(values=[-100, -50, 0, 50, 100], grid=False),
            ),
            alt.X2("high:Q"),
            alt.Y("share:Q", title="Share of hours, %"),
            tooltip=[
                alt.Tooltip("low:Q", title="From"),
                alt.Tooltip("high:Q", title="to"),
                theme.number_tip("share", "Share of hours, %"),
                theme.number_tip("hours", "Hours", 0),
            ],
        )
    )


def components(markets: list[str], locations: int) -> Spec:
    """Mean congestion and loss by location."""
    return theme.finished(
        base()
        .transform_calculate(
            market_name=theme.named("market", MARKETS),
            label="datum.component + ', ' + lower(datum.market_name)",
        )
        .mark_bar()
        .encode(
            alt.Y("location:N", title=None, sort=alt.EncodingSortField("location_id")),
            alt.X("price:Q", title=f"Mean component, {_PRICE}"),
            yOffset=alt.YOffset("label:N"),
            color=alt.Color(
                "label:N",
                scale=alt.Scale(
                    domain=[
                        f"{part}, {MARKETS[m].lower()}"
                        for part in ("congestion", "loss")
                        for m in markets
                    ],
                    range=[
                        _COMPONENT_COLOURS[part, m]
                        for part in ("congestion", "loss")
                        for m in markets
                    ],
                ),
            ),
            tooltip=["location:N", "label:N", theme.number_tip("price", f"Mean, {_PRICE}", 3)],
        )
        .properties(height=locations * (16 * len(markets) + 10))
    )


def zone(markets: list[str], lowest: float, highest: float) -> Spec:
    """One location's monthly distance from the hub; drawn once for each, on equal axes."""
    lines = (
        theme.in_runs(base(), "month", "location", "market")
        .transform_calculate(name=theme.named("market", MARKETS))
        .mark_line(strokeWidth=1.6, point={"size": 14})
        .encode(
            theme.days_axis("month", grid=False),
            alt.Detail(theme.RUN),
            alt.Y(
                "difference:Q",
                title=None,
                scale=alt.Scale(domain=[lowest, highest]),
                axis=alt.Axis(tickCount=4),
            ),
            color=alt.Color(
                "name:N", scale=theme.market_colour(markets), legend=theme.line_legend()
            ),
            strokeDash=alt.StrokeDash("name:N", scale=theme.market_dash(markets)),
            tooltip=[
                "location:N",
                *theme.month_tips(),
                "name:N",
                theme.number_tip("difference", f"Basis to the Hub, {_PRICE}"),
                theme.number_tip("lmp", f"Mean, {_PRICE}"),
            ],
        )
    )
    return theme.finished(alt.layer(theme.zero(), lines).properties(width="container", height=110))


def audit() -> Spec:
    """How far hourly prices are from the means of the five-minute ones."""
    return theme.finished(
        base()
        .mark_bar(color=MARKET_COLOURS["da"])
        .encode(
            theme.months_axis(),
            alt.Y("mean_difference:Q", title=f"Mean difference, {_PRICE}"),
            tooltip=[
                *theme.month_tips(),
                theme.number_tip("mean_difference", f"Mean difference, {_PRICE}", 3),
                theme.number_tip("largest_difference", "Largest difference", 3),
                theme.number_tip("hours", "Hours compared", 0),
                theme.number_tip("hours_apart", "Hours more than a cent apart", 0),
            ],
        )
        .properties(height=200)
    )
