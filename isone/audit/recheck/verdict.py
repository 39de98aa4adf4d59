"""What a re-check of a dataset came to, in a sentence: for the end of the run."""

from typing import Any

from isone.text import count, some

_NAMED = 3


def line(found: dict[str, Any]) -> str:
    """The note of a re-check as a sentence."""
    span = f"{found['dataset']}, {found['first_day']} to {found['last_day']}"
    corrected, failed = found["corrected"], found["failed"]
    if not found["compared"] and not failed:
        return f"{span}: no final response of these days is here, so none was asked for again"
    said = f"{span}: {count(found['compared'], 'response')} compared, {len(corrected)} corrected"
    if corrected:
        changes = [f"{c['request']}, {count(c['changed_rows'], 'row')}" for c in corrected]
        said += f" ({some(changes, _NAMED, '; ')})"
    if failed:
        reasons = [f"{request}: {reason}" for request, reason in failed.items()]
        said += f", {len(failed)} could not be compared: {some(reasons, _NAMED, '; ')}"
    return said
