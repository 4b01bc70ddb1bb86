"""A message's columns, taken out of the objects that hold them."""

from collections.abc import Callable
from typing import Any

from gorgias_crawler.items import columns
from gorgias_crawler.items.columns import Json
from gorgias_crawler.items.lazy import LazyColumns, Readers
from gorgias_crawler.items.message import Message


def ticket_readers(row: type[Message]) -> Readers:
    """Return what takes the columns of *row* that are its ticket's, by their names."""
    return columns.readers(row, "ticket")


def message_readers(row: type[Message]) -> Readers:
    """Return what takes a message's own columns of *row* out of it, by their names.

    ``body`` is none of them: settings and a pipeline say what it is.
    """
    readers = columns.readers(row, "message")
    return readers | {name: _or_empty(readers[name]) for name in ("sender", "receiver")}


def _or_empty(read: Callable[[Json], Any]) -> Callable[[Json], Any]:
    return lambda message: read(message) or ""


_TICKET_READERS = ticket_readers(Message)
MESSAGE_READERS = message_readers(Message)
"""What takes each of a message's own columns out of it."""


def lazy_ticket(ticket: Json, readers: Readers = _TICKET_READERS) -> LazyColumns:
    """Return the columns that all messages of *ticket* share."""
    return LazyColumns(ticket, readers)


def message_row(
    ticket: LazyColumns,
    message: Json,
    readers: Readers = MESSAGE_READERS,
    row: type[Message] = Message,
) -> Message:
    """Return the *row* of *message*; ``body`` is still None.

    *readers* may have more columns than the message itself.
    """
    return row.of(message, readers, ticket)


def whole_rows(
    ticket: Json,
    readers: Readers,
    of_ticket: Readers = _TICKET_READERS,
    row: type[Message] = Message,
) -> Callable[[Json], Message]:
    """Return what makes rows of messages of *ticket* with all columns at once.

    A third of the time that it takes to read each of all columns lazily (measured).
    """
    shared = {name: read(ticket) for name, read in of_ticket.items()}

    def whole(message: Json) -> Message:
        own = {name: read(message) for name, read in readers.items()}
        return row(**shared, **own)

    return whole
