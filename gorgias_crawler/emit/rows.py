"""Archived objects to rows, in the order of the file."""

import sqlite3
from collections.abc import Collection, Iterator
from itertools import starmap
from typing import Any

from gorgias_crawler.archive import Archive, order
from gorgias_crawler.emit import attachments
from gorgias_crawler.emit.filter_words import checked
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.items import Message, columns, decoded
from gorgias_crawler.items.columns import Reader


def messages(
    archive: Archive,
    filters: Filters,
    *,
    only_complete: bool = False,
    looked_at: Collection[str] | None = None,
    row: type[Message] = Message,
) -> Iterator[Message]:
    """Yield a *row* for every message that *filters* accept; ``body`` is still empty.

    *only_complete* leaves out tickets of which something is still to fetch. Columns
    that are not *looked_at*, where those are given, stay None: most of a row's time
    goes into columns. Raises `RunEndError` where the archive is damaged, and before the
    first row `ConfigurationError` where a filter asks for what no ticket can have, or
    for a run that was not.
    """
    with archive.reading():
        of_message = {**message_readers(row), **attachments.readers(archive)}
    of_ticket = columns.readers(row, "ticket")
    if looked_at is not None:
        of_message, of_ticket = (
            {name: read for name, read in readers.items() if name in looked_at}
            for readers in (of_message, of_ticket)
        )
    for ticket, its_messages in accepted(archive, filters, only_complete=only_complete):
        shared = {name: read(ticket) for name, read in of_ticket.items()}
        for message in its_messages:
            if filters.accept_message(message):
                own = {name: read(message) for name, read in of_message.items()}
                yield row(**shared, **own)


def message_readers(row: type[Message]) -> dict[str, Reader]:
    """Return what takes a message's own columns of *row* out of it, by their names.

    ``body`` is none of them: settings and a pipeline say what it is.
    """
    readers = columns.readers(row, "message")
    return readers | {name: _or_empty(readers[name]) for name in ("sender", "receiver")}


def _or_empty(read: Reader) -> Reader:
    return lambda message: read(message) or ""


def accepted(
    archive: Archive, filters: Filters, *, only_complete: bool = False
) -> Iterator[tuple[dict[str, Any], Iterator[dict[str, Any]]]]:
    """Yield every ticket that *filters* accept, with its messages, as above."""
    with archive.reading():
        filters = checked(filters, archive)
        for archived, messages in order.in_order(
            archive, filters.first_run, only_complete=only_complete
        ):
            ticket = _own(*archived)
            if filters.accept_ticket(ticket):
                yield ticket, starmap(_own, messages)


def _own(id_: int, raw: bytes) -> dict[str, Any]:
    value = decoded(raw)
    if value.get("id") != id_:
        raise sqlite3.DatabaseError("an object stands in the place of another")
    return value
