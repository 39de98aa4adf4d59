"""The fuzz targets themselves, in small: seeds are read, and a few hundred inputs of each kind."""

import random

import pytest
from reading import examine
from torture.fuzz.targets import TARGETS

from isone.market.datasets import DATASETS

ROUNDS = 150


def havoc(data: bytes, chance: random.Random) -> bytes:
    """Bytes exchanged, removed, doubled and put in, without any regard to form."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2, 5, 20))):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[at : at + chance.choice((1, 8, 200))]
            case 2:
                changed[at:at] = changed[at : at + chance.choice((1, 8, 200))]
            case _:
                changed[at:at] = chance.choice((b"\0", b"\x1b[2J", b"\xff", b'"', b"[" * 2000))
    return bytes(changed)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_is_read_or_rejected_in_a_sentence(name: str) -> None:
    if name == "workbook":
        pytest.importorskip("openpyxl")
    target, chance = TARGETS[name], random.Random(name)  # noqa: S311 - damage, no secret  # noqa: S311 - damage, no secret
    seeds = target.seeds()
    for seed in seeds:
        target.read(seed)
    for _ in range(ROUNDS):
        seed = chance.choice(seeds)
        shape = chance.random() < 0.6 and target.mutate
        target.read(target.mutate(seed, chance) if shape and target.mutate else havoc(seed, chance))


def test_the_seeds_of_responses_are_right_responses() -> None:
    from torture.fuzz.targets import request_of, response_seeds

    for name, seed in zip(DATASETS, response_seeds(), strict=True):
        assert not examine(DATASETS[name], request_of(name), seed[1:]).missing


def test_a_target_lets_no_other_error_pass() -> None:
    from torture.fuzz.targets import sentences

    from isone.errors import ResponseError

    with pytest.raises(KeyError), sentences():
        raise KeyError("x")
    with sentences():
        raise ResponseError("a sentence")
    with pytest.raises(AssertionError), sentences():
        raise ResponseError("")
