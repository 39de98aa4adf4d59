"""How many requests a year costs: ours, the old orchestrator's, and the fewest there can be."""

import datetime as dt
import tempfile
from collections.abc import Iterator

from bench.lines import Line
from bench.options import Options
from isone.run.targets import Run

OLD_ORCHESTRATOR = {"hourly LMP, hub and zones": 6570, "the default year": 11315}
_CHOICES = {
    "hourly LMP, hub and zones": {"data_types": "lmp", "markets": "da rt-hourly"},
    "the default year": {},
}


def measure(options: Options) -> Iterator[Line]:
    """A line for each selection; a year of 366 days."""
    days = (dt.date(2025, 1, 1) - dt.date(2024, 1, 1)).days
    with tempfile.TemporaryDirectory() as folder:
        for what, choice in _CHOICES.items():
            config = {
                "years": 2024,
                "source": "sandbox",
                "data_dir": folder,
                "log_dir": folder,
                **choice,
            }
            sent = Run.of(config).plan.requests
            old = OLD_ORCHESTRATOR[what]
            yield Line(
                f"requests for {what}", f"{sent:,}", "the old orchestrator", f"{old:,}", sent / old
            )
            if "LMP" in what:
                ratio, most = sent / (2 * days), 1.0
                yield Line("", f"{sent:,}", "fewest possible", f"{2 * days:,}", ratio, at_most=most)
            else:
                yield Line("", f"{sent:,}", "target", "4,400", sent / 4400, at_most=1.0)


def subjects(options: Options) -> dict[str, list[str]]:
    """Nothing to look into: no time is measured."""
    return {}
