"""Jobs that are done once, with a journal around them: what fails fails until a person mends it."""

from collections.abc import Callable
from pathlib import Path

from isone.run import status
from isone.run.journal import Journal
from isone.run.settings import Settings
from isone.store.store import Store


def do_once(
    settings: Settings,
    name: str,
    command: str,
    log_path: str | None,
    work: Callable[[Journal], None],
) -> int:
    """Do the work of a job; returns its exit code.

    `command` is how a person does the same; `log_path` is the stable log, where there is one.
    """
    with Journal(
        name,
        command,
        status.status_path(Store(settings.store_dir), name),
        settings.log_dir,
        stable_log=Path(log_path) if log_path else None,
    ) as journal:
        work(journal)
    return journal.exit_code
