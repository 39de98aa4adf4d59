"""The quick validation and the thorough one find the same, or the quick one leaves it."""

import datetime as dt
import random

import pytest
from torture.faults.damage import Original, damage, fuzz, originals

from isone.errors import ResponseError
from isone.market.datasets import DATASETS, Dataset, Request
from isone.response import check
from isone.response.check_columns import count_flawless
from isone.sandbox.synthetic import Synthetic

LMP = [original for original in originals() if original.dataset.place == "location"]
NOON = dt.datetime(2026, 6, 1, 16, tzinfo=dt.UTC)
LARGE = Synthetic(seed=1, nodes=400)


def thorough(dataset: Dataset, request: Request, body: bytes) -> check.Finding | None:
    try:
        return check.examine(dataset, request, body)
    except ResponseError:
        return None


def agree(dataset: Dataset, request: Request, body: bytes) -> bool:
    """Whether the quick validation leaves a response, or finds what the thorough one finds."""
    counts = count_flawless(dataset, request, body)
    return counts is None or check.Finding(*counts) == thorough(dataset, request, body)


@pytest.mark.parametrize("original", LMP, ids=lambda each: str(each.request))
def test_a_flawless_response_is_counted(original: Original) -> None:
    counts = count_flawless(original.dataset, original.request, original.body)
    assert counts is not None
    assert check.Finding(*counts) == thorough(original.dataset, original.request, original.body)


def test_a_damaged_response_is_never_called_flawless() -> None:
    chance = random.Random(1)  # noqa: S311 - repeatable, not secret
    left = 0
    for _ in range(600):
        original = chance.choice(LMP)
        kind, body = damage(original, chance)
        assert agree(original.dataset, original.request, body), kind
        left += count_flawless(original.dataset, original.request, body) is None
    assert left > 500


def test_fuzzed_payloads_raise_nothing_and_are_never_called_flawless() -> None:
    chance = random.Random(2)  # noqa: S311 - repeatable, not secret
    for _ in range(1500):
        original = chance.choice(LMP)
        body = fuzz(original, chance)
        assert agree(original.dataset, original.request, body), body


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b'"LmpTotal":', b'"LmpTotal":0', id="a leading zero"),
        pytest.param(b',"EnergyComponent"', b'.,"EnergyComponent"', id="a point at the end"),
        pytest.param(b'"LmpTotal":', b'"LmpTotal":+', id="a plus"),
        pytest.param(b'"HourlyLmps"', b'"HourlyLmpz"', id="another wrapper"),
        pytest.param(b"}]}}", b"}]}}}", id="a brace too many"),
        pytest.param(b"}]}}", b"}]}", id="a brace too few"),
        pytest.param(b'"@LocId":"', b'"@LocId":"0', id="an id with a zero before it"),
        pytest.param(b'"HUB"', b'"NODE"', id="a wrong type"),
        pytest.param(b'"HUB"', b'"\xff"', id="no UTF-8"),
        pytest.param(b'"@LocType":"NETWORK NODE"', b'"$":"A"', id="a name twice, no type"),
        pytest.param(b'"@LocType":"NETWORK NODE"', b'"Type":"N"', id="a key that nobody knows"),
        pytest.param(b'"NETWORK NODE"', b'"N\xe2\x80\xae"', id="a type turned around"),
        pytest.param(b"T05:00:00.000", b"T05:00:01.000", id="a second off"),
        pytest.param(b"T05:00:00.000", b"T04:00:00.000", id="an hour twice"),
    ],
)
def test_what_is_not_exactly_right_is_left_to_the_thorough_validation(
    before: bytes, after: bytes
) -> None:
    original = next(each for each in LMP if each.request.dataset == "lmp_rt_hourly")
    assert before in original.body
    for count in (1, -1):
        body = original.body.replace(before, after, count)
        assert count_flawless(original.dataset, original.request, body) is None


@pytest.mark.parametrize("day", ["2024-03-10", "2024-07-01", "2024-11-03"])
@pytest.mark.parametrize("name", ["lmp_da_hourly", "lmp_rt_hourly"])
def test_a_large_response_is_found_the_same_whole_or_not(
    monkeypatch: pytest.MonkeyPatch, name: str, day: str
) -> None:
    dataset, request = DATASETS[name], Request(name, dt.date.fromisoformat(day))
    body = LARGE.answer(dataset.url_path(request), NOON).body
    assert len(body) > check.LARGE
    quick = check.examine(dataset, request, body)
    lacking = body[: body.rindex(b",{")] + body[body.rindex(b"}]") + 1 :]
    found = check.examine(dataset, request, lacking)
    monkeypatch.setattr(check, "LARGE", 2**60)
    assert quick == check.examine(dataset, request, body)
    assert found == check.examine(dataset, request, lacking)
    assert len(found.missing) == 1
