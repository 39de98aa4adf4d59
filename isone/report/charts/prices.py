"""Charts of energy prices: over time, as distributions and by hour."""

from typing import Any

import altair as alt

from isone.report.charts import theme
from isone.report.charts.theme import MARKET_COLOURS, MARKETS, Spec, base
from isone.report.queries.working_tables import SPIKE

_PRICE = "$/MWh"
_DURATION_TICKS = [-200, -100, -50, -20, 0, 20, 50, 100, 200, 500, 1000, 2000]


def daily(markets: list[str]) -> Spec:
    """Each day's mean, and the range of its hours behind it."""
    bands = [
        theme.in_runs(base(), "day")
        .mark_area(opacity=0.25, color=MARKET_COLOURS[market], clip=True)
        .encode(
            theme.days_axis("day"),
            alt.Y(f"{market}_low:Q", title=_PRICE),
            alt.Y2(f"{market}_high:Q"),
            detail=theme.RUN,
        )
        for market in reversed(markets)
    ]
    means = [f"{m}_mean" for m in markets]
    lines, dots = (
        chart.transform_fold(means, as_=["series", "price"]).transform_calculate(
            market=_market_of(means)
        )
        for chart in (theme.in_runs(base(), "day"), theme.lone("day"))
    )
    axes = [theme.days_axis("day"), alt.Y("price:Q", title=_PRICE)]
    colour = alt.Color("market:N", scale=theme.market_colour(markets), legend=theme.line_legend())
    lines = lines.mark_line(strokeWidth=1.4).encode(
        *axes,
        detail=theme.RUN,
        color=colour,
        strokeDash=alt.StrokeDash("market:N", scale=theme.market_dash(markets)),
    )
    dots = dots.encode(*axes, color=colour)
    tips = [theme.day_tip()]
    for market in markets:
        for part, word in (("mean", "mean"), ("low", "lowest hour"), ("high", "highest hour")):
            tips.append(theme.number_tip(f"{market}_{part}", f"{MARKETS[market]} {word}"))
    return theme.finished(
        alt.layer(*bands, lines, dots, _rule("day", tips)).properties(width="container", height=300)
    )


def _market_of(columns: list[str]) -> str:
    """An expression for the market's name, of a folded column's name."""
    return theme.named("series", {column: MARKETS[column[:2]] for column in columns})


def _rule(column: str, tips: list[alt.Tooltip]) -> Any:
    """A line where the pointer is, which tells the numbers there."""
    pointed = alt.selection_point(
        name="pointed",
        nearest=True,
        on="pointerover",
        fields=[column],
        empty=False,
        clear="pointerout",
    )
    return (
        base()
        .mark_rule(color="#16191d")
        .encode(
            theme.days_axis(column),
            opacity=alt.condition(pointed, alt.value(0.5), alt.value(0)),
            tooltip=tips,
        )
        .add_params(pointed)
        .properties(name=theme.POINTER)
    )


def monthly(markets: list[str]) -> Spec:
    """Each month's mean, day-ahead beside real-time."""
    return theme.finished(
        base()
        .transform_fold([f"{m}_mean" for m in markets], as_=["series", "price"])
        .transform_calculate(market=_market_of([f"{m}_mean" for m in markets]))
        .mark_bar()
        .encode(
            theme.months_axis(),
            alt.Y("price:Q", title=_PRICE),
            xOffset=alt.XOffset("market:N"),
            color=alt.Color("market:N", scale=theme.market_colour(markets)),
            tooltip=[
                *theme.month_tips(),
                "market:N",
                theme.number_tip("price", f"Mean, {_PRICE}"),
            ],
        )
    )


def duration(markets: list[str]) -> Spec:
    """Prices of a period in descending order, over the share of its hours."""
    return theme.finished(
        base()
        .transform_calculate(name=theme.named("market", MARKETS))
        .mark_line(strokeWidth=2, interpolate="linear")
        .encode(
            alt.X("share:Q", title="Share of hours, %", scale=alt.Scale(domain=[0, 100])),
            alt.Y(
                "price:Q",
                title=_PRICE,
                scale=alt.Scale(type="symlog", constant=20),
                axis=alt.Axis(values=_DURATION_TICKS, labelOverlap=True),
            ),
            color=alt.Color(
                "name:N", scale=theme.market_colour(markets), legend=theme.line_legend()
            ),
            strokeDash=alt.StrokeDash("name:N", scale=theme.market_dash(markets)),
            tooltip=[
                "name:N",
                theme.number_tip("share", "Share of hours, %"),
                theme.number_tip("price", f"At least, {_PRICE}"),
            ],
        )
    )


_MONTH_LABEL = (
    "utcmonth(datum.value) == 0 ? ['Jan', utcFormat(datum.value, '%Y')]"
    " : domain('x').length < 14 ? utcFormat(datum.value, '%b') : ''"
)


def hours_of_month(market: str) -> Spec:
    """Mean price by hour of the day and month; colours mean the same in both markets' charts."""
    colour = alt.Color(
        "price:Q",
        scale=alt.Scale(scheme="cividis"),
        legend=alt.Legend(
            title=_PRICE, type="gradient", orient="right", gradientLength=160, gradientThickness=10
        ),
    )
    layers = alt.layer(_of_both_markets(colour), _squares(market, colour))
    return theme.finished(layers.properties(width="container", height=260))


def _squares(market: str, colour: alt.Color) -> Any:
    """A square for each hour of the day and month."""
    months = alt.Axis(labelExpr=_MONTH_LABEL, labelAngle=0, ticks=False, labelOverlap="greedy")
    hours = alt.Axis(values=[0, 6, 12, 18, 23], ticks=False)
    return (
        base()
        .transform_calculate(price=f"datum.{market}")
        .mark_rect()
        .encode(
            alt.X("utcyearmonth(month):O", title=None, axis=months),
            alt.Y("hour:O", title="Hour beginning", sort="descending", axis=hours),
            color=colour,
            tooltip=[
                *theme.month_tips(),
                alt.Tooltip("hour:O", title="Hour beginning"),
                theme.number_tip("price", f"Mean, {_PRICE}"),
            ],
        )
    )


def _of_both_markets(colour: alt.Color) -> Any:
    """Unseen: the lowest and the highest of both markets, which stretch the scale."""
    return (
        base()
        .transform_fold(["da", "rt"], as_=["market", "each"])
        .transform_aggregate(lowest="min(each)", highest="max(each)")
        .transform_fold(["lowest", "highest"], as_=["end", "price"])
        .mark_rect(opacity=0, tooltip=None)  # a point would make the legend one of points
        .encode(color=colour)
        .properties(name=theme.POINTER)
    )


def odd_hours(markets: list[str]) -> Spec:
    """Hours of spikes upwards, hours below zero downwards."""
    columns = [f"{m}_{kind}" for m in markets for kind in ("spikes", "negative")]
    bars = (
        base()
        .transform_fold(columns, as_=["series", "hours"])
        .transform_calculate(
            market=_market_of(columns),
            kind=f"indexof(datum.series, 'spikes') > 0 ? '{SPIKE} $/MWh or more' : 'below zero'",
            signed="indexof(datum.series, 'spikes') > 0 ? datum.hours : -datum.hours",
        )
        .mark_bar()
        .encode(
            theme.months_axis(),
            alt.Y(
                "signed:Q",
                title="Hours: spikes up, negative down",
                axis=alt.Axis(labelExpr="abs(datum.value)", tickMinStep=1),
            ),
            xOffset=alt.XOffset("market:N"),
            color=alt.Color("market:N", scale=theme.market_colour(markets)),
            tooltip=[
                *theme.month_tips(),
                "market:N",
                "kind:N",
                theme.number_tip("hours", "Hours", 0),
            ],
        )
    )
    return theme.finished(alt.layer(bars, theme.zero()).properties(width="container", height=220))


def top_bottom(markets: list[str]) -> Spec:
    """Mean of the most expensive hours minus mean of the cheapest, by month."""
    names = {
        f"{m}_{n}": f"{n.upper()}, {MARKETS[m].lower()}" for m in markets for n in ("tb2", "tb4")
    }
    return _top_bottom(theme.in_runs(base(), "month"), names, f"Mean, {_PRICE}", _PRICE)


def top_bottom_sum(markets: list[str]) -> Spec:
    """The sum of the daily differences from the first month that is shown on."""
    names = {
        f"{m}_{n}_sum": f"{n.upper()}, {MARKETS[m].lower()}"
        for m in markets
        for n in ("tb2", "tb4")
    }
    order = [alt.SortField("month")]
    chart = theme.in_runs(base(), "month")
    for name in names:
        chart = chart.transform_window(
            frame=[None, 0], sort=order, **{f"{name}_so_far": f"sum({name})"}
        )
    so_far = {f"{name}_so_far": words for name, words in names.items()}
    return _top_bottom(chart, so_far, "Sum so far, $/MW", "$/MW")


def _top_bottom(chart: Any, names: dict[str, str], tip: str, unit: str) -> Spec:
    """Lines of TB2 and TB4 by market over the months."""
    domain = list(names.values())
    return theme.finished(
        chart.transform_fold(list(names), as_=["series", "price"])
        .transform_calculate(name=theme.named("series", names))
        .mark_line(strokeWidth=1.8, point={"size": 14})
        .encode(
            theme.days_axis("month"),
            alt.Detail(theme.RUN),
            alt.Y("price:Q", title=unit),
            color=alt.Color(
                "name:N",
                scale=alt.Scale(domain=domain, range=[MARKET_COLOURS[k[:2]] for k in names]),
                legend=theme.line_legend(),
            ),
            strokeDash=alt.StrokeDash(
                "name:N",
                scale=alt.Scale(
                    domain=domain,
                    range=[[1, 0] if "tb2" in k else [5, 2] for k in names],
                ),
            ),
            tooltip=[
                *theme.month_tips(),
                "name:N",
                theme.number_tip("price", tip),
            ],
        )
    )
