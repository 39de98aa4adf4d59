"""Write packed prices as CSV; `--help` tells how."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone.pack import export  # noqa: E402 - found only now
from isone.run import journal  # noqa: E402 - found only now

with journal.sentences():
    sys.exit(export.main())
