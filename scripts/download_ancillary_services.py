"""Download ISO-NE's ancillary service prices by hand; `--help` tells how."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone import by_hand, journal  # noqa: E402 - found only now

with journal.sentences():
    sys.exit(by_hand.main("as"))
