"""Replies that are damaged, and bytes that are nearly a reply: what the proof makes of them."""

import random
from collections import Counter
from typing import Any

from faults.damage import AUTUMN, damage, fuzz, judge, originals
from torture.machine import require

from isone.errors import ReplyError
from isone.response import check


def damaged(count: int, chance: random.Random) -> dict[str, Any]:
    """Damage replies in every way; none may be accepted silently."""
    verdicts: Counter[str] = Counter()
    replies = [each for each in originals() if each.dataset.owes_rows]
    for _ in range(count):
        original = chance.choice(replies)
        kind, body = damage(original, chance)
        found = judge(original, kind, body)
        require(found != "silent", f"{original.part}: {kind} was accepted silently")
        verdicts[found] += 1
    counts = ", ".join(f"{number} {word}" for word, number in verdicts.most_common())
    return {"count": count, "outcome": f"none accepted silently: {counts}"}


def fuzzed(count: int, chance: random.Random) -> dict[str, Any]:
    """Give the proof bytes that are nearly a reply; only its own errors may come of it."""
    replies = [each for each in originals() if each.part.day == AUTUMN]
    refused = 0
    for _ in range(count):
        original = chance.choice(replies)
        try:
            check.examine(original.dataset, original.part, fuzz(original, chance))
        except ReplyError:
            refused += 1
    return {"count": count, "outcome": f"{refused} refused, no error but the typed ones"}
