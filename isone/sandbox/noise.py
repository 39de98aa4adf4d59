"""Repeatable chance: numbers that depend on nothing but the names they are asked for by.

Hash digests instead of a running generator, so that an instant has the same numbers whatever was
asked for before it, in any process and in any version of Python. Only the four basic operations
are used on them: those are the same on every machine, which sines and exponentials are not.
"""

import hashlib
import struct
from functools import lru_cache


@lru_cache(maxsize=16384)
def unit(seed: int, name: str, index: int) -> float:
    """One number in [0, 1) for the `index`-th item of a series."""
    digest = hashlib.blake2b(f"{seed}/{name}/{index}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 4294967296


def units(seed: int, name: str, index: int, count: int) -> list[float]:
    """`count` numbers in [0, 1) for the `index`-th item of a series, in steps of 1/65536."""
    digest = hashlib.shake_128(f"{seed}/{name}/{index}".encode()).digest(2 * count)
    return [number / 65536 for number in struct.unpack(f">{count}H", digest)]


def smooth(seed: int, name: str, position: float) -> float:
    """A line through one chance number at each whole position: slow change instead of jumps."""
    before = int(position // 1)
    share = position - before
    return unit(seed, name, before) * (1 - share) + unit(seed, name, before + 1) * share


def between(table: tuple[float, ...], position: float) -> float:
    """A value from a table that closes on itself (hours of a day, months of a year)."""
    before = int(position // 1)
    share = position - before
    size = len(table)
    return table[before % size] * (1 - share) + table[(before + 1) % size] * share
