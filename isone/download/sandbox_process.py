"""A sandbox in a process of its own, so that it takes no time from what asks it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from isone.errors import IsoneError
from isone.run.settings import PROJECT, SandboxOptions


@contextmanager
def running(options: SandboxOptions) -> Iterator[str]:
    """Have a sandbox run for as long as the block takes; yields its base URL.

    It ends with this process, however that ends: its standard input ends then. Ctrl-C goes to this
    process alone. Raises UsageError for a fault that there is not.
    """
    if options.faults:
        from isone.sandbox.plan import FaultPlan  # all of the sandbox, which is not needed here

        FaultPlan(options.faults)
    command = [sys.executable, "-m", "isone.sandbox", "--port=0", "--until-end-of-input"]
    command += [f"--nodes={options.nodes}", f"--latency={options.latency}"]
    command += [f"--fault={each}" for each in options.faults]
    with subprocess.Popen(  # noqa: S603 - checked as the configuration's
        command,
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise IsoneError(
                    f"the sandbox did not start (exit code {process.wait()}); start it by itself "
                    "to see why: python -m isone.sandbox"
                )
            yield url
        finally:
            process.kill()
