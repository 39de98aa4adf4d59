"""The table of all locations that were ever listed, and when."""

from collections.abc import Iterable

import msgspec

from isone.errors import UNREADABLE, UsageError
from isone.store.fields import Id, require_days, require_printable
from isone.store.files import read_file, write_whole
from isone.store.store import Store


class Seen(msgspec.Struct, frozen=True):
    """A location in the table of all that were ever listed."""

    id: Id
    name: str | None
    type: str | None
    area: str | None
    first_seen: str
    """The day (YYYY-MM-DD) of the first list that has it."""
    last_seen: str
    gone: str = ""
    """The day of the first list that has it no more; "" while it is listed."""

    def __post_init__(self) -> None:
        """Raise ValueError where a day is none, or a text cannot be printed."""
        require_printable(self.name, self.type, self.area)
        require_days(self.first_seen, self.last_seen, self.gone or self.last_seen)


_decoder = msgspec.json.Decoder(list[Seen])


def read_table(store: Store) -> list[Seen]:
    """All locations that were ever listed, by id; none before a list was kept."""
    try:
        return _decoder.decode(read_file(store.location_table_path))
    except FileNotFoundError:
        return []
    except UNREADABLE as error:
        raise UsageError(
            f"{store.location_table_path} is damaged ({error}); remove it, and it is made again"
        ) from error


def write_table(store: Store, rows: Iterable[Seen]) -> None:
    """Replace the table, in order of id."""
    ordered = sorted(rows, key=lambda seen: seen.id)
    write_whole(
        store.location_table_path, msgspec.json.format(msgspec.json.encode(ordered), indent=1)
    )
