"""What the benchmarks are told: how often, how large, and where they keep what they made."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """The command line's choices."""

    folder: Path
    """Where synthetic days are kept from one run to the next."""
    rounds: int
    quick: bool
    """Smaller sizes, to see that a benchmark runs; its figures say little."""
