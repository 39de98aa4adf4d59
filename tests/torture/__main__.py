"""Torture the workflow and print what came of it: `python tests/torture --kills 1000`.

Kills, terminations, full disks, power cuts, want of memory and failing file operations, at random
moments or at every moment, of downloads, packing, loading and whole runs. After each nothing may
lie under a final name that is not whole and right; in the end there must be what an undisturbed
run leaves. Everything follows from --seed but the moments at which the machine gets round to
things.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
sys.path[:1] = [str(PROJECT), str(PROJECT / "tests")]

from torture.faults import shim  # noqa: E402 - found only now
from torture.options import read_options  # noqa: E402


def main() -> int:
    options = read_options(__doc__.splitlines()[0])
    if "operations" not in options.leave_out and not shim.preloaded():
        start_again_preloaded()
    from torture.series import torture  # which is not imported twice for starting again

    return 1 if torture(options) else 0


def start_again_preloaded() -> None:
    """Become the same program with the library of failing operations in it, if it can be built."""
    with tempfile.TemporaryDirectory(prefix="torture-shim-") as name:
        library = shim.build(Path(name))
        if library is None:
            return
        again = [sys.executable, str(Path(__file__).parent), *sys.argv[1:]]
        sys.exit(subprocess.run(again, env=os.environ | {"LD_PRELOAD": str(library)}).returncode)


if __name__ == "__main__":
    sys.exit(main())
