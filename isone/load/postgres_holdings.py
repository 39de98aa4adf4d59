"""What a PostgreSQL database holds, asked of the server itself.

A marker says what was loaded once; since then the database may have been dropped, restored or
exchanged, or a table in it emptied. This may be imported where psycopg is not installed.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isone.errors import LoadError
from isone.store.files import read_file

if TYPE_CHECKING:
    from isone.load.postgres_tables import Connection

_CONNECT_SECONDS = 5
_LONGEST_WAIT = "30s"


@dataclass(frozen=True)
class Holdings:
    """What is loaded: the id that the schema got when it was made, and each year's digest.

    `database_id` is None where the database or the schema is not there, or some of its tables and
    views are not; there are no years then, so that a load makes what is missing.
    """

    database_id: str | None
    years: Mapping[tuple[str, int], str]
    """The digest of the files that each dataset and year was loaded from, as markers have it."""

    def bear_out(self, marker: Path) -> bool:
        """Whether what a marker says is loaded is there."""
        try:
            said = json.loads(read_file(marker))
            name = said["dataset"], said["year"]
            return (
                self.database_id is not None
                and said["database_id"] == self.database_id
                and said["digest"] == self.years.get(name)
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return False


def require_psycopg() -> None:
    """Raise LoadError where what speaks to PostgreSQL is not installed."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:  # also where it finds no libpq
        raise LoadError(
            "loading into PostgreSQL needs the package psycopg, which cannot be imported here; "
            "`pip install 'psycopg[binary]'`, or take `database` out of the configuration"
        ) from error


def require_loadable(database: str, *, synthetic: bool, hypertables: bool = False) -> None:
    """Raise an IsoneError, one sentence, where a load would not come as far as its tables."""
    require_psycopg()
    from isone.load import postgres_owner

    schema = postgres_owner.schema_name(synthetic=synthetic)
    with _looking(database) as connection:
        if postgres_owner.find(connection, schema, hypertables=hypertables) is None:
            postgres_owner.require_right_to_make(connection, schema)


def holdings(database: str, *, synthetic: bool, hypertables: bool = False) -> Holdings:
    """What the database holds now; nothing where it does not exist, or has no such schema.

    Cheap, and changes nothing. Raises an IsoneError where it cannot be asked, or where its tables
    are not ours to fill.
    """
    require_psycopg()
    from isone.load import postgres, postgres_owner
    from isone.load.postgres_errors import NoDatabaseError

    nothing = Holdings(None, {})
    schema = postgres_owner.schema_name(synthetic=synthetic)
    try:
        with _looking(database) as connection:
            tables = postgres_owner.find(connection, schema, hypertables=hypertables)
            if tables is None:
                return nothing
            held = postgres.years_held(connection, tables)
    except NoDatabaseError:
        return nothing
    return Holdings(tables.database_id, {(load.dataset, load.year): load.digest for load in held})


@contextlib.contextmanager
def _looking(database: str) -> Iterator["Connection"]:
    """A connection that changes nothing and waits for nobody long."""
    from isone.load import postgres

    with (
        postgres.connect(database, seconds=_CONNECT_SECONDS) as connection,
        connection.transaction(),
    ):
        connection.execute("SET TRANSACTION READ ONLY")
        connection.execute(f"SET LOCAL lock_timeout = '{_LONGEST_WAIT}'")
        yield connection
