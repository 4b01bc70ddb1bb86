"""Archived objects to rows, in the order of the file."""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import starmap
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
    for ticket, its_messages in accepted(archive, filters, only_whole=only_whole):
        made = maker.of_ticket(ticket)
        for message in its_messages:
            if filters.accept_message(message):
                yield made(message)


def accepted(
    archive: Archive, filters: Filters, *, only_whole: bool = False
) -> Iterator[tuple[dict[str, Any], Iterator[dict[str, Any]]]]:
    """Yield every ticket that *filters* accept, with its messages, as above."""
    with archive.reading():
        filters = filters.with_run(archive.last_run_before)
        check_run(filters, archive.last_run())
        check_words(filters, map(decoded, order.tickets(archive)))
        for archived, messages in order.in_order(archive, only_whole=only_whole):
            if archived.changed_run < filters.first_run:
                continue
            ticket = _own(archived.id, archived.raw)
            if filters.accept_ticket(ticket):
                yield ticket, starmap(_own, messages)


def _own(id_: int, raw: bytes) -> dict[str, Any]:
    value = decoded(raw)
    if value.get("id") != id_:
        raise sqlite3.DatabaseError("an object stands in the place of another")
    return value
