"""A message's columns, taken out of the objects that hold them."""

from collections.abc import Callable, Collection
from typing import Any

from gorgias_crawler.items import columns
from gorgias_crawler.items.columns import Json
from gorgias_crawler.items.lazy import LazyColumns, Readers
from gorgias_crawler.items.message import Message

ticket_columns = columns.reader(Message, "ticket")
"""Takes the columns out of a ticket that all of its messages share."""


def message_reader(
    names: Collection[str] | None = None,
) -> Callable[[Json], dict[str, Any]]:
    """Return what takes a message's own columns out of it, or *names* alone of them.

    ``body`` is none of them: settings and a pipeline say what it is.
    """
    read = columns.reader(Message, "message", names)
    people = [name for name in ("sender", "receiver") if names is None or name in names]

    def read_message(message: Json) -> dict[str, Any]:
        values = read(message)
        for name in people:
            values[name] = values[name] or ""
        return values

    return read_message


message_columns = message_reader()
"""Takes all of a message's own columns out of it."""

_TICKET_READERS = columns.readers(Message, "ticket")
MESSAGE_READERS = columns.readers(Message, "message")
"""What takes each of a message's own columns out of it, by their names."""


def _or_empty(read: Callable[[Json], Any]) -> Callable[[Json], Any]:
    return lambda message: read(message) or ""


for _name in ("sender", "receiver"):
    MESSAGE_READERS[_name] = _or_empty(MESSAGE_READERS[_name])


def lazy_ticket(ticket: Json) -> LazyColumns:
    """Return the columns that all messages of *ticket* share."""
    return LazyColumns(ticket, _TICKET_READERS)


def message_row(
    ticket: LazyColumns, message: Json, readers: Readers = MESSAGE_READERS
) -> Message:
    """Return the row of *message*; ``body`` is still None.

    *readers* may have more columns than the message itself.
    """
    return Message.of(message, readers, ticket)


def whole_rows(ticket: Json, readers: Readers) -> Callable[[Json], Message]:
    """Return what makes rows of messages of *ticket* with all columns at once.

    A third of the time that it takes to read each of all columns lazily (measured).
    """
    shared = {name: read(ticket) for name, read in _TICKET_READERS.items()}

    def row(message: Json) -> Message:
        own = {name: read(message) for name, read in readers.items()}
        return Message(**shared, **own)

    return row
