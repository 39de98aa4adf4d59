"""How many requests a year costs: ours, the old orchestrator, and the fewest there can be."""

import datetime as dt
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone import run  # noqa: E402 - found only now

OLD_ORCHESTRATOR = {"hourly LMP, hub and zones": 6570, "its default year": 11315}
_CHOICES = {
    "hourly LMP, hub and zones": {"data_types": "lmp", "markets": "da rt-hourly"},
    "its default year": {},
}


def main() -> None:
    """Print a line for each selection; a year of 366 days."""
    print(f"{'a year (2024) of':30} {'ours':>7} {'the old one':>12} {'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for what, choice in _CHOICES.items():
            config = {"years": 2024, "data_dir": folder, "log_dir": folder, **choice}
            plan = run.Run.of(config).plan()
            old = OLD_ORCHESTRATOR[what]
            print(f"{what:30} {plan.requests:7,} {old:12,} {plan.requests / old:7.2f}")
    days = (dt.date(2025, 1, 1) - dt.date(2024, 1, 1)).days
    print(f"fewest there can be for hourly LMP, one a day and market: {2 * days}")


if __name__ == "__main__":
    main()
