"""Archived objects to rows, in the order of the file."""

from collections.abc import Iterable, Iterator
from typing import Any

from gorgias_crawler.archive import Archive, order
from gorgias_crawler.emit import attachments
from gorgias_crawler.emit.filter_words import check_run, check_words
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.items import (
    Message,
    RowMaker,
    decoded,
)


def messages(
    archive: Archive,
    filters: Filters,
    *,
    only_whole: bool = False,
    looked_at: Iterable[str] = (),
    row: type[Message] = Message,
) -> Iterator[Message]:
    """Yield a *row* for every message that *filters* accept; ``body`` is still empty.

    *only_whole* leaves out tickets of which something is still to fetch. *looked_at*
    are columns that every row will be asked for. Raises `RunEndError` where the
    archive is damaged, and before the first row `ConfigurationError` where a filter
    asks for what no ticket can have, or for a run that was not.
    """
    with archive.reading():
        maker = RowMaker(row, looked_at, attachments.readers(archive))
    for ticket, raw_messages in accepted(archive, filters, only_whole=only_whole):
        made = maker.of_ticket(ticket)
        for raw_message in raw_messages:
            message = decoded(raw_message)
            if filters.accept_message(message):
                yield made(message)


def accepted(
    archive: Archive, filters: Filters, *, only_whole: bool = False
) -> Iterator[tuple[dict[str, Any], Iterator[bytes]]]:
    """Yield every ticket that *filters* accept, with its messages' JSON, as above."""
    with archive.reading():
        filters = filters.with_run(archive.last_run_before)
        check_run(filters, archive.last_run())
        check_words(filters, map(decoded, order.tickets(archive)))
        for archived, raw_messages in order.in_order(archive, only_whole=only_whole):
            if archived.changed_run < filters.first_run:
                continue
            ticket = decoded(archived.raw)
            if filters.accept_ticket(ticket):
                yield ticket, raw_messages
