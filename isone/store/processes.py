"""Which processes run, and on which machine: a number means something only beside its host."""

import os


def this_host() -> str:
    """The name of this machine."""
    return os.uname().nodename


def runs_here(process: int) -> bool:
    """Whether this machine has a process of this number, whoever it belongs to."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
