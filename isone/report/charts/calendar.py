"""The calendar: a square a day, a strip of weeks a year."""

from typing import Any

import altair as alt

from isone.report.charts import theme
from isone.report.charts.theme import Spec, base
from isone.report.day import State

COLOURS = {
    State.FINAL: "#009E73",
    State.PRELIMINARY: "#56B4E9",
    State.GAP: "#F0E442",
    State.DAMAGED: "#4b1d52",
    State.MISSING: "#D55E00",
    State.UNVALIDATED: "#CC79A7",
    State.AHEAD: "rgba(120, 130, 142, 0.33)",
    State.NOT_ASKED: "rgba(120, 130, 142, 0.1)",
}
"""Of a square. Where no prices are due it is near the page's own colour, light or dark."""
SIGNS = {
    State.PRELIMINARY: "~",
    State.GAP: "o",
    State.DAMAGED: "!",
    State.MISSING: "×",
    State.UNVALIDATED: "?",
}
"""What a square carries besides its colour."""
WEEKS = 54
SLOTS = 8  # rows of a year: seven weekdays and a space
_DARK = [State.DAMAGED, State.MISSING]
_OUTLINE = "#b9bec6"
_OUTLINED = [State.DAMAGED, State.AHEAD, State.NOT_ASKED]
"""Near the colour of a dark or a light page. Around each of 2,557 days an outline would be two
thirds of a picture's time."""


def calendar(first_year: int, years: int, states: list[State], *, height: int) -> Spec:
    """The days of one dataset. `states` are those that occur."""
    layers = alt.layer(_squares(first_year, years, states), _signs(first_year))
    return theme.finished(layers.properties(width="container", height=height))


def _squares(first_year: int, years: int, states: list[State]) -> Any:
    """A square for each day, coloured by its state, and what it tells when pointed at."""
    return (
        _placed(first_year)
        .mark_rect(strokeWidth=0.4)
        .encode(
            alt.X("week:Q", title=None, scale=_scale([0, WEEKS]), axis=_months()),
            alt.X2("week_end:Q"),
            alt.Y(
                "row:Q",
                title=None,
                scale=_scale([SLOTS * years - 1, 0]),
                axis=_years(first_year, years),
            ),
            alt.Y2("row_end:Q"),
            color=alt.Color(
                "state:N",
                scale=alt.Scale(domain=list(states), range=[COLOURS[state] for state in states]),
                legend=alt.Legend(
                    symbolType="square",
                    symbolSize=120,
                    symbolStrokeWidth=0.4,
                    symbolStrokeColor=_OUTLINE,
                ),
            ),
            stroke=alt.condition(
                alt.FieldOneOfPredicate(field="state", oneOf=_OUTLINED),
                alt.value(_OUTLINE),
                alt.value(None),
            ),
            tooltip=[
                alt.Tooltip("shown:N", title="Day"),
                alt.Tooltip("state:N", title="State"),
                alt.Tooltip("rows:Q", title="Rows", format=","),
                alt.Tooltip("digest:N", title="SHA-256"),
                alt.Tooltip("fetched:N", title="Fetched"),
                alt.Tooltip("note:N", title="Remark"),
            ],
        )
    )


def _signs(first_year: int) -> Any:
    """What some squares carry besides their colour."""
    return (
        _placed(first_year)
        .transform_filter(alt.FieldOneOfPredicate(field="state", oneOf=list(SIGNS)))
        .transform_calculate(
            sign=_sign_expression(),
            x="datum.week + 0.45",
            y="datum.row + 0.45",
        )
        .mark_text(baseline="middle", fontSize=9, fontWeight="bold", tooltip=None)
        .encode(
            alt.X("x:Q"),
            alt.Y("y:Q"),
            text="sign:N",
            color=alt.condition(
                alt.FieldOneOfPredicate(field="state", oneOf=_DARK),
                alt.value("#ffffff"),
                alt.value("#16191d"),
            ),
        )
    )


def _placed(first_year: int) -> Any:
    """Where a day is: its week across, its weekday (Monday first) down, year below year."""
    return (
        base()
        .transform_calculate(
            weekday="(utcday(datum.day) + 6) % 7",
            lead="(utcday(utc(utcyear(datum.day), 0, 1)) + 6) % 7",
        )
        .transform_calculate(
            week="floor((utcdayofyear(datum.day) - 1 + datum.lead) / 7)",
            row=f"(utcyear(datum.day) - {first_year}) * {SLOTS} + datum.weekday",
            shown="utcFormat(datum.day, '%a %Y-%m-%d')",
        )
        .transform_calculate(week_end="datum.week + 0.9", row_end="datum.row + 0.9")
    )


def _scale(domain: list[int]) -> alt.Scale:
    return alt.Scale(domain=domain, nice=False, zero=False)


def _months() -> alt.Axis:
    weeks = [round(0.8 + month * 4.345, 2) for month in range(12)]
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    pairs = ", ".join(f"'{week}': '{name}'" for week, name in zip(weeks, names, strict=True))
    return alt.Axis(
        values=weeks,
        labelExpr=f"{{{pairs}}}['' + datum.value]",
        labelAlign="left",
        grid=False,
        ticks=False,
        domain=False,
        orient="top",
    )


def _years(first_year: int, years: int) -> alt.Axis:
    return alt.Axis(
        values=[SLOTS * number + 3.5 for number in range(years)],
        labelExpr=f"'' + ({first_year} + floor(datum.value / {SLOTS}))",
        grid=False,
        ticks=False,
        domain=False,
    )


def _sign_expression() -> str:
    pairs = ", ".join(f"'{state}': '{sign}'" for state, sign in SIGNS.items())
    return f"{{{pairs}}}[datum.state]"
