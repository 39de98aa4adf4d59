"""Validation by columns finds what a plain one finds row by row."""

import datetime as dt
import random
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from reading import examine
from response import row_by_row
from torture.faults.damage import WHICH, Original, fuzz, original_of, originals, ways

from isone.errors import ResponseError
from isone.market import flaws
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.response import table
from isone.sandbox.synthetic import Synthetic

NOON = dt.datetime(2026, 6, 1, 16, tzinfo=dt.UTC)


def without(keys: Collection[str], value: Any) -> Any:
    """JSON without some keys, wherever they are."""
    if isinstance(value, list):
        return [without(keys, each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: without(keys, each) for key, each in value.items() if key not in keys}


@cache
def read() -> list[Original]:
    """What is read of each response alone: nobody looks whether an ignored value is right."""
    return [
        replace(each, body=each.body_of(without(each.dataset.ignored, each.records())))
        for each in originals()
    ]


SIZES = (0, table.LARGE)
"""From how many bytes on a response is read by position, and not record by record."""


@pytest.fixture(params=SIZES, ids=["by position", "by record"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small responses are read as large ones are, and then as small ones."""
    monkeypatch.setattr(table, "LARGE", request.param)


def by_columns_both_ways(
    original: Original, body: bytes, patch: pytest.MonkeyPatch
) -> list[row_by_row.Counts | None]:
    """What is found by position, and by record."""
    found = []
    for size in SIZES:
        with patch.context() as patched:
            patched.setattr(table, "LARGE", size)
            found.append(by_columns(original, body))
    return found


def by_columns(original: Original, body: bytes) -> row_by_row.Counts | None:
    try:
        found = examine(original.dataset, original.request, body, accepted=flaws.REJECTED)
    except ResponseError:
        return None
    return row_by_row.Counts(
        found.rows,
        found.places,
        found.duplicates,
        found.off_grid,
        found.cents_off,
        found.at_odds,
        len(found.missing) if original.dataset.times.minutes else 0,  # not so of snapshots
        tuple(dict.fromkeys(flaw.name for flaw in found.flaws)),
    )


def by_rows(original: Original, body: bytes) -> row_by_row.Counts | None:
    try:
        return row_by_row.count(original.dataset, original.request, body)
    except row_by_row.WrongError:
        return None


@cache
def rows_of_original(name: str, day: dt.date) -> row_by_row.Counts | None:
    """What is found row by row in a flawless response; both ways are held against it."""
    original = original_of(name, day)
    return by_rows(original, original.body)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("name", "day"), WHICH, ids=str)
def test_a_flawless_response_is_counted_alike(name: str, day: dt.date) -> None:
    original = original_of(name, day)
    found = by_columns(original, original.body)
    assert found is not None
    assert found == rows_of_original(name, day)


@pytest.mark.parametrize("name", DATASETS)
def test_a_damaged_response_is_counted_or_rejected_alike(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind of damage to a response of each dataset; bits are turned three times."""
    chance = random.Random(1)  # noqa: S311 - repeatable, not secret
    responses = [each for each in read() if each.dataset.name == name]
    rejected = []
    for kind in (*ways(responses[0]), "flip_bits", "flip_bits"):
        original = chance.choice(responses)
        body = ways(original)[kind](chance)
        expected = by_rows(original, body)
        found = by_columns_both_ways(original, body, monkeypatch)
        assert found == [expected, expected], (kind, original.request)
        rejected.append(expected is None)
    assert True in rejected
    assert False in rejected


def test_fuzzed_payloads_are_never_counted_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(2)  # noqa: S311 - repeatable, not secret
    for _ in range(1500):
        original = chance.choice(read())
        body = fuzz(original, chance)
        expected = by_rows(original, body)
        for found in by_columns_both_ways(original, body, monkeypatch):
            assert found is None or found == expected, body


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b'"LmpTotal":', b'"LmpTotal":0', id="a leading zero"),
        pytest.param(b',"EnergyComponent"', b'.,"EnergyComponent"', id="a point at the end"),
        pytest.param(b'"LmpTotal":', b'"LmpTotal":+', id="a plus"),
        pytest.param(b'"HourlyLmps"', b'"HourlyLmpz"', id="another wrapper"),
        pytest.param(b"}]}}", b"}]}}}", id="a brace too many"),
        pytest.param(b"}]}}", b"}]}", id="a brace too few"),
        pytest.param(b'"HUB"', b'"NODE"', id="a wrong type"),
        pytest.param(b'"HUB"', b'"\xff"', id="no UTF-8"),
        pytest.param(b'"@LocType":"NETWORK NODE"', b'"$":"A"', id="a name twice, no type"),
        pytest.param(b'"NETWORK NODE"', b'"N\xe2\x80\xae"', id="a type turned around"),
    ],
)
def test_what_is_not_right_anywhere_is_rejected(before: bytes, after: bytes) -> None:
    original = next(each for each in originals() if each.request.dataset == "lmp_rt_hourly")
    assert before in original.body
    for count in (1, -1):
        assert by_columns(original, original.body.replace(before, after, count)) is None


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b'"@LocId":"', b'"@LocId":"0', id="an id with a zero before it"),
        pytest.param(b'"@LocType":"NETWORK NODE"', b'"Type":"N"', id="a key that nobody knows"),
        pytest.param(b"T05:00:00.000", b"T05:00:01.000", id="a second off"),
        pytest.param(b"T05:00:00.000", b"T04:00:00.000", id="an hour twice"),
    ],
)
def test_what_is_odd_is_counted_alike(before: bytes, after: bytes) -> None:
    original = next(each for each in originals() if each.request.dataset == "lmp_rt_hourly")
    assert before in original.body
    for count in (1, -1):
        body = original.body.replace(before, after, count)
        found = by_columns(original, body)
        assert found is not None
        assert found == by_rows(original, body)


@pytest.mark.parametrize("day", ["2024-03-10", "2024-07-01", "2024-11-03"])
@pytest.mark.parametrize("name", ["lmp_da_hourly", "lmp_rt_hourly"])
def test_a_large_response_is_counted_alike_whole_or_not(name: str, day: str) -> None:
    dataset, request = DATASETS[name], Request(name, dt.date.fromisoformat(day))
    body = Synthetic(seed=1, nodes=240).answer(dataset.request.url_path(request), NOON).body
    original = Original(dataset, request, body)
    lacking = body[: body.rindex(b",{")] + body[body.rindex(b"}]") + 1 :]
    assert len(lacking) > table.LARGE
    for served, missing in ((body, 0), (lacking, 1)):
        found = by_columns(original, served)
        assert found is not None
        assert found.missing == missing
        assert found == by_rows(original, served)
