"""The library that lets file operations fail in any code, Python's or C++: `shim.c`, preloaded."""

import ctypes
import errno
import mmap
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ONCE, FOR_EVER, KILL = 0, 1, 2
_SOURCE = Path(__file__).with_name("shim.c")
_LIBRARY = "isone-shim.so"
# Those whom this process forks have the library, those whom it starts go without.
_PRELOADED = Path(os.environ.pop("LD_PRELOAD", ""))


class _Shared(ctypes.Structure):
    _fields_ = [
        ("count", ctypes.c_long),
        ("failed", ctypes.c_long),
        ("last", ctypes.c_char * 512),
    ]


def build(folder: Path) -> Path | None:
    """Compile the library into a folder; None where there is no C compiler, or no Linux."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    library = folder / _LIBRARY
    options = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, *options, "-o", library, _SOURCE, "-ldl"], check=True)
    return library


def preloaded() -> Path | None:
    """The library that this process was started with, if it was."""
    return _PRELOADED if _PRELOADED.name == _LIBRARY else None


class Counted:
    """What `arm` has counted, in memory that a process shares with those that it forks."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, ctypes.sizeof(_Shared))
        self._shared = _Shared.from_buffer(self._memory)

    @property
    def count(self) -> int:
        return int(self._shared.count)

    @property
    def failed(self) -> int:
        return int(self._shared.failed)

    @property
    def last(self) -> str:
        """The newest operation that failed, and its path."""
        return bytes(self._shared.last).decode(errors="replace")

    def arm(
        self, folder: Path, n: int = 0, how: int = ONCE, error: int = errno.ENOSPC
    ) -> Callable[[], None]:
        """What lets the n-th operation below a folder fail in the process that calls it.

        That process must have been started with the library. With n = 0 nothing fails.
        """
        library = ctypes.CDLL(str(preloaded()))
        path = os.fsencode(folder.resolve())
        address = ctypes.addressof(self._shared)

        def begin() -> None:
            library.faults_arm(
                ctypes.c_void_p(address), path, ctypes.c_long(n), ctypes.c_int(how), error
            )

        return begin
