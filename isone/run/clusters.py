"""What a run whose jobs go to other machines must not hand on to them.

Slurm copies the whole environment of whoever submits a job into files of its own and into the job.
Downloads run beside Snakemake, so no other machine needs an account.
"""

import os
from collections.abc import Mapping

from isone.errors import UsageError
from isone.run import notify

_BETTER = {
    "ISONE_PASSWORD": "~/.netrc (machine webservices.iso-ne.com login … password …)",
    "ISONE_API_PASSWORD": "~/.netrc (machine webservices.iso-ne.com login … password …)",
    "PGPASSWORD": "~/.pgpass",
}


def keep_secrets_here(environ: Mapping[str, str] = os.environ) -> None:
    """See to it that no job elsewhere inherits a password or an address with a token in it.

    Raises UsageError for a password in the environment, naming the file to put it into. Where
    messages go is remembered by this process alone.
    """
    for name, place in _BETTER.items():
        if environ.get(name):
            raise UsageError(
                f"{name} is set, and a cluster would write it into the files of every job: "
                f"put it into {place}, readable by you alone, and unset {name}"
            )
    notify.remember()
