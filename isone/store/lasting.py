"""What the file system of a data folder cannot do, so that it is said before a run begins."""

import contextlib
import tempfile
from pathlib import Path

from isone.store.files import nearest_existing, sync, try_lock


def cannot_promise(folder: Path) -> list[str]:
    """In sentences, what does not hold on the file system of a folder; mostly nothing."""
    found = []
    with contextlib.suppress(OSError):  # whoever writes there says what is wrong
        existing = nearest_existing(folder)
        if not sync(existing):
            found.append(
                f"the file system of {existing} cannot tell when a new name is on the disk: after "
                "a power cut the newest responses may be gone, and the next run downloads them "
                "again"
            )
        with tempfile.TemporaryFile(dir=existing) as file:
            if not try_lock(file.fileno()):
                found.append(
                    f"the file system of {existing} has no locks: nothing keeps a second download "
                    "out of it, so start only one; and no DuckDB file can be written there"
                )
    return found
