"""ISO New England's price history: downloaded day by day and validated complete.

`isone.read` gives what was packed: `isone.read("lmp_da_hourly", years=2024, locations=4000)`.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isone.pack.reading import read

__version__ = "0.1.0"
__all__ = ["read"]


def _silent_on_interrupt(kind: type[BaseException], *error: Any) -> None:
    if kind is not KeyboardInterrupt:
        sys.__excepthook__(kind, *error)


if "ISONE_SCREEN" in os.environ:  # a job that is still importing: the screen says how it ended
    sys.excepthook = _silent_on_interrupt


def __getattr__(name: str) -> Any:
    """Load Arrow only where prices are read."""
    if name == "read":
        from isone.pack.reading import read

        globals()["read"] = read
        return read
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
