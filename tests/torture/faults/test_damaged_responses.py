"""Damaged responses: none is stored without refusal or note, but for what no check can see."""

import os
import random
from collections import Counter

import pytest
from reading import examine
from torture.faults.damage import (
    AUTUMN,
    NOON,
    ORDINARY,
    Original,
    Record,
    damage,
    fuzz,
    judge,
    originals,
    verdict,
    ways,
)

from isone.errors import ResponseError
from isone.sandbox.message import compress
from isone.sandbox.synthetic import Synthetic
from isone.store import gzipped

COUNT = 10_000 if os.environ.get("ISONE_FULL") else 400
SEED = 1


def test_the_originals_are_whole() -> None:
    assert {verdict(original, original.body) for original in originals()} == {"harmless"}


def test_no_damaged_response_is_accepted_silently() -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    responses = [each for each in originals() if each.dataset.times.owes_rows]
    verdicts: Counter[str] = Counter()
    for _ in range(COUNT):
        original = chance.choice(responses)
        kind, body = damage(original, chance)
        found = judge(original, kind, body)
        assert found != "silent", (original.request, kind)
        verdicts[found] += 1
    assert verdicts["rejected"] > 0.6 * COUNT
    assert verdicts["invisible"] < 0.15 * COUNT


def verdicts_by_kind(responses: list[Original], certain: set[str]) -> dict[str, set[str]]:
    """The verdicts on each kind of damage, done to one day of each dataset.

    What is `certain` is done to each response.
    """
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    seen: dict[str, set[str]] = {}
    for name in {each.dataset.name: None for each in responses}:
        days = [each for each in responses if each.dataset.name == name]
        for kind in ways(days[0]):
            for original in days if kind in certain else [chance.choice(days)]:
                body = ways(original)[kind](chance)
                seen.setdefault(kind, set()).add(verdict(original, body))
    return seen


def test_a_list_of_what_binds_cannot_contradict_itself_or_its_clock_unseen() -> None:
    responses = [each for each in originals() if each.dataset.times.may_be_empty]
    expected = {
        "shift_offset": {"rejected"},
        "double_changed": {"noted"},
        "double_exactly": {"harmless"},
        "shuffle": {"harmless"},
    }
    seen = verdicts_by_kind(responses, set(expected))
    assert {kind: seen[kind] for kind in expected} == expected


def test_snapshots_that_disagree_or_have_another_clock_are_rejected() -> None:
    responses = [each for each in originals() if each.dataset.times.minutes is None]
    rejected = {"shift_offset", "double_changed", "cut_off"}
    harmless = {"double_exactly", "shuffle"}
    seen = verdicts_by_kind(responses, rejected | harmless)
    assert {kind: seen[kind] for kind in rejected} == dict.fromkeys(rejected, {"rejected"})
    assert {kind: seen[kind] for kind in harmless} == dict.fromkeys(harmless, {"harmless"})


def test_no_payload_brings_forth_an_error_but_the_typed_ones() -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    responses = [each for each in originals() if each.request.day == AUTUMN]
    for _ in range(5 * COUNT):
        original = chance.choice(responses)
        body = fuzz(original, chance)
        try:
            examine(original.dataset, original.request, body)
        except ResponseError as error:
            assert str(error).isprintable(), body
            assert len(str(error)) < 600, body


def test_no_bit_of_what_came_over_the_wire_can_turn_unseen() -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    original = Original.of("regulation_5min", ORDINARY)
    packed = compress(original.body)
    rejected = 0
    for _ in range(COUNT):
        turned = bytearray(packed)
        turned[chance.randrange(10, len(packed))] ^= 1 << chance.randrange(8)
        try:
            assert gzipped.inflate(bytes(turned)) == original.body  # one of the stream's idle bits
        except ResponseError:
            rejected += 1
    assert rejected > 0.99 * COUNT


# What no check can see, because the response says it only once. Each is a row, so that one who
# finds a way to see it has a test to turn around.


def _exchanged(original: Original, fields: tuple[str, ...], which: slice) -> bytes:
    """Two records exchange the values of some fields."""
    records = original.records()
    one, other = records[which][:2]
    first, second = records.index(one), records.index(other)
    records[first] = one | {field: other[field] for field in fields}
    records[second] = other | {field: one[field] for field in fields}
    return original.body_of(records)


def _components_exchanged(record: Record) -> Record:
    return record | {
        "CongestionComponent": record["LossComponent"],
        "LossComponent": record["CongestionComponent"],
    }


LMP = ("LmpTotal", "CongestionComponent", "LossComponent")


def test_prices_exchanged_between_two_places_in_one_hour_cannot_be_seen() -> None:
    original = Original.of("lmp_da_hourly", ORDINARY)
    assert verdict(original, _exchanged(original, LMP, slice(1, 3))) == "silent"


def test_congestion_and_loss_exchanged_cannot_be_seen() -> None:
    original = Original.of("lmp_da_hourly", ORDINARY)
    body = original.body_of([_components_exchanged(record) for record in original.records()])
    assert verdict(original, body) == "silent"


def test_the_names_of_two_nodes_exchanged_all_day_cannot_be_seen() -> None:
    original = Original.of("lmp_da_hourly", ORDINARY)
    names = {"10001": "10002", "10002": "10001"}
    for record in (records := original.records()):
        place = record["Location"]
        record["Location"] = place | {"@LocId": names.get(place["@LocId"], place["@LocId"])}
    body = original.body_of(records)
    assert verdict(original, body) == "silent"


def test_a_node_gone_for_a_whole_day_cannot_be_told_from_one_that_was_retired() -> None:
    original = Original.of("lmp_da_hourly", ORDINARY)
    rest = [r for r in original.records() if r["Location"]["@LocId"] != "10001"]
    assert verdict(original, original.body_of(rest)) == "silent"


def test_a_digit_of_a_price_without_components_cannot_be_seen() -> None:
    original = Original.of("regulation_5min", ORDINARY)
    records = original.records()
    records[5] |= {"RegCapacityClearingPrice": records[5]["RegCapacityClearingPrice"] + 1}
    assert verdict(original, original.body_of(records)) == "silent"


def test_another_market_s_prices_for_the_same_day_cannot_be_seen() -> None:
    original = Original.of("lmp_da_hourly", ORDINARY)
    other = Synthetic(seed=3, nodes=2).answer(f"hourlylmp/rt/final/day/{ORDINARY:%Y%m%d}", NOON)
    assert verdict(original, other.body) == "silent"


@pytest.mark.parametrize("text", ["20-04-04T10:00:00.000Z", "2025-04-04T10:00:00n000Z", "noon", ""])
def test_a_strike_price_that_was_set_at_no_time_is_rejected(text: str) -> None:
    original = Original.of("strike_da_hourly", ORDINARY)
    records = original.records()
    body = original.body_of([*records[:-1], records[-1] | {"strike_price_timestamp": text}])
    with pytest.raises(ResponseError, match="strike_price_timestamp, which is no time"):
        examine(original.dataset, original.request, body)
