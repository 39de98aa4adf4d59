"""Responses that are damaged, or nearly responses: what validation makes of them."""

import random
from collections import Counter
from typing import Any

from reading import examine
from torture.faults.damage import AUTUMN, damage, fuzz, judge, originals
from torture.machine import require

from isone.errors import ResponseError


def damaged(count: int, chance: random.Random) -> dict[str, Any]:
    """Damage responses in every way; none may be accepted silently."""
    verdicts: Counter[str] = Counter()
    responses = [each for each in originals() if each.dataset.times.owes_rows]
    for _ in range(count):
        original = chance.choice(responses)
        kind, body = damage(original, chance)
        found = judge(original, kind, body)
        require(found != "silent", f"{original.request}: {kind} was accepted silently")
        verdicts[found] += 1
    counts = ", ".join(f"{number} {word}" for word, number in verdicts.most_common())
    return {"count": count, "outcome": f"none accepted silently: {counts}"}


def fuzzed(count: int, chance: random.Random) -> dict[str, Any]:
    """Give the validation bytes that are nearly a response; only its own errors may come of it."""
    responses = [each for each in originals() if each.request.day == AUTUMN]
    rejected = 0
    for _ in range(count):
        original = chance.choice(responses)
        try:
            examine(original.dataset, original.request, fuzz(original, chance))
        except ResponseError:
            rejected += 1
    return {"count": count, "outcome": f"{rejected} rejected, no error but the typed ones"}
