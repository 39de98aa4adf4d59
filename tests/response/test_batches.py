"""Several responses in one table are what each of them is when it is read by itself."""

import datetime as dt
import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import pyarrow as pa
import pytest
from reading import stored
from torture.faults.damage import NOON, WHICH, Original, damage, fuzz, original_of

from isone.audit.verify.raw import rows_of
from isone.errors import ResponseError
from isone.market import flaws
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.pack.columns import ColumnReader
from isone.response import aligned, within_response
from isone.response.batches import Stored, in_batches
from isone.response.table import Table, read_table
from isone.response.validate import Finding, validate, validate_each
from isone.sandbox.synthetic import Synthetic


@cache
def originals_of(name: str) -> list[Original]:
    """The responses of a dataset for three days; of five-minute prices those of two locations."""
    found = [original_of(*each) for each in WHICH if each[0] == name]
    if name == "lmp_rt_5min":
        found += [Original.of(name, each.request.day, 4000) for each in found]
    return found


def said(table: Table) -> Any:
    """All that a table says; two that are equal say the same in the same order."""
    words = (table.timestamps, table.intervals, table.places, table.keys, *table.texts.values())
    return (
        table.lengths,
        [(each.distinct, each.at.tolist()) for each in words],
        {name: repr(numbers.tolist()) for name, numbers in table.numbers.items()},
        table.off_grid.tolist(),
        table.unknown_fields,
    )


def read_alone(batch: Sequence[Original], bodies: Sequence[bytes]) -> list[Table | None]:
    found: list[Table | None] = []
    for original, body in zip(batch, bodies, strict=True):
        try:
            found.append(read_table(original.dataset, body))
        except ResponseError:
            found.append(None)
    return found


def validate_alone(
    batch: Sequence[Original], tables: Sequence[Table], accepted: Any
) -> list[Finding] | None:
    try:
        return [
            validate(table, original.request, accepted=accepted)
            for original, table in zip(batch, tables, strict=True)
        ]
    except ResponseError:
        return None


def compare(batch: Sequence[Original], bodies: Sequence[bytes]) -> str:
    """Look at a batch in both ways; returns how far it came in one."""
    dataset = batch[0].dataset
    requests = [original.request for original in batch]
    alone = read_alone(batch, bodies)
    try:
        table = read_table(dataset, *bodies)
    except ResponseError:
        has_escapes = any(b"\\" in body for body in bodies)
        assert None in alone or has_escapes or any(e.unknown_fields for e in alone if e), requests
        return "one by one"
    tables = [each for each in alone if each is not None]
    assert len(tables) == len(batch)
    assert [said(part) for part in table.parts()] == [said(each) for each in tables]
    came_to = "rejected"
    for accepted in ((), flaws.REJECTED):
        expected = validate_alone(batch, tables, accepted)
        if expected is None:
            with pytest.raises(ResponseError):
                validate_each(table, requests, [accepted] * len(batch))
            continue
        found = validate_each(table, requests, [accepted] * len(batch))
        assert found == expected
        assert all(type(n) is int for f in found for n in (f.rows, f.places, f.at_odds))
        came_to = "validated"
        together = rows_of(table, requests)
        assert together == pa.concat_tables(
            [rows_of(each, [request]) for each, request in zip(tables, requests, strict=True)]
        )
        listed = [stored(each, f.rows) for each, f in zip(requests, found, strict=True)]
        one, other = ColumnReader(dataset), ColumnReader(dataset)
        assert one.read(listed, bodies).equals(
            pa.Table.from_batches(
                [other.read([each], [body]) for each, body in zip(listed, bodies, strict=True)]
            )
            .combine_chunks()
            .to_batches()[0]
        )
        assert one.places == other.places
        for part, each, request in zip(table.parts(), tables, requests, strict=True):
            prices = [within_response.prices_of(t, request) for t in (part, each)]
            assert within_response.find(dataset, request, prices[0]) == within_response.find(
                dataset, request, prices[1]
            )
            assert len({within_response.digest_of(p) for p in prices}) == 1
    return came_to


@pytest.fixture
def by_position(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read by position where there is much is so here too."""
    monkeypatch.setattr("isone.response.table.LARGE", 0)


@pytest.mark.parametrize("name", list(DATASETS))
def test_whole_responses_are_read_and_validated_together(name: str) -> None:
    batch = originals_of(name)
    assert compare(batch, [original.body for original in batch]) == "validated"


@pytest.mark.usefixtures("by_position")
@pytest.mark.parametrize("name", [d.name for d in DATASETS.values() if d.chooses_locations])
def test_so_they_are_by_position(name: str) -> None:
    batch = originals_of(name)
    assert aligned.read_columns(DATASETS[name], [original.body for original in batch])
    assert compare(batch, [original.body for original in batch]) == "validated"


def compare_damaged(seed: int, names: Sequence[str]) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    came_to = []
    for _ in range(60):
        batch = chance.choices(originals_of(chance.choice(names)), k=chance.randint(2, 4))
        bodies = [original.body for original in batch]
        for number in range(len(batch)):
            match chance.randrange(6):
                case 0:
                    bodies[number] = fuzz(batch[number], chance)
                case 1 | 2 | 3:
                    bodies[number] = damage(batch[number], chance)[1]
        came_to.append(compare(batch, bodies))
    assert {"one by one", "rejected", "validated"} <= set(came_to)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_responses_among_whole_ones_are_what_they_are_by_themselves(seed: int) -> None:
    compare_damaged(seed, list(DATASETS))


@pytest.mark.usefixtures("by_position")
@pytest.mark.parametrize("seed", range(4, 6))
def test_so_they_are_by_position_where_some_are_damaged(seed: int) -> None:
    compare_damaged(seed, [d.name for d in DATASETS.values() if d.chooses_locations])


@pytest.mark.usefixtures("by_position")
def test_a_response_keeps_its_rows_where_names_look_like_the_end_of_a_record() -> None:
    batch = originals_of("lmp_rt_hourly")[:2]
    at = b'"$":".H.INTERNAL_HUB"'
    bodies = [original.body.replace(at, b'"$":"},{.H"') for original in batch]
    assert bodies[0] != batch[0].body
    assert compare(batch, bodies) != "one by one"


def test_damage_that_makes_up_for_another_is_not_overlooked() -> None:
    """What is one response's at its end and the next one's at its beginning is nobody's."""
    one, other = originals_of("lmp_rt_hourly")[:2]
    middle = one.body.index(b"},{") + 1
    pieces = [one.body[:middle], one.body[middle + 1 :]]
    for bodies in (pieces, [b",".join([one.body, other.body]), other.body], [one.body, b""]):
        with pytest.raises(ResponseError):
            read_table(one.dataset, *bodies)


def test_a_key_that_nobody_knows_is_named_of_its_own_response_alone() -> None:
    one, other = originals_of("lmp_rt_hourly")[:2]
    odd = other.body.replace(b'"LmpTotal"', b'"Surprise":1,"LmpTotal"', 1)
    assert compare([one, other], [one.body, odd]) == "one by one"
    read = read_table(one.dataset, one.body, odd, validated=True)  # nobody looks
    assert read.lengths == (
        len(read_table(one.dataset, one.body)),
        len(read_table(one.dataset, odd)),
    )


def responses(*rows: int, days: int = 1, source: str = "webservices") -> list[Stored]:
    requests = [
        Request("lmp_rt_5min", dt.date(2025, 4, 1 + number // days), location=4000 + number)
        for number in range(len(rows))
    ]
    return [stored(each, n, source) for each, n in zip(requests, rows, strict=True)]


def lengths(*rows: int, **how: Any) -> list[int]:
    given = responses(*rows, **how)
    batches = list(in_batches(given))
    assert [each for batch in batches for each in batch] == given
    return [len(batch) for batch in batches]


def test_small_responses_share_a_batch_and_a_large_one_or_a_report_has_its_own() -> None:
    assert lengths() == []
    assert lengths(288, 288, 288) == [3]
    assert lengths(288, 30_000, 288, 288) == [1, 1, 2]
    assert lengths(288, 288, source="reports") == [1, 1]
    assert lengths(*[10_000] * 4) == [2, 2]


def test_a_day_is_cut_only_where_it_is_too_much_for_a_batch() -> None:
    assert lengths(*[10_000] * 6, days=3) == [3, 3]
    assert lengths(*[10_000] * 10, days=10) == [8, 2]


def test_a_large_response_and_a_small_one_are_read_together_too() -> None:
    """Whoever asks gets the same rows, whatever the size."""
    dataset, requests = DATASETS["lmp_rt_hourly"], []
    bodies = []
    for nodes in (2, 400):
        request = Request(dataset.name, dt.date(2025, 7, 1))
        requests.append(request)
        bodies.append(Synthetic(3, nodes).answer(dataset.request.url_path(request), NOON).body)
    parts = list(read_table(dataset, *bodies).parts())
    assert [said(part) for part in parts] == [said(read_table(dataset, body)) for body in bodies]
