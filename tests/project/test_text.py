"""A count and its noun, wherever a sentence has both."""

import datetime as dt

import pytest

from isone.run.plan import Plan, Planned
from isone.run.summary import header
from isone.text import count


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("day",), "0 days"),
        (1, ("day",), "1 day"),
        (4392, ("request",), "4,392 requests"),
        (1, ("response", "responses"), "1 response"),
        (2, ("response", "responses"), "2 responses"),
        (1, ("more day",), "1 more day"),
    ],
)
def test_one_is_one_and_all_else_is_many(number: int, words: tuple[str, ...], said: str) -> None:
    assert count(number, *words) == said


def test_a_plan_of_one_request_does_not_say_1_requests() -> None:
    day = dt.date(2026, 1, 1)
    planned = Planned("isone_x_2026", "x.json", f"{day} to {day}, 1 day", 1, False)
    said = header(Plan("sandbox", "data", "logs", (planned,), ()))
    assert "#   1. isone_x_2026: 2026-01-01 to 2026-01-01, 1 day, 1 request\n" in said
