"""Download any of ISO-NE's datasets by hand, by its name; `--help` tells how."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone.download import by_hand  # noqa: E402 - found only now
from isone.run.arguments import ANY  # noqa: E402 - found only now
from isone.run.job import sentences  # noqa: E402 - found only now

with sentences():
    sys.exit(by_hand.main(ANY))
