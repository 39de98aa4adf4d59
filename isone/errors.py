"""The errors that reach a user. Each message is one sentence: what is wrong, where, what to do.

IsoneError                 the exit code is 1, unless said
├─ UsageError              2: the configuration or the surroundings are wrong; nothing was sent
├─ StopRunError            2: no job of this run can succeed; the run stops
├─ DownloadError           not everything that was asked for is here
│  └─ MissingDaysError     … and these days are missing (`download.outcome`)
├─ TransientError          an exchange failed and is tried again
├─ ResponseError           a response is not the day that was asked for: rejected
│  └─ IncompleteError      … intervals or locations are missing from it
│     └─ NoDataError       … all of it is: an empty response
│        └─ NotFoundError  … or 404
├─ DamagedError            what is on the disk is not what was validated
│  └─ DamagedTableError    … a Parquet file is cut off or damaged
├─ LoadError               a database could not be filled
└─ VerifyError             the deep check found damage
"""

from pathlib import Path

import msgspec

_LONGEST = 4000  # characters


class NoFileError(OSError):
    """What is there under a file's name is no file: a folder, a pipe, a device."""


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, NoFileError)
"""What comes of a file of our own that is not the JSON which is looked for."""


def printable(text: str, *, besides: str = "") -> str:
    """A text in one line, in which nothing moves a terminal: other characters become `?`.

    Those of `besides` stay, such as the ends of lines.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in besides else "?" for c in text)


class IsoneError(Exception):
    """Base of every error this package raises on purpose.

    A message may quote what came from outside, so it holds printable characters only, and no more
    of them than a screen has room for.
    """

    def __init__(self, message: str = "") -> None:
        """Keep the sentence, in one line."""
        super().__init__(printable(message[:_LONGEST]))


class UsageError(IsoneError):
    """The configuration, the arguments or the surroundings are wrong; nothing was sent."""


class StopRunError(IsoneError):
    """No job of this run can succeed until a person acts (credentials, certificate)."""


class DownloadError(IsoneError):
    """A download ended without everything it was asked for; running again resumes."""


class DamagedError(IsoneError):
    """What is on the disk is not what was validated, or is cut off; the message names the day."""


class DamagedTableError(DamagedError):
    """A Parquet file of a dataset-year is cut off or damaged."""

    def __init__(self, path: Path) -> None:
        """Say which, and how it is made again."""
        super().__init__(
            f"{path} is not a whole Parquet file; delete it and run "
            "`snakemake -j1 --config … -- pack`: it is made again from the responses that are here"
        )


class LoadError(IsoneError):
    """A database could not be filled; what it held before it still holds."""


class VerifyError(IsoneError):
    """What is stored is not what it was validated to be."""


class TransientError(IsoneError):
    """The exchange failed in a way that may pass: worth the same request again."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Keep the server's own `Retry-After`, in seconds, where it named one."""
        super().__init__(message)
        self.retry_after = retry_after


class ResponseError(IsoneError):
    """The response came whole but is not the day that was asked for; it is rejected."""


class IncompleteError(ResponseError):
    """The response is right as far as it goes, but intervals or places are missing from it."""


class NoDataError(IncompleteError):
    """The service has nothing for that day (404, or an empty response)."""


class NotFoundError(NoDataError):
    """The service answered 404: it has nothing for that day, or does not know the address."""
