"""Charts of regulation and reserve prices."""

import altair as alt

from isone.report.charts import theme
from isone.report.charts.theme import PRODUCT_COLOURS, PRODUCT_DASHES, PRODUCTS, Spec, base

_CAPACITY, _SERVICE = "#0072B2", "#009E73"


def regulation(column: str, unit: str) -> Spec:
    """One of the two regulation prices, a mean a day."""
    colour = _CAPACITY if column == "capacity" else _SERVICE
    encoded = [theme.days_axis("day"), alt.Y(f"{column}:Q", title=unit)]
    tips = [theme.day_tip(), theme.number_tip(column, f"Mean, {unit}")]
    line = theme.in_runs(base(), "day").mark_line(strokeWidth=1.3, color=colour)
    dots = theme.lone("day").encode(color=alt.value(colour))
    return theme.finished(
        alt.layer(
            line.encode(*encoded, detail=theme.RUN, tooltip=tips),
            dots.encode(*encoded, tooltip=tips),
        ).properties(width="container", height=200)
    )


def reserves(products: list[str]) -> Spec:
    """Reserve prices by product, a mean a month."""
    return theme.finished(
        theme.in_runs(base(), "month", "product")
        .transform_calculate(name=theme.named("product", PRODUCTS))
        .mark_line(strokeWidth=1.8, point={"size": 14})
        .encode(
            theme.days_axis("month"),
            alt.Detail(theme.RUN),
            alt.Y("price:Q", title="$/MWh"),
            color=_product_colour(products, lines=True),
            strokeDash=alt.StrokeDash(
                "name:N",
                scale=alt.Scale(
                    domain=[PRODUCTS[p] for p in products],
                    range=[PRODUCT_DASHES[p] for p in products],
                ),
            ),
            tooltip=[
                *theme.month_tips(),
                "name:N",
                theme.number_tip("price", "Mean, $/MWh"),
            ],
        )
    )


def above_zero(products: list[str], zones: int) -> Spec:
    """Share of intervals above zero, by zone and product."""
    return theme.finished(
        base()
        .transform_calculate(name=theme.named("product", PRODUCTS))
        .mark_bar()
        .encode(
            alt.Y("zone:N", title=None, sort=alt.EncodingSortField("zone_id")),
            alt.X("share:Q", title="Share of intervals with a price above zero, %"),
            yOffset=alt.YOffset("name:N", sort=[PRODUCTS[p] for p in products]),
            color=_product_colour(products),
            tooltip=[
                "zone:N",
                "name:N",
                theme.number_tip("share", "Above zero, %"),
                theme.number_tip("price", "Mean of all intervals, $/MWh"),
                theme.number_tip("high", "Highest, $/MWh"),
            ],
        )
        .properties(height=zones * (14 * len(products) + 12))
    )


def _product_colour(products: list[str], *, lines: bool = False) -> alt.Color:
    return alt.Color(
        "name:N",
        scale=alt.Scale(
            domain=[PRODUCTS[p] for p in products], range=[PRODUCT_COLOURS[p] for p in products]
        ),
        legend=theme.line_legend() if lines else alt.Legend(columns=1),
    )
