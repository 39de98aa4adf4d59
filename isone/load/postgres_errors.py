"""What PostgreSQL says when it refuses or fails, as a sentence with what to do about it."""

import os
import re

import psycopg
from psycopg import errors

from isone.errors import LoadError, UsageError
from isone.load.postgres_owner import REBUILD

_NO_ROOM = ("too many connections", "too many clients", "connection slots are reserved")
_FOR_A_PERSON = {
    errors.InsufficientPrivilege.sqlstate: "the user may not do that: grant it, or name "
    "another user",
    errors.ReadOnlySqlTransaction.sqlstate: "it takes no changes: name the primary server, and a "
    "user without default_transaction_read_only",
    errors.UntranslatableCharacter.sqlstate: "its encoding does not hold this text: make it with "
    "`createdb --encoding=UTF8 --template=template0`",
    errors.DependentObjectsStillExist.sqlstate: "something of your own depends on what has to be "
    "replaced: drop it, load, and make it again",
}
_PASSING = {
    errors.DiskFull.sqlstate: "its disk is full",
    errors.LockNotAvailable.sqlstate: "another session kept a table longer than lock_timeout "
    "allows; run again",
    errors.IdleInTransactionSessionTimeout.sqlstate: "its idle_in_transaction_session_timeout "
    "ended the load; raise it for this user",
    "25P04": "its transaction_timeout ended the load; raise it for this user",
    errors.AdminShutdown.sqlstate: "it was shut down, or an administrator ended the session; run "
    "again once it is up",
    errors.CrashShutdown.sqlstate: "it broke down; run again once it is up",
}
"""What the server says by its code, and what that means here."""


class NoDatabaseError(UsageError):
    """The server answers and has no database of that name."""


def refusal(error: psycopg.Error, where: str) -> UsageError | LoadError:
    """Why a connection did not come about, as a sentence."""
    message = _cleaned(error)
    known = {
        "password authentication failed": "the user name or the password is wrong: set PGPASSWORD, "
        "~/.pgpass or a service file",
        "no password supplied": "it asks for a password: set PGPASSWORD, ~/.pgpass or a service "
        "file",
        "definition of service": "there is no such service: see ~/.pg_service.conf",
        "no pg_hba.conf entry": "it lets nobody in from here: see its pg_hba.conf",
    }
    for sign, meaning in known.items():
        if sign in message:
            return UsageError(f"database {where}: {meaning} ({message})")
    if "database" in message and "does not exist" in message:
        return NoDatabaseError(
            f"database {where}: it does not exist; make it with createdb ({message})"
        )
    if "role" in message and "does not exist" in message:
        return UsageError(f"database {where}: there is no such user ({message})")
    if any(sign in message for sign in _NO_ROOM):
        return LoadError(f"database {where}: it takes no more connections now ({message})")
    return LoadError(
        f"database {where} cannot be reached: {message}; start the server, or fix `database`"
    )


def failure(error: psycopg.Error, where: str) -> UsageError | LoadError:
    """What went wrong with the server in mid-work, as a sentence; the transaction is undone."""
    state, message = error.sqlstate or "", _cleaned(error)
    undone = "what was there is still there"
    if state in _FOR_A_PERSON:
        return UsageError(f"database {where}: {_FOR_A_PERSON[state]} ({message})")
    if state in _PASSING:
        return LoadError(f"database {where}: {_PASSING[state]} ({message}); {undone}")
    if state == "57014":  # the same for whatever ends a statement
        by = (
            "its statement_timeout ended the load; raise it for this user"
            if "timeout" in message
            else "it was cancelled"
        )
        return LoadError(f"database {where}: {by} ({message}); {undone}")
    if state.startswith("42"):  # a name that is not there, or of another kind or type
        return UsageError(
            f"database {where}: its tables are not as this version makes them ({message}); load "
            f"again with `{REBUILD}`, which needs no download"
        )
    if not state or state.startswith("08"):
        return LoadError(f"database {where}: the connection ended ({message}); {undone}")
    return LoadError(f"database {where}: {message}; {undone}")


def _cleaned(error: psycopg.Error) -> str:
    """The server's message as one line, without the addresses that were tried or any password."""
    text = error.diag.message_primary or str(error)
    line = " ".join(text.split("Multiple connection attempts failed")[0].split())
    line = line.rpartition("FATAL: ")[2].strip().partition(" Is the server running ")[0]
    line = re.sub(r"^connection (is bad|failed): ", "", line)
    secret = os.environ.get("PGPASSWORD")
    return line.replace(secret, "***") if secret else line
