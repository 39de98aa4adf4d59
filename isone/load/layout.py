"""The layout of the databases as one digest: it changes when a database has to be rebuilt."""

import hashlib

from isone.load import sql, views


def digest() -> str:
    """A digest of every table, column, comment and view."""
    seen = hashlib.sha256(str(sql.LAYOUT).encode())
    for table in sql.all_tables():
        seen.update(repr(table).encode())
    for view in views.all_views():
        seen.update(repr(view).encode())
    return seen.hexdigest()[:16]
