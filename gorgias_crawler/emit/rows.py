"""Archived objects to rows, in the order of the file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gorgias_crawler.archive import Archive, order
from gorgias_crawler.emit import attachments
from gorgias_crawler.emit.filter_words import check_run, check_words
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.items import (
    Message,
    decoded,
    lazy_ticket,
    message_readers,
    message_row,
    ticket_readers,
    whole_rows,
)
from gorgias_crawler.items.lazy import Readers


def messages(
    archive: Archive,
    filters: Filters,
    *,
    only_whole: bool = False,
    all_columns: bool = False,
    row: type[Message] = Message,
) -> Iterator[Message]:
    """Yield a *row* for every message that *filters* accept; ``body`` is still empty.

    *only_whole* leaves out tickets of which something is still to fetch. *all_columns*
    reads them at once, which is faster where most are looked at. Raises
    `RunEndError` where the archive is damaged, and before the first row
    `ConfigurationError` where a filter asks for what no ticket can have,
    or for a run that was not.
    """
    with archive.reading():
        readers = {**message_readers(row), **attachments.readers(archive)}
    making = _Making(row, readers, ticket_readers(row), all_columns)
    for ticket, raw_messages in accepted(archive, filters, only_whole=only_whole):
        made = making.rows_of(ticket)
        for raw_message in raw_messages:
            message = decoded(raw_message)
            if filters.accept_message(message):
                yield made(message)


@dataclass(frozen=True)
class _Making:
    row: type[Message]
    readers: Readers
    of_ticket: Readers
    all_columns: bool

    def rows_of(self, ticket: dict[str, Any]) -> Callable[[dict[str, Any]], Message]:
        """Return what makes rows of messages of *ticket*."""
        row, readers = self.row, self.readers
        if self.all_columns:
            return whole_rows(ticket, readers, self.of_ticket, row)
        shared = lazy_ticket(ticket, self.of_ticket)
        return lambda message: message_row(shared, message, readers, row)


def accepted(
    archive: Archive, filters: Filters, *, only_whole: bool = False
) -> Iterator[tuple[dict[str, Any], Iterator[bytes]]]:
    """Yield every ticket that *filters* accept, with its messages' JSON, as above."""
    with archive.reading():
        filters = filters.with_run(archive.last_run_before)
        check_run(filters, archive.last_run())
        check_words(filters, map(decoded, order.listed_tickets(archive)))
        for archived, raw_messages in order.in_order(archive, only_whole=only_whole):
            if archived.changed_run < filters.first_run:
                continue
            ticket = decoded(archived.raw)
            if filters.accept_ticket(ticket):
                yield ticket, raw_messages
